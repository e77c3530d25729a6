//! As much of Thrift's compact protocol as page headers and the footer need: numbers, and what to
//! skip. The parquet crate keeps its own to itself.
//!
//! Source: "Thrift Compact protocol encoding" (thrift/doc/specs/thrift-compact-protocol.md).

/// Containers in containers at most; page headers have three.
const DEPTH_MAX: usize = 32;

/// Why a header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// More bytes are needed.
    Short,
    /// These bytes are no header.
    Bad,
}

/// A field of a struct: its number and the kind of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldHead {
    pub(super) id: i16,
    pub(super) kind: u8,
}

pub(super) const STRUCT: u8 = 12;
/// A boolean is its kind: true has this one, false the next.
pub(super) const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;

/// Reads from the front of some bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Result<u8, Unread> {
        let byte = self.bytes.get(self.at).ok_or(Unread::Short)?;
        self.at += 1;
        Ok(*byte)
    }

    fn varint(&mut self) -> Result<u64, Unread> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Unread::Bad)
    }

    /// A number of any width.
    pub(super) fn number(&mut self) -> Result<i64, Unread> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// The next field of a struct; none at its end.
    pub(super) fn field(&mut self, before: i16) -> Result<Option<FieldHead>, Unread> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let (kind, delta) = (byte & 0x0f, i16::from(byte >> 4));
        let id = match delta {
            0 => i16::try_from(self.number()?).map_err(|_| Unread::Bad)?,
            delta => before.checked_add(delta).ok_or(Unread::Bad)?,
        };
        Ok(Some(FieldHead { id, kind }))
    }

    /// Visits the fields of a struct; `visit` reads the value, or says that it did not.
    pub(super) fn fields(
        &mut self,
        mut visit: impl FnMut(&mut Self, FieldHead) -> Result<bool, Unread>,
    ) -> Result<(), Unread> {
        let mut before = 0;
        while let Some(field) = self.field(before)? {
            if !visit(self, field)? {
                self.skip(field.kind, 0)?;
            }
            before = field.id;
        }
        Ok(())
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), Unread> {
        if depth > DEPTH_MAX {
            return Err(Unread::Bad);
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.skip_bytes(8),
            BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | SET => self.skip_list(depth),
            MAP => self.skip_map(depth),
            STRUCT => {
                let mut before = 0;
                while let Some(field) = self.field(before)? {
                    self.skip(field.kind, depth + 1)?;
                    before = field.id;
                }
                Ok(())
            }
            _ => Err(Unread::Bad),
        }
    }

    fn skip_bytes(&mut self, count: u64) -> Result<(), Unread> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count));
        self.at = end.filter(|end| *end <= self.bytes.len()).ok_or(Unread::Short)?;
        Ok(())
    }

    fn skip_list(&mut self, depth: usize) -> Result<(), Unread> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        self.skip_items(length, &[head & 0x0f], depth)
    }

    fn skip_map(&mut self, depth: usize) -> Result<(), Unread> {
        let length = self.varint()?;
        if length == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        self.skip_items(length, &[kinds >> 4, kinds & 0x0f], depth)
    }

    /// In a container a boolean takes a byte of its own.
    fn skip_items(&mut self, count: u64, kinds: &[u8], depth: usize) -> Result<(), Unread> {
        for _ in 0..count {
            for kind in kinds {
                match *kind {
                    TRUE | FALSE => self.byte().map(drop)?,
                    kind => self.skip(kind, depth + 1)?,
                }
            }
        }
        Ok(())
    }
}
