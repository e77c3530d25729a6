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

pub use self::error::ReadError;
pub use self::opening::Limits;
pub use self::piece::{Piece, RawPiece};
pub use self::reader::{Decode, Reader, Started};
pub use self::source::{Columns, Source};
pub use self::transport::Stop;
pub use self::transport::folders;
