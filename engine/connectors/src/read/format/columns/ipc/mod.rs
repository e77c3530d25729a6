//! Arrow IPC: the file format, the stream format, and what they share.

mod decoder;
mod file;
mod message;
mod stream;

pub(super) use file::{ArrowFile, is_file};
pub(super) use stream::{ArrowStream, looks_like_stream};
