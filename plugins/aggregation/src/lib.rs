//! Groups rows by key and computes counts, sums, means, extremes, variances, quantiles and numbers
//! of distinct values, over the whole input or in windows.
//!
//! The result does not depend on how the input was cut into batches, nor on which instance took
//! which batch: every state merges exactly (see `state`), and nothing leaves in the order of a
//! hash table.

mod bytes;
mod calendar;
mod column;
mod config;
mod error;
mod exact;
mod grid;
mod groups;
mod intern;
mod mode;
mod pairs;
mod plan;
mod plugin;
mod results;
mod row_windows;
mod snapshot;
mod spans;
mod state;
mod table;
mod value;
mod windows;

pub use config::{
    Aggregate, Config, Count, Distinct, DistinctMethod, Of, Quantile, QuantileMethod, Sketch, Span,
    Spread, Tumbling, Window,
};
pub use plugin::Aggregation;

tanda_plugin::export_plugin!(Aggregation);
tanda_plugin::shared_memory!();
