//! `tanda run`.

use clap::Args;

use serde::Serialize;

use super::{Exit, SceneArgs, complain, print, refusal::Refusal, say, show::Shown, summary};
use tanda::{
    Engine, EngineError, Options,
    report::{Outcome, RunReport},
};

#[derive(Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    scene: SceneArgs,
    /// Print the result as one JSON object on standard output, and no progress.
    #[arg(long)]
    json: bool,
    /// Print neither progress nor summary.
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

pub(super) fn run(args: &RunArgs) -> Exit {
    let params = args.scene.params.clone();
    let options = Options { params, signals: true, stdout_taken: args.json };
    let engine = match Engine::with_options(&args.scene.scene, &options) {
        Ok(engine) => engine,
        Err(error) => {
            return print_error(args, &error, Exit::Refused);
        }
    };
    let shown = (!args.json && !args.quiet).then(|| Shown::start(engine.progress()));
    let result = engine.run();
    drop(shown);
    match result {
        Ok(report) => {
            let exit = match (&report.ledger, report.outcome) {
                (Err(_), _) | (_, Outcome::Failed) => Exit::Failed,
                (Ok(()), Outcome::Interrupted) => Exit::Interrupted,
                (Ok(()), Outcome::Done) => Exit::Done,
            };
            print_report(args, &report, exit)
        }
        Err(EngineError::Failed { fault, report }) => {
            let exit = print_report(args, &report, Exit::Failed);
            complain(fault, exit)
        }
        Err(error) => print_error(args, &error, Exit::Failed),
    }
}

fn print_error(args: &RunArgs, error: &EngineError, exit: Exit) -> Exit {
    let exit = complain(error, exit);
    if args.json { print_json(&Refusal::of(error), exit) } else { exit }
}

/// The summary goes to standard error, so that a sink may have standard output for itself.
fn print_report(args: &RunArgs, report: &RunReport, exit: Exit) -> Exit {
    if args.json {
        return print_json(report, exit);
    }
    if !args.quiet {
        say(summary::table(report));
    }
    exit
}

fn print_json(value: &impl Serialize, exit: Exit) -> Exit {
    match serde_json::to_string_pretty(value) {
        Ok(json) => print(&(json + "\n"), exit),
        Err(error) => complain(format!("the report cannot be written as JSON: {error}"), exit),
    }
}
