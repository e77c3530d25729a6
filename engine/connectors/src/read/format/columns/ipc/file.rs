//! The file format: a stream between two magics, with an index of its messages at the end.

use std::fs::File;
use std::os::unix::fs::FileExt;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow_ipc::{Block, Footer, MessageHeader};

use crate::read::format::columns::fault::Fault;

use super::decoder::Decoder;
use super::message::{CONTINUATION, Content, Envelope, parse};

pub(in super::super) const MAGIC: &[u8] = b"ARROW1";
/// The magic and what pads it to eight bytes.
const FIRST_MESSAGE_AT: u64 = 8;
/// Length of the index and the closing magic.
const TAIL_BYTES: u64 = 10;

/// An open file.
pub(in super::super) struct ArrowFile {
    file: File,
    decoder: Decoder,
    batches: Vec<Block>,
    next: usize,
}

impl ArrowFile {
    /// Reads the index of a file of `bytes` bytes, compares it with the messages, and reads all
    /// dictionaries.
    pub(in super::super) fn open(
        file: File,
        bytes: u64,
        wanted: Option<&SchemaRef>,
        bytes_max: usize,
    ) -> Result<Self, Fault> {
        let (index, end) = read_index(&file, bytes)?;
        let footer = arrow_ipc::root_as_footer(&index)
            .map_err(|error| Fault::Damage(format!("its index: {error}")))?;
        let schema = footer.schema().ok_or_else(|| Fault::damage("its index has no schema"))?;
        let decoder = Decoder::new(schema, wanted, bytes_max)?;
        let batches = footer.recordBatches().into_iter().flatten().copied().collect::<Vec<_>>();
        check_index(&file, &footer, &batches, end)?;
        let mut opened = Self { file, decoder, batches, next: 0 };
        let dictionaries = footer.dictionaries().into_iter().flatten().copied();
        opened.read_dictionaries(dictionaries.collect::<Vec<_>>())?;
        Ok(opened)
    }

    fn read_dictionaries(&mut self, blocks: Vec<Block>) -> Result<(), Fault> {
        let mut seen = Vec::new();
        for block in blocks {
            let message = self.read(&block)?;
            if let Content::Dictionary { id, is_delta: false } =
                message.checked(self.decoder.bytes_max)?
            {
                if seen.contains(&id) {
                    return Err(Fault::damage("two dictionaries for one column"));
                }
                seen.push(id);
            }
            self.decoder.take(&message)?;
        }
        Ok(())
    }

    pub(in super::super) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.decoder.schema)
    }

    /// The next batch; none after the last one.
    pub(in super::super) fn next(&mut self) -> Result<Option<RecordBatch>, Fault> {
        let Some(block) = self.batches.get(self.next).copied() else { return Ok(None) };
        let message = self.read(&block)?;
        self.next += 1;
        let batch = self.decoder.take(&message)?;
        batch.map(Some).ok_or_else(|| Fault::damage("its index takes another message for a batch"))
    }

    /// The share of the file that was handed out.
    pub(in super::super) fn share(&self) -> f64 {
        self.next as f64 / self.batches.len().max(1) as f64
    }

    /// The message of a block, which lies within the file.
    fn read(&self, block: &Block) -> Result<Envelope, Fault> {
        let mut head = vec![0; block.metaDataLength() as usize];
        let (at, body) = (block.offset() as u64, block.bodyLength() as usize);
        self.file.read_exact_at(&mut head, at)?;
        let mut from = at + head.len() as u64;
        Envelope::read(&head, body, body, |part| {
            self.file.read_exact_at(part, from)?;
            from += part.len() as u64;
            Ok(())
        })
    }
}

/// The index, and where it begins.
fn read_index(file: &File, bytes: u64) -> Result<(Vec<u8>, u64), Fault> {
    let mut tail = [0; TAIL_BYTES as usize];
    let at = bytes.checked_sub(TAIL_BYTES).ok_or(Fault::Truncated)?;
    file.read_exact_at(&mut tail, at)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic != *MAGIC {
        return Err(Fault::Truncated);
    }
    let length = i64::from(i32::from_le_bytes([a, b, c, d]));
    let start = u64::try_from(length).ok().and_then(|length| at.checked_sub(length));
    let Some(start) = start.filter(|start| *start >= FIRST_MESSAGE_AT) else {
        return Err(Fault::Damage(format!("an index of {length} bytes in a file of {bytes}")));
    };
    let mut index = vec![0; (at - start) as usize];
    file.read_exact_at(&mut index, start)?;
    Ok((index, start))
}

/// Checks that the index names places in the file, none of them twice, and leaves out no batch.
fn check_index(file: &File, footer: &Footer<'_>, batches: &[Block], end: u64) -> Result<(), Fault> {
    let dictionaries = footer.dictionaries().into_iter().flatten().copied();
    let mut blocks = batches.iter().copied().chain(dictionaries).collect::<Vec<_>>();
    blocks.sort_by_key(Block::offset);
    let mut at = FIRST_MESSAGE_AT;
    for block in &blocks {
        let place = (block.offset(), block.metaDataLength().into(), block.bodyLength());
        let next = after(place).filter(|next| *next <= end && place.1 > 8);
        let next = next.ok_or_else(|| {
            Fault::Damage(format!("its index names a message of {place:?} bytes in {end}"))
        })?;
        if (place.0 as u64) < at {
            return Err(Fault::damage("its index names some bytes twice"));
        }
        check_gap(file, at, place.0 as u64)?;
        at = next;
    }
    check_gap(file, at, end)
}

fn after((offset, head, body): (i64, i64, i64)) -> Option<u64> {
    let parts = [offset, head, body].map(u64::try_from);
    parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_add(part.ok()?))
}

/// Looks for batches that the index leaves out, between two messages that it names.
fn check_gap(file: &File, mut at: u64, end: u64) -> Result<(), Fault> {
    while let Some((kind, next)) = message_at(file, at, end)? {
        if kind == MessageHeader::RecordBatch {
            return Err(Fault::damage("its index leaves out batches that it has"));
        }
        at = next;
    }
    Ok(())
}

/// The kind of the message at a place, and where it ends; none when there is none before `end`.
fn message_at(file: &File, at: u64, end: u64) -> Result<Option<(MessageHeader, u64)>, Fault> {
    if end.saturating_sub(at) < 8 {
        return Ok(None);
    }
    let mut prefix = [0; 8];
    file.read_exact_at(&mut prefix, at)?;
    let [a, b, c, d, ..] = prefix;
    let is_marked = prefix.starts_with(&CONTINUATION);
    let [_, _, _, _, e, f, g, h] = prefix;
    let length = i32::from_le_bytes(if is_marked { [e, f, g, h] } else { [a, b, c, d] });
    let head = u64::try_from(length).unwrap_or(0) + if is_marked { 8 } else { 4 };
    if length <= 0 || head > end - at {
        return Ok(None);
    }
    let mut bytes = vec![0; head as usize];
    file.read_exact_at(&mut bytes, at)?;
    let Ok(message) = parse(&bytes) else { return Ok(None) };
    let next =
        u64::try_from(message.bodyLength()).ok().and_then(|body| (at + head).checked_add(body));
    let next = next.filter(|next| *next <= end);
    Ok(next.map(|next| (message.header_type(), next)))
}

/// Whether the first bytes are those of the file format.
pub(in super::super) fn is_file(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}
