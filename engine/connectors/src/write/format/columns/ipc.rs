//! Arrow IPC files and streams, written batch by batch.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_ipc::writer::{FileWriter, StreamWriter};

use crate::columnar_format::ColumnarFormat;
use crate::write::error::WriteError;
use crate::write::transport::Output;
use crate::write::writer::{Closed, Writer};

use super::outward::Outward;

/// One Arrow IPC file, or a stream on standard output.
///
/// Dictionaries are unpacked: the file format has one dictionary a column, batches bring their own.
pub(crate) struct ArrowSink {
    writer: Ipc,
    outward: Outward,
}

enum Ipc {
    File(FileWriter<Output>),
    Stream(StreamWriter<Output>),
}

impl ArrowSink {
    pub(crate) fn new(
        output: Output,
        stream: bool,
        declared: &SchemaRef,
    ) -> Result<Self, WriteError> {
        let outward = Outward::new(output.shown(), declared, ColumnarFormat::Arrow);
        let writer = if stream {
            Ipc::Stream(StreamWriter::try_new(output, &outward.written())?)
        } else {
            Ipc::File(FileWriter::try_new(output, &outward.written())?)
        };
        Ok(Self { writer, outward })
    }

    fn fault(&self, source: ArrowError) -> WriteError {
        self.writer.output().fault().unwrap_or_else(|| source.into())
    }
}

impl Writer for ArrowSink {
    fn write_bytes(&mut self, _bytes: &[u8]) -> Result<(), WriteError> {
        unreachable!("only text formats are written as bytes")
    }

    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let batch = self.outward.batch(batch)?;
        let written = match &mut self.writer {
            Ipc::File(writer) => writer.write(&batch),
            Ipc::Stream(writer) => writer.write(&batch),
        };
        written.map_err(|e| self.fault(e))?;
        self.writer.output_mut().hand_over()
    }

    fn close(mut self: Box<Self>) -> Result<Closed, WriteError> {
        let finished = self.writer.finish();
        finished.map_err(|e| self.fault(e))?;
        self.writer.output_mut().close()
    }

    /// Tries to end the file with its footer, so that what was written can be read.
    fn abandon(mut self: Box<Self>) {
        let _ = self.writer.finish();
        self.writer.output_mut().abandon();
    }
}

impl Ipc {
    fn finish(&mut self) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.finish(),
            Self::Stream(writer) => writer.finish(),
        }
    }

    fn output(&self) -> &Output {
        match self {
            Self::File(writer) => writer.get_ref(),
            Self::Stream(writer) => writer.get_ref(),
        }
    }

    fn output_mut(&mut self) -> &mut Output {
        match self {
            Self::File(writer) => writer.get_mut(),
            Self::Stream(writer) => writer.get_mut(),
        }
    }
}
