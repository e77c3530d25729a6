//! The order in which a stage takes its batches, where it does not take any that is there.

use bevy_ecs::component::Component;

use crate::{Frontier, Lineage, OriginParts, Origins, limits::STAGES_MAX};

/// Where a batch stands in the order of its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number under which it was taken as it came, from 1; 0 if it was not yet, and always in
    /// source order.
    pub taken: u64,
    /// Where its lineage stands in source order.
    pub at: Frontier,
}

impl Place {
    /// The place of a batch that came on this edge.
    #[must_use]
    pub fn of(lineage: Lineage, input: u8, taken: u64) -> Self {
        Self { taken, at: Frontier::of(lineage, input) }
    }
}

/// The order of a sink or of an `EXCLUSIVE` plugin: which batch it takes next.
#[derive(Component, Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one a stage, and a component has no heap")]
pub enum TakeOrder {
    /// One origin after the other: the same for every run over the same input.
    Source(Frontier),
    /// Origins mix as their batches come.
    Arrival(ArrivalOrder),
}

impl TakeOrder {
    /// The order of a stage that has taken nothing.
    #[must_use]
    pub fn new(by_source: bool) -> Self {
        if by_source {
            Self::Source(Frontier::default())
        } else {
            Self::Arrival(ArrivalOrder::default())
        }
    }

    /// May the batch at `place` be taken now, given what each incoming edge carries and which
    /// origins have ended? Cost: constant, but for origins and edges that are passed over.
    #[must_use]
    pub fn admits(&self, place: Place, carries: &[OriginParts], origins: &Origins) -> bool {
        match self {
            Self::Source(next) => next.settle(carries, origins) == Some(place.at),
            Self::Arrival(order) => order.admits(place, carries, origins),
        }
    }

    /// Takes a batch that is admitted; gives the number under which it is taken.
    pub fn take(&mut self, place: Place) -> u64 {
        match self {
            Self::Source(next) => {
                *next = place.at.past();
                0
            }
            Self::Arrival(order) => order.take(place),
        }
    }

    /// A batch that was taken is there again: nothing that was taken after it goes before it.
    pub fn go_back_to(&mut self, place: Place) {
        match self {
            Self::Source(next) => *next = place.at.min(*next),
            Self::Arrival(order) if place.taken > 0 => order.due = order.due.min(place.taken),
            Self::Arrival(_) => {}
        }
    }

    /// Is the batch still to come?
    #[must_use]
    pub fn is_to_come(&self, place: Place) -> bool {
        match self {
            Self::Source(next) => place.at >= *next,
            Self::Arrival(order) => order.is_to_come(place),
        }
    }
}

/// Batches as they come: those of each origin in their order, and of the origins whose next batch
/// is there, the one whose [`Turn`](crate::Turn) it is.
///
/// This order is made as it goes, so every batch that is taken gets a number; and what a dead
/// worker leaves is taken again by these numbers, before anything new: in the same order as before.
#[derive(Clone, Debug)]
pub struct ArrivalOrder {
    /// Where the next batch of each origin stands.
    next: [Frontier; STAGES_MAX],
    /// Numbers given so far.
    given: u64,
    /// Number of the batch that is taken next: the first after all given, or one taken before.
    due: u64,
}

impl Default for ArrivalOrder {
    fn default() -> Self {
        let begin = |origin| Frontier { origin: origin as u16, ..Frontier::default() };
        Self { next: core::array::from_fn(begin), given: 0, due: 1 }
    }
}

impl ArrivalOrder {
    fn next_of(&self, place: Place) -> Frontier {
        self.next[usize::from(place.at.origin)]
    }

    fn admits(&self, place: Place, carries: &[OriginParts], origins: &Origins) -> bool {
        if self.due <= self.given || place.taken > 0 {
            return place.taken == self.due;
        }
        self.next_of(place).settle(carries, origins) == Some(place.at)
    }

    fn take(&mut self, place: Place) -> u64 {
        let number = self.due;
        if number > self.given {
            self.given = number;
            self.next[usize::from(place.at.origin)] = place.at.past();
        }
        self.due += 1;
        number
    }

    fn is_to_come(&self, place: Place) -> bool {
        match place.taken {
            0 => place.at >= self.next_of(place),
            taken => (self.due..=self.given).contains(&taken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StageIndex;

    fn place(origin: u16, seq: u64, taken: u64) -> Place {
        Place::of(Lineage { origin: StageIndex(origin), seq, part: 0 }, 0, taken)
    }

    fn admits(order: &TakeOrder, place: Place) -> bool {
        let mut carries = OriginParts::default();
        [0, 3].map(StageIndex).into_iter().for_each(|origin| carries.begin(origin));
        order.admits(place, &[carries], &Origins::default())
    }

    #[test]
    fn origins_mix_and_none_overtakes_itself() {
        let mut order = TakeOrder::new(false);
        assert!(admits(&order, place(0, 0, 0)));
        assert!(admits(&order, place(3, 0, 0)) && !admits(&order, place(3, 1, 0)));
        assert_eq!(order.take(place(3, 0, 0)), 1);
        assert_eq!(order.take(place(3, 1, 0)), 2);
        assert!(admits(&order, place(0, 0, 0)) && !admits(&order, place(0, 1, 0)));
        assert!(admits(&order, place(3, 2, 0)));
    }

    #[test]
    fn in_source_order_no_origin_comes_before_the_one_before_it() {
        let order = TakeOrder::new(true);
        assert!(admits(&order, place(0, 0, 0)) && !admits(&order, place(3, 0, 0)));
    }

    #[test]
    fn what_is_taken_again_comes_in_the_order_of_the_first_time() {
        let mut order = TakeOrder::new(false);
        let taken = [(3, 0), (0, 0), (3, 1)].map(|(origin, seq)| {
            let number = order.take(place(origin, seq, 0));
            place(origin, seq, number)
        });
        order.go_back_to(taken[2]);
        order.go_back_to(taken[1]);
        let new = place(0, 1, 0);
        for batch in &taken[1..] {
            assert!(!admits(&order, new) && order.is_to_come(new));
            assert!(admits(&order, *batch) && order.is_to_come(*batch));
            assert_eq!(order.take(*batch), batch.taken);
        }
        assert!(!order.is_to_come(taken[0]));
        assert!(admits(&order, new));
        assert_eq!(order.take(new), 4);
    }
}
