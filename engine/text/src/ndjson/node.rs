//! Arrays and objects as they grow: a tree whose leaves are columns of plain values.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::builder::NullBufferBuilder;
use arrow::array::{ArrayRef, ListArray, StructArray};
use arrow::buffer::{Buffer, MutableBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields};

use crate::column::Cells;
use crate::columns::cells;
use crate::numbers::Form;

/// All values of one place: of a column, of the items of its arrays, of one key of its objects.
pub(super) enum Node {
    Plain(Plain),
    List(List),
    Struct(Struct),
}

/// Values that are neither arrays nor objects.
pub(super) struct Plain {
    pub(super) data_type: DataType,
    pub(super) form: Form,
    pub(super) cells: Box<dyn Cells>,
}

/// Arrays, and the items of all of them.
pub(super) struct List {
    item: FieldRef,
    pub(super) items: Box<Node>,
    offsets: MutableBuffer,
    valid: NullBufferBuilder,
}

/// Objects, and for each key the values of all of them.
pub(super) struct Struct {
    fields: Fields,
    pub(super) nodes: Vec<Node>,
    by_name: OnceCell<HashMap<Box<[u8]>, usize>>,
    valid: NullBufferBuilder,
    /// Nodes in and below it: what one missing object appends.
    width: usize,
}

impl Node {
    /// An empty node with room for `rows`; none for a type that no text stands for.
    pub(super) fn new(data_type: &DataType, form: Form, rows: usize) -> Option<Self> {
        if let DataType::List(item) = data_type {
            let items = Box::new(Self::new(item.data_type(), form, 0)?);
            let mut offsets = MutableBuffer::with_capacity((rows + 1) * size_of::<i32>());
            offsets.push(0_i32);
            let (item, valid) = (Arc::clone(item), NullBufferBuilder::new(rows));
            return Some(Self::List(List { item, items, offsets, valid }));
        }
        if let DataType::Struct(fields) = data_type {
            let node = |field: &FieldRef| Self::new(field.data_type(), form, rows);
            let nodes = fields.iter().map(node).collect::<Option<Vec<_>>>()?;
            let width = 1 + nodes.iter().map(Self::width).sum::<usize>();
            let (by_name, valid) = (OnceCell::new(), NullBufferBuilder::new(rows));
            return Some(Self::Struct(Struct {
                fields: fields.clone(),
                nodes,
                by_name,
                valid,
                width,
            }));
        }
        let is_float = *data_type == DataType::Float64;
        let cells = cells(data_type, if is_float { Form::Any } else { form }, rows)?;
        Some(Self::Plain(Plain { data_type: data_type.clone(), form, cells }))
    }

    /// Values so far.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.cells.len(),
            Self::List(list) => list.valid.len(),
            Self::Struct(object) => object.valid.len(),
        }
    }

    /// Cells that one missing value appends.
    pub(super) fn width(&self) -> usize {
        if let Self::Struct(object) = self { object.width } else { 1 }
    }

    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Plain(plain) => plain.data_type.clone(),
            Self::List(list) => DataType::List(Arc::clone(&list.item)),
            Self::Struct(object) => object.data_type(),
        }
    }

    /// Appends a missing value.
    pub(super) fn push_null(&mut self) {
        match self {
            Self::Plain(plain) => plain.cells.push_null(),
            Self::List(list) => list.end(false),
            Self::Struct(object) => object.end(false),
        }
    }

    /// Takes back all but the first `count` values, and what is begun of the next.
    pub(super) fn truncate(&mut self, count: usize) {
        match self {
            Self::Plain(plain) => plain.cells.truncate(count),
            Self::List(list) => {
                list.offsets.truncate((count + 1) * size_of::<i32>());
                list.valid.truncate(count);
                list.items.truncate(list.end_of_last());
            }
            Self::Struct(object) => {
                object.nodes.iter_mut().for_each(|node| node.truncate(count));
                object.valid.truncate(count);
            }
        }
    }

    /// The column. Its buffers start at multiples of 64 bytes.
    pub(super) fn finish(self) -> ArrayRef {
        match self {
            Self::Plain(plain) => plain.cells.finish(),
            Self::List(mut list) => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(Buffer::from(list.offsets)));
                let (items, valid) = (list.items.finish(), list.valid.finish());
                let array = ListArray::try_new(list.item, offsets, items, valid);
                Arc::new(array.expect("an offset is how many items there were when it was pushed"))
            }
            Self::Struct(mut object) => {
                let (rows, valid) = (object.valid.len(), object.valid.finish());
                let arrays = object.nodes.into_iter().map(Self::finish).collect();
                let array = StructArray::try_new_with_length(object.fields, arrays, valid, rows);
                Arc::new(array.expect("every object appends one value to each of its keys"))
            }
        }
    }
}

impl List {
    /// Ends an array, or a missing one, behind the items that were pushed.
    pub(super) fn end(&mut self, is_valid: bool) {
        // A piece, and so the count of all its items, is shorter than `PIECE_BYTES_MAX`.
        self.offsets.push(self.items.len() as i32);
        self.valid.append(is_valid);
    }

    fn end_of_last(&self) -> usize {
        self.offsets.typed_data::<i32>().last().map_or(0, |end| *end as usize)
    }
}

impl Struct {
    pub(super) fn data_type(&self) -> DataType {
        DataType::Struct(self.fields.clone())
    }

    /// Cells that one missing object appends.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.fields[index].name()
    }

    /// Index of the object that is next.
    pub(super) fn row(&self) -> usize {
        self.valid.len()
    }

    /// Ends an object, or a missing one; keys that it did not have are missing.
    pub(super) fn end(&mut self, is_valid: bool) {
        let row = self.row();
        self.nodes.iter_mut().filter(|node| node.len() == row).for_each(Node::push_null);
        self.valid.append(is_valid);
    }

    /// Index of the key `name`: the one that is due, else by name.
    pub(super) fn find(&self, due: usize, name: &[u8]) -> Option<usize> {
        if self.fields.get(due).is_some_and(|field| field.name().as_bytes() == name) {
            return Some(due);
        }
        let names = || self.fields.iter().map(|field| field.name().as_bytes().into());
        self.by_name.get_or_init(|| names().zip(0..).collect()).get(name).copied()
    }
}
