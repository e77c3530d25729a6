//! The graph: which stages a stage's ports lead to, and what comes in on which edge.
//!
//! Invariant: an edge leads to a later stage, and both its ends know it by the same number. Built
//! with the world, and not written again.

use bevy_ecs::{component::Component, entity::Entity};

use crate::{
    Lineage, OriginParts, StageIndex,
    limits::{EDGES_IN_MAX, EDGES_OUT_MAX},
};

/// One edge: what leaves on `port` goes to `stage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Port of the stage it leaves.
    pub port: u8,
    /// The stage it enters.
    pub stage: Entity,
    /// Index of that stage.
    pub index: StageIndex,
    /// Which of that stage's incoming edges it is, from 0.
    pub input: u8,
}

/// The edges that leave a stage, at most [`EDGES_OUT_MAX`].
#[derive(Component, Clone, Copy, Debug)]
pub struct Edges {
    edges: [Edge; EDGES_OUT_MAX],
    count: u8,
}

impl Default for Edges {
    fn default() -> Self {
        let none =
            Edge { port: 0, stage: Entity::PLACEHOLDER, index: StageIndex::default(), input: 0 };
        Self { edges: [none; EDGES_OUT_MAX], count: 0 }
    }
}

impl Edges {
    /// Adds an edge.
    ///
    /// # Panics
    /// Beyond [`EDGES_OUT_MAX`]: scenes are checked against it before a world is built.
    pub fn push(&mut self, edge: Edge) {
        self.edges[usize::from(self.count)] = edge;
        self.count += 1;
    }

    /// The edges of one port.
    pub fn of_port(&self, port: u8) -> impl Iterator<Item = &Edge> {
        self.as_slice().iter().filter(move |edge| edge.port == port)
    }

    /// All edges.
    #[must_use]
    pub fn as_slice(&self) -> &[Edge] {
        &self.edges[..usize::from(self.count)]
    }
}

/// The edges that enter a stage: where they come from and whose batches each carries.
#[derive(Component, Clone, Copy, Debug)]
pub struct StageInputs {
    from: [Entity; EDGES_IN_MAX],
    carries: [OriginParts; EDGES_IN_MAX],
    count: u8,
}

impl Default for StageInputs {
    fn default() -> Self {
        Self {
            from: [Entity::PLACEHOLDER; EDGES_IN_MAX],
            carries: [OriginParts::default(); EDGES_IN_MAX],
            count: 0,
        }
    }
}

impl StageInputs {
    /// Adds an edge from `stage` that carries the batches of `origins`; returns its index.
    ///
    /// # Panics
    /// Beyond [`EDGES_IN_MAX`]: scenes are checked against it before a world is built.
    pub fn push(&mut self, stage: Entity, origins: OriginParts) -> u8 {
        let input = self.count;
        self.from[usize::from(input)] = stage;
        self.carries[usize::from(input)] = origins;
        self.count += 1;
        input
    }

    /// The stages that emit into this one, an entry an edge.
    #[must_use]
    pub fn from(&self) -> &[Entity] {
        &self.from[..usize::from(self.count)]
    }

    /// What each edge carries.
    #[must_use]
    pub fn carries(&self) -> &[OriginParts] {
        &self.carries[..usize::from(self.count)]
    }

    /// The lineage of what the stage makes of a batch that came on `input`.
    #[must_use]
    pub fn passed_on(&self, lineage: Lineage, input: u8) -> Lineage {
        let before = self.carries().iter().take(usize::from(input));
        let parts: u16 = before.map(|edge| edge.of(lineage.origin)).sum();
        Lineage { part: parts + lineage.part, ..lineage }
    }
}
