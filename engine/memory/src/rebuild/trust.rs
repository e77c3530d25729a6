//! How far a description is trusted.

use std::any::Any;
use std::sync::Arc;

use crate::{Arena, SegmentId};

/// How far the writer of a description, and of the memory that it names, is trusted.
pub enum Trust<'a> {
    /// The engine, or a worker that is trusted with its own memory: ranges and structure are
    /// checked, the data inside is not; arrays are built in place.
    InPlace {
        /// The one segment that may be named, or none for all that are known. Memory outside it may
        /// be named where it lies in a buffer of the input, which is then shared.
        from: Option<SegmentId>,
        /// Kept by every buffer that is built over a segment; dropped when the last of them is
        /// gone, or at once if there is none: then the memory is not named any more.
        owner: Arc<dyn Any + Send + Sync>,
    },
    /// A hostile writer: buffers are copied first, then checked in full (offsets, UTF-8, keys).
    Copied {
        /// The one segment that may be named, beside buffers of the input.
        from: SegmentId,
        /// Where the copies go.
        arena: &'a Arena,
    },
}
