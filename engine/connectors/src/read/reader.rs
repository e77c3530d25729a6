//! What a started source is made of: a reader of pieces, and a decoder of those that are raw.

use std::sync::Arc;

use tanda_text::DecodedPiece;

use super::error::ReadError;
use super::piece::{Piece, RawPiece};
use super::transport::Stop;

/// A started source: the reader runs on a thread of its own; raw pieces go to the decoder.
pub type Started = (Box<dyn Reader>, Option<Arc<dyn Decode>>);

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
    /// [`TextError::BadRecord`](tanda_text::TextError::BadRecord) with
    /// [`OnBad::Fail`](tanda_text::OnBad::Fail);
    /// [`TextError::RecordTooLong`](tanda_text::TextError::RecordTooLong).
    fn decode(&self, piece: &RawPiece) -> Result<DecodedPiece, ReadError>;
}
