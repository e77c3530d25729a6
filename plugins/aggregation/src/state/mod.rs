//! What is kept for each group, one file for each idea.
//!
//! Every state is a sum in the algebraic sense: absorbing rows in any order and in any parts, then
//! merging, gives the same state. `First` and `Last` are the exception, and run in one order.

mod contract;
mod count;
mod distinct;
mod hll;
mod integers;
mod moments;
mod number;
mod picks;
mod quantiles;
mod totals;

pub(crate) use contract::{Output, ResultError, Rows, State};
pub(crate) use count::Counts;
pub(crate) use distinct::Distinct;
pub(crate) use hll::Hll;
pub(crate) use integers::IntegerSums;
pub(crate) use moments::Moments;
pub(crate) use picks::{Pick, Picks};
pub(crate) use quantiles::{Quantiles, Scale};
pub(crate) use totals::Totals;
