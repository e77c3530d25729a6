//! Sources: what a pipeline reads.
//!
//! A source reads on a thread of its own and hands out pieces of whole records. Text (CSV, NDJSON)
//! is only cut apart there; decoding it is a second step that many threads do at the same time, and
//! the work of `tanda-text`:
//!
//! ```text
//! files, pipes ─▶ Reader (cuts at record ends) ─▶ RawPiece ─▶ Decode (columns) ─▶ DecodedPiece
//! Parquet, Arrow, generator ─▶ Reader ─────────▶ RecordBatch
//! ```
//!
//! | module | knows |
//! |---|---|
//! | `source` | the source as a whole |
//! | `registry` | which formats there are |
//! | `opening`, `reader`, `piece` | what sources and formats say to each other |
//! | `format` | CSV and NDJSON; Parquet and Arrow; made-up rows |
//! | `transport` | files, globs, pipes, compression |

mod error;
mod format;
mod opening;
mod piece;
mod reader;
mod registry;
mod source;
mod transport;

#[cfg(test)]
mod tests;

pub use error::ReadError;
pub use opening::Limits;
pub use piece::{Piece, RawPiece};
pub use reader::{Decode, Reader, Started};
pub(crate) use source::inputs;
pub use source::{Columns, Source};
pub use transport::Stop;
pub(crate) use transport::folders;

pub use tanda_text::{BadRecord, DecodedPiece, OnBad, TextError, rejected_schema};
