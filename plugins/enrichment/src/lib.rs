//! Standard plugin `enrichment`: columns from lookup tables, and columns by expression.
//!
//! Tables are read at `open`, indexed at `bind` by keys in the types of the input. A batch is then
//! one hash lookup a row and table, and one gather a wanted column; input columns pass as they are.

mod config;
mod error;
mod index;
mod keys;
mod lookup;
mod pairs;
mod plan;
mod rejects;
mod run;
mod shown;
mod table;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use tanda_plugin::{Binding, Emitter, Flags, Host, Level, Plugin, PluginError, Port, Reads};
pub use tanda_spelling::Scalar;

pub use crate::config::{Config, Format, Lookup, Missing, OnDuplicate};
pub use crate::pairs::Pairs;
use crate::plan::Plan;
use crate::table::Table;

/// Column of the port `rejected` that says which lookup had no match.
const REASON: &str = "reason";

/// One instance of the plugin.
#[derive(Debug)]
pub struct Enrichment {
    config: Config,
    /// One for each lookup.
    tables: Vec<Table>,
    /// `None` before the first `bind`.
    plan: Option<Plan>,
}

impl Plugin for Enrichment {
    type Config = Config;
    const NAME: &'static str = "enrichment";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const FLAGS: Flags = Flags::STATELESS.union(Flags::CONSERVES).union(Flags::PROJECTS);
    const CONFIG_REFERENCE: &'static str = include_str!("reference.txt");

    fn open(config: Config, host: &Host) -> Result<Self, PluginError> {
        check_sense(&config)?;
        let mut tables = Vec::new();
        for lookup in &config.lookups {
            let table = Table::read(lookup)?;
            host.log(Level::Debug, &format!("{}: {} rows", table.path, table.rows()));
            tables.push(table);
        }
        Ok(Self { config, tables, plan: None })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        let plan = Plan::bind(&self.config, &self.tables, input)?;
        let mut ports = vec![Port::passing("main").with(plan.own().iter().cloned())];
        if plan.lookups.iter().any(|step| step.lookup.rejects) {
            check_reason_free(input)?;
            let reason = Field::new(REASON, DataType::Utf8, false);
            ports.push(Port::passing("rejected").with([reason]));
        }
        let reads = Reads::Columns(plan.reads());
        self.plan = Some(plan);
        Ok(Binding { ports, reads, flags: Self::FLAGS })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        let plan = self.plan.as_ref().expect("the host calls bind before process");
        run::process(plan, batch, out)
    }
}

fn check_sense(config: &Config) -> Result<(), PluginError> {
    if config.lookups.is_empty() && config.compute.is_empty() {
        let message = "there is neither a lookup nor a computed column; add one";
        return Err(PluginError::new(message).about("config"));
    }
    for (lookup, number) in config.lookups.iter().zip(1..) {
        let fault = if lookup.on.is_empty() {
            "names no key; add on: {\"input column\": \"table column\"}"
        } else if lookup.take.is_empty()
            && lookup.known.is_none()
            && lookup.missing != Missing::Reject
        {
            "takes nothing; add take: {\"new column\": \"table column\"} or known: \"column\""
        } else {
            continue;
        };
        let message = format!("lookup {number} ({}) {fault}", lookup.table);
        return Err(PluginError::new(message).about(&lookup.table));
    }
    Ok(())
}

fn check_reason_free(input: &SchemaRef) -> Result<(), PluginError> {
    match input.column_with_name(REASON) {
        None => Ok(()),
        Some(_) => {
            let message = "the input already has a column `reason`, which port `rejected` adds; \
                           rename it, or do not use missing: Reject";
            Err(PluginError::new(message).about("Reject"))
        }
    }
}

tanda_plugin::export_plugin!(Enrichment);
tanda_plugin::shared_memory!();
