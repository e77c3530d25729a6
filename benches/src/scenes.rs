//! Scenes for the benches, as the systems see them.

use bevy_ecs::world::World;
use tanda_components::{Ledger, StageKind};
use tanda_systems::{EdgeSpec, StageSpec, Topology};

/// Rows of every batch.
pub const BATCH_ROWS: u64 = 16_384;
/// Bytes of every batch.
pub const BATCH_BYTES: u64 = 1 << 20;

/// More than any bench has in flight: a bench that is held back by memory measures nothing else.
const MEMORY_BYTES: u64 = 1 << 50;

/// A source that needs no decoding, `plugins` stateless stages behind one another, and a sink that
/// writes what comes first; each plugin has `instances`.
#[must_use]
pub fn chain(plugins: u16, instances: u16, threads: u16) -> Topology {
    let mut stages = vec![stage("source", StageKind::Source, 0, &[])];
    for number in 0..plugins {
        stages.push(stage("plugin", StageKind::Stateless, instances, &[(number, 0)]));
    }
    stages.push(stage("sink", StageKind::Sink, 0, &[(plugins, 0)]));
    Topology { stages, memory_bytes: MEMORY_BYTES, threads, supervision: None }
}

/// A source with a decoder, a plugin with two ports, and on each a sink that encodes and keeps the
/// order: every kind of step that a batch takes before the end of the input.
#[must_use]
pub fn fork(threads: u16) -> Topology {
    let mut stages = vec![
        stage("source", StageKind::Source, threads, &[]),
        stage("plugin", StageKind::Stateless, threads, &[(0, 0)]),
    ];
    for port in 0..2 {
        let sink = stage("sink", StageKind::Sink, threads, &[(1, port)]);
        stages.push(StageSpec { ordered: true, ..sink });
    }
    Topology { stages, memory_bytes: MEMORY_BYTES, threads, supervision: None }
}

fn stage(name: &str, kind: StageKind, instances: u16, inputs: &[(u16, u8)]) -> StageSpec {
    StageSpec {
        conserves: false,
        name: name.to_owned(),
        kind,
        instances,
        inputs: inputs.iter().map(|&(stage, port)| EdgeSpec { stage, port }).collect(),
        ordered: false,
        piece_bytes: BATCH_BYTES,
        priority: 0,
        isolation: None,
        on_failure: None,
        breaker: None,
    }
}

/// Batches through stages so far: each counts once at every stage that is done with it.
#[must_use]
pub fn work_done(world: &mut World) -> u64 {
    let mut stages = world.query::<&Ledger>();
    stages.iter(world).map(|ledger| ledger.batches_in).sum()
}
