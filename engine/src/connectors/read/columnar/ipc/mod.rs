//! Arrow IPC: what the file format and the stream format share.

mod file;
mod message;
mod stream;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Endianness, MetadataVersion, Schema as IpcSchema};

use super::columns_of;
use super::fault::Fault;

use message::{Content, Envelope};

pub(super) use file::{ArrowFile, is_file};
pub(super) use stream::{ArrowStream, looks_like_stream};

/// Makes batches of messages, one after the other.
struct Decoder {
    decoder: FileDecoder,
    bytes_max: usize,
    schema: SchemaRef,
}

impl Decoder {
    /// A decoder of the columns `wanted`, or all, of what `schema` describes.
    fn new(
        schema: IpcSchema<'_>,
        wanted: Option<&SchemaRef>,
        bytes_max: usize,
    ) -> Result<Self, Fault> {
        if schema.endianness() != Endianness::Little {
            return Err(Fault::Refused {
                found: "values with their highest byte first (big-endian)".to_owned(),
                remedy: "write the file again on a little-endian machine",
            });
        }
        let schema = Arc::new(try_fb_to_schema(schema)?);
        // Every message says its version. The index may say another (pyarrow's does when it writes
        // version 4), so the decoder gets the one that it does not compare.
        let mut decoder = FileDecoder::new(Arc::clone(&schema), MetadataVersion::V1);
        let mut projected = schema;
        if let Some(wanted) = wanted {
            let columns = columns_of(&projected, wanted);
            projected = Arc::new(projected.project(&columns)?);
            decoder = decoder.with_projection(columns);
        }
        Ok(Self { decoder, bytes_max, schema: projected })
    }

    /// The batch that a message brings, if it brings one.
    fn take(&mut self, message: &Envelope) -> Result<Option<RecordBatch>, Fault> {
        match message.checked(self.bytes_max)? {
            Content::Rows => Ok(self.decoder.read_record_batch(&message.block, &message.bytes)?),
            Content::Dictionary { .. } => {
                self.decoder.read_dictionary(&message.block, &message.bytes)?;
                Ok(None)
            }
            Content::Nothing => Ok(None),
        }
    }
}
