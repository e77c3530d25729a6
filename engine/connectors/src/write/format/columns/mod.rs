//! Formats of columns: Parquet and Arrow IPC, encoded by the writer itself.
//!
//! `outward` brings columns into the types that files have, `parquet_form` knows the logical types
//! that the library does not write.

mod ipc;
mod outward;
mod parquet;
mod parquet_form;

pub(crate) use self::ipc::ArrowSink;
pub(crate) use self::outward::outward_schema;
pub(crate) use self::parquet::ParquetSink;
pub(crate) use self::parquet_form::file_schema;
