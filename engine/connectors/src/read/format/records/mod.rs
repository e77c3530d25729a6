//! Formats of records: CSV and NDJSON, cut apart here, decoded by many threads at the same time.
//!
//! | module | knows |
//! |---|---|
//! | `csv`, `ndjson` | from the settings of a source to its columns |
//! | `head` | the first bytes of an input, which tell its columns |
//! | `bound` | how long one record may be |
//! | `text` | pieces of whole records |
//! | `decode` | columns of pieces; values that nobody reads, checked all the same |

mod bound;
mod csv;
mod decode;
mod head;
mod ndjson;
mod text;

pub(crate) use self::csv::CsvSource;
pub(crate) use self::ndjson::NdjsonSource;
