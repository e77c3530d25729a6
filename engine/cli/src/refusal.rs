//! What `run --json` prints of a run that is refused, or ended without a report.

use serde::Serialize;

use tanda::EngineError;

/// The outcome of a run that did not begin or broke a law, in the place of its report.
#[derive(Serialize)]
pub(super) struct Refusal<'a> {
    outcome: &'static str,
    faults: Vec<Fault<'a>>,
}

/// One fault; what is not known of it is left out.
#[derive(Serialize, Default)]
struct Fault<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> Refusal<'a> {
    pub(super) fn of(error: &'a EngineError) -> Self {
        let began = matches!(error, EngineError::Law { .. } | EngineError::Failed { .. });
        let outcome = if began { "failed" } else { "refused" };
        Self { outcome, faults: faults(error) }
    }
}

fn faults(error: &EngineError) -> Vec<Fault<'_>> {
    let alone = |stage, message| vec![Fault { stage, message, ..Fault::default() }];
    if let EngineError::Scene(scene) = error {
        return scene.faults().iter().map(|fault| of_scene(scene.file(), fault)).collect();
    }
    if let EngineError::Start(start) = error {
        return alone(error.stage(), start.message.clone());
    }
    alone(error.stage(), error.to_string())
}

fn of_scene<'a>(file: &'a str, fault: &'a tanda::scene::Fault) -> Fault<'a> {
    Fault {
        file: Some(file),
        line: fault.place.map(|place| place.line),
        column: fault.place.map(|place| place.column),
        stage: None,
        message: fault.message.clone(),
        hint: fault.hint.as_deref(),
    }
}
