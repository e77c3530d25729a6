//! Observes lifecycle events: what ended, what failed, when.
//!
//! Run it with `cargo run --release --example lifecycle`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use tanda::prelude::*;

fn tell_stage_end(event: On<StageEnded>, clock: Res<Clock>, stages: Query<(&StageName, &Ledger)>) {
    if let Ok((name, ledger)) = stages.get(event.stage) {
        let rows = ledger.rows_in;
        println!("{:>9} us  {name:?} has ended after {rows} rows", clock.now.as_micros());
    }
}

fn tell_batch_failure(event: On<BatchFailed>, clock: Res<Clock>, stages: Query<&StageName>) {
    if let Ok(name) = stages.get(event.stage) {
        println!("{:>9} us  {name:?} gave up batch {}", clock.now.as_micros(), event.batch);
    }
}

fn tell_run_end(event: On<RunEnded>, clock: Res<Clock>) {
    let how = if event.failed { "failed" } else { "done" };
    println!("{:>9} us  run {how} after {} ticks", clock.now.as_micros(), clock.tick.0);
}

fn main() -> Result<(), EngineError> {
    // Isolated plugins run in processes of this program.
    tanda::serve_if_asked();
    Engine::from_scene("config/basic_pipeline.ron")?
        .observe(tell_stage_end)
        .observe(tell_batch_failure)
        .observe(tell_run_end)
        .run()?;
    Ok(())
}
