//! Text across the border: a pointer and a length.

use std::ffi::c_char;

/// UTF-8 text of so many bytes, not ended by a NUL. A null pointer with length 0 is no text.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// First byte.
    pub data: *const c_char,
    /// Bytes.
    pub len: u64,
}

/// Bytes that should be text are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// The pointer is null.
    #[error("a null pointer")]
    Null,
    /// The bytes are not UTF-8.
    #[error("not UTF-8 from byte {0} on")]
    NotUtf8(usize),
}

impl Text {
    /// No text.
    pub const NONE: Self = Self { data: std::ptr::null(), len: 0 };

    /// Points at `text`, which has to outlive the use of the result.
    pub const fn new(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() as u64 }
    }

    /// The text it points at.
    ///
    /// # Errors
    /// The pointer is null, or the bytes are not UTF-8.
    ///
    /// # Safety
    /// A pointer that is not null is valid for `len` bytes for as long as `'a` (S1, S6).
    pub unsafe fn as_str<'a>(self) -> Result<&'a str, TextFault> {
        if self.data.is_null() {
            return Err(TextFault::Null);
        }
        // SAFETY: by the contract of this function (S1).
        let bytes =
            unsafe { std::slice::from_raw_parts(self.data.cast::<u8>(), self.len as usize) };
        std::str::from_utf8(bytes).map_err(|error| TextFault::NotUtf8(error.valid_up_to()))
    }

    /// A copy of the text, with replacement characters where it is not UTF-8; none for null.
    ///
    /// # Safety
    /// As [`as_str`](Self::as_str), for the length of this call.
    pub unsafe fn to_lossy(self) -> Option<String> {
        if self.data.is_null() {
            return None;
        }
        // SAFETY: by the contract of this function (S1).
        let bytes =
            unsafe { std::slice::from_raw_parts(self.data.cast::<u8>(), self.len as usize) };
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}
