//! Sources: what a pipeline reads.
//!
//! A source reads on a thread of its own and hands out pieces of whole records. Text (CSV, NDJSON)
//! is only cut apart there; decoding it is a second step that many threads do at the same time:
//!
//! ```text
//! files, pipes ─▶ Reader (cuts at record ends) ─▶ RawPiece ─▶ Decode (columns) ─▶ DecodedPiece
//! Parquet, Arrow, generator ─▶ Reader ─────────▶ RecordBatch
//! ```
//!
//! | module | knows |
//! |---|---|
//! | `source` | which format it is, the columns of all inputs |
//! | `find`, `walk`, `files` | paths, globs, links, whether a file changed |
//! | `bytes`, `head` | pipes, compression |
//! | `text`, `cut`, `pool` | where records end, aligned buffers |
//! | `csv`, `ndjson` | the syntax: header or keys, inference, fields of a record |
//! | `block`, `decode`, `columns`, `numbers`, `values` | fields to columns |
//! | `columnar` | Parquet and Arrow |
//! | `generator` | made-up rows |
//! | `rejects` | what becomes of bad records |

mod block;
mod bytes;
mod columnar;
mod columns;
mod csv;
mod cut;
mod decode;
mod files;
mod find;
mod generator;
mod gunzip;
mod head;
mod hint;
mod long;
mod ndjson;
mod nested;
mod numbers;
mod piece;
mod pool;
mod rejects;
mod source;
mod stop;
mod swar;
mod text;
mod types;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub use piece::{DecodedPiece, Piece, RawPiece, rejected_schema};
pub use rejects::OnBad;
pub use source::{Limits, Source, Started};
pub use stop::Stop;

pub use super::error::{BadRecord, ReadError};

/// Hands out the pieces of a source, one after the other. Runs on the source's own thread and
/// blocks there.
pub trait Reader: Send {
    /// The next piece; none at the end of the input, or when a stop was asked and everything read
    /// so far has been handed out (whole records only: what a pipe has sent of a record that is
    /// not finished is no record yet).
    ///
    /// # Errors
    /// When the input cannot be read on. The reader is of no more use then.
    fn next(&mut self, stop: &Stop) -> Result<Option<Piece>, ReadError>;
}

/// Makes columns of raw pieces, of many at the same time.
pub trait Decode: Send + Sync {
    /// Decodes one piece. Cost: about 2 ns a byte for CSV.
    ///
    /// # Errors
    /// [`ReadError::BadRecord`] with [`OnBad::Fail`]; [`ReadError::RecordTooLong`].
    fn decode(&self, piece: &RawPiece) -> Result<DecodedPiece, ReadError>;
}
