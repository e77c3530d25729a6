//! Formats of records: CSV and NDJSON, encoded on any thread, written in order.
//!
//! ```text
//! batch ─▶ downcast (types that have a text) ─▶ Cells by type ─▶ number, time, Texts ─▶ bytes
//!                                                 │ Style: CSV or JSON
//! ```
//!
//! Writing a cell is one match and no dynamic call: all below an encoder is generic over its style.

mod cells;
mod csv;
mod downcast;
mod ndjson;
mod number;
mod style;
mod text_form;
mod text_sink;
mod texts;
mod time;

pub(crate) use self::csv::CsvEncoder;
pub(crate) use self::ndjson::NdjsonEncoder;
pub(crate) use self::text_form::text_form;
pub(crate) use self::text_sink::TextSink;
