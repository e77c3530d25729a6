//! The plugin's side of the border: batches in, emits and host calls out, errors and panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::table::RawEmitter;
use super::{
    ArrowArray, Exporter, HostTable, Nulls, RawError, STATUS_ERROR, STATUS_OK, STATUS_PANIC, Text,
    import,
};
use crate::emitter::Sink;
use crate::host::Services;
use crate::{Level, PluginError};

/// # Safety
/// A pointer that is not null is valid for `len` elements (S1).
pub(super) unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if data.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: by the contract of this function.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// # Safety
/// The batch is a struct array of the schema's types (S5).
pub(super) unsafe fn read_batch(
    mut batch: ArrowArray,
    schema: &SchemaRef,
) -> Result<RecordBatch, PluginError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        // SAFETY: by the contract of this function.
        let column = unsafe {
            batch.take_child(index).map(|array| import(array, field.data_type(), Nulls::Declared))
        };
        let column = column.transpose().map_err(|fault| input_fault(field.name(), &fault))?;
        columns.push(column.ok_or_else(|| input_fault(field.name(), &"it is missing"))?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.length as usize));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

fn input_fault(column: &str, fault: &dyn std::fmt::Display) -> PluginError {
    PluginError::new(format!("the host gave a faulty batch: column `{column}`: {fault}"))
}

/// The host's emitter, as the SDK's sees it.
pub(super) struct Border<'a> {
    pub(super) emitter: &'a RawEmitter,
    pub(super) exporter: &'a mut Exporter,
}

impl Sink for Border<'_> {
    fn emit(
        &mut self,
        port: usize,
        columns: Vec<ArrayRef>,
        rows: usize,
    ) -> Result<(), PluginError> {
        let mut batch = self.exporter.export(&columns, rows, None);
        let mut error = RawError::EMPTY;
        // SAFETY: the emitter's functions and context are valid for this call (S1).
        let status = unsafe {
            (self.emitter.emit)(self.emitter.context, port as u32, &mut batch, &mut error)
        };
        outcome(status, error)
    }

    fn count_rows(&mut self, port: usize, rows: u64) -> Result<(), PluginError> {
        let mut error = RawError::EMPTY;
        // SAFETY: the emitter's functions and context are valid for this call (S1).
        let status = unsafe {
            (self.emitter.count_rows)(self.emitter.context, port as u32, rows, &mut error)
        };
        outcome(status, error)
    }
}

fn outcome(status: i32, mut error: RawError) -> Result<(), PluginError> {
    match status {
        STATUS_OK => Ok(()),
        // SAFETY: filled by the call that failed (S1).
        _ => Err(unsafe { error.take() }),
    }
}

/// The host's table, as [`Host`] sees it.
pub(super) struct Table(pub(super) *const HostTable);

// SAFETY: the functions may be called from any thread until `close` has returned (S1).
unsafe impl Send for Table {}

impl Table {
    fn get(&self) -> &HostTable {
        // SAFETY: valid until `close` has returned, and this value does not outlive it (S1, S4).
        unsafe { &*self.0 }
    }
}

impl Services for Table {
    fn log(&self, level: Level, text: &str) {
        let host = self.get();
        // SAFETY: context and text are valid for this call (S1).
        unsafe { (host.log)(host.context, level.number(), Text::new(text)) };
    }

    fn cancelled(&self) -> bool {
        let host = self.get();
        // SAFETY: the context is valid (S1).
        unsafe { (host.cancelled)(host.context) != 0 }
    }

    fn counter_add(&self, name: &str, n: u64) {
        let host = self.get();
        // SAFETY: context and text are valid for this call (S1).
        unsafe { (host.counter_add)(host.context, Text::new(name), n) };
    }
}

/// Runs a call; errors and panics become a status and an error.
pub(super) fn guarded(error: *mut RawError, call: impl FnOnce() -> Result<(), PluginError>) -> i32 {
    // After a panic the host only closes the instance, so a broken state is never seen.
    let (status, fault) = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => return STATUS_OK,
        Ok(Err(fault)) => (STATUS_ERROR, fault),
        Err(payload) => (STATUS_PANIC, panic_error(payload)),
    };
    // SAFETY: the host provides the place for the error (S1).
    unsafe { error.write(RawError::new(fault)) };
    status
}

fn panic_error(payload: Box<dyn Any + Send>) -> PluginError {
    let text = payload
        .downcast::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|payload| payload.downcast::<String>().map(|text| *text));
    PluginError::new(text.unwrap_or_else(|payload| {
        // Dropping a foreign payload may panic again, with nobody left to catch it.
        std::mem::forget(payload);
        "panic without a message".to_owned()
    }))
}
