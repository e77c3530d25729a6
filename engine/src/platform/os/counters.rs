//! What plugins have counted, and which of it will be counted again.
//!
//! A worker tells what each command added. What a state has taken in since its last snapshot is
//! processed again when its worker dies, so until then it is not kept: every batch counts once.

use std::collections::BTreeMap;

use bevy_ecs::entity::{Entity, EntityHashMap};

/// Numbers by name.
pub(crate) type Counters = BTreeMap<String, u64>;

/// Names of one stage at most; what a worker adds to more of them is counted as [`OTHERS`].
const NAMES_MAX: usize = 256;
const OTHERS: &str = "others";

/// The counters of isolated stages.
#[derive(Default)]
pub(super) struct CounterBook {
    /// By stage.
    kept: EntityHashMap<Counters>,
    /// By instance: what is counted again if its worker dies.
    open: EntityHashMap<Counters>,
}

impl CounterBook {
    /// An instance told what a command has added; with `state`, the command may be repeated.
    pub(super) fn add(&mut self, stage: Entity, instance: Entity, added: Counters, state: bool) {
        let to = match state {
            true => self.open.entry(instance).or_default(),
            false => self.kept.entry(stage).or_default(),
        };
        join(to, added);
    }

    /// What an instance has counted is not repeated any more.
    pub(super) fn keep(&mut self, stage: Entity, instance: Entity) {
        if let Some(open) = self.open.remove(&instance) {
            join(self.kept.entry(stage).or_default(), open);
        }
    }

    /// The worker is gone: what it had counted since its last snapshot will be repeated.
    pub(super) fn forget(&mut self, instance: Entity) {
        self.open.remove(&instance);
    }

    /// The counters of a stage with these instances, as far as it has come.
    pub(super) fn of(&self, stage: Entity, instances: &[Entity]) -> Counters {
        let mut counters = self.kept.get(&stage).cloned().unwrap_or_default();
        let open = instances.iter().filter_map(|instance| self.open.get(instance));
        open.for_each(|open| join(&mut counters, open.clone()));
        counters
    }
}

/// Adds one set of counters to another.
pub(super) fn join(to: &mut Counters, more: Counters) {
    for (name, n) in more {
        let known = to.len() < NAMES_MAX || to.contains_key(&name);
        let value = to.entry(if known { name } else { OTHERS.to_owned() }).or_default();
        *value = value.saturating_add(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(of: &[(&str, u64)]) -> Counters {
        of.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
    }

    #[test]
    fn what_is_repeated_counts_once() {
        let [stage, a, b] = [1, 2, 3].map(|n| Entity::from_raw_u32(n).unwrap());
        let mut book = CounterBook::default();
        book.add(stage, a, counters(&[("rows", 1)]), true);
        book.keep(stage, a);
        book.add(stage, a, counters(&[("rows", 2)]), true);
        book.add(stage, b, counters(&[("rows", 4), ("late", 1)]), true);
        assert_eq!(book.of(stage, &[a, b]), counters(&[("late", 1), ("rows", 7)]));
        book.forget(a);
        book.add(stage, b, counters(&[("rows", 2)]), true);
        book.keep(stage, b);
        book.forget(b);
        assert_eq!(book.of(stage, &[a, b]), counters(&[("late", 1), ("rows", 7)]));
    }

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let [stage, a] = [1, 2].map(|n| Entity::from_raw_u32(n).unwrap());
        let mut book = CounterBook::default();
        for n in 0..1_000 {
            book.add(stage, a, counters(&[(&format!("n{n}"), 1)]), false);
        }
        let found = book.of(stage, &[a]);
        assert!(found.len() <= NAMES_MAX + 1);
        assert_eq!(found.values().sum::<u64>(), 1_000);
    }
}
