//! Parquet files.
//!
//! `file` opens one and hands out its batches; `footer`, `checked` and `chunk` compare what it says
//! with what is there, `header` and `thrift` read the heads of pages for that; `int96` and `leaves`
//! know the types that the decoder does not give as they are.

mod checked;
mod chunk;
mod file;
mod footer;
mod header;
mod int96;
mod leaves;
mod thrift;

pub(super) use file::ParquetFile;
pub(super) use footer::MAGIC;
