//! What a text input begins with: it tells the columns, or that this is no text at all.

use crate::cut::{Cutter, Dialect};
use crate::error::TextError;

/// The first bytes of an input, or all of them.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// As errors name the input.
    pub path: &'a str,
    /// At least the header and one record, if there are any.
    pub bytes: &'a [u8],
    /// Whether these are all the bytes of the input.
    pub ended: bool,
    /// Whether it came through the standard input, which has no ending that could tell a format.
    pub nameless: bool,
}

impl<'a> Beginning<'a> {
    /// The whole records from byte `from` on, at most `records_max`.
    #[must_use]
    pub fn records(&self, from: usize, dialect: Option<Dialect>, records_max: usize) -> &'a [u8] {
        let text = &self.bytes[from..];
        let mut cutter = Cutter::new(dialect);
        cutter.scan(text, records_max);
        let all = self.ended && cutter.records() < records_max;
        if all { text } else { &text[..cutter.end()] }
    }

    /// Bytes of the mark that some programs put before UTF-8 text.
    #[must_use]
    pub fn mark_bytes(&self) -> usize {
        if self.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
    }

    /// Makes sure that there is something, and that it is no format that is often taken for text.
    /// `expected` is what should be there.
    ///
    /// # Errors
    /// [`TextError::Empty`] and [`TextError::WrongFormat`].
    pub fn check_is_text(&self, expected: &'static str) -> Result<(), TextError> {
        let path = self.path.to_owned();
        if self.bytes.is_empty() {
            return Err(TextError::Empty { path, expected });
        }
        let found = SIGNATURES.iter().find(|(start, _)| self.bytes.starts_with(start));
        let Some((_, signature)) = found else { return Ok(()) };
        let found = match signature {
            Signature::Other(found) => (*found).to_owned(),
            // A name gives the ending; what has none comes through a pipe.
            Signature::Packed { name, tool, .. } if self.nameless => {
                format!("{name} data (decompress it in front: `{tool} -dc FILE | tanda run …`)")
            }
            Signature::Packed { name, ending, .. } => {
                format!("{name} data (name it with the ending `{ending}` to have it decompressed)")
            }
        };
        Err(TextError::WrongFormat { path, found, expected })
    }
}

/// What a file is that is often mistaken for text.
enum Signature {
    Other(&'static str),
    Packed { name: &'static str, tool: &'static str, ending: &'static str },
}

const GZIP: Signature = Signature::Packed { name: "gzip", tool: "gzip", ending: ".gz" };
const ZSTD: Signature = Signature::Packed { name: "zstd", tool: "zstd", ending: ".zst" };

/// How such files begin.
const SIGNATURES: [(&[u8], Signature); 6] = [
    (b"PAR1", Signature::Other("a Parquet file")),
    (b"ARROW1", Signature::Other("an Arrow file")),
    (b"\x1f\x8b", GZIP),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"\xff\xfe", Signature::Other("UTF-16 text (convert it to UTF-8)")),
    (b"\xfe\xff", Signature::Other("UTF-16 text (convert it to UTF-8)")),
];
