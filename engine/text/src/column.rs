//! What a column is while it grows, and what it says of a field that it cannot hold.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use tanda_spelling::type_name;

use super::block::Block;
use super::numbers::{Form, double, is_integer, is_plain_integer};
use super::rejects::shown;
use super::values::is_off_utc;

/// A column that grows by one block at a time.
pub(crate) trait Column: Send {
    /// Appends column `index` of `block`, missing where a field does not parse; such fields are
    /// added to `bad`.
    fn parse(&mut self, block: &Block, text: &[u8], index: usize, bad: &mut Vec<Bad>);

    /// The column. Its buffers start at multiples of 64 bytes.
    fn finish(self: Box<Self>) -> ArrayRef;
}

/// A column of plain values that also grows by one value, as those of arrays and objects do.
pub(crate) trait Cells: Column {
    /// Appends what `text` stands for. False, and nothing appended, if it does not parse.
    fn push(&mut self, text: &[u8]) -> bool;

    /// Appends a missing value.
    fn push_null(&mut self);

    /// Values so far.
    fn len(&self) -> usize;

    /// Takes back all values but the first `count`.
    fn truncate(&mut self, count: usize);
}

/// A field that its column cannot hold.
#[derive(Debug)]
pub(crate) struct Bad {
    /// Row in the block.
    pub(crate) row: usize,
    /// What is wrong inside it, if it is an array or an object.
    pub(crate) inside: Option<Box<Inside>>,
}

/// What is wrong inside an array or an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inside {
    /// The way to it: `.b[3]`.
    pub(crate) path: String,
    /// What was found and what was expected.
    pub(crate) found: String,
    /// Whether another type of the column would hold it.
    pub(crate) by_type: bool,
}

impl Bad {
    /// A field that does not parse.
    #[cold]
    pub(crate) fn field(row: usize) -> Self {
        Self { row, inside: None }
    }
}

/// What an error says about a text that is not of the type.
#[cold]
#[expect(clippy::wildcard_enum_match_arm, reason = "arrow has far more types than text has")]
pub(crate) fn misfit(data_type: &DataType, form: Form, text: &[u8]) -> String {
    let remark = match data_type {
        _ if data_type.is_integer() && is_integer(text) => match form {
            Form::Plain if !is_plain_integer(text) => ", which a number would not keep",
            Form::Plain | Form::Any => ", which is out of range",
        },
        DataType::Float64 if form == Form::Plain && double(text, form).is_some() => {
            ", of which a float would lose digits"
        }
        DataType::Timestamp(_, None) if is_off_utc(text) => {
            ", whose offset would be lost without a zone such as in `timestamp(us, UTC)`"
        }
        _ => "",
    };
    format!("found {}{remark}, expected {}", shown(text), type_name(data_type))
}
