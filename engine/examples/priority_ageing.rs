//! Adds a behaviour: a batch that waits gains priority with its age, so that no source starves.
//!
//! Run it in the root of the repository with `cargo run --release --example priority_ageing`; its
//! scene is `priority_ageing.ron`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use tanda::prelude::*;

/// A waiting batch gains one priority for each so many ticks of waiting.
const TICKS_PER_STEP: u64 = 16;
/// The most that age can add.
const STEPS_MAX: i16 = 50;

/// Since when a batch waits, and the priority that its source gave it.
#[derive(Component)]
struct WaitsSince {
    tick: EngineTick,
    base: i16,
}

/// How often age decided, for the summary.
#[derive(Resource, Default)]
struct Raised(u64);

/// Batches that age does not know yet.
type New = (With<BatchState>, Without<WaitsSince>);

/// Gives every batch that has none its age, and raises those that have waited long enough.
fn age_batches(
    clock: Res<Clock>,
    mut raised: ResMut<Raised>,
    mut commands: Commands,
    new: Query<(Entity, &Priority), New>,
    mut waiting: Query<(&BatchState, &WaitsSince, &mut Priority)>,
) {
    for (batch, priority) in &new {
        commands.entity(batch).insert(WaitsSince { tick: clock.tick, base: priority.0 });
    }
    for (state, since, mut priority) in &mut waiting {
        if *state == BatchState::Ready {
            let steps = (clock.tick.0 - since.tick.0) / TICKS_PER_STEP;
            let aged = since.base + i16::try_from(steps).unwrap_or(STEPS_MAX).min(STEPS_MAX);
            if aged > priority.0 {
                priority.0 = aged;
                raised.0 += 1;
            }
        }
    }
}

/// Prints the count when the run is over.
fn print_raised(_: On<RunEnded>, raised: Res<Raised>) {
    println!("priority was raised {} times", raised.0);
}

fn main() -> Result<(), EngineError> {
    // Isolated plugins run in processes of this program.
    tanda::serve_if_asked();
    let report = Engine::from_scene("engine/examples/priority_ageing.ron")?
        .insert_resource(Raised::default())
        .add_systems(TickSystems::Balance, age_batches)
        .observe(print_raised)
        .run()?;
    println!("{} rows in {:.2} s", report.rows_in(), report.seconds);
    Ok(())
}
