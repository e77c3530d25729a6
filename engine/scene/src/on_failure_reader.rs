//! Reads `on_failure` and `breaker` of a stage.

use super::on_failure::{BreakerSettings, Fallback, LastResort, OnFailure, Retry};
use super::outline::{Node, Shape};
use super::problem::Problem;
use super::reader::{Form, Reader};
use super::units::Duration;
use super::values::Checker;

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
