//! What differs between CSV and JSON in the text of a cell.

/// The form that a text format gives to values.
pub(super) trait Style {
    /// Stands around dates, times, binary and [verbatim](Style::is_verbatim) texts.
    const QUOTE: &'static [u8];

    /// Whether a text that contains `byte` needs more than copying.
    fn is_special(&self, byte: u8) -> bool;

    /// Whether a text without special bytes is its own form, between two `QUOTE`s.
    fn is_verbatim(&self, text: &[u8]) -> bool;

    /// Writes any text.
    fn text(&self, text: &[u8], out: &mut Vec<u8>);

    /// Writes a missing value.
    fn null(&self, out: &mut Vec<u8>);

    fn float64(&self, value: f64, out: &mut Vec<u8>);

    fn float32(&self, value: f32, out: &mut Vec<u8>);
}
