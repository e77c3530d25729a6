//! The stream format: messages one after the other, until the end mark.

use std::io::{BufRead as _, BufReader, ErrorKind, Read};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow_ipc::MessageHeader;

use crate::read::format::columns::fault::Fault;
use crate::read::transport::{RawBytes, Stop};

use super::decoder::Decoder;
use super::message::{CONTINUATION, Envelope, parse};

/// Bytes of a body that are reserved before the first of them came through a pipe.
const BODY_STEP: usize = 1 << 20;

/// An open stream, of a file or a pipe.
pub(in super::super) struct ArrowStream {
    bytes: BufReader<RawBytes>,
    /// What is left of a regular file.
    left: Option<u64>,
    decoder: Decoder,
    is_done: bool,
}

impl ArrowStream {
    /// Reads the schema, which comes first; a stop ends the wait for it. `length` is that of a
    /// regular file.
    pub(in super::super) fn open(
        mut bytes: RawBytes,
        length: Option<u64>,
        wanted: Option<&SchemaRef>,
        bytes_max: usize,
        stop: &Stop,
    ) -> Result<Self, Fault> {
        bytes.wait_at_most(stop, None);
        let (mut bytes, mut left) = (BufReader::new(bytes), length);
        let head = read_head(&mut bytes, &mut left)?;
        let head = head.ok_or_else(|| Fault::damage("a stream without a schema"))?;
        let message = parse(&head)?;
        let schema = message.header_as_schema();
        let schema =
            schema.ok_or_else(|| Fault::damage("a stream that begins without a schema"))?;
        let decoder = Decoder::new(schema, wanted, bytes_max)?;
        let body = message.bodyLength();
        (body == 0).then_some(()).ok_or_else(|| Fault::damage("a schema with a body"))?;
        Ok(Self { bytes, left, decoder, is_done: false })
    }

    pub(in super::super) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.decoder.schema)
    }

    /// The next batch; none after the end mark. A stream that ends without it was cut off.
    pub(in super::super) fn next(&mut self, stop: &Stop) -> Result<Option<RecordBatch>, Fault> {
        self.bytes.get_mut().wait_at_most(stop, None);
        while !self.is_done {
            let Some(head) = read_head(&mut self.bytes, &mut self.left)? else {
                self.is_done = true;
                return self.check_end();
            };
            let message = parse(&head)?;
            if message.header_type() == MessageHeader::Schema {
                return Err(Fault::damage("a second schema in one stream"));
            }
            let body = usize::try_from(message.bodyLength());
            let body = body.map_err(|_| Fault::damage("a body of negative length"))?;
            spend(&mut self.left, body)?;
            let step = if self.left.is_some() { body } else { BODY_STEP };
            let bytes = &mut self.bytes;
            let message = Envelope::read(&head, body, step, |part| fill(bytes, part))?;
            if let Some(batch) = self.decoder.take(&message)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// What follows the end mark would be lost. Of a pipe that is known when its writer closes it.
    fn check_end(&mut self) -> Result<Option<RecordBatch>, Fault> {
        let refused = |found: String| {
            Err(Fault::Refused {
                found,
                remedy: "give all batches in one stream, or put each stream into a file of its own \
                         and read them by a glob",
            })
        };
        match self.left {
            Some(0) => Ok(None),
            Some(left) => refused(format!("{left} bytes after the end of the stream")),
            None => match self.bytes.fill_buf() {
                Ok([]) => Ok(None),
                Ok(_) => refused("more bytes after the end of the stream".to_owned()),
                Err(error) => {
                    let fault = at_end(&self.bytes, error);
                    // Whoever stops the run waits for no more of it.
                    if matches!(fault, Fault::Stopped) { Ok(None) } else { Err(fault) }
                }
            },
        }
    }
}

/// Prefix and flatbuffer of the next message; none at the end mark.
fn read_head(
    bytes: &mut BufReader<RawBytes>,
    left: &mut Option<u64>,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut head = vec![0; 4];
    spend(left, 4)?;
    fill(bytes, &mut head)?;
    if head == CONTINUATION {
        head.resize(8, 0);
        spend(left, 4)?;
        fill(bytes, &mut head[4..])?;
    }
    let prefix = head.len();
    let length = head.last_chunk::<4>().map_or(0, |length| i32::from_le_bytes(*length));
    let length = usize::try_from(length);
    let length = length.map_err(|_| Fault::damage("a message of negative length"))?;
    if length == 0 {
        return Ok(None);
    }
    spend(left, length)?;
    // Grows with what comes, so that a length that lies costs nothing.
    let read = bytes.by_ref().take(length as u64).read_to_end(&mut head);
    read.map_err(|error| at_end(bytes, error))?;
    if head.len() == prefix + length { Ok(Some(head)) } else { Err(Fault::Truncated) }
}

/// Takes `bytes` from what is left of a file.
fn spend(left: &mut Option<u64>, bytes: usize) -> Result<(), Fault> {
    let Some(left) = left else { return Ok(()) };
    *left = left.checked_sub(bytes as u64).ok_or(Fault::Truncated)?;
    Ok(())
}

fn fill(bytes: &mut BufReader<RawBytes>, part: &mut [u8]) -> Result<(), Fault> {
    let result = bytes.read_exact(part);
    result.map_err(|error| at_end(bytes, error))
}

fn at_end(bytes: &BufReader<RawBytes>, error: std::io::Error) -> Fault {
    let stopped = error.kind() == ErrorKind::WouldBlock && bytes.get_ref().was_stopped();
    if stopped { Fault::Stopped } else { error.into() }
}

/// A stream begins with a mark of four set bytes and the length of the schema; old writers (before
/// 0.15) leave the mark out. No text is a length of so few bytes.
pub(in super::super) fn looks_like_stream(first: &[u8]) -> bool {
    let is_length = |length: &[u8; 4]| (1..1 << 24).contains(&i32::from_le_bytes(*length));
    first.starts_with(&CONTINUATION) || first.first_chunk().is_some_and(is_length)
}
