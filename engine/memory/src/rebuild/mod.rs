//! Batches in: arrays over the memory that a description names.

mod batch;
mod column;
mod copy_out;
mod error;
mod source;
mod trust;

pub use batch::{Rebuilt, rebuild};
pub use copy_out::{copy_into, copy_out};
pub use error::{ColumnFault, RangeFault, RebuildError};
pub use trust::Trust;
