//! From pieces of text to columns. A strict source checks every value, so that which records are
//! bad does not depend on who reads what.

use std::sync::Arc;

use tanda_text::{DecodedPiece, TextDecoder};

use crate::read::error::ReadError;
use crate::read::piece::RawPiece;
use crate::read::reader::Decode;

impl Decode for TextDecoder {
    fn decode(&self, piece: &RawPiece) -> Result<DecodedPiece, ReadError> {
        Ok(Self::decode(self, piece.as_text())?)
    }
}

/// A decoder of the columns `wanted` out of `count`; of a strict source it decodes the others, too.
///
/// `decoder_of` makes a decoder of the columns that are decoded.
pub(crate) fn decoder(
    wanted: &[usize],
    count: usize,
    is_strict: bool,
    decoder_of: impl FnOnce(&[usize]) -> TextDecoder,
) -> Arc<dyn Decode> {
    let decoded = decoded(wanted, count, is_strict);
    let decoder = decoder_of(&decoded);
    if wanted.len() == decoded.len() {
        return Arc::new(decoder);
    }
    Arc::new(Leading { decoder, columns: (0..wanted.len()).collect() })
}

/// The columns `wanted`, and of a strict source behind them the others of `count`.
fn decoded(wanted: &[usize], count: usize, is_strict: bool) -> Vec<usize> {
    let mut is_other = vec![is_strict; count];
    wanted.iter().for_each(|column| is_other[*column] = false);
    wanted.iter().copied().chain((0..count).filter(|column| is_other[*column])).collect()
}

/// Gives the first of the columns that it decodes.
struct Leading {
    decoder: TextDecoder,
    columns: Vec<usize>,
}

impl Decode for Leading {
    fn decode(&self, piece: &RawPiece) -> Result<DecodedPiece, ReadError> {
        let DecodedPiece { batch, rejected } = self.decoder.decode(piece.as_text())?;
        let batch = batch.project(&self.columns).expect("the first columns are among all");
        Ok(DecodedPiece { batch, rejected })
    }
}
