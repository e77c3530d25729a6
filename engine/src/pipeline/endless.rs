//! Sources that may never end: an order that takes one source after the other would never come to
//! those behind them.

use std::collections::BTreeSet;

use tanda_plugin_host::Flags;

use super::{TypedBody, TypedStage, bind::Typing};
use crate::scene::{Graph, Order, Read, Stage, StageBody};

/// What is known of the way to one stage, in topological order.
struct Way {
    /// Stages whose batches come out of it: sources, and those that make batches at their end.
    origins: BTreeSet<usize>,
    /// Everything before it, itself included.
    behind: BTreeSet<usize>,
}

impl Typing<'_> {
    /// Refuses every stage in source order to which an endless source and one behind it lead.
    ///
    /// `typed` has the stages in topological order, as the engine numbers origins.
    pub(super) fn check_orders(&mut self, graph: &Graph, typed: &[Option<TypedStage>]) {
        let mut ways: Vec<Way> = Vec::new();
        for (position, &index) in graph.order().iter().enumerate() {
            let stage = &self.scene.stages[index];
            let from = graph.edges_into(index).filter_map(|edge| {
                let from = graph.edges()[edge].from;
                graph.order().iter().position(|&stage| stage == from)
            });
            let (mut origins, mut behind) = (BTreeSet::new(), BTreeSet::from([position]));
            for from in from {
                origins.extend(&ways[from].origins);
                behind.extend(&ways[from].behind);
            }
            let typed = typed.get(position).and_then(Option::as_ref);
            if is_in_source_order(stage, typed) {
                self.check_order(stage, &origins, &ways, graph);
            }
            if makes_batches(stage, typed) {
                origins.insert(position);
            }
            ways.push(Way { origins, behind });
        }
    }

    fn check_order(
        &mut self,
        stage: &Stage,
        origins: &BTreeSet<usize>,
        ways: &[Way],
        graph: &Graph,
    ) {
        let scene = self.scene;
        let of = |origin: usize| &scene.stages[graph.order()[origin]];
        let is_endless = |origin: &&usize| self.endless.contains(&of(**origin).name);
        let endless: Vec<usize> = origins.iter().filter(is_endless).copied().collect();
        // What is made of an endless source itself, at its end, waits for nothing else.
        let starved = |first: &usize| {
            let mut later = origins.range(first + 1..).copied();
            later.find(|later| !ways[*later].behind.contains(first))
        };
        let found = endless.iter().find_map(|first| Some((*first, starved(first)?)));
        let Some((first, later)) = found else { return };
        let (name, first, later) = (&stage.name, of(first), &of(later).name);
        let last = if endless.len() == 1 { "name it last in `stages`, or " } else { "" };
        let end = match &first.body {
            StageBody::Source(source) if matches!(source.read, Read::Generator(_)) => {
                "give it `rows`"
            }
            StageBody::Source(_) | StageBody::Plugin(_) | StageBody::Sink(_) => {
                "read a file, which has an end"
            }
        };
        let message = format!(
            "stage `{name}` takes one source after the other, and `{}`, which comes before \
             `{later}`, may never end: nothing of `{later}` would come",
            first.name
        );
        let hint = format!(
            "say `order: Arrival` at `{name}` to take batches as they come; or, for `{}`, \
             {last}{end}",
            first.name
        );
        let place = self.scene.places.field(name, "from");
        self.fault(place, message, Some(hint));
    }
}

/// Does the stage take its batches in source order?
fn is_in_source_order(stage: &Stage, typed: Option<&TypedStage>) -> bool {
    match &stage.body {
        StageBody::Source(_) => false,
        StageBody::Plugin(plugin) => {
            plugin.order == Order::Source && has_flag(typed, Flags::EXCLUSIVE)
        }
        StageBody::Sink(sink) => sink.order == Order::Source,
    }
}

/// Does it make batches that come from no other?
fn makes_batches(stage: &Stage, typed: Option<&TypedStage>) -> bool {
    match &stage.body {
        StageBody::Source(_) => true,
        StageBody::Plugin(_) => {
            has_flag(typed, Flags::EXCLUSIVE) || has_flag(typed, Flags::MERGEABLE)
        }
        StageBody::Sink(_) => false,
    }
}

fn has_flag(typed: Option<&TypedStage>, flag: Flags) -> bool {
    let Some(TypedStage { body: TypedBody::Plugin(plugin), .. }) = typed else { return false };
    plugin.first.bound().is_some_and(|bound| bound.layout.flags.contains(flag))
}
