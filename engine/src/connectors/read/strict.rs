//! Sources that check every value, so that which records are bad does not depend on who reads what.

use std::sync::Arc;

use tanda_text::{DecodedPiece, TextDecoder};

use crate::connectors::error::ReadError;

use super::Decode;
use super::piece::RawPiece;

/// The columns `wanted`, and of a strict source behind them the others of `count`.
pub(crate) fn decoded(wanted: &[usize], count: usize, is_strict: bool) -> Vec<usize> {
    let mut is_other = vec![is_strict; count];
    wanted.iter().for_each(|column| is_other[*column] = false);
    wanted.iter().copied().chain((0..count).filter(|column| is_other[*column])).collect()
}

/// A decoder that gives the first `wanted` of the `decoded` columns.
pub(crate) fn leading(decoder: TextDecoder, wanted: usize, decoded: usize) -> Arc<dyn Decode> {
    if wanted == decoded {
        return Arc::new(decoder);
    }
    Arc::new(Leading { decoder, columns: (0..wanted).collect() })
}

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
