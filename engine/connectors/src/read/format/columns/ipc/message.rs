//! One message of Arrow IPC, and whether its parts lie where it says.
//!
//! The decoder reserves memory by what a message says of its buffers, so each is compared with the
//! bytes that are there before the decoder sees it.

use arrow::buffer::{Buffer, MutableBuffer};
use arrow_ipc::{Block, CompressionType, Message, MessageHeader, MetadataVersion, RecordBatch};

use crate::read::format::columns::fault::Fault;
use crate::read::format::columns::inflate::Codec;

/// What stands before the length of a message; old writers (before 0.15) leave it out.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];
/// Bodies begin at multiples of this in memory, so that no buffer of them is copied.
const ALIGN: usize = 64;
/// Bytes that stand before each compressed buffer: its length when unpacked, or -1.
const UNPACKED_LENGTH_BYTES: u64 = 8;

/// A whole message, as `FileDecoder` takes it.
pub(super) struct Envelope {
    pub(super) block: Block,
    /// Prefix, flatbuffer and body.
    pub(super) bytes: Buffer,
}

/// What a message brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Rows,
    Dictionary { id: i64, is_delta: bool },
    Nothing,
}

impl Envelope {
    /// A message of `head` bytes (prefix and flatbuffer) and `body` bytes, which `read` brings, a
    /// part of it each time it is called.
    pub(super) fn read(
        head: &[u8],
        body: usize,
        body_step: usize,
        mut read: impl FnMut(&mut [u8]) -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let before = head.len().next_multiple_of(ALIGN) - head.len();
        let start = before + head.len();
        let mut bytes = zeroed(start + body.min(body_step))?;
        bytes.as_slice_mut()[before..start].copy_from_slice(head);
        let (mut filled, end) = (start, start + body);
        while filled < end {
            // A length that lies costs no more than twice what came.
            let next = bytes.len().max(end.min(2 * filled));
            bytes.try_resize(next, 0).map_err(|_| no_memory(next))?;
            read(&mut bytes.as_slice_mut()[filled..next])?;
            filled = next;
        }
        let block = Block::new(0, i32_of(head.len())?, body as i64);
        Ok(Self { block, bytes: Buffer::from(bytes).slice(before) })
    }

    /// What it brings, once it is known that nothing of it lies outside of it.
    pub(super) fn checked(&self, bytes_max: usize) -> Result<Content, Fault> {
        let (head, body) = self.bytes.split_at(self.block.metaDataLength() as usize);
        let message = parse(head)?;
        if message.header_type() == MessageHeader::DictionaryBatch {
            let header = message.header_as_dictionary_batch();
            let header = header.ok_or_else(|| Fault::damage("a dictionary without a header"))?;
            let data = header.data().ok_or_else(|| Fault::damage("a dictionary without values"))?;
            check_parts(&data, body, bytes_max)?;
            return Ok(Content::Dictionary { id: header.id(), is_delta: header.isDelta() });
        }
        if message.header_type() == MessageHeader::RecordBatch {
            let header = message.header_as_record_batch();
            let header = header.ok_or_else(|| Fault::damage("a batch without a header"))?;
            check_parts(&header, body, bytes_max)?;
            return Ok(Content::Rows);
        }
        match message.header_type() == MessageHeader::NONE {
            true => Ok(Content::Nothing),
            false => Err(Fault::damage(format!("a message of kind {:?}", message.header_type()))),
        }
    }
}

fn zeroed(bytes: usize) -> Result<MutableBuffer, Fault> {
    MutableBuffer::try_from_len_zeroed(bytes).map_err(|_| no_memory(bytes))
}

fn no_memory(bytes: usize) -> Fault {
    let found = format!("a message of {bytes} bytes, for which there is no memory");
    Fault::Refused { found, remedy: "write the file again in smaller batches" }
}

fn i32_of(bytes: usize) -> Result<i32, Fault> {
    i32::try_from(bytes).map_err(|_| Fault::damage("a message head of over 2 GiB"))
}

/// The flatbuffer behind the prefix of `head`.
pub(super) fn parse(head: &[u8]) -> Result<Message<'_>, Fault> {
    let prefix = if head.starts_with(&CONTINUATION) { 8 } else { 4 };
    let flatbuffer = head.get(prefix..).unwrap_or_default();
    let message = arrow_ipc::root_as_message(flatbuffer);
    let message =
        message.map_err(|error| Fault::Damage(format!("the head of a message: {error}")))?;
    if matches!(message.version(), MetadataVersion::V4 | MetadataVersion::V5) {
        return Ok(message);
    }
    let found = format!("a message of format version {:?}", message.version());
    Err(Fault::Refused { found, remedy: "write the file again by a library of Arrow 1.0 or later" })
}

/// Compares the nodes and buffers of a batch with its body.
fn check_parts(batch: &RecordBatch<'_>, body: &[u8], bytes_max: usize) -> Result<(), Fault> {
    if batch.length() < 0 {
        return Err(Fault::damage("a batch of less than no rows"));
    }
    for node in batch.nodes().into_iter().flatten() {
        if node.length() < 0 || !(0..=node.length()).contains(&node.null_count()) {
            let (rows, nulls) = (node.length(), node.null_count());
            return Err(Fault::Damage(format!("a column of {rows} rows with {nulls} missing")));
        }
    }
    let codec = batch.compression().map(|compression| codec(compression.codec())).transpose()?;
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    for buffer in batch.buffers().into_iter().flatten() {
        let found = range(buffer.offset(), buffer.length(), body).ok_or_else(|| {
            let (offset, length, bytes) = (buffer.offset(), buffer.length(), body.len());
            Fault::Damage(format!("a buffer of {length} bytes at {offset} of a body of {bytes}"))
        })?;
        let Some(codec) = codec.filter(|_| !found.is_empty()) else { continue };
        let Some((length, data)) = found.split_first_chunk::<8>() else {
            return Err(Fault::damage("a compressed buffer that is too short for its length"));
        };
        packed += data.len() as u64 + UNPACKED_LENGTH_BYTES;
        unpacked += match i64::from_le_bytes(*length) {
            -1 => 0,
            length => {
                let claimed = u64::try_from(length);
                let claimed = claimed.map_err(|_| Fault::damage("a buffer of negative length"))?;
                let bytes = data.len() as u64;
                codec.check_claim(claimed, bytes, bytes_max, || Ok(data.to_vec()))?;
                claimed
            }
        };
    }
    check_sums(packed, unpacked, body.len() as u64, bytes_max as u64)
}

/// Buffers that lie over each other would let a small body become any size.
fn check_sums(packed: u64, unpacked: u64, body: u64, bytes_max: u64) -> Result<(), Fault> {
    if packed > body {
        return Err(Fault::damage("compressed buffers that lie over each other"));
    }
    if unpacked > bytes_max && unpacked / 64 > body {
        let found = format!("a batch of {body} bytes that hold {unpacked}");
        return Err(Fault::Refused {
            found,
            remedy: "raise `engine.memory` if you trust the file",
        });
    }
    Ok(())
}

fn codec(found: CompressionType) -> Result<Codec, Fault> {
    match found {
        CompressionType::LZ4_FRAME => Ok(Codec::Lz4),
        CompressionType::ZSTD => Ok(Codec::Zstd),
        CompressionType(other) => Err(Fault::Refused {
            found: format!("buffers compressed by a codec with the number {other}"),
            remedy: "write the file again uncompressed, or compressed by lz4 or zstd",
        }),
    }
}

fn range(offset: i64, length: i64, body: &[u8]) -> Option<&[u8]> {
    let (offset, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
    // An empty buffer may name any place.
    if length == 0 { Some(&[]) } else { body.get(offset..offset.checked_add(length)?) }
}
