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
//! | `source`, `formats` | the source as a whole; which formats there are |
//! | `opening`, `reader`, `piece` | what sources and formats say to each other |
//! | `find`, `walk`, `files` | paths, globs, links, whether a file changed |
//! | `missing`, `shown` | why a file is not found; paths for people |
//! | `bytes`, `gunzip`, `stop` | pipes, compression, waiting |
//! | `head`, `bound` | the first bytes of a text, the longest record |
//! | `text`, `pool` | pieces of text in aligned buffers |
//! | `decode` | columns of pieces; values that nobody reads, checked all the same |
//! | `csv`, `ndjson` | from the settings of a source to its columns |
//! | `columnar` | Parquet and Arrow |
//! | `generator` | made-up rows |

mod bound;
mod bytes;
mod columnar;
mod csv;
mod decode;
mod error;
mod files;
mod find;
mod formats;
mod generator;
mod gunzip;
mod head;
mod missing;
mod ndjson;
mod opening;
mod piece;
mod pool;
mod reader;
mod shown;
mod source;
mod stop;
mod text;
mod walk;

#[cfg(test)]
mod tests;

pub use error::ReadError;
pub use opening::Limits;
pub use piece::{Piece, RawPiece};
pub use reader::{Decode, Reader, Started};
pub(crate) use source::inputs;
pub use source::{Columns, Source};
pub use stop::Stop;
pub(crate) use walk::folders;

pub use tanda_text::{BadRecord, DecodedPiece, OnBad, TextError, rejected_schema};
