//! `tanda run`.

use clap::Args;

use super::{Exit, SceneArgs, complain, show::Shown, summary};
use crate::{
    engine::Engine,
    report::{Outcome, RunReport},
    run::{EngineError, Options},
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
        Err(error) => return complain(error, Exit::Refused),
    };
    let shown = (!args.json && !args.quiet).then(|| Shown::start(engine.progress()));
    let result = engine.run();
    drop(shown);
    match result {
        Ok(report) => {
            print_report(args, &report);
            match (&report.ledger, report.outcome) {
                (Err(_), _) | (_, Outcome::Failed) => Exit::Failed,
                (Ok(()), Outcome::Interrupted) => Exit::Interrupted,
                (Ok(()), Outcome::Done) => Exit::Done,
            }
        }
        Err(EngineError::Failed { fault, report }) => {
            print_report(args, &report);
            complain(fault, Exit::Failed)
        }
        Err(error) => complain(error, Exit::Failed),
    }
}

/// The summary goes to standard error, so that a sink may have standard output for itself.
fn print_report(args: &RunArgs, report: &RunReport) {
    if args.json {
        match serde_json::to_string_pretty(report) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("error: the report cannot be written as JSON: {error}"),
        }
    } else if !args.quiet {
        eprint!("{}", summary::table(report));
    }
}
