//! No format: for measuring all that comes before a sink.

use arrow::array::RecordBatch;

use crate::write::error::WriteError;
use crate::write::writer::{Closed, Writer};

/// Takes everything and keeps nothing.
pub(crate) struct Blackhole;

impl Writer for Blackhole {
    fn write_bytes(&mut self, _bytes: &[u8]) -> Result<(), WriteError> {
        Ok(())
    }

    fn write_batch(&mut self, _batch: &RecordBatch) -> Result<(), WriteError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Closed, WriteError> {
        Ok(Closed { bytes: 0, staged: None })
    }

    fn abandon(self: Box<Self>) {}
}
