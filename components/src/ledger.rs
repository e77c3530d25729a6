//! The rows of a stage, each accounted for.
//!
//! Invariant: what came in and was made is what went out, was absorbed or was abandoned; what goes
//! out of a batch may be counted before what came in, never after. Ingest writes it, and
//! `abandon_batches` what a failing run gives up.

use bevy_ecs::component::Component;

use crate::limits::PORTS_MAX;

/// What left a stage on one port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortRows {
    /// Rows that left.
    pub rows: u64,
    /// Batches that left; 0 on a port that nobody reads.
    pub batches: u64,
}

/// Every row of a stage, accounted for: `rows_in + made = out over all ports + absorbed +
/// abandoned`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Rows that came in. For a source: records read, good and bad.
    pub rows_in: u64,
    /// Batches that came in.
    pub batches_in: u64,
    /// What went out, by port. For a sink, port 0 is what was written.
    pub ports: [PortRows; PORTS_MAX],
    /// Rows made beyond those that came in.
    pub made: u64,
    /// Rows taken into the plugin's state.
    pub absorbed: u64,
    /// Rows given up when the run failed.
    pub abandoned: u64,
    /// Microseconds that instances spent on this stage's batches.
    pub busy_micros: u64,
}

/// As many rows leave the stage with each batch as came in with it: none can be absorbed.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conserves;

impl Ledger {
    /// Rows out over all ports.
    #[must_use]
    pub fn rows_out(&self) -> u64 {
        self.ports.iter().map(|port| port.rows).sum()
    }

    /// Enters what one batch of `rows_in` became: the difference to `rows_out` is absorbed or made.
    pub fn settle(&mut self, rows_in: u64, rows_out: u64) {
        self.absorbed += rows_in.saturating_sub(rows_out);
        self.made += rows_out.saturating_sub(rows_in);
    }

    /// Rows that came in and have not been settled yet.
    #[must_use]
    pub fn pending(&self) -> i128 {
        let debit = i128::from(self.rows_in) + i128::from(self.made);
        let credit = i128::from(self.rows_out()) + i128::from(self.absorbed);
        debit - credit - i128::from(self.abandoned)
    }
}
