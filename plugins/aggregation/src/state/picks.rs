//! One value kept for each group: smallest, largest, first or last.

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use super::contract::{Output, ResultError, Rows, State};
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::{Values, each, each_bytes};
use crate::error::StateError;
use crate::value::{Kind, Value, plain, to_array};

/// Which value is kept. Floats are ordered -inf … inf, NaN; text by bytes; false before true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    Min,
    Max,
    /// First in the order of the input; a merge would not know it.
    First,
    /// Last in the order of the input; a merge would not know it.
    Last,
}

impl Pick {
    #[inline]
    fn replaces<T: PartialOrd + ?Sized>(self, new: &T, old: &T) -> bool {
        match self {
            Self::Min => new < old,
            Self::Max => new > old,
            Self::First => false,
            Self::Last => true,
        }
    }
}

/// Memory: 16, 32 or 24 bytes a group, and the text.
#[derive(Debug)]
pub(crate) struct Picks {
    pick: Pick,
    data_type: DataType,
    slots: Slots,
}

#[derive(Debug)]
enum Slots {
    Words(Vec<Option<i64>>),
    Wides(Vec<Option<i128>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Picks {
    /// Of a column of this type, which has this kind.
    pub(crate) fn new(pick: Pick, data_type: &DataType, kind: Kind) -> Self {
        let slots = match kind {
            Kind::Word => Slots::Words(Vec::new()),
            Kind::Wide => Slots::Wides(Vec::new()),
            Kind::Bytes => Slots::Bytes(Vec::new()),
        };
        Self { pick, data_type: plain(data_type), slots }
    }

    fn get(&self, group: u32) -> Option<Value<'_>> {
        let group = group as usize;
        match &self.slots {
            Slots::Words(slots) => slots[group].map(Value::Word),
            Slots::Wides(slots) => slots[group].map(Value::Wide),
            Slots::Bytes(slots) => slots[group].as_deref().map(Value::Bytes),
        }
    }

    fn kind(&self) -> Kind {
        match self.slots {
            Slots::Words(_) => Kind::Word,
            Slots::Wides(_) => Kind::Wide,
            Slots::Bytes(_) => Kind::Bytes,
        }
    }
}

fn offer<T: PartialOrd>(pick: Pick, slot: &mut Option<T>, new: T) {
    if slot.as_ref().is_none_or(|old| pick.replaces(&new, old)) {
        *slot = Some(new);
    }
}

fn offer_bytes(pick: Pick, slot: &mut Option<Vec<u8>>, new: &[u8]) {
    match slot {
        None => *slot = Some(new.to_vec()),
        Some(old) if pick.replaces(new, old.as_slice()) => {
            old.clear();
            old.extend_from_slice(new);
        }
        Some(_) => {}
    }
}

fn offer_all<T: PartialOrd + Copy>(
    pick: Pick,
    slots: &mut [Option<T>],
    ids: &[u32],
    values: &[T],
    nulls: Option<&NullBuffer>,
) {
    each(values, nulls, |row, value| offer(pick, &mut slots[ids[row] as usize], value));
}

impl State for Picks {
    fn resize(&mut self, groups: usize) {
        match &mut self.slots {
            Slots::Words(slots) => slots.resize(groups, None),
            Slots::Wides(slots) => slots.resize(groups, None),
            Slots::Bytes(slots) => slots.resize(groups, None),
        }
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        let (pick, ids) = (self.pick, rows.ids);
        match (&mut self.slots, &Values::of(rows.column())?) {
            (Slots::Words(slots), Values::Words(values, nulls)) => {
                offer_all(pick, slots, ids, values, nulls.as_ref());
            }
            (Slots::Wides(slots), Values::Wides(values, nulls)) => {
                offer_all(pick, slots, ids, values, nulls.as_ref());
            }
            (Slots::Bytes(slots), Values::Bytes(array)) => each_bytes(array, |row, text| {
                offer_bytes(pick, &mut slots[ids[row] as usize], text);
            }),
            (Slots::Bytes(slots), Values::LargeBytes(array)) => each_bytes(array, |row, text| {
                offer_bytes(pick, &mut slots[ids[row] as usize], text);
            }),
            (Slots::Words(_) | Slots::Wides(_) | Slots::Bytes(_), _) => {
                unreachable!("a column has one kind")
            }
        }
        Ok(())
    }

    fn result(&self, _: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        let array = to_array(groups.iter().map(|group| self.get(*group)), &self.data_type)?;
        debug_assert_eq!(array.data_type(), &self.data_type);
        Ok(array)
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        groups.iter().for_each(|group| out.optional(self.get(*group)));
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        let (pick, kind) = (self.pick, self.kind());
        for group in ids.iter().map(|id| *id as usize) {
            match (&mut self.slots, from.optional(kind)?) {
                (Slots::Words(slots), Some(Value::Word(word))) => {
                    offer(pick, &mut slots[group], word);
                }
                (Slots::Wides(slots), Some(Value::Wide(wide))) => {
                    offer(pick, &mut slots[group], wide);
                }
                (Slots::Bytes(slots), Some(Value::Bytes(bytes))) => {
                    offer_bytes(pick, &mut slots[group], bytes);
                }
                (Slots::Words(_) | Slots::Wides(_) | Slots::Bytes(_), _) => {}
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        match &self.slots {
            Slots::Words(slots) => slots.capacity() * size_of::<Option<i64>>(),
            Slots::Wides(slots) => slots.capacity() * size_of::<Option<i128>>(),
            Slots::Bytes(slots) => {
                let texts: usize = slots.iter().flatten().map(Vec::capacity).sum();
                texts + slots.capacity() * size_of::<Option<Vec<u8>>>()
            }
        }
    }
}
