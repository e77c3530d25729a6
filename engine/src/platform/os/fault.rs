//! What went wrong at run time, as text; the world only knows the number.

use serde::Serialize;
use tanda_components::FaultId;

/// A fault of a run: where, and what was found, expected and to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunFault {
    /// The stage, unless it is the run as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The whole message.
    pub message: String,
}

impl std::fmt::Display for RunFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.stage {
            Some(stage) => write!(f, "stage `{stage}`: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// The faults of a run, by number.
#[derive(Debug, Default)]
pub struct Faults(Vec<RunFault>);

impl Faults {
    /// Keeps a fault of a stage, or of the run as a whole.
    pub(super) fn add(&mut self, stage: Option<&str>, message: String) -> FaultId {
        self.0.push(RunFault { stage: stage.map(str::to_owned), message });
        FaultId(self.0.len() as u32 - 1)
    }

    /// The fault of this number.
    #[must_use]
    pub fn get(&self, fault: FaultId) -> Option<&RunFault> {
        self.0.get(fault.0 as usize)
    }
}
