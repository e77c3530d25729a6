//! Where a plugin puts what it made.

use std::fmt;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Field;
use arrow::record_batch::RecordBatch;

use crate::layout::{Layout, PortLayout};
use crate::{Host, PluginError};

/// Takes the output of one `process` or `finish` call, port by port.
///
/// A port is its index in [`crate::Binding::ports`]; an index that is not there panics.
pub struct Emitter<'a> {
    layout: &'a Layout,
    host: &'a Host,
    sink: &'a mut dyn Sink,
    call: Call,
    emitted: u64,
}

/// Which call the output is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// One emit a port at most.
    Process,
    /// Any number of emits.
    Finish,
}

/// What stands behind an [`Emitter`]; it gets only what passed the emitter's checks.
pub(crate) trait Sink {
    fn emit(&mut self, port: usize, columns: Vec<ArrayRef>, rows: usize)
    -> Result<(), PluginError>;
    fn count_rows(&mut self, port: usize, rows: u64) -> Result<(), PluginError>;
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(
        layout: &'a Layout,
        host: &'a Host,
        sink: &'a mut dyn Sink,
        call: Call,
    ) -> Self {
        Self { layout, host, sink, call, emitted: 0 }
    }

    /// The services of the host, for the length of this call.
    pub fn host(&self) -> &'a Host {
        self.host
    }

    /// Does any stage read this port? If not, emitting there only counts rows.
    pub fn is_connected(&self, port: usize) -> bool {
        self.port(port).connected
    }

    /// Wanted pass-through columns of the port: indices into the bound input, in order.
    ///
    /// All of the input for a plugin without `PROJECTS`; empty for an unconnected port.
    pub fn passed(&self, port: usize) -> &'a [usize] {
        &self.port(port).passed
    }

    /// Is the port's own column of this index (into [`crate::Port::own`]) wanted?
    pub fn wants(&self, port: usize, own_index: usize) -> bool {
        self.port(port).own[own_index]
    }

    /// Emits a batch: the wanted passed columns in order, then the wanted own columns in order.
    ///
    /// On an unconnected port the rows are counted and the columns dropped unseen.
    ///
    /// # Errors
    /// Number, type, length or nullability of the columns is not as bound, or `process` emitted on
    /// this port before. Return the error: nothing of this call is used.
    pub fn emit(
        &mut self,
        port: usize,
        columns: Vec<ArrayRef>,
        rows: usize,
    ) -> Result<(), PluginError> {
        let layout = self.port(port);
        if !layout.connected {
            return self.count_rows(port, rows);
        }
        self.check_first(port)?;
        check_columns(layout, &columns, rows)?;
        self.sink.emit(port, columns, rows)
    }

    /// Emits a batch of the port's full schema; columns that nobody wants are left out.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_all(&mut self, port: usize, batch: RecordBatch) -> Result<(), PluginError> {
        let layout = self.port(port);
        let (found, expected) = (batch.num_columns(), layout.full.fields().len());
        if found != expected {
            return Err(count_mismatch(layout, found, expected));
        }
        let rows = batch.num_rows();
        let (_, mut columns, _) = batch.into_parts();
        let passed = expected - layout.own.len();
        let mut index = 0_usize;
        columns.retain(|_| {
            let keep = match index.checked_sub(passed) {
                Some(own) => layout.own[own],
                None => layout.passed.binary_search(&index).is_ok(),
            };
            index += 1;
            keep
        });
        self.emit(port, columns, rows)
    }

    /// Counts rows that left on an unconnected port, for the ledger.
    ///
    /// # Errors
    /// The port is connected: its rows have to be emitted.
    pub fn count_rows(&mut self, port: usize, rows: usize) -> Result<(), PluginError> {
        let layout = self.port(port);
        if layout.connected {
            let name = &layout.name;
            let message = format!("port `{name}`: rows were counted, but it is read; emit them");
            return Err(PluginError::new(message));
        }
        self.sink.count_rows(port, rows as u64)
    }

    fn port(&self, port: usize) -> &'a PortLayout {
        &self.layout.ports[port]
    }

    fn check_first(&mut self, port: usize) -> Result<(), PluginError> {
        let bit = 1 << port;
        if self.call == Call::Process && self.emitted & bit != 0 {
            let name = &self.port(port).name;
            return Err(PluginError::new(format!(
                "port `{name}`: a second batch in one process call; join them and emit once"
            )));
        }
        self.emitted |= bit;
        Ok(())
    }
}

impl fmt::Debug for Emitter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter").field("call", &self.call).finish_non_exhaustive()
    }
}

fn check_columns(port: &PortLayout, columns: &[ArrayRef], rows: usize) -> Result<(), PluginError> {
    let fields = port.emitted.fields();
    if columns.len() != fields.len() {
        return Err(count_mismatch(port, columns.len(), fields.len()));
    }
    for (field, column) in fields.iter().zip(columns) {
        check_column(port, field, column.as_ref(), rows)?;
    }
    Ok(())
}

fn check_column(
    port: &PortLayout,
    field: &Field,
    column: &dyn Array,
    rows: usize,
) -> Result<(), PluginError> {
    let fault = if column.data_type() != field.data_type() {
        format!("has type {}, bound as {}", column.data_type(), field.data_type())
    } else if column.len() != rows {
        format!("has {} rows, the batch {rows}", column.len())
    } else if !field.is_nullable() && column.null_count() > 0 {
        format!("is bound as never null, but has {} nulls", column.null_count())
    } else {
        return Ok(());
    };
    Err(PluginError::new(format!("port `{}`, column `{}` {fault}", port.name, field.name())))
}

fn count_mismatch(port: &PortLayout, found: usize, expected: usize) -> PluginError {
    PluginError::new(format!("port `{}`: {found} columns, expected {expected}", port.name))
}
