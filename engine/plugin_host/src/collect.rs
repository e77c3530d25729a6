//! What a plugin emits, checked against what it bound.

use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatchOptions};
use arrow::record_batch::RecordBatch;
use tanda_plugin::abi::{
    Addresses, ArrowArray, Nulls, RawEmitter, RawError, STATUS_ERROR, STATUS_OK, import,
    import_known,
};
use tanda_plugin::{Flags, Layout, PluginError, PortLayout};

use crate::EmissionFault;

/// What left on the ports of an instance for one batch in.
#[derive(Debug, Clone)]
pub struct Outputs {
    /// One entry per port of the binding, in its order.
    pub ports: Vec<Output>,
}

/// What left on one port.
#[derive(Debug, Clone)]
pub enum Output {
    /// A batch of the wanted columns, perhaps of zero rows: the port is connected.
    Batch(RecordBatch),
    /// So many rows, without their data: nobody reads the port.
    Rows(u64),
}

impl Output {
    /// Rows that left.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Batch(batch) => batch.num_rows() as u64,
            Self::Rows(rows) => *rows,
        }
    }
}

/// Takes what is emitted during one call (H4).
pub(crate) struct Collector<'a> {
    layout: &'a Layout,
    source: Source<'a>,
    sink: &'a mut dyn FnMut(usize, RecordBatch),
    rows: Vec<u64>,
    emitted: u64,
    fault: Option<EmissionFault>,
    panic: Option<Box<dyn Any + Send>>,
}

/// Which call the emits belong to.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// `process` of this batch, whose columns lie at these addresses.
    Batch(&'a RecordBatch, &'a Addresses),
    /// `finish`.
    End,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        layout: &'a Layout,
        source: Source<'a>,
        sink: &'a mut dyn FnMut(usize, RecordBatch),
    ) -> Self {
        let rows = vec![0; layout.ports.len()];
        Self { layout, source, sink, rows, emitted: 0, fault: None, panic: None }
    }

    /// The emitter for the plugin, valid while `self` is neither moved nor used otherwise (H4).
    pub(crate) fn emitter(&mut self) -> RawEmitter {
        RawEmitter { context: std::ptr::from_mut(self).cast(), emit, count_rows }
    }

    /// Rows per port, once the call has returned.
    ///
    /// # Panics
    /// If the sink panicked: goes on with its panic, which is not the plugin's.
    pub(crate) fn into_rows(self) -> Result<Vec<u64>, EmissionFault> {
        if let Some(payload) = self.panic {
            std::panic::resume_unwind(payload);
        }
        self.fault.map_or(Ok(self.rows), Err)
    }

    fn emit(&mut self, port: u32, batch: ArrowArray) -> Result<(), EmissionFault> {
        let layout = self.port(port)?;
        let rows = check_batch(layout, &batch)?;
        if layout.connected {
            self.check_first(port, layout)?;
            let columns = self.columns(layout, batch, rows)?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let delivered = Arc::clone(&layout.delivered);
            let batch = RecordBatch::try_new_with_options(delivered, columns, &options)
                .expect("types, lengths and nulls of the columns were checked");
            (self.sink)(port as usize, batch);
        }
        self.rows[port as usize] += rows as u64;
        Ok(())
    }

    fn count_rows(&mut self, port: u32, rows: u64) -> Result<(), EmissionFault> {
        let layout = self.port(port)?;
        if layout.connected {
            return Err(EmissionFault::CountedOnly { port: layout.name.clone() });
        }
        let total = &mut self.rows[port as usize];
        *total = total.saturating_add(rows);
        Ok(())
    }

    fn port(&self, port: u32) -> Result<&'a PortLayout, EmissionFault> {
        let last = self.layout.ports.len() - 1;
        self.layout.ports.get(port as usize).ok_or(EmissionFault::UnknownPort { port, last })
    }

    fn check_first(&mut self, port: u32, layout: &PortLayout) -> Result<(), EmissionFault> {
        let bit = 1 << port;
        let once = matches!(self.source, Source::Batch(..));
        if once && self.emitted & bit != 0 {
            return Err(EmissionFault::Twice { port: layout.name.clone() });
        }
        self.emitted |= bit;
        Ok(())
    }

    /// Imports the delivered columns; the others are released with the batch.
    fn columns(
        &self,
        layout: &PortLayout,
        mut batch: ArrowArray,
        rows: usize,
    ) -> Result<Vec<ArrayRef>, EmissionFault> {
        let import = |&index: &usize| {
            // SAFETY: the plugin gave the batch to this call (S2); its list of children is as long
            // as it says (S5).
            let child = unsafe { batch.take_child(index) }.unwrap_or(ArrowArray::EMPTY);
            self.column(layout, index, child, rows)
        };
        layout.picked.iter().map(import).collect()
    }

    fn column(
        &self,
        layout: &PortLayout,
        index: usize,
        array: ArrowArray,
        rows: usize,
    ) -> Result<ArrayRef, EmissionFault> {
        let field = layout.emitted.field(index);
        let (port, name) = (|| layout.name.clone(), || field.name().clone());
        // SAFETY: a child of the plugin's batch (S2), data trusted (S5); the batch that the
        // addresses are about is alive, as `self.source` borrows it.
        let column = unsafe {
            match (self.source, layout.passed.get(index)) {
                (Source::Batch(batch, addresses), Some(&input)) => {
                    import_known(array, (input, batch.column(input)), addresses)
                }
                (Source::Batch(..), None) | (Source::End, _) => {
                    import(array, field.data_type(), Nulls::Counted)
                }
            }
        };
        let column = column.map_err(|fault| {
            let data_type = field.data_type().clone();
            EmissionFault::Column { port: port(), column: name(), data_type, fault }
        })?;
        let found = column.len();
        if found != rows {
            let (port, column) = (port(), name());
            return Err(EmissionFault::Length { port, column, found, expected: rows });
        }
        let nulls = if field.is_nullable() { 0 } else { column.null_count() };
        if nulls > 0 {
            return Err(EmissionFault::Nulls { port: port(), column: name(), nulls });
        }
        Ok(column)
    }

    /// Runs a function of the emitter: a fault is kept and told, a panic goes no further.
    fn guarded(
        &mut self,
        error: *mut RawError,
        run: impl FnOnce(&mut Self) -> Result<(), EmissionFault>,
    ) -> i32 {
        let fault = match catch_unwind(AssertUnwindSafe(|| run(self))) {
            Ok(Ok(())) => return STATUS_OK,
            Ok(Err(fault)) => fault.to_string(),
            Err(payload) => {
                self.panic = Some(payload);
                return self.tell(error, "the engine failed to take the batch".to_owned());
            }
        };
        self.tell(error, fault)
    }

    fn tell(&self, error: *mut RawError, message: String) -> i32 {
        if !error.is_null() {
            // SAFETY: the plugin provides the place for the error (S1).
            unsafe { error.write(RawError::new(PluginError::new(message))) };
        }
        STATUS_ERROR
    }
}

/// Rows of a batch that is a plain struct array with the right number of columns.
fn check_batch(layout: &PortLayout, batch: &ArrowArray) -> Result<usize, EmissionFault> {
    let not = |reason| EmissionFault::NotABatch { port: layout.name.clone(), reason };
    if batch.is_released() {
        return Err(not("it is released"));
    }
    let rows = usize::try_from(batch.length).map_err(|_| not("its length is negative"))?;
    if batch.offset != 0 {
        return Err(not("its offset is not 0; slice the columns instead"));
    }
    if batch.null_count > 0 {
        return Err(not("it has nulls of its own; put them into the columns"));
    }
    let expected = layout.emitted.fields().len();
    if layout.connected && batch.n_children != expected as i64 {
        let (port, found) = (layout.name.clone(), batch.n_children);
        return Err(EmissionFault::ColumnCount { port, found, expected });
    }
    Ok(rows)
}

/// Holds a plugin that conserves rows to it.
pub(crate) fn check_conserved(
    layout: &Layout,
    rows_in: usize,
    rows: &[u64],
) -> Result<(), EmissionFault> {
    let rows_out = rows.iter().fold(0_u64, |sum, rows| sum.saturating_add(*rows));
    let rows_in = rows_in as u64;
    if rows_out == rows_in || !layout.flags.contains(Flags::CONSERVES) {
        return Ok(());
    }
    let by_port =
        std::iter::zip(&layout.ports, rows).map(|(port, rows)| format!("{} {rows}", port.name));
    let by_port = by_port.collect::<Vec<_>>().join(", ");
    Err(EmissionFault::NotConserved { rows_in, rows_out, by_port })
}

unsafe extern "C" fn emit(
    context: *mut c_void,
    port: u32,
    batch: *mut ArrowArray,
    error: *mut RawError,
) -> i32 {
    // SAFETY: the context is the collector of the call that is running (S3, H4).
    let collector = unsafe { &mut *context.cast::<Collector<'_>>() };
    let batch = match batch.is_null() {
        true => ArrowArray::EMPTY,
        // SAFETY: the plugin gives the batch to this call (S2).
        false => unsafe { ArrowArray::take(batch) },
    };
    collector.guarded(error, |collector| {
        collector.emit(port, batch).inspect_err(|fault| keep(&mut collector.fault, fault))
    })
}

unsafe extern "C" fn count_rows(
    context: *mut c_void,
    port: u32,
    rows: u64,
    error: *mut RawError,
) -> i32 {
    // SAFETY: the context is the collector of the call that is running (S3, H4).
    let collector = unsafe { &mut *context.cast::<Collector<'_>>() };
    collector.guarded(error, |collector| {
        collector.count_rows(port, rows).inspect_err(|fault| keep(&mut collector.fault, fault))
    })
}

/// Keeps the first fault: later ones may only follow from it.
fn keep(first: &mut Option<EmissionFault>, fault: &EmissionFault) {
    first.get_or_insert_with(|| fault.clone());
}
