//! Arrow arrays out: arrow-rs to the C Data Interface, without copying data.
//!
//! The columns of a batch share one block of memory for their structs, but each is released by
//! itself: the other side may move single columns out and keep them, and they keep no other's data.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;

use super::addresses::Addresses;
use super::array::ArrowArray;
use super::export_buffers::{BUFFERS_MAX, Validity};
use super::export_nested::export_nested;
use super::flat::flat;

/// What the batch and its columns point into; every exported array holds a count of it.
struct Block {
    columns: Box<[Column]>,
    arrays: UnsafeCell<Box<[ArrowArray]>>,
    pointers: UnsafeCell<Box<[*mut ArrowArray]>>,
    /// The batch's own list of buffers: no validity bitmap.
    none: UnsafeCell<[*const c_void; 1]>,
}

/// What one flat column owns until it is released.
struct Column {
    /// The block, for `release`; counted there.
    block: *const Block,
    owner: UnsafeCell<Option<(ArrayRef, Validity)>>,
    buffers: UnsafeCell<[*const c_void; BUFFERS_MAX]>,
}

// SAFETY: a column's slot is touched by who exports it, before anyone else knows it, and by its
// `release`, once; the count of the block puts the one before the other (S2).
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

/// Exports batches one after the other.
///
/// The block of the last one is used again as soon as all of it was released: a call in which the
/// other side keeps nothing costs no allocation for flat columns.
#[derive(Default)]
pub struct Exporter {
    block: Option<Arc<Block>>,
}

impl Exporter {
    /// Exports a batch as a struct array of `rows` rows.
    ///
    /// With `addresses`, remembers where every column lies, see [`Addresses`].
    pub fn export(
        &mut self,
        columns: &[ArrayRef],
        rows: usize,
        mut addresses: Option<&mut Addresses>,
    ) -> ArrowArray {
        let block = self.block(columns.len());
        // SAFETY: all of the block was released, so nobody else knows it.
        let (arrays, pointers) = unsafe { (&mut *block.arrays.get(), &mut *block.pointers.get()) };
        for (index, column) in columns.iter().enumerate() {
            let (array, lasting) = block.export(index, column);
            if let Some(addresses) = &mut addresses {
                addresses.push(&array, lasting);
            }
            arrays[index] = array;
            pointers[index] = &raw mut arrays[index];
        }
        ArrowArray {
            length: rows as i64,
            n_buffers: 1,
            n_children: columns.len() as i64,
            buffers: block.none.get().cast(),
            children: pointers.as_mut_ptr(),
            release: Some(release_batch),
            private_data: Arc::into_raw(block).cast_mut().cast(),
            ..ArrowArray::EMPTY
        }
    }

    /// A block for so many columns that nobody else knows.
    fn block(&mut self, columns: usize) -> Arc<Block> {
        let free = self
            .block
            .as_mut()
            .is_some_and(|block| block.columns.len() >= columns && Arc::get_mut(block).is_some());
        let block = self.block.take().filter(|_| free);
        let new = || Arc::new_cyclic(|block| Block::new(columns, block.as_ptr()));
        Arc::clone(self.block.insert(block.unwrap_or_else(new)))
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl Block {
    fn new(columns: usize, block: *const Self) -> Self {
        let column = || Column {
            block,
            owner: UnsafeCell::new(None),
            buffers: UnsafeCell::new([ptr::null(); BUFFERS_MAX]),
        };
        Self {
            columns: (0..columns).map(|_| column()).collect(),
            arrays: UnsafeCell::new((0..columns).map(|_| ArrowArray::EMPTY).collect()),
            pointers: UnsafeCell::new(vec![ptr::null_mut(); columns].into()),
            none: UnsafeCell::new([ptr::null()]),
        }
    }

    /// The struct of a column, and whether its addresses last as long as the array they are of.
    fn export(self: &Arc<Self>, index: usize, array: &ArrayRef) -> (ArrowArray, bool) {
        let Some(flat) = flat(array.as_ref()) else { return export_nested(array.to_data()) };
        let validity = Validity::new(flat.offset, flat.nulls);
        let lasting = validity.copy.is_none();
        let column = &self.columns[index];
        // SAFETY: nobody else knows the column yet.
        unsafe {
            *column.buffers.get() = [validity.bits, flat.buffers[0], flat.buffers[1]];
            *column.owner.get() = Some((Arc::clone(array), validity));
        }
        // The count that the column's `release` gives back.
        std::mem::forget(Arc::clone(self));
        let array = ArrowArray {
            length: array.len() as i64,
            null_count: flat.nulls.map_or(0, NullBuffer::null_count) as i64,
            offset: flat.offset as i64,
            n_buffers: flat.n_buffers,
            buffers: column.buffers.get().cast(),
            release: Some(release_column),
            private_data: ptr::from_ref(column).cast_mut().cast(),
            ..ArrowArray::EMPTY
        };
        (array, lasting)
    }
}

unsafe extern "C" fn release_batch(batch: *mut ArrowArray) {
    // SAFETY: the owner calls this once with the batch that it owns (S2); `private_data` holds a
    // count of the block. Columns that were moved away are empty, the others are dropped.
    unsafe {
        (*batch).release = None;
        let block = Arc::from_raw((*batch).private_data.cast_const().cast::<Block>());
        for array in &mut *block.arrays.get() {
            drop(ArrowArray::take(array));
        }
    }
}

unsafe extern "C" fn release_column(array: *mut ArrowArray) {
    // SAFETY: the owner calls this once with the column that it owns (S2), so nobody else touches
    // its slot; the slot is alive by the count that is given back last.
    unsafe {
        (*array).release = None;
        let column = (*array).private_data.cast_const().cast::<Column>();
        let block = (*column).block;
        drop((*(*column).owner.get()).take());
        Arc::decrement_strong_count(block);
    }
}
