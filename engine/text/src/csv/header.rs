//! The header line: names of the columns.

use std::collections::HashMap;

use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};

use crate::beginning::Beginning;
use crate::cut::{Cutter, Dialect};
use crate::error::TextError;
use crate::rejects::shown;

/// Names of the columns of one file, and where its records begin.
#[derive(Debug)]
pub(crate) struct Header {
    /// In the order of the file.
    pub(crate) names: Vec<String>,
    /// Bytes before the first record.
    pub(crate) end: usize,
    /// Line of the first record, from 1.
    pub(crate) next_line: u64,
}

impl Header {
    /// Reads the first line of `head` that is not blank.
    ///
    /// # Errors
    /// [`TextError::Empty`], [`TextError::WrongFormat`] and [`TextError::Header`].
    pub(crate) fn read(head: &Beginning<'_>, dialect: Dialect) -> Result<Self, TextError> {
        head.check_is_text("CSV with a header line")?;
        let (mut start, mut line) = (head.mark_bytes(), 1);
        loop {
            let rest = &head.bytes[start..];
            let mut cutter = Cutter::new(Some(dialect));
            cutter.scan(rest, 1);
            let length = if cutter.records() == 1 { cutter.end() } else { rest.len() };
            if length == 0 {
                let path = head.path.to_owned();
                return Err(TextError::Empty { path, expected: "CSV with a header line" });
            }
            let next_line = line + cutter.end_lines();
            let text = without_line_end(&rest[..length]);
            if !text.is_empty() {
                let names = names(text, &cutter, dialect);
                let names = names.map_err(|detail| bad(head, line, detail))?;
                return Ok(Self { names, end: start + length, next_line });
            }
            (start, line) = (start + length, next_line);
        }
    }
}

fn bad(head: &Beginning<'_>, line: u64, detail: String) -> TextError {
    TextError::Header { path: head.path.to_owned(), line, detail }
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

fn names(text: &[u8], cutter: &Cutter, dialect: Dialect) -> Result<Vec<String>, String> {
    if cutter.is_quoted() {
        return Err("found a quote that is never closed; close it, or set `quote:`".to_owned());
    }
    let fields = fields(text, dialect);
    let mut names = Vec::<String>::with_capacity(fields.len());
    let mut places = HashMap::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        let place = index + 1;
        let name = std::str::from_utf8(field).ok().filter(|name| !name.contains('\0'));
        let Some(name) = name else {
            return Err(format!("column {place} is {}, expected UTF-8 text", shown(field)));
        };
        if name.contains('\r') {
            return Err(format!(
                "column {place} holds a carriage return without a line feed; convert the line \
                 ends to \\n or \\r\\n"
            ));
        }
        if let Some(first) = places.insert(name, place) {
            return Err(format!(
                "columns {first} and {place} are both named `{name}`, expected a name of its own \
                 for each; rename one in the file"
            ));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// The fields of one record.
fn fields(text: &[u8], dialect: Dialect) -> Vec<Vec<u8>> {
    let mut reader = ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .terminator(Terminator::Any(b'\n'))
        .build();
    let mut out = vec![0; text.len() + 1];
    let mut ends = vec![0; text.len() + 2];
    let (mut nread, mut nout, mut nends) = (0, 0, 0);
    loop {
        let (result, read, written, ended) =
            reader.read_record(&text[nread..], &mut out[nout..], &mut ends[nends..]);
        (nread, nout, nends) = (nread + read, nout + written, nends + ended);
        if matches!(result, ReadRecordResult::Record | ReadRecordResult::End) {
            break;
        }
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    ends[..nends].iter().zip(starts).map(|(end, start)| out[start..*end].to_vec()).collect()
}
