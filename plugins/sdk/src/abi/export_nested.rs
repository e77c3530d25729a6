//! Arrays with arrays inside, out: lists, structs, dictionaries.
//!
//! The general and slower way, through arrow-rs's `ArrayData`.

use std::ffi::c_void;
use std::ptr;

use arrow::array::ArrayData;
use arrow::datatypes::DataType;

use super::array::ArrowArray;
use super::export_buffers::{BUFFERS_MAX, Validity};

/// What an exported array owns. It is behind `private_data`, and the array points into it.
struct Owned {
    /// Keeps the buffers alive.
    _data: ArrayData,
    /// Its validity bitmap, at the offset of the data.
    _validity: Validity,
    buffers: [*const c_void; BUFFERS_MAX],
    child_pointers: Vec<*mut ArrowArray>,
    _children: Vec<ArrowArray>,
    dictionary: *mut ArrowArray,
}

/// Exports one array; says whether its addresses last as long as the array they are of.
pub(super) fn export_nested(data: ArrayData) -> (ArrowArray, bool) {
    let nulls = data.nulls().filter(|nulls| nulls.null_count() > 0);
    let validity = Validity::new(data.offset(), nulls);
    let mut lasting = validity.copy.is_none();
    let mut buffers = [ptr::null(); BUFFERS_MAX];
    buffers[0] = validity.bits;
    for (slot, buffer) in buffers[1..].iter_mut().zip(data.buffers()) {
        *slot = buffer.as_ptr().cast();
    }
    let mut children = Vec::with_capacity(data.child_data().len());
    for child in data.child_data() {
        let (array, child_lasting) = export_nested(child.clone());
        lasting &= child_lasting;
        children.push(array);
    }
    let is_dictionary = matches!(data.data_type(), DataType::Dictionary(..));
    let values = if is_dictionary { children.pop() } else { None };
    let counts = Counts {
        length: data.len(),
        nulls: data.null_count(),
        offset: data.offset(),
        buffers: 1 + data.buffers().len(),
    };
    let owned = Owned {
        _data: data,
        _validity: validity,
        buffers,
        child_pointers: Vec::new(),
        _children: children,
        dictionary: values.map_or(ptr::null_mut(), |values| Box::into_raw(Box::new(values))),
    };
    (owned.into_array(counts), lasting)
}

struct Counts {
    length: usize,
    nulls: usize,
    offset: usize,
    buffers: usize,
}

impl Owned {
    fn into_array(mut self, counts: Counts) -> ArrowArray {
        let first = self._children.as_mut_ptr();
        let n_children = self._children.len();
        self.child_pointers = (0..n_children).map(|index| first.wrapping_add(index)).collect();
        let owned = Box::into_raw(Box::new(self));
        // SAFETY: just made from a box, and used by nobody else yet.
        let inner = unsafe { &mut *owned };
        ArrowArray {
            length: counts.length as i64,
            null_count: counts.nulls as i64,
            offset: counts.offset as i64,
            n_buffers: counts.buffers as i64,
            n_children: n_children as i64,
            buffers: inner.buffers.as_mut_ptr(),
            children: inner.child_pointers.as_mut_ptr(),
            dictionary: inner.dictionary,
            release: Some(release),
            private_data: owned.cast(),
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if !self.dictionary.is_null() {
            // SAFETY: made from a box in `export_nested`, owned by this struct alone (S2).
            drop(unsafe { Box::from_raw(self.dictionary) });
        }
    }
}

unsafe extern "C" fn release(array: *mut ArrowArray) {
    // SAFETY: the owner calls this once with the array that it owns (S2).
    let array = unsafe { &mut *array };
    array.release = None;
    // SAFETY: `private_data` was made from a box in `into_array`; children that were moved away
    // have their `release` cleared, so dropping them frees nothing twice (S2).
    drop(unsafe { Box::from_raw(array.private_data.cast::<Owned>()) });
}
