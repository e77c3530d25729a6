//! Ranges that were freed lately, to be given out again while their memory is warm.

use offset_allocator::Allocation;

/// Eight classes between a size and its double.
const STEPS_LOG2: u32 = 3;
const CLASSES: usize = ((u32::BITS - STEPS_LOG2 + 1) << STEPS_LOG2) as usize;
/// Units that are kept at most, 64 MiB: what pipelines have in flight, so that it is used again and
/// again, and little enough that ranges of sizes that come no more do not pile up.
const KEPT_UNITS_MAX: u64 = 1 << 19;

/// A size that ranges have; every size is rounded up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    index: usize,
    units: u32,
}

impl Class {
    /// The size itself.
    pub(crate) fn units(self) -> u32 {
        self.units
    }
}

/// The class of a size; `None` for a size beyond the last class. Rounds up by an eighth at most.
pub(crate) fn class_of(units: u32) -> Option<Class> {
    let step_log2 = (units | 1).ilog2().saturating_sub(STEPS_LOG2);
    let steps = units.div_ceil(1 << step_log2);
    let units = steps.checked_mul(1 << step_log2)?;
    let index = (step_log2 << STEPS_LOG2) + steps;
    Some(Class { index: index as usize, units })
}

/// The ranges, those freed last on top.
pub(crate) struct Recent {
    by_class: Vec<Vec<Allocation<u32>>>,
    kept_units: u64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { by_class: vec![Vec::new(); CLASSES], kept_units: 0 }
    }
}

impl Recent {
    /// The range of a class that was freed last.
    pub(crate) fn take(&mut self, class: Class) -> Option<Allocation<u32>> {
        let found = self.by_class[class.index].pop()?;
        self.kept_units -= u64::from(class.units);
        Some(found)
    }

    /// Keeps a range; false if that makes too many.
    pub(crate) fn keep(&mut self, class: Class, range: Allocation<u32>) -> bool {
        self.by_class[class.index].push(range);
        self.kept_units += u64::from(class.units);
        self.kept_units <= KEPT_UNITS_MAX
    }

    /// Gives up all ranges.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Allocation<u32>> + '_ {
        self.kept_units = 0;
        self.by_class.iter_mut().flat_map(|ranges| ranges.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_ascend_and_waste_an_eighth_at_most() {
        let mut last = class_of(1).expect("small sizes have a class");
        for units in (1..10_000).chain((14..32).map(|bits| (1_u32 << bits) - 1)) {
            let class = class_of(units).expect("the size is below the last class");
            assert!(class.units >= units && class.units - units <= units / 8, "{units}: {class:?}");
            assert!(class.index < CLASSES);
            let same = class.index == last.index;
            assert!(class.index >= last.index && same == (class.units == last.units), "{class:?}");
            last = class;
        }
        assert_eq!(class_of(u32::MAX), None);
    }
}
