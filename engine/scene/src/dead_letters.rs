//! Joins stages that set rows aside to the sinks that take them.

use super::draft::StageDraft;
use super::model::{Input, StageBody};
use super::on_failure::DEAD_LETTER_PORT;
use super::outline::Shape;
use super::problem::Problem;
use super::reader::Reader;

impl Reader<'_> {
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
