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
        let Some(signature) = Signature::of(self.bytes) else { return Ok(()) };
        let found = match signature {
            Signature::Other(found) => found.to_owned(),
            Signature::Foreign { name, tool } => format!(
                "{name} data, which is not decompressed here (do so in front: `{tool} FILE | tanda \
                 run …` with the path \"-\")"
            ),
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
    /// Decompressed by its ending.
    Packed {
        name: &'static str,
        tool: &'static str,
        ending: &'static str,
    },
    /// Never decompressed; `tool` does it.
    Foreign {
        name: &'static str,
        tool: &'static str,
    },
}

impl Signature {
    /// Told by the first bytes, which no text that people write begins with.
    fn of(bytes: &[u8]) -> Option<Self> {
        let foreign = |name, tool| Some(Self::Foreign { name, tool });
        match bytes {
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Other("a Parquet file")),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(Self::Other("an Arrow file")),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                Some(Self::Other("UTF-16 text (convert it to UTF-8)"))
            }
            [0x1f, 0x8b, ..] => Some(Self::Packed { name: "gzip", tool: "gzip", ending: ".gz" }),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                Some(Self::Packed { name: "zstd", tool: "zstd", ending: ".zst" })
            }
            // Level, then the digits of pi that begin a block, or of its root that end the file.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, ..] => {
                foreign("bzip2", "bzip2 -dc")
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => foreign("xz", "xz -dc"),
            [0x5d, 0, 0, _, _, ..] => foreign("LZMA", "xz -dc"),
            [0x04, 0x22, 0x4d, 0x18, ..] => foreign("LZ4", "lz4 -dc"),
            [0xff, 0x06, 0, 0, b's', b'N', b'a', b'P', ..] => foreign("Snappy", "snzip -dc"),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
                foreign("zip (or a spreadsheet's)", "unzip -p")
            }
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => foreign("7z", "7z x -so"),
            [b'O', b'b', b'j', 1, ..] => Some(Self::Other("an Avro file")),
            [b'S', b'Q', b'L', b'i', b't', b'e', b' ', ..] if bytes.get(15) == Some(&0) => {
                Some(Self::Other("an SQLite database"))
            }
            _ if bytes.get(257..262) == Some(b"ustar") => foreign("tar", "tar -xOf"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        let beginning = Beginning { path: "f.csv", bytes, ended: true, nameless: false };
        beginning.check_is_text("text").err().map_or(String::new(), |error| error.to_string())
    }

    #[test]
    fn what_is_no_text_is_named() {
        let mut tar = [b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let cases: [(&[u8], &str); 9] = [
            (b"BZh91AY&SY\x01", "found bzip2 data"),
            (b"BZh9\x17\x72\x45\x38\x50\x90", "found bzip2 data"),
            (b"\xfd7zXZ\0\0", "found xz data"),
            (b"PK\x03\x04\x14", "found zip"),
            (b"\x04\x22\x4d\x18", "found LZ4 data"),
            (b"7z\xbc\xaf\x27\x1c", "found 7z data"),
            (&tar, "found tar data"),
            (b"Obj\x01", "found an Avro file"),
            (b"SQLite format 3\0", "found an SQLite database"),
        ];
        for (bytes, expected) in cases {
            let told = told(bytes);
            assert!(told.contains(expected), "{expected}: {told}");
        }
        for text in ["BZh9,b\n", "PK,b\n1,2\n", "7z,b\n", "Obj,b\n", "]\n", "SQLite format 3,b\n"] {
            assert_eq!(told(text.as_bytes()), "", "{text}");
        }
    }
}
