//! From messages to batches: what the file format and the stream format share.

use std::sync::Arc;

use arrow::datatypes::{Field, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Endianness, MetadataVersion, Schema as IpcSchema};

use crate::places::places;
use crate::read::format::columns::fault::Fault;

use super::message::{Content, Envelope};

/// Makes batches of messages, one after the other.
pub(super) struct Decoder {
    decoder: FileDecoder,
    pub(super) bytes_max: usize,
    pub(super) schema: SchemaRef,
}

impl Decoder {
    /// A decoder of the columns `wanted`, or all, of what `schema` describes.
    pub(super) fn new(
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
    pub(super) fn take(&mut self, message: &Envelope) -> Result<Option<RecordBatch>, Fault> {
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

/// Places, in `found`, of the columns that `wanted` has.
fn columns_of(found: &SchemaRef, wanted: &SchemaRef) -> Vec<usize> {
    let (fields, wanted) = (found.fields().iter().enumerate(), places(wanted));
    let is_wanted = |field: &Field| wanted.contains_key(&**field.name());
    fields.filter(|(_, field)| is_wanted(field)).map(|(index, _)| index).collect()
}
