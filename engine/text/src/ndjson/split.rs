//! Takes NDJSON records apart into the values of their keys.

use std::collections::HashMap;
use std::ops::Range;

use memchr::memchr;

use crate::block::{Block, Span, Split};
use crate::plan::ColumnPlan;
use crate::rejects::shown;

use super::escape::unescape;
use super::fault::PAIRS;
use super::fit::{fits, found};
use super::scan::Scanner;
use super::token::{Broken, Kind, Token};

/// The split of all inputs of a source: keys are found by name.
pub(crate) struct NdjsonSplit {
    keys: Vec<Key>,
    by_name: HashMap<Vec<u8>, usize>,
    /// Columns of the block.
    wanted: usize,
}

struct Key {
    plan: ColumnPlan,
    /// The key and its colon as most files write it, to be compared as a whole; a name that needs
    /// escapes has none.
    written: Vec<u8>,
    /// Column of the block; none if nobody wants it.
    slot: Option<usize>,
}

/// The record that is being taken apart.
struct Record<'a> {
    text: &'a [u8],
    row: usize,
    /// The key that comes next if the record is like the one before.
    next: usize,
    /// What is wrong first: the column to blame and the reason.
    fault: Option<(Option<usize>, String)>,
}

impl NdjsonSplit {
    /// `columns` are all keys that may occur; key `i` becomes column `slot(i)` of the block.
    pub(crate) fn new(
        columns: Vec<ColumnPlan>,
        wanted: usize,
        slot: impl Fn(usize) -> Option<usize>,
    ) -> Self {
        let key = |(index, plan): (usize, ColumnPlan)| {
            let written = written(&plan.name);
            Key { plan, written, slot: slot(index) }
        };
        let keys = columns.into_iter().enumerate().map(key).collect::<Vec<_>>();
        let name = |(index, key): (usize, &Key)| (key.plan.name.clone().into_bytes(), index);
        let by_name = keys.iter().enumerate().map(name).collect();
        Self { keys, by_name, wanted }
    }

    fn split_record(
        &self,
        text: &[u8],
        range: Range<usize>,
        seen: &mut [usize],
        block: &mut Block,
    ) {
        (0..self.wanted).for_each(|column| block.set(column, Span::NULL));
        let mut record = Record { text, row: block.records.len(), next: 0, fault: None };
        let mut scanner = Scanner::new(&text[..range.end], range.start);
        if let Err(broken) = self.split_members(&mut scanner, &mut record, seen, block) {
            record.fault = Some((None, not_json(text, &range, broken)));
        }
        if let Some((column, reason)) = record.fault {
            block.fault(column.map(|index| self.keys[index].plan.name.as_str()), reason);
        }
        block.records.push(range);
    }

    #[inline(always)]
    fn split_members(
        &self,
        scanner: &mut Scanner<'_>,
        record: &mut Record<'_>,
        seen: &mut [usize],
        block: &mut Block,
    ) -> Result<(), Broken> {
        let mut more = scanner.begin()?;
        while more {
            let due = self.keys.get(record.next).map_or(&[][..], |key| &key.written);
            let found = match !due.is_empty() && scanner.takes_key(due) {
                true => Ok(record.next),
                false => self.find(record.text, &scanner.key()?),
            };
            let value = scanner.value()?;
            match found {
                Ok(index) => self.member(record, index, &value, seen, block),
                Err(reason) => record.refuse(None, || reason),
            }
            more = scanner.goes_on(b'}')?;
        }
        scanner.end()
    }

    /// Inlined, as what calls it, into the loop over the records: it is the price of every value.
    #[inline(always)]
    fn member(
        &self,
        record: &mut Record<'_>,
        index: usize,
        value: &Token,
        seen: &mut [usize],
        block: &mut Block,
    ) {
        record.next = index + 1;
        let key = &self.keys[index];
        if std::mem::replace(&mut seen[index], record.row) == record.row {
            let name = &key.plan.name;
            return record
                .refuse(Some(index), || format!("found the key `{name}` twice, expected it once"));
        }
        let (kind, plan, text) = (value.kind, &key.plan, &record.text[value.range.clone()]);
        if kind != Kind::Null && !fits(&plan.data_type, plan.form(), kind, text) {
            return record.refuse(Some(index), || misfit(&key.plan, record.text, value));
        }
        let Some(slot) = key.slot else { return };
        match self.span(record.text, value, block) {
            Some(span) => block.set(slot, span),
            None => record.refuse(Some(index), || {
                let found = shown(&record.text[value.range.clone()]);
                let name = &key.plan.name;
                format!("column `{name}`: found {found}, {PAIRS}")
            }),
        }
    }

    /// Index of a key by its name.
    fn find(&self, text: &[u8], token: &Token) -> Result<usize, String> {
        let raw = &text[token.range.clone()];
        if token.kind == Kind::Text {
            return self.by_name.get(raw).copied().ok_or_else(|| unknown_key(raw));
        }
        let mut name = Vec::new();
        let found = unescape(raw, &mut name).then(|| self.by_name.get(&name)).flatten();
        found.copied().ok_or_else(|| unknown_key(raw))
    }

    fn span(&self, text: &[u8], value: &Token, block: &mut Block) -> Option<Span> {
        match value.kind {
            Kind::Null => Some(Span::NULL),
            Kind::Escaped => {
                let from = block.rewritten.len();
                let whole = unescape(&text[value.range.clone()], &mut block.rewritten);
                whole.then(|| Span::rewritten(from..block.rewritten.len()))
            }
            Kind::Bool | Kind::Number | Kind::Text | Kind::Array | Kind::Object => {
                Some(Span::of(value.range.clone()))
            }
        }
    }
}

impl Record<'_> {
    /// Keeps the first fault of the record.
    #[cold]
    fn refuse(&mut self, column: Option<usize>, reason: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some((column, reason()));
        }
    }
}

/// A key and its colon as JSON without blanks has them; nothing if that has escapes.
fn written(name: &str) -> Vec<u8> {
    let has_escapes = name.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\'));
    if has_escapes { Vec::new() } else { format!("\"{name}\":").into_bytes() }
}

#[cold]
fn misfit(plan: &ColumnPlan, text: &[u8], value: &Token) -> String {
    let found = found(&plan.data_type, value.kind, &text[value.range.clone()]);
    let advice = if plan.inferred { plan.advice() } else { String::new() };
    format!("column `{}`: {found}{advice}", plan.name)
}

#[cold]
fn unknown_key(raw: &[u8]) -> String {
    let key = shown(raw);
    format!("found the key {key}, which the first records do not have; name it in `schema:`")
}

#[cold]
fn not_json(text: &[u8], record: &Range<usize>, broken: Broken) -> String {
    format!("no JSON object: {}", found_instead(text, record, broken))
}

/// What stands where a record stops being a JSON object.
pub(super) fn found_instead(text: &[u8], record: &Range<usize>, broken: Broken) -> String {
    let Broken { at, expected } = broken;
    let place = at - record.start + 1;
    let end = record.end.min(at + 20);
    let found = match text.get(at..end) {
        Some(found) if !found.is_empty() => shown(found),
        Some(_) | None => "the end of the line".to_owned(),
    };
    format!("found {found} at byte {place} of the line, expected {expected}")
}

impl Split for NdjsonSplit {
    const ROUNDS_FLOATS: bool = true;

    /// For each key, the last row of the block that had it.
    type Notes = Vec<usize>;

    fn split(&self, text: &[u8], from: usize, block: &mut Block, seen: &mut Vec<usize>) -> usize {
        block.clear();
        seen.clear();
        seen.resize(self.keys.len(), usize::MAX);
        let mut at = from;
        while at < text.len() && !block.is_full() {
            let length = memchr(b'\n', &text[at..]);
            let end = length.map_or(text.len(), |length| at + length);
            let line = text[at..end].strip_suffix(b"\r").unwrap_or(&text[at..end]);
            if !line.trim_ascii().is_empty() {
                self.split_record(text, at..at + line.len(), seen, block);
            }
            at = end + 1;
        }
        at.min(text.len())
    }
}
