//! Columns of arrays and objects: every value in them is decoded by the rules of the top.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

use crate::block::Block;
use crate::column::{Bad, Column, misfit};
use crate::numbers::Form;

use super::escape::unescape;
use super::fault::{Fault, Step};
use super::fit::{fits, found};
use super::node::{List, Node, Plain, Struct};
use super::scan::Scanner;
use super::token::{Kind, Token};

/// Cells of missing values that one record may make: `[{},{},…]` under many keys is short.
const MISSING_MAX: usize = 1 << 24;

/// A list or struct column.
pub(crate) struct Nested {
    root: Node,
    /// A text without its escapes.
    scratch: Vec<u8>,
}

impl Nested {
    /// An empty column with room for `rows`; none if the type is no list or struct of what texts
    /// stand for.
    pub(crate) fn new(data_type: &DataType, form: Form, rows: usize) -> Option<Self> {
        let root = data_type.is_nested().then(|| Node::new(data_type, form, rows))??;
        Some(Self { root, scratch: Vec::new() })
    }
}

impl Column for Nested {
    fn parse(&mut self, block: &Block, text: &[u8], index: usize, bad: &mut Vec<Bad>) {
        for (row, span) in block.column(index).iter().enumerate() {
            if span.is_null() {
                self.root.push_null();
                continue;
            }
            let count = self.root.len();
            let text = block.bytes(text, *span);
            let scanner = Scanner::new(text, 0);
            let mut walk = Walk { scanner, text, scratch: &mut self.scratch, room: MISSING_MAX };
            if let Err(fault) = self.root.push(&mut walk) {
                self.root.truncate(count);
                self.root.push_null();
                bad.push(Bad { row, inside: Some(Box::new(fault.told())) });
            }
        }
    }

    fn finish(self: Box<Self>) -> ArrayRef {
        self.root.finish()
    }
}

/// The value that is being decoded.
struct Walk<'a, 'c> {
    scanner: Scanner<'a>,
    text: &'a [u8],
    scratch: &'c mut Vec<u8>,
    /// Cells of missing values that it may still make.
    room: usize,
}

impl Walk<'_, '_> {
    /// A value of `node` is missing.
    fn pad(&mut self, node: &mut Node) -> Result<(), Fault> {
        self.make_room(node.width())?;
        node.push_null();
        Ok(())
    }

    fn make_room(&mut self, cells: usize) -> Result<(), Fault> {
        self.room = self.room.checked_sub(cells).ok_or_else(|| Fault::sparse(MISSING_MAX))?;
        Ok(())
    }

    /// The text between the quotes of a string, without its escapes, or that of any other value.
    fn text_of(&mut self, token: &Token) -> Result<&[u8], Fault> {
        let raw = &self.text[token.range.clone()];
        if token.kind != Kind::Escaped {
            return Ok(raw);
        }
        self.scratch.clear();
        if !unescape(raw, self.scratch) {
            return Err(Fault::half_pair(raw));
        }
        Ok(self.scratch.as_slice())
    }
}

impl Node {
    /// Appends the value that comes next. Does it in part only if it fails.
    fn push(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), Fault> {
        let token = walk.scanner.open()?;
        match (self, token.kind) {
            (node, Kind::Null) => walk.pad(node),
            (Self::List(list), Kind::Array) => list.push(walk),
            (Self::Struct(object), Kind::Object) => object.push(walk),
            (Self::Plain(plain), _) => plain.push(walk, token),
            (node, kind) => {
                let token = walk.scanner.pass(token)?;
                let found = found(&node.data_type(), kind, walk.scanner.bytes(&token));
                Err(Fault::by_type(found))
            }
        }
    }
}

impl Plain {
    fn push(&mut self, walk: &mut Walk<'_, '_>, token: Token) -> Result<(), Fault> {
        let token = walk.scanner.pass(token)?;
        let (data_type, form, raw) = (&self.data_type, self.form, walk.scanner.bytes(&token));
        if !fits(data_type, form, token.kind, raw) {
            return Err(Fault::by_type(found(data_type, token.kind, raw)));
        }
        let text = walk.text_of(&token)?;
        if self.cells.push(text) {
            return Ok(());
        }
        Err(Fault::by_type(misfit(data_type, form, text)))
    }
}

impl List {
    fn push(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), Fault> {
        let mut more = !walk.scanner.closes(b']');
        let mut index = 0;
        while more {
            self.items.push(walk).map_err(|fault| fault.within(Step::Item(index)))?;
            more = walk.scanner.goes_on(b']')?;
            index += 1;
        }
        self.end(true);
        Ok(())
    }
}

impl Struct {
    fn push(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), Fault> {
        let (row, mut due) = (self.row(), 0);
        let mut missing = self.width();
        let mut more = !walk.scanner.closes(b'}');
        while more {
            let key = walk.scanner.key()?;
            let index = self.index_of(walk, &key, due)?;
            let node = &mut self.nodes[index];
            if node.len() > row {
                return Err(Fault::twice(self.name(index)));
            }
            missing -= node.width();
            let pushed = node.push(walk);
            pushed.map_err(|fault| fault.within(Step::Key(self.name(index).to_owned())))?;
            more = walk.scanner.goes_on(b'}')?;
            due = index + 1;
        }
        walk.make_room(missing)?;
        self.end(true);
        Ok(())
    }

    fn index_of(&self, walk: &mut Walk<'_, '_>, key: &Token, due: usize) -> Result<usize, Fault> {
        let name = walk.text_of(key).ok();
        let found = name.and_then(|name| self.find(due, name));
        found.ok_or_else(|| Fault::unknown_key(walk.scanner.bytes(key), &self.data_type()))
    }
}
