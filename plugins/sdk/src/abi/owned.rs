//! Values that one side makes and the other side reads and gives back: errors and bytes.

use std::ffi::c_void;
use std::ptr;

use super::Text;
use crate::PluginError;

/// An error across the border.
///
/// The caller provides it zeroed; who fails fills it and sets `release` if there is something to
/// free; the caller copies what it needs and calls `release` once.
#[repr(C)]
#[derive(Debug)]
pub struct RawError {
    /// What happened.
    pub message: Text,
    /// The token of the configuration that it is about, or null.
    pub about: Text,
    /// Line in the configuration from 1, or 0 for none.
    pub line: u32,
    /// Column in the configuration from 1, or 0 for none.
    pub column: u32,
    /// Frees what the error owns; null if it owns nothing.
    pub release: Option<unsafe extern "C" fn(*mut RawError)>,
    /// For `release`.
    pub private_data: *mut c_void,
}

impl RawError {
    /// The zeroed struct that a caller provides.
    pub const EMPTY: Self = Self {
        message: Text::NONE,
        about: Text::NONE,
        line: 0,
        column: 0,
        release: None,
        private_data: ptr::null_mut(),
    };

    /// An error that owns its texts.
    pub fn new(error: PluginError) -> Self {
        let error = Box::new(error);
        let (line, column) = error.position().unwrap_or((0, 0));
        Self {
            message: Text::new(error.message()),
            about: error.token().map_or(Text::NONE, Text::new),
            line,
            column,
            release: Some(release_error),
            private_data: Box::into_raw(error).cast(),
        }
    }

    /// Copies the error out and gives it back to its maker.
    ///
    /// # Safety
    /// It is empty, or filled by a failed call (S1) and not yet released.
    pub unsafe fn take(&mut self) -> PluginError {
        // SAFETY: texts of a filled error are valid until it is released (S1).
        let (message, about) = unsafe { (self.message.to_lossy(), self.about.to_lossy()) };
        let mut error = PluginError::new(message.unwrap_or_else(|| "no reason given".to_owned()));
        if let Some(token) = about {
            error = error.about(token);
        }
        if self.line > 0 {
            error = error.at(self.line, self.column.max(1));
        }
        if let Some(release) = self.release.take() {
            // SAFETY: set by the maker for this struct, and called once: `take` cleared it.
            unsafe { release(self) };
        }
        error
    }
}

unsafe extern "C" fn release_error(error: *mut RawError) {
    // SAFETY: `private_data` was made by `RawError::new`, and `release` is called once (S1).
    drop(unsafe { Box::from_raw((*error).private_data.cast::<PluginError>()) });
}

/// Bytes across the border: a snapshot. Rules as for [`RawError`].
#[repr(C)]
#[derive(Debug)]
pub struct RawBytes {
    /// First byte; may be null if there is none.
    pub data: *const u8,
    /// How many.
    pub len: u64,
    /// Frees them; null if there is nothing to free.
    pub release: Option<unsafe extern "C" fn(*mut RawBytes)>,
    /// For `release`.
    pub private_data: *mut c_void,
}

impl RawBytes {
    /// The zeroed struct that a caller provides.
    pub const EMPTY: Self =
        Self { data: ptr::null(), len: 0, release: None, private_data: ptr::null_mut() };

    /// Bytes that own their memory.
    pub fn new(bytes: Vec<u8>) -> Self {
        let bytes = Box::new(bytes);
        Self {
            data: bytes.as_ptr(),
            len: bytes.len() as u64,
            release: Some(release_bytes),
            private_data: Box::into_raw(bytes).cast(),
        }
    }

    /// Copies the bytes out and gives them back to their maker.
    ///
    /// # Safety
    /// It is empty, or filled by a call (S1) and not yet released.
    pub unsafe fn take(&mut self) -> Vec<u8> {
        let bytes = match self.data.is_null() {
            true => Vec::new(),
            // SAFETY: filled by a call, so valid for `len` bytes until released (S1).
            false => unsafe { std::slice::from_raw_parts(self.data, self.len as usize) }.to_vec(),
        };
        if let Some(release) = self.release.take() {
            // SAFETY: set by the maker for this struct, and called once: `take` cleared it.
            unsafe { release(self) };
        }
        bytes
    }
}

unsafe extern "C" fn release_bytes(bytes: *mut RawBytes) {
    // SAFETY: `private_data` was made by `RawBytes::new`, and `release` is called once (S1).
    drop(unsafe { Box::from_raw((*bytes).private_data.cast::<Vec<u8>>()) });
}
