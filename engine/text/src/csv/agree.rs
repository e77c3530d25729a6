//! The columns of several files: one header after the other, and only what differs is kept.

use std::collections::{HashMap, HashSet};

use tanda_spelling::nearest;

use super::header::Header;
use crate::error::TextError;
use crate::types::Types;

/// Columns named in an error at most.
const NAMED_MAX: usize = 50;

/// The columns of the files so far, and the orders in which they have them.
///
/// Cost: two or four bytes a file, and the names and orders that no file before had.
pub(super) struct Agreement<'a> {
    types: &'a Types,
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Path of the first file.
    first: String,
    orders: Vec<Vec<usize>>,
    by_order: HashMap<Vec<usize>, u32>,
    order_of_inputs: Vec<u32>,
}

/// What all files have been found to have.
pub(super) struct Agreed {
    pub(super) names: Vec<String>,
    /// For each order that some file has, the column of each of its fields.
    pub(super) orders: Vec<Vec<usize>>,
    /// Which of the orders each file has, by its index.
    pub(super) order_of_inputs: Vec<u32>,
}

impl<'a> Agreement<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        Self {
            types,
            names: Vec::new(),
            by_name: HashMap::new(),
            first: String::new(),
            orders: Vec::new(),
            by_order: HashMap::new(),
            order_of_inputs: Vec::new(),
        }
    }

    /// Takes the next file; gives the column of each of its fields.
    ///
    /// # Errors
    /// It lacks a column, or has one in addition, that has no type in `schema:`.
    pub(super) fn take(&mut self, path: &str, header: Header) -> Result<&[usize], TextError> {
        if self.order_of_inputs.is_empty() {
            self.first = path.to_owned();
            self.add(header.names.iter());
        } else if header.names != self.names {
            self.compare(path, &header)?;
        }
        let column = |name: &String| self.by_name[name];
        let order = header.names.iter().map(column).collect::<Vec<_>>();
        let number = *self.by_order.entry(order).or_insert_with_key(|order| {
            self.orders.push(order.clone());
            self.orders.len() as u32 - 1
        });
        self.order_of_inputs.push(number);
        Ok(&self.orders[number as usize])
    }

    fn add<'n>(&mut self, names: impl Iterator<Item = &'n String>) {
        for name in names {
            self.by_name.insert(name.clone(), self.names.len());
            self.names.push(name.clone());
        }
    }

    fn compare(&mut self, path: &str, header: &Header) -> Result<(), TextError> {
        let theirs = header.names.iter().collect::<HashSet<_>>();
        let is_extra = |name: &&String| !self.by_name.contains_key(*name);
        let extra = header.names.iter().filter(is_extra).collect::<Vec<_>>();
        let missing = self.names.iter().filter(|name| !theirs.contains(name));
        let missing = missing.collect::<Vec<_>>();
        let mut differing = extra.iter().chain(&missing);
        if differing.any(|name| !self.types.contains_key(*name)) {
            return Err(TextError::ColumnsDiffer {
                path: path.to_owned(),
                first: self.first.clone(),
                difference: difference(&missing, &extra),
            });
        }
        self.add(extra.into_iter());
        Ok(())
    }

    /// The columns of all files, which must have those that `schema:` names.
    pub(super) fn finish(self) -> Result<Agreed, TextError> {
        let Self { names, orders, order_of_inputs, .. } = self;
        match self.types.keys().find(|name| !self.by_name.contains_key(*name)) {
            Some(column) => Err(TextError::UnknownColumn {
                path: self.first,
                column: column.clone(),
                hint: nearest(column, names.iter().map(String::as_str)).map(str::to_owned),
                columns: listed(&names, |name| name.clone()),
            }),
            None => Ok(Agreed { names, orders, order_of_inputs }),
        }
    }
}

fn difference(missing: &[&String], extra: &[&String]) -> String {
    let part = |what: &str, names: &[&String]| {
        let names = listed(names, |name| format!("`{name}`"));
        (!names.is_empty()).then(|| format!("{what} {names}"))
    };
    let parts = [part("it lacks", missing), part("it has in addition", extra)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The names, and of very many the number of the others.
fn listed<T>(names: &[T], text: impl Fn(&T) -> String) -> String {
    let mut list = names.iter().take(NAMED_MAX).map(text).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED_MAX {
        list += &format!(" and {} more", names.len() - NAMED_MAX);
    }
    list
}
