//! Decodes CSV and NDJSON text to Arrow columns: one reader for all that Tanda reads as text.
//!
//! Whoever has bytes (a source its pieces, a lookup table a whole file) gets from here where its
//! records end, which columns they have, and these columns, with every bad record at its place.
//!
//! ```text
//! first bytes ─▶ CsvSample, NdjsonSample ─▶ CsvPlan, NdjsonPlan (columns) ─▶ TextDecoder
//! all bytes ──▶ Cutter (whole records) ─▶ TextPiece ─▶ TextDecoder ─▶ DecodedPiece
//! ```
//!
//! What it never does: open a file, decompress, start a thread, wait, keep bytes beyond a call, or
//! know a scene. It has no `unsafe`.
//!
//! Begin with [`CsvSample`]; then read `decode`, which is the same for both formats.
//!
//! | module | knows |
//! |---|---|
//! | `beginning` | what a text begins with: a mark, another format, whole records to look at |
//! | `cut`, `long` | where records end, and what becomes of one that is too long |
//! | `csv`, `ndjson` | the syntax: header or keys, inference, fields of a record |
//! | `plan` | what is to be read of a text: columns, and what is a bad record |
//! | `block`, `decode` | some hundred records at a time, from fields to columns |
//! | `column`, `columns`, `numbers`, `values` | one column of a type; its values from bytes |
//! | `types` | the types that `schema:` names |
//! | `typed` | texts that are there already, as a column of a type |
//! | `rejects`, `piece` | bad records; what goes in and comes out |

mod beginning;
mod block;
mod column;
mod columns;
mod csv;
mod cut;
mod decode;
mod error;
mod long;
mod ndjson;
mod numbers;
mod piece;
mod plan;
mod rejects;
mod swar;
mod typed;
mod types;
mod values;

pub use beginning::Beginning;
pub use block::PIECE_BYTES_MAX;
pub use csv::{BodyStart, CsvPlan, CsvSample};
pub use cut::{Cutter, Dialect};
pub use decode::TextDecoder;
pub use error::{BadRecord, TextError};
pub use long::{has_open_quote, shown_part};
pub use ndjson::{NdjsonPlan, NdjsonSample};
pub use piece::{DecodedPiece, TextPiece, rejected_schema};
pub use plan::{ColumnPlan, Rules, schema_of};
pub use rejects::OnBad;
pub use typed::typed;
pub use types::{Types, parse_json_types, parse_types};
