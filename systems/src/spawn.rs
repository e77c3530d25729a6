//! Batches come into the world here, one for each edge that leaves a port.

use bevy_ecs::prelude::*;
use tanda_components::{
    Admission, AdmittedBy, At, Attempts, BatchState, BufferHandle, Bytes, Edges, Emitted, Lineage,
    Occupancy, Priority, Rows, Turn,
};

/// What every batch of one emission shares.
#[derive(Clone, Copy)]
pub(crate) struct Emission {
    pub(crate) lineage: Lineage,
    pub(crate) buffer: BufferHandle,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) priority: Priority,
    pub(crate) turn: Turn,
    pub(crate) admitted_by: AdmittedBy,
}

impl Emission {
    /// Spawns a batch at `at`.
    pub(crate) fn spawn(self, commands: &mut Commands, at: At) {
        commands.spawn((
            BatchState::Ready,
            at,
            self.lineage,
            self.buffer,
            Rows(self.rows),
            Bytes(self.bytes),
            Emitted::default(),
            self.priority,
            self.turn,
            self.admitted_by,
            Attempts::default(),
        ));
    }

    /// Spawns a batch on every edge of `port`, over one counted buffer; returns how many.
    pub(crate) fn spawn_on_edges(
        self,
        commands: &mut Commands,
        edges: &Edges,
        port: u8,
        occupancies: &mut Query<&mut Occupancy>,
        admissions: &mut Query<&mut Admission>,
    ) -> u32 {
        let mut count = 0;
        for edge in edges.of_port(port) {
            self.spawn(commands, At { stage: edge.stage, index: edge.index, input: edge.input });
            if let Ok(mut occupancy) = occupancies.get_mut(edge.stage) {
                occupancy.0 += 1;
            }
            count += 1;
        }
        if let Some(mut admission) = self.admitted_by.0.and_then(|e| admissions.get_mut(e).ok()) {
            admission.batches += count;
        }
        count
    }
}
