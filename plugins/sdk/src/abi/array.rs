//! The structs of the Arrow C Data Interface, with their fields in the open.
//!
//! arrow-rs has the same structs with private fields; the layout is that of the specification
//! (<https://arrow.apache.org/docs/format/CDataInterface.html>), so pointers can be cast.

use std::ffi::{c_char, c_void};
use std::ptr;

use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};

/// `struct ArrowArray`: the data of an array without its type. Dropping it releases it.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    /// Elements.
    pub length: i64,
    /// Nulls among them, or -1 if nobody counted.
    pub null_count: i64,
    /// Elements in front of the first one, in every buffer.
    pub offset: i64,
    /// Length of `buffers`.
    pub n_buffers: i64,
    /// Length of `children`.
    pub n_children: i64,
    /// Buffers: validity bitmap or null, then those of the type.
    pub buffers: *mut *const c_void,
    /// Arrays inside this one.
    pub children: *mut *mut ArrowArray,
    /// Values of a dictionary array.
    pub dictionary: *mut ArrowArray,
    /// Frees what the array owns; null in an array that was moved away or released.
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    /// For `release`.
    pub private_data: *mut c_void,
}

/// `struct ArrowSchema`: the type of an array.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    /// Type, in the letters of the specification.
    pub format: *const c_char,
    /// Name of the field.
    pub name: *const c_char,
    /// Key-value pairs.
    pub metadata: *const c_char,
    /// Bits: dictionary ordered, nullable, map keys sorted.
    pub flags: i64,
    /// Length of `children`.
    pub n_children: i64,
    /// Types inside this one.
    pub children: *mut *mut ArrowSchema,
    /// Type of the values of a dictionary.
    pub dictionary: *mut ArrowSchema,
    /// Frees what the schema owns.
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    /// For `release`.
    pub private_data: *mut c_void,
}

const _: () = assert!(size_of::<ArrowArray>() == size_of::<FFI_ArrowArray>());
const _: () = assert!(size_of::<ArrowSchema>() == size_of::<FFI_ArrowSchema>());

// SAFETY: the memory behind an array is never written after it was made, and `release` may be
// called on any thread: the specification asks that of every producer (S2).
unsafe impl Send for ArrowArray {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for ArrowArray {}
impl std::panic::RefUnwindSafe for ArrowArray {}

impl ArrowArray {
    /// An array that owns nothing: what is left behind by a move.
    pub const EMPTY: Self = Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    };

    /// Moves the array out of where `source` points.
    ///
    /// # Safety
    /// `source` points at a valid array which nothing else uses meanwhile (S2).
    pub unsafe fn take(source: *mut Self) -> Self {
        // SAFETY: by the contract of this function.
        unsafe { ptr::replace(source, Self::EMPTY) }
    }

    /// Moves a child out, or nothing if there is no such child.
    ///
    /// # Safety
    /// The array is valid: `children` has `n_children` pointers, each null or to an array (S2, S5).
    pub unsafe fn take_child(&mut self, index: usize) -> Option<Self> {
        if index as i64 >= self.n_children || self.children.is_null() {
            return None;
        }
        // SAFETY: `index` is below `n_children` (contract of this function).
        let child = unsafe { *self.children.add(index) };
        // SAFETY: a child that is not null is an array that its parent owned until now (S2).
        (!child.is_null()).then(|| unsafe { Self::take(child) })
    }

    /// Was the array moved away or released?
    pub fn is_released(&self) -> bool {
        self.release.is_none()
    }
}

impl Drop for ArrowArray {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: still set, so this is the owner and the first call (S2).
            unsafe { release(self) };
        }
    }
}
