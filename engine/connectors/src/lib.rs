//! Everything that meets the outside world: what sources read and what sinks write.
//!
//! `read` cuts files, pipes and generators into pieces and decodes them; `write` encodes batches
//! into files that appear complete or not at all. Neither knows the world, the tick or a stage.
//!
//! Begin with [`Source::open`] and [`Sink::open`]. What is not in the list below is nobody else's
//! business.

mod columnar_format;
mod extension;
mod places;
mod read;
mod rebuild;
mod write;

pub use tanda_text::{BadRecord, DecodedPiece, OnBad, TextError, rejected_schema};

pub use self::places::places;
pub use self::read::folders;
pub use self::read::{
    Columns, Decode, Limits, Piece, RawPiece, ReadError, Reader, Source, Started, Stop,
};
pub use self::write::{Closed, Encode, Sink, Staged, WriteError, Writer, publish};
