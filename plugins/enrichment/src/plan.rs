//! What an instance does with a batch: lookups, then expressions, over numbered columns.
//!
//! A slot is a column's number: the columns of the input first, then the own ones in their order.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tanda_expression::{Expression, ExpressionError, value_type};
use tanda_plugin::PluginError;
use tanda_spelling::among;

use crate::config::{Config, Lookup};
use crate::error::BindError;
use crate::lookup::{self, BoundLookup};
use crate::table::Table;

/// A configuration bound to an input schema.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Columns of the input, then the own ones.
    fields: Vec<Field>,
    /// Slot of each name.
    slots: HashMap<String, usize>,
    input_count: usize,
    pub(crate) lookups: Vec<LookupStep>,
    pub(crate) computes: Vec<ComputeStep>,
}

/// A lookup and the slots of its columns.
#[derive(Debug)]
pub(crate) struct LookupStep {
    pub(crate) lookup: BoundLookup,
    /// Slot of the first column that is taken; the others follow.
    pub(crate) first: usize,
    /// Number of columns that are taken.
    pub(crate) taken_count: usize,
    /// Slot of the column that says whether there was a match.
    pub(crate) known: Option<usize>,
    /// What the reason column says about a row without a match.
    pub(crate) reason: String,
}

/// An expression and the slots of its columns.
#[derive(Debug)]
pub(crate) struct ComputeStep {
    pub(crate) expression: Expression,
    /// Slots that it reads, in the order of the schema that it is bound to.
    pub(crate) reads: Vec<usize>,
    pub(crate) schema: SchemaRef,
    pub(crate) slot: usize,
}

impl Plan {
    /// Binds lookups and expressions one after the other; each may use the columns before it.
    ///
    /// # Errors
    /// The first step that does not fit.
    pub(crate) fn bind(
        config: &Config,
        tables: &[Table],
        input: &Schema,
    ) -> Result<Self, PluginError> {
        let fields: Vec<_> = input.fields().iter().map(|field| field.as_ref().clone()).collect();
        let slots = fields.iter().zip(0..).map(|(field, slot)| (field.name().clone(), slot));
        let (slots, input_count) = (slots.collect(), fields.len());
        let (lookups, computes) = (Vec::new(), Vec::new());
        let mut plan = Self { fields, slots, input_count, lookups, computes };
        for ((lookup, table), number) in config.lookups.iter().zip(tables).zip(1..) {
            let place = format!("lookup {number} ({})", lookup.table);
            plan.add_lookup(lookup, table).map_err(|error| error.at(&place))?;
        }
        for (name, expr) in config.compute.iter() {
            plan.add_compute(name, expr).map_err(|e| e.at(&format!("compute `{name}`")))?;
        }
        Ok(plan)
    }

    /// The columns that the instance makes.
    pub(crate) fn own(&self) -> &[Field] {
        &self.fields[self.input_count..]
    }

    /// Number of columns of the input.
    pub(crate) fn input_count(&self) -> usize {
        self.input_count
    }

    /// Name of the column in a slot.
    pub(crate) fn name(&self, slot: usize) -> &str {
        self.fields[slot].name()
    }

    /// Number of slots.
    pub(crate) fn slot_count(&self) -> usize {
        self.fields.len()
    }

    /// Names of the input columns that the steps read.
    pub(crate) fn reads(&self) -> Vec<String> {
        let keys = self.lookups.iter().flat_map(|step| &step.lookup.keys);
        let slots: BTreeSet<_> =
            keys.chain(self.computes.iter().flat_map(|step| &step.reads)).copied().collect();
        slots.range(..self.input_count).map(|slot| self.fields[*slot].name().clone()).collect()
    }

    fn add_lookup(&mut self, lookup: &Lookup, table: &Table) -> Result<(), BindError> {
        let keys = lookup.on.iter().map(|(column, _)| self.find(column));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let key_type = |slot: &usize| value_type(self.fields[*slot].data_type()).clone();
        let key_types: Vec<DataType> = keys.iter().map(key_type).collect();
        let bound = BoundLookup::new(lookup, table, keys, &key_types)?;
        let first = self.slot_count();
        for field in lookup::fields(lookup, table) {
            self.add_field(field)?;
        }
        self.lookups.push(LookupStep {
            lookup: bound,
            first,
            taken_count: lookup.take.len(),
            known: lookup.known.as_ref().map(|_| first + lookup.take.len()),
            reason: lookup.reason(),
        });
        Ok(())
    }

    fn add_compute(&mut self, name: &str, expr: &str) -> Result<(), BindError> {
        let bad =
            |source: ExpressionError| BindError::BadExpression { expr: expr.to_owned(), source };
        let unbound = Expression::parse(expr).map_err(bad)?;
        // A name that is not there is left to the expression, which knows where it stands.
        let found = unbound.columns().iter().map(|column| self.find(column));
        let reads: Vec<_> = match found.collect() {
            Ok(reads) => reads,
            Err(_) => (0..self.slot_count()).collect(),
        };
        let read = reads.iter().map(|slot| self.fields[*slot].clone());
        let schema = Schema::new(read.collect::<Vec<_>>());
        let expression = unbound.bind(&schema).map_err(bad)?;
        let slot = self.slot_count();
        self.add_field(Field::new(name, expression.data_type().clone(), expression.nullable()))?;
        self.computes.push(ComputeStep { expression, reads, schema: schema.into(), slot });
        Ok(())
    }

    fn find(&self, column: &str) -> Result<usize, BindError> {
        self.slots.get(column).copied().ok_or_else(|| {
            let names = self.fields.iter().map(|field| field.name().as_str());
            let hint = among(column, names);
            BindError::UnknownColumn { column: column.to_owned(), hint }
        })
    }

    fn add_field(&mut self, field: Field) -> Result<(), BindError> {
        match self.slots.entry(field.name().clone()) {
            Entry::Occupied(taken) => Err(BindError::NameTaken { column: taken.key().clone() }),
            Entry::Vacant(free) => {
                free.insert(self.fields.len());
                self.fields.push(field);
                Ok(())
            }
        }
    }
}
