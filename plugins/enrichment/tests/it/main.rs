//! Tests of the plugin as its host sees it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod compute;
mod contract;
mod golden;
mod lookups;
mod parquet;
mod tables;
