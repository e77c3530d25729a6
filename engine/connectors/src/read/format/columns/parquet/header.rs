//! The header of a page: how large it says it is, and how much it says it holds.
//!
//! Source: `PageHeader` in parquet.thrift of the format's specification.

use super::thrift::{Compact, FieldHead, I32, STRUCT, TRUE, Unread};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    Data,
    Index,
    Dictionary,
    DataV2,
}

/// What a page header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHead {
    pub(super) kind: PageKind,
    /// Bytes of the header itself.
    pub(super) bytes: u64,
    /// Bytes of the page behind it.
    pub(super) stored: u64,
    pub(super) unpacked: u64,
    pub(super) values: u64,
    /// Only [`PageKind::DataV2`] has it.
    pub(super) rows: Option<u64>,
    /// Bytes of levels in front of the values, which are never compressed.
    pub(super) levels: u64,
    pub(super) is_compressed: bool,
}

#[derive(Default)]
struct Found {
    kind: Option<i64>,
    unpacked: Option<i64>,
    stored: Option<i64>,
    values: i64,
    rows: Option<i64>,
    levels: i64,
    is_plain: bool,
}

impl PageHead {
    /// The header at the front of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unread> {
        let (mut reader, mut found) = (Compact::new(bytes), Found::default());
        reader.fields(|reader, field| found.visit(reader, field))?;
        let size = |value: i64| u64::try_from(value).map_err(|_| Unread::Bad);
        Ok(Self {
            kind: match found.kind {
                Some(0) => PageKind::Data,
                Some(1) => PageKind::Index,
                Some(2) => PageKind::Dictionary,
                Some(3) => PageKind::DataV2,
                Some(_) | None => return Err(Unread::Bad),
            },
            bytes: reader.position() as u64,
            stored: size(found.stored.ok_or(Unread::Bad)?)?,
            unpacked: size(found.unpacked.ok_or(Unread::Bad)?)?,
            values: size(found.values)?,
            rows: found.rows.map(size).transpose()?,
            levels: size(found.levels)?,
            is_compressed: !found.is_plain,
        })
    }
}

impl Found {
    fn visit(&mut self, reader: &mut Compact<'_>, field: FieldHead) -> Result<bool, Unread> {
        match (field.id, field.kind) {
            (1, I32) => self.kind = Some(reader.number()?),
            (2, I32) => self.unpacked = Some(reader.number()?),
            (3, I32) => self.stored = Some(reader.number()?),
            // Headers of data and dictionary pages begin with the count of their values.
            (5 | 7, STRUCT) => reader.fields(|reader, field| match (field.id, field.kind) {
                (1, I32) => reader.number().map(|values| self.values = values).map(|()| true),
                _ => Ok(false),
            })?,
            (8, STRUCT) => reader.fields(|reader, field| self.visit_v2(reader, field))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn visit_v2(&mut self, reader: &mut Compact<'_>, field: FieldHead) -> Result<bool, Unread> {
        match (field.id, field.kind) {
            (1, I32) => self.values = reader.number()?,
            (3, I32) => self.rows = Some(reader.number()?),
            (5 | 6, I32) => {
                self.levels = self.levels.checked_add(reader.number()?).ok_or(Unread::Bad)?;
            }
            // A boolean has no bytes beyond its kind.
            (7, kind) => self.is_plain = kind != TRUE,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Whether the footer says that columns are encrypted (field 8 of `FileMetaData`).
pub(super) fn is_encrypted(footer: &[u8]) -> bool {
    let mut found = false;
    let end = Compact::new(footer).fields(|_, field| {
        found |= field.id == 8 && field.kind == STRUCT;
        Ok(false)
    });
    found && end.is_ok()
}
