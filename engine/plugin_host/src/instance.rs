//! A running copy of a plugin.

use std::collections::BTreeMap;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use arrow::datatypes::{Field, SchemaRef};
use arrow::ffi::FFI_ArrowSchema;
use arrow::record_batch::RecordBatch;
use tanda_plugin::abi::{self, Addresses, Exporter, RawBound, RawBytes, RawError, STATUS_PANIC};
use tanda_plugin::{Binding, Layout, LayoutError, PluginError, Wanted, first_unsupported};

use crate::bind::{Bound, WantedOut, read_binding};
use crate::collect::{Collector, Output, Outputs, Source, check_conserved};
use crate::context::Context;
use crate::library::{Library, REQUIRED};
use crate::outcome::outcome;
use crate::{Call, CallError};

/// A running copy of a plugin. Closed when dropped.
pub struct Instance {
    raw: NonNull<abi::Instance>,
    library: Arc<Library>,
    context: Context,
    bound: Option<Bound>,
    /// An empty batch per port, for those on which nothing was emitted.
    empty: Vec<RecordBatch>,
    addresses: Addresses,
    exporter: Exporter,
    poisoned: bool,
}

// SAFETY: the ABI lets calls come on any thread, one at a time (S3, H1).
unsafe impl Send for Instance {}

const BOUND: &str = "bind comes before process and finish";

impl Instance {
    /// An instance that nothing is bound to yet.
    ///
    /// # Safety
    /// `open` of the library's table gave `raw` for this context, and nobody else has it (S4, H2).
    pub(crate) unsafe fn new(
        raw: NonNull<abi::Instance>,
        library: Arc<Library>,
        context: Context,
    ) -> Self {
        let (addresses, exporter) = Default::default();
        Self {
            raw,
            library,
            context,
            bound: None,
            empty: Vec::new(),
            addresses,
            exporter,
            poisoned: false,
        }
    }

    /// Types the graph: gives the schema of each port for this input.
    ///
    /// First with everything wanted (`None`). Before the run it may be called once more, with fewer
    /// input columns (those it reads, and those that a later stage wants) and with what is wanted
    /// of each port, as indices into the port's schema for *this* input.
    ///
    /// # Errors
    /// The plugin refuses the schema, or what it bound breaks the contract.
    pub fn bind(
        &mut self,
        input: &SchemaRef,
        wanted: Option<&Wanted>,
    ) -> Result<&Bound, CallError> {
        let fields = input.fields().iter().map(AsRef::<Field>::as_ref);
        if let Some((column, data_type)) = first_unsupported(fields) {
            let data_type = data_type.clone();
            return Err(CallError::UnsupportedInput { plugin: self.plugin(), column, data_type });
        }
        let binding = self.call_bind(input, wanted)?;
        let fault = |fault| CallError::Binding { plugin: self.plugin(), fault };
        if !self.library.flags().contains(binding.flags) {
            return Err(fault(LayoutError::Flags { flags: binding.flags }));
        }
        if self.bound.as_ref().is_some_and(|bound| bound.ports != binding.ports) {
            return Err(CallError::Rebound { plugin: self.plugin() });
        }
        let layout = Layout::new(input, &binding, wanted).map_err(fault)?;
        self.empty =
            layout.ports.iter().map(|p| RecordBatch::new_empty(p.delivered.clone())).collect();
        let Binding { ports, reads, .. } = binding;
        Ok(self.bound.insert(Bound { layout, reads, ports }))
    }

    fn call_bind(
        &mut self,
        input: &SchemaRef,
        wanted: Option<&Wanted>,
    ) -> Result<Binding, CallError> {
        let schema = FFI_ArrowSchema::try_from(input.as_ref())
            .map_err(|error| self.failed(Call::Bind, PluginError::from(error)))?;
        let wanted = wanted.map(WantedOut::new);
        let wanted = wanted.as_ref().map_or(ptr::null(), |wanted| &raw const wanted.raw);
        let bind = self.library.table().bind.expect(REQUIRED);
        let mut bound = RawBound::EMPTY;
        self.call(Call::Bind, |raw, error| {
            // SAFETY: an open instance (S4, H3); schema and places valid for this call (S1).
            unsafe { bind(raw, ptr::from_ref(&schema).cast(), wanted, &mut bound, error) }
        })?;
        // Every worker opens and binds the plugin again: what that adds does not count.
        self.context.end_call(false);
        // SAFETY: `bind` filled it just now (S1).
        unsafe { read_binding(&bound) }.map_err(|(place, fault)| CallError::Unreadable {
            plugin: self.plugin(),
            place,
            fault,
        })
    }

    /// What the last `bind` said.
    pub fn bound(&self) -> Option<&Bound> {
        self.bound.as_ref()
    }

    /// Processes one batch of the bound input.
    ///
    /// Columns are shared, not copied. A column that the plugin passes on comes back as the very
    /// array that went in.
    ///
    /// # Errors
    /// The plugin failed, panicked, or broke its contract.
    ///
    /// # Panics
    /// Before `bind`, or with a batch of another schema.
    pub fn process(&mut self, batch: &RecordBatch) -> Result<Outputs, CallError> {
        let bound = self.bound.take().expect(BOUND);
        let result = self.process_bound(&bound.layout, batch);
        self.bound = Some(bound);
        self.context.end_call(result.is_ok());
        result
    }

    fn process_bound(
        &mut self,
        layout: &Layout,
        batch: &RecordBatch,
    ) -> Result<Outputs, CallError> {
        assert_bound_types(layout, batch);
        let mut addresses = std::mem::take(&mut self.addresses);
        addresses.clear();
        let mut array =
            self.exporter.export(batch.columns(), batch.num_rows(), Some(&mut addresses));
        let mut ports: Vec<Option<RecordBatch>> = vec![None; layout.ports.len()];
        let mut keep = |port: usize, batch| ports[port] = Some(batch);
        let mut collector = Collector::new(layout, Source::Batch(batch, &addresses), &mut keep);
        let emitter = collector.emitter();
        let process = self.library.table().process.expect(REQUIRED);
        let result = self.call(Call::Process, |raw, error| {
            // SAFETY: an open instance (S4, H3); a batch of the bound types, which moves (S2, S5);
            // the emitter is valid for this call (S1, H4).
            unsafe { process(raw, &mut array, &emitter, error) }
        });
        let rows = self.settle(Call::Process, collector, result);
        self.addresses = addresses;
        let rows = rows?;
        check_conserved(layout, batch.num_rows(), &rows)
            .map_err(|fault| self.breach(Call::Process, fault))?;
        Ok(self.outputs(layout, ports, &rows))
    }

    fn outputs(&self, layout: &Layout, batches: Vec<Option<RecordBatch>>, rows: &[u64]) -> Outputs {
        let output = |(port, batch): (usize, Option<RecordBatch>)| match batch {
            Some(batch) => Output::Batch(batch),
            None if layout.ports[port].connected => Output::Batch(self.empty[port].clone()),
            None => Output::Rows(rows[port]),
        };
        Outputs { ports: batches.into_iter().enumerate().map(output).collect() }
    }

    /// Ends the input: what was held in state goes to `sink`, port by port as it is emitted.
    ///
    /// Gives the rows that left on each port. What `sink` got is to be used only on success.
    ///
    /// # Errors
    /// The plugin failed, panicked, or broke its contract.
    ///
    /// # Panics
    /// Before `bind`; and if `sink` panics.
    pub fn finish(
        &mut self,
        sink: &mut dyn FnMut(usize, RecordBatch),
    ) -> Result<Vec<u64>, CallError> {
        let bound = self.bound.take().expect(BOUND);
        let mut collector = Collector::new(&bound.layout, Source::End, sink);
        let emitter = collector.emitter();
        let result = match self.library.table().finish {
            None => Ok(()),
            Some(finish) => self.call(Call::Finish, |raw, error| {
                // SAFETY: an open instance (S4, H3); the emitter is valid for this call (S1, H4).
                unsafe { finish(raw, &emitter, error) }
            }),
        };
        let rows = self.settle(Call::Finish, collector, result);
        self.bound = Some(bound);
        self.context.end_call(rows.is_ok());
        rows
    }

    /// The state as bytes; empty if there is none.
    ///
    /// # Errors
    /// The plugin failed or panicked.
    pub fn snapshot(&mut self) -> Result<Vec<u8>, CallError> {
        let Some(snapshot) = self.library.table().snapshot else { return Ok(Vec::new()) };
        let mut bytes = RawBytes::EMPTY;
        self.call(Call::Snapshot, |raw, error| {
            // SAFETY: an open instance (S4, H3); the place is valid for this call (S1).
            unsafe { snapshot(raw, &mut bytes, error) }
        })?;
        // SAFETY: filled just now (S1).
        Ok(unsafe { bytes.take() })
    }

    /// Replaces the state by that of a snapshot.
    ///
    /// # Errors
    /// The plugin refuses the bytes, failed or panicked.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        self.give(Call::Restore, self.library.table().restore, bytes)
    }

    /// Adds the state of another instance, from its snapshot.
    ///
    /// # Errors
    /// The plugin refuses the bytes, failed or panicked.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        self.give(Call::Merge, self.library.table().merge, bytes)
    }

    fn give(&mut self, call: Call, function: Option<Give>, bytes: &[u8]) -> Result<(), CallError> {
        match function {
            None if bytes.is_empty() => Ok(()),
            None => Err(CallError::NoFunction { plugin: self.plugin(), call, bytes: bytes.len() }),
            Some(give) => self.call(call, |raw, error| {
                // SAFETY: an open instance (S4, H3); the bytes are valid for this call (S1).
                unsafe { give(raw, bytes.as_ptr(), bytes.len() as u64, error) }
            }),
        }
    }

    /// What the plugin has added to its counters, by name, in calls of `process` and `finish` that
    /// succeeded, since this was last called.
    pub fn take_counters(&self) -> BTreeMap<String, u64> {
        self.context.take_counters()
    }

    /// The library this is an instance of.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// Did a call panic? Then every further call fails.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    fn call(
        &mut self,
        call: Call,
        run: impl FnOnce(*mut abi::Instance, &mut RawError) -> i32,
    ) -> Result<(), CallError> {
        if self.poisoned {
            return Err(CallError::Poisoned { plugin: self.plugin(), call });
        }
        self.context.begin_call();
        let mut error = RawError::EMPTY;
        let status = run(self.raw.as_ptr(), &mut error);
        self.poisoned = status == STATUS_PANIC;
        outcome(self.library.name(), call, status, error)
    }

    /// The rows of a call that emitted. A broken contract counts more than the error it led to.
    fn settle(
        &self,
        call: Call,
        collector: Collector<'_>,
        result: Result<(), CallError>,
    ) -> Result<Vec<u64>, CallError> {
        match (collector.into_rows(), result) {
            (_, Err(panicked @ CallError::Panicked { .. })) => Err(panicked),
            (Err(fault), _) => Err(self.breach(call, fault)),
            (Ok(rows), result) => result.map(|()| rows),
        }
    }

    fn breach(&self, call: Call, fault: crate::EmissionFault) -> CallError {
        CallError::Emission { plugin: self.plugin(), call, fault: Box::new(fault) }
    }

    fn failed(&self, call: Call, error: PluginError) -> CallError {
        CallError::Failed { plugin: self.plugin(), call, error }
    }

    fn plugin(&self) -> String {
        self.library.name().to_owned()
    }
}

/// `restore` and `merge`.
type Give = unsafe extern "C" fn(*mut abi::Instance, *const u8, u64, *mut RawError) -> i32;

impl Drop for Instance {
    fn drop(&mut self) {
        let close = self.library.table().close.expect(REQUIRED);
        // SAFETY: an open instance, and the last call on it (S4); the context is freed after (H2).
        unsafe { close(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("plugin", &self.library.name())
            .field("poisoned", &self.poisoned)
            .finish_non_exhaustive()
    }
}

/// Arrays cross without their types, so a wrong one would be read as what it is not.
fn assert_bound_types(layout: &Layout, batch: &RecordBatch) {
    let (bound, found) = (&layout.input, batch.schema_ref());
    if Arc::ptr_eq(bound, found) {
        return;
    }
    let same = bound.fields().len() == found.fields().len()
        && std::iter::zip(bound.fields(), found.fields())
            .all(|(bound, found)| bound.data_type() == found.data_type());
    assert!(same, "a batch of another schema than bound: {found:?}, bound is {bound:?}");
}
