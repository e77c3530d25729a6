//! The writer of the text formats: bytes that were encoded elsewhere, in order.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::write::error::WriteError;
use crate::write::transport::Output;
use crate::write::writer::{Closed, Encode, Writer};

pub(crate) struct TextSink {
    output: Output,
    encoder: Arc<dyn Encode>,
    /// For batches that are encoded here; empty between calls.
    scratch: Vec<u8>,
}

impl TextSink {
    pub(crate) fn new(output: Output, encoder: Arc<dyn Encode>) -> Self {
        Self { output, encoder, scratch: Vec::new() }
    }
}

impl Writer for TextSink {
    fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.output.write_bytes(bytes)?;
        self.output.hand_over()
    }

    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.scratch.clear();
        self.encoder.encode(batch, &mut self.scratch)?;
        self.output.write_bytes(&self.scratch)?;
        self.output.hand_over()
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.output.hand_over_now()
    }

    fn close(mut self: Box<Self>) -> Result<Closed, WriteError> {
        self.output.close()
    }

    fn abandon(mut self: Box<Self>) {
        self.output.abandon();
    }
}
