//! What leaves on one port, as the model has it.

use std::collections::BTreeMap;

use crate::cells::{Cell, Column, Row};

/// The rows of a port: their columns, and for each origin its rows in their order.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// `stage` or `stage.port`, as `from:` names it.
    pub port: String,
    pub columns: Vec<Column>,
    /// By the origin's place among the stages.
    pub rows: BTreeMap<usize, Vec<Row>>,
    /// Whether the order within an origin is known: where two branches of one meet it depends on
    /// the batches, and the model does not say.
    pub is_in_order: bool,
}

impl Flow {
    /// One flow of several with the same columns, as a list of inputs makes it.
    pub(crate) fn merged(flows: &[Self]) -> Self {
        let mut merged = flows[0].clone();
        for flow in &flows[1..] {
            assert_eq!(merged.columns, flow.columns, "the inputs of a list have the same columns");
            merged.is_in_order &= flow.is_in_order;
            for (origin, rows) in &flow.rows {
                let here = merged.rows.entry(*origin).or_default();
                merged.is_in_order &= here.is_empty() || rows.is_empty();
                here.extend(rows.iter().cloned());
            }
        }
        merged
    }

    /// The same rows on another port.
    pub(crate) fn passed_to(&self, port: String) -> Self {
        Self { port, ..self.clone() }
    }

    /// The rows that `change` leaves, in columns of its own, on another port.
    pub(crate) fn mapped(
        &self,
        port: String,
        columns: Vec<Column>,
        mut change: impl FnMut(&Row) -> Option<Row>,
    ) -> Self {
        let mut mapped = |rows: &Vec<Row>| rows.iter().filter_map(&mut change).collect();
        let rows = self.rows.iter().map(|(origin, rows)| (*origin, mapped(rows))).collect();
        Self { port, columns, rows, is_in_order: self.is_in_order }
    }

    /// All rows, one origin after the other.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().flatten()
    }

    /// The place of a column.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| column == name)
    }

    /// Whether the columns that sources give are here: what the plugins' configs name.
    pub(crate) fn is_of_sources(&self) -> bool {
        ["id", "key", "n", "x", "flag"].iter().all(|name| self.place(name).is_some())
    }

    /// The value of a row in a column that is here.
    pub(crate) fn cell<'a>(&self, row: &'a Row, name: &str) -> &'a Cell {
        &row[self.place(name).expect("the column is here")]
    }
}
