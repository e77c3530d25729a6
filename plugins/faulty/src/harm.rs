//! What safe code cannot do wrong. All of it is unsound, on purpose and on order only.
#![allow(unsafe_code, reason = "this plugin exists to break the contract")]

use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::DataType;
use tanda_plugin::PluginError;

/// Ends the process by `SIGSEGV`.
pub(crate) fn read_nowhere() -> ! {
    const NOWHERE: usize = 64;
    loop {
        // SAFETY: none. No system maps its first page, so the read is a fault and never returns.
        unsafe { ptr::without_provenance::<u8>(NOWHERE).read_volatile() };
    }
}

/// Gives the first text column offsets that are neither in order nor inside of the text; the last
/// one is right, so that only who looks at all of them finds out.
pub(crate) fn wild_offsets(columns: &mut [ArrayRef]) -> Result<(), PluginError> {
    let (column, text) = first_text(columns)?;
    let (offsets, values, nulls) = text.into_parts();
    let mut wild: Vec<i32> = offsets.iter().copied().collect();
    let last = wild.len() - 1;
    for (index, offset) in wild[..last].iter_mut().enumerate() {
        *offset = if index % 2 == 0 { i32::MAX - 64 } else { -64 };
    }
    // SAFETY: none. The offsets do not rise, and the text is not where they point.
    let lie = unsafe {
        StringArray::new_unchecked(OffsetBuffer::new_unchecked(wild.into()), values, nulls)
    };
    *column = Arc::new(lie);
    Ok(())
}

/// Text that was emitted, and is written to afterwards; the latest few.
#[derive(Debug, Default)]
pub(crate) struct Published(VecDeque<Buffer>);

const PUBLISHED_MAX: usize = 16;

impl Published {
    /// Replaces the first text column by a copy that this instance can still reach.
    pub(crate) fn keep_copy(&mut self, columns: &mut [ArrayRef]) -> Result<(), PluginError> {
        let (column, text) = first_text(columns)?;
        let (offsets, values, nulls) = text.into_parts();
        let copy = Buffer::from_slice_ref(values.as_slice());
        self.0.truncate(PUBLISHED_MAX - 1);
        self.0.push_front(copy.clone());
        *column = Arc::new(StringArray::new(offsets, copy, nulls));
        Ok(())
    }

    /// Overwrites what was emitted by `#`, in place.
    pub(crate) fn change(&mut self) {
        for buffer in &self.0 {
            // SAFETY: none of the language: others read these bytes now. The memory is allocated
            // for as long as the buffer lives, and was made writable by this instance.
            unsafe { ptr::write_bytes(buffer.as_ptr().cast_mut(), b'#', buffer.len()) };
        }
    }
}

fn first_text(columns: &mut [ArrayRef]) -> Result<(&mut ArrayRef, StringArray), PluginError> {
    let found = columns.iter_mut().find(|column| *column.data_type() == DataType::Utf8);
    let Some(column) = found else {
        return Err(PluginError::new(
            "no column of type utf8 leaves on `main`, so none can be spoilt",
        ));
    };
    let text = column.as_string::<i32>().clone();
    Ok((column, text))
}
