//! Standard plugin `validation`: rules over columns; the first that a row fails names the reason.
//!
//! Every rule judges a whole column at a time and answers with a bitmap. A batch without a failing
//! row is passed on as it came, without a copy; otherwise the wanted columns are filtered once for
//! each port that somebody reads.

mod columns;
mod config;
mod emit;
mod error;
mod floats;
mod rules;
mod shorthand;
mod state;
mod verdict;

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads};
pub use tanda_spelling::Scalar;

pub use crate::config::{
    Check, Config, Length, Matches, Nulls, OneOf, Policy, Range, Required, Rule, Type, Unique,
};
use crate::error::BindError;
use crate::rules::{BoundRule, Seen};
use crate::verdict::Verdict;

/// Rules of one stage; each column of a `Required` is one.
const RULES_MAX: usize = 1000;

/// One instance of the plugin.
pub struct Validation {
    config: Config,
    rules: Vec<BoundRule>,
    /// One window for each `Unique` rule, in their order.
    seen: Vec<Seen>,
}

impl Plugin for Validation {
    type Config = Config;
    const NAME: &'static str = "validation";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const FLAGS: Flags =
        Flags::STATELESS.union(Flags::EXCLUSIVE).union(Flags::CONSERVES).union(Flags::PROJECTS);
    const CONFIG_REFERENCE: &'static str = include_str!("reference.txt");

    fn open(config: Config, _host: &Host) -> Result<Self, PluginError> {
        if config.rules.is_empty() {
            let message = "there is no rule, so every row would pass; add one or remove the stage";
            return Err(PluginError::new(message).about("rules"));
        }
        let unique = config.rules.iter().filter(|rule| matches!(rule, Rule::Unique(_)));
        let seen = unique.map(|_| Seen::default()).collect();
        Ok(Self { config, rules: Vec::new(), seen })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        self.rules = rules::bind(&self.config.rules, input)?;
        self.check_count()?;
        let columns = self.rules.iter().flat_map(|rule| &rule.columns);
        let columns: BTreeSet<_> = columns.cloned().collect();
        Ok(Binding {
            ports: self.ports(input)?,
            reads: Reads::Columns(columns.into_iter().collect()),
            flags: self.kind() | Flags::CONSERVES | Flags::PROJECTS,
        })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        let verdict = Verdict::of(batch, &self.rules, &mut self.seen)
            .map_err(|(rule, error)| PluginError::new(format!("{}: {error}", rule.place)))?;
        let emit = match self.config.policy {
            Policy::RejectRow => emit::reject_rows,
            Policy::Annotate => emit::annotate,
            Policy::FailBatch => emit::fail_batch,
        };
        emit(batch, &verdict, &self.rules, out)
    }

    fn snapshot(&self) -> Result<Vec<u8>, PluginError> {
        Ok(state::write(&self.seen))
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        let seen = state::read(bytes, self.seen.len());
        self.seen = seen.map_err(|error| PluginError::new(error.to_string()))?;
        Ok(())
    }
}

impl Validation {
    fn ports(&self, input: &Schema) -> Result<Vec<Port>, PluginError> {
        let main = Port::passing("main");
        let reason = |nullable| Field::new(&self.config.reason_column, DataType::Utf8, nullable);
        if self.config.policy != Policy::FailBatch {
            self.check_reason_free(input)?;
        }
        Ok(match self.config.policy {
            Policy::RejectRow => vec![main, Port::passing("rejected").with([reason(false)])],
            Policy::Annotate => vec![main.with([reason(true)])],
            Policy::FailBatch => vec![main],
        })
    }

    fn check_count(&self) -> Result<(), PluginError> {
        match self.rules.len() {
            0..=RULES_MAX => Ok(()),
            found => {
                let message = format!("{found} rules (each column of Required is one), at most");
                Err(PluginError::new(format!("{message} {RULES_MAX}")).about("rules"))
            }
        }
    }

    fn check_reason_free(&self, input: &Schema) -> Result<(), PluginError> {
        let column = &self.config.reason_column;
        match input.column_with_name(column) {
            None => Ok(()),
            Some(_) => Err(BindError::ReasonTaken { column: column.clone() }.at("reason_column")),
        }
    }

    /// A window needs to see every row, in order.
    fn kind(&self) -> Flags {
        if self.seen.is_empty() { Flags::STATELESS } else { Flags::EXCLUSIVE }
    }
}

tanda_plugin::export_plugin!(Validation);
tanda_plugin::shared_memory!();
