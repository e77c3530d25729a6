//! `on_failure`: what a stage does about batches that fail.

use super::draft::{Form, Reader, StageDraft};
use super::model::{Duration, Input, StageBody};
use super::outline::{Node, Shape};
use super::problem::Problem;
use super::values::Checker;

/// The port on which a stage's dead letters leave.
pub const DEAD_LETTER_PORT: &str = "dead_letter";

/// `on_failure: [ Retry(…), Fallback(…), DeadLetter(…) ]`: tried in this order; each step may be
/// left out.
#[derive(Debug, Clone, Default)]
pub struct OnFailure {
    /// A batch is tried again first.
    pub retry: Option<Retry>,
    /// Then another plugin is tried.
    pub fallback: Option<Fallback>,
    /// What is done when nothing has helped.
    pub last: LastResort,
    /// Keeps batches from a plugin that fails at most of them; the stage's `breaker`.
    pub breaker: Option<BreakerSettings>,
}

/// `breaker: ( window: 20, failures: 50, slow: "1s", crashes: 5, open_for: "5s" )`.
#[derive(Debug, Clone)]
pub struct BreakerSettings {
    /// How many batches it looks back on, `1..=64`. Default 20.
    pub window: u8,
    /// Failures among them, percent, `1..=100`, at which it opens. Default 50.
    pub failures: u8,
    /// A batch that takes longer counts as a failure. Default: none does.
    pub slow: Option<Duration>,
    /// Workers that die over batches one after the other, no batch being processed in between, at
    /// which it opens whatever the window, `1..=64`. Default 5.
    pub crashes: u8,
    /// After so long one batch is let through to see. Default `5s`.
    pub open_for: Duration,
}

/// `Retry( times: 2 )`.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Times that a batch is tried again, `1..=100`.
    pub times: u8,
    /// Wait before the first time; it doubles each time. Default `0s`.
    pub backoff: Duration,
    /// A batch is not tried again later than so long after it first failed. Default: however late.
    pub within: Option<Duration>,
}

/// `Fallback( library: …, config: … )`: a plugin with the same ports and columns.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// Name or path, as of a stage.
    pub library: String,
    /// Its configuration: raw RON.
    pub config: String,
}

/// The last step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LastResort {
    /// The batch goes on as it came in, on the port `main`.
    Bypass,
    /// The rows that the plugin fails at go to this sink, the others go on.
    DeadLetter {
        /// Name of the sink.
        to: String,
    },
    /// The run fails.
    #[default]
    Halt,
}

const RETRY: Form = Form { name: "Retry", required: &["times"], optional: &["backoff", "within"] };
const FALLBACK: Form = Form { name: "Fallback", required: &["library"], optional: &["config"] };
const DEAD_LETTER: Form = Form { name: "DeadLetter", required: &["to"], optional: &[] };
const BREAKER: Form = Form {
    name: "breaker",
    required: &[],
    optional: &["window", "failures", "slow", "crashes", "open_for"],
};
const OPEN_FOR_DEFAULT: Duration = Duration(std::time::Duration::from_secs(5));
const STEPS: [&str; 5] = ["Retry", "Fallback", "Bypass", "DeadLetter", "Halt"];
const TIMES: std::ops::RangeInclusive<u8> = 1..=100;

impl Reader<'_> {
    /// The policy of a plugin stage; `None` if it has none.
    pub(super) fn on_failure(&mut self, stage: &Node) -> Option<OnFailure> {
        let breaker = stage.field("breaker");
        let Some(node) = stage.field("on_failure") else {
            if let Some(breaker) = breaker {
                self.problems.push((breaker.span.start, Problem::BadValue(no_way())));
            }
            return None;
        };
        let Shape::Items(items) = &node.shape else {
            self.wrong_type(node, "a list: `[ Retry( times: 2 ), DeadLetter( to: \"sink\" ) ]`");
            return None;
        };
        let mut policy = OnFailure::default();
        let mut before = None;
        for item in items {
            let Some(step) = STEPS.iter().position(|step| *step == item.name) else {
                let known = STEPS.map(str::to_owned).to_vec();
                let found = item.name.clone();
                self.problems.push((item.span.start, Problem::UnknownVariant { found, known }));
                continue;
            };
            // The last three are one step: there is no way on behind them.
            let rank = step.min(2);
            if before.is_some_and(|before| before >= rank) {
                self.problems.push((item.span.start, Problem::BadValue(step_order(&item.name))));
            }
            before = Some(rank);
            self.step(item, &mut policy);
        }
        policy.breaker = breaker.map(|breaker| self.breaker(breaker));
        if let Some(breaker) = breaker
            && policy.fallback.is_none()
            && policy.last == LastResort::Halt
        {
            self.problems.push((breaker.span.start, Problem::BadValue(no_way())));
        }
        Some(policy)
    }

    fn breaker(&mut self, node: &Node) -> BreakerSettings {
        self.check_fields(node, &BREAKER);
        let settings = BreakerSettings {
            window: self.optional(node, "window", 20),
            failures: self.optional(node, "failures", 50),
            slow: self.optional(node, "slow", None),
            crashes: self.optional(node, "crashes", 5),
            open_for: self.optional(node, "open_for", OPEN_FOR_DEFAULT),
        };
        let mut checker = Checker { node, problems: Vec::new() };
        checker.within("window", settings.window, 1..=64);
        checker.within("failures", settings.failures, 1..=100);
        checker.within("crashes", settings.crashes, 1..=64);
        checker.time("open_for", settings.open_for, false);
        if let Some(slow) = settings.slow {
            checker.time("slow", slow, false);
        }
        self.problems.append(&mut checker.problems);
        settings
    }

    fn step(&mut self, item: &Node, policy: &mut OnFailure) {
        match item.name.as_str() {
            "Retry" => policy.retry = self.retry(item),
            "Fallback" => {
                self.check_fields(item, &FALLBACK);
                let config = item.field("config").map_or("()", |config| self.raw(config));
                let config = config.to_owned();
                policy.fallback =
                    self.required(item, "library").map(|library| Fallback { library, config });
            }
            "DeadLetter" => {
                self.check_fields(item, &DEAD_LETTER);
                let to = self.required(item, "to");
                policy.last = to.map_or(LastResort::Halt, |to| LastResort::DeadLetter { to });
            }
            "Bypass" => policy.last = LastResort::Bypass,
            _ => policy.last = LastResort::Halt,
        }
    }

    fn retry(&mut self, item: &Node) -> Option<Retry> {
        self.check_fields(item, &RETRY);
        let backoff = self.optional(item, "backoff", Duration(std::time::Duration::ZERO));
        let within = self.optional(item, "within", None);
        let times: u8 = self.required(item, "times")?;
        let mut checker = Checker { node: item, problems: Vec::new() };
        checker.within("times", times, TIMES);
        checker.time("backoff", backoff, true);
        if let Some(within) = within {
            checker.time("within", within, false);
        }
        self.problems.append(&mut checker.problems);
        Some(Retry { times, backoff, within })
    }

    /// Joins every `DeadLetter( to: "sink" )` to its sink, as if the sink said
    /// `from: "stage.dead_letter"` last; then every sink must have an input.
    pub(super) fn join_dead_letters(&mut self, stages: &mut [StageDraft]) {
        let mut lost = false;
        for letters in dead_letters(stages) {
            let input = Input { stage: letters.from, port: DEAD_LETTER_PORT.to_owned() };
            let sinks: Vec<String> =
                stages.iter().filter(|s| s.is_sink()).map(|s| s.name()).collect();
            let Some(sink) = stages.iter_mut().find(|s| s.is_sink() && s.name() == letters.to)
            else {
                let found = letters.to;
                let problem = match stages.iter().any(|stage| stage.name() == found) {
                    true => {
                        Problem::BadValue(format!("`{found}` is no sink, as dead letters need"))
                    }
                    false => Problem::UnknownStage { found, known: sinks },
                };
                self.problems.push((letters.at, problem));
                lost = true;
                continue;
            };
            if let Some(inputs) = &mut sink.inputs {
                inputs.push((letters.at, input.clone()));
            }
            if let Some(StageBody::Sink(sink)) = &mut sink.body {
                sink.from.push(input);
            }
        }
        // Dead letters that found no sink may have been meant for the one that misses something.
        for sink in stages.iter_mut().filter(|stage| stage.is_sink() && !lost) {
            if sink.inputs.as_ref().is_some_and(Vec::is_empty)
                && sink.entry.value.field("from").is_none()
            {
                let (owner, field) = ("Sink".to_owned(), "from".to_owned());
                let at = sink.entry.value.span.start;
                // Who it was to read is not known, so nothing is said of stages that nobody reads.
                sink.inputs = None;
                self.problems.push((at, Problem::MissingField { owner, field }));
            }
        }
    }
}

fn no_way() -> String {
    "while the breaker is open batches go another way, and `on_failure` names none: add `Fallback`, \
     `Bypass` or `DeadLetter` to it"
        .to_owned()
}

fn step_order(step: &str) -> String {
    format!(
        "`{step}` cannot stand here: the steps are `Retry`, then `Fallback`, then one of `Bypass`, \
         `DeadLetter` and `Halt`, each once at most"
    )
}

struct DeadLetters {
    from: String,
    to: String,
    at: usize,
}

fn dead_letters(stages: &[StageDraft]) -> Vec<DeadLetters> {
    let of = |stage: &StageDraft| {
        let Shape::Items(items) = &stage.entry.value.field("on_failure")?.shape else {
            return None;
        };
        let to = items.iter().find(|item| item.name == "DeadLetter")?.field("to")?;
        let Shape::Text(text) = &to.shape else { return None };
        Some(DeadLetters { from: stage.name(), to: text.clone(), at: to.span.start })
    };
    stages.iter().filter_map(of).collect()
}
