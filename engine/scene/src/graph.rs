//! The graph of a scene: stages are nodes, inputs are edges.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::model::{Input, Scene, StageBody};

/// One edge: what a port of a stage emits, another stage takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Index of the stage that emits, in `Scene::stages`.
    pub from: usize,
    /// Name of its port.
    pub port: String,
    /// Index of the stage that reads.
    pub to: usize,
    /// Which entry of the reader's `from` this edge is, from 0.
    pub input_index: usize,
}

/// Stages and edges of a scene, and an order in which every stage comes after those it reads.
#[derive(Debug, Clone)]
pub struct Graph {
    edges: Vec<Edge>,
    order: Vec<usize>,
}

impl Graph {
    /// The graph of a scene that [`super::parse`] has accepted.
    ///
    /// Edges stand in the order of their readers in the file, then of the entries of `from`.
    ///
    /// # Panics
    ///
    /// If the stages form a cycle, which `parse` refuses.
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        Self::try_of(scene).expect("a checked scene has no cycle")
    }

    /// The graph of a scene that may be faulty: inputs that name no stage are left out; `None` if
    /// the stages form a cycle.
    #[must_use]
    pub fn try_of(scene: &Scene) -> Option<Self> {
        let mut edges = Vec::new();
        for (to, stage) in scene.stages.iter().enumerate() {
            for (input_index, input) in stage.body.inputs().iter().enumerate() {
                let from = scene.stages.iter().position(|other| other.name == input.stage);
                let Some(from) = from else { continue };
                edges.push(Edge { from, port: input.port.clone(), to, input_index });
            }
        }
        let pairs: Vec<_> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let order = topological_order(scene.stages.len(), &pairs).ok()?;
        Some(Self { edges, order })
    }

    /// All edges; an edge's index in here is its name elsewhere.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Stage indices, every stage after all it reads from; ties in the order of the file.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Indices of the edges that leave `stage`.
    pub fn edges_from(&self, stage: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.edges.len()).filter(move |&edge| self.edges[edge].from == stage)
    }

    /// Indices of the edges that enter `stage`, in the order of its `from`.
    pub fn edges_into(&self, stage: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.edges.len()).filter(move |&edge| self.edges[edge].to == stage)
    }
}

impl StageBody {
    /// The inputs of the stage; a source has none.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        match self {
            Self::Source(_) => &[],
            Self::Plugin(plugin) => &plugin.from,
            Self::Sink(sink) => &sink.from,
        }
    }
}

/// Stages `0..stage_count` ordered so that `from` precedes `to` for each `(from, to)`, the smallest
/// index first where there is a choice.
///
/// # Errors
///
/// One cycle if there is one: its stages in the order of the edges, the smallest index first.
pub(super) fn topological_order(
    stage_count: usize,
    edges: &[(usize, usize)],
) -> Result<Vec<usize>, Vec<usize>> {
    let mut waits_for = vec![0_usize; stage_count];
    let mut readers = vec![Vec::new(); stage_count];
    for &(from, to) in edges {
        waits_for[to] += 1;
        readers[from].push(to);
    }
    let mut ready: BinaryHeap<_> =
        (0..stage_count).filter(|&stage| waits_for[stage] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(stage_count);
    while let Some(Reverse(stage)) = ready.pop() {
        order.push(stage);
        for &reader in &readers[stage] {
            waits_for[reader] -= 1;
            if waits_for[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    match waits_for.iter().position(|&count| count > 0) {
        None => Ok(order),
        Some(stuck) => Err(cycle_before(stuck, &waits_for, edges)),
    }
}

/// A cycle upstream of `stuck`: each stage that waits has an input that waits as well.
fn cycle_before(stuck: usize, waits_for: &[usize], edges: &[(usize, usize)]) -> Vec<usize> {
    let waiting_input = |stage: usize| {
        edges.iter().find(|&&(from, to)| to == stage && waits_for[from] > 0).map(|&(from, _)| from)
    };
    let mut path = vec![stuck];
    let mut stage = stuck;
    while let Some(input) = waiting_input(stage) {
        if let Some(first) = path.iter().position(|&seen| seen == input) {
            path.drain(..first);
            break;
        }
        path.push(input);
        stage = input;
    }
    path.reverse();
    let smallest = path.iter().enumerate().min_by_key(|&(_, stage)| stage);
    let smallest_at = smallest.map_or(0, |(index, _)| index);
    path.rotate_left(smallest_at);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_file_where_the_edges_allow_it() {
        assert_eq!(topological_order(4, &[]), Ok(vec![0, 1, 2, 3]));
        assert_eq!(topological_order(4, &[(3, 0), (2, 1)]), Ok(vec![2, 1, 3, 0]));
        assert_eq!(topological_order(3, &[(0, 1), (0, 1), (1, 2)]), Ok(vec![0, 1, 2]));
    }

    #[test]
    fn a_cycle_is_given_in_the_order_of_its_edges() {
        assert_eq!(
            topological_order(5, &[(0, 1), (1, 3), (3, 2), (2, 1), (2, 4)]),
            Err(vec![1, 3, 2])
        );
        assert_eq!(topological_order(2, &[(1, 1)]), Err(vec![1]));
        let upstream_of_the_first = topological_order(3, &[(2, 1), (1, 2), (1, 0)]);
        assert_eq!(upstream_of_the_first, Err(vec![1, 2]));
    }
}
