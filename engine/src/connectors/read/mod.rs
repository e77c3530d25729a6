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
//! | `source` | which format it is, the columns of all inputs |
//! | `find`, `walk`, `files` | paths, globs, links, whether a file changed |
//! | `bytes`, `head` | pipes, compression |
//! | `text`, `pool` | pieces of text in aligned buffers |
//! | `strict` | values that nobody reads, checked all the same |
//! | `csv`, `ndjson` | from the settings of a source to its columns |
//! | `columnar` | Parquet and Arrow |
//! | `generator` | made-up rows |

mod bytes;
mod columnar;
mod csv;
mod files;
mod find;
mod generator;
mod gunzip;
mod head;
mod ndjson;
mod piece;
mod pool;
mod source;
mod stop;
mod strict;
mod text;
mod walk;

#[cfg(test)]
mod tests;

pub use piece::{Piece, RawPiece};
pub(crate) use source::inputs;
pub use source::{Limits, Source, Started};
pub use stop::Stop;
pub(crate) use walk::folders;

use tanda_text::TextDecoder;
pub use tanda_text::{BadRecord, DecodedPiece, OnBad, TextError, rejected_schema};

pub use super::error::ReadError;

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
    /// [`TextError::BadRecord`] with [`OnBad::Fail`]; [`TextError::RecordTooLong`].
    fn decode(&self, piece: &RawPiece) -> Result<DecodedPiece, ReadError>;
}

impl Decode for TextDecoder {
    fn decode(&self, piece: &RawPiece) -> Result<DecodedPiece, ReadError> {
        Ok(Self::decode(self, piece.as_text())?)
    }
}
