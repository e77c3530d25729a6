//! What an open sink is made of: an encoder, a writer, and what a closed file leaves.

use arrow::array::RecordBatch;

use super::error::WriteError;
use super::transport::Staged;

/// Turns batches into the bytes of a text format: without state, so on any thread and in any order.
pub trait Encode: Send + Sync {
    /// Appends the records of `batch` to `out`, in order, each with its line end.
    ///
    /// Cost: about 11 ns a cell for CSV and 15 ns for NDJSON, of integers and short texts; 25 ns
    /// for a float. The capacity of `out` is worth keeping between batches.
    ///
    /// # Errors
    /// If the batch does not have the columns that the sink was opened with; `out` is as before.
    fn encode(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), WriteError>;
}

/// Writes a sink's file. Ends in exactly one of [`close`](Writer::close) and
/// [`abandon`](Writer::abandon); merely dropped, it leaves the unfinished file as it is.
pub trait Writer: Send {
    /// Appends encoded records. Only for a sink with an encoder.
    ///
    /// # Errors
    /// If the system refuses them; some of the bytes may have been written. Only
    /// [`abandon`](Writer::abandon) makes sense then.
    ///
    /// # Panics
    /// On a sink without an encoder.
    fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), WriteError>;

    /// Appends a batch, encoding it here.
    ///
    /// # Errors
    /// As [`write_bytes`](Writer::write_bytes), or if the batch does not have the columns that the
    /// sink was opened with.
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError>;

    /// Brings what was written to where a reader of the unfinished file sees it; what is compressed
    /// can be decompressed up to here then. Parquet and Arrow files cannot be read without their
    /// end, and keep what they have.
    ///
    /// # Errors
    /// As [`write_bytes`](Writer::write_bytes).
    fn flush(&mut self) -> Result<(), WriteError> {
        Ok(())
    }

    /// Ends the file (footer, end of the compression) and brings it to the disk;
    /// [`publish`](super::publish) gives it its name.
    ///
    /// # Errors
    /// If the system refuses.
    fn close(self: Box<Self>) -> Result<Closed, WriteError>;

    /// Gives up: writes what is buffered, as far as that works, and leaves the `.part` file.
    fn abandon(self: Box<Self>);
}

/// A complete output.
#[derive(Debug)]
pub struct Closed {
    /// Bytes written, after compression.
    pub bytes: u64,
    /// The file that waits for its name; none for what is written in place.
    pub staged: Option<Staged>,
}
