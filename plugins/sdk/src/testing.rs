//! A plugin tested in plain Rust: no library, no C ABI, the same rules.
//!
//! [`Harness`] calls a plugin as the host does and holds it to its contract: layout of the batches,
//! one batch a port, `CONSERVES`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::emitter::{Call, Emitter, Sink};
use crate::host::Services;
use crate::{
    Binding, Flags, Host, Layout, Level, Plugin, PluginError, Wanted, WantedPort, config,
    find_column,
};

/// One instance of a plugin, called as the host calls it.
#[derive(Debug)]
pub struct Harness<P> {
    plugin: P,
    host: Host,
    record: Arc<Record>,
    binding: Option<Binding>,
    layout: Option<Layout>,
    rows_out: Vec<u64>,
}

/// What the plugin told its host.
#[derive(Debug, Default)]
struct Record {
    lines: Mutex<Vec<(Level, String)>>,
    counters: Mutex<BTreeMap<String, u64>>,
    cancelled: AtomicBool,
}

impl<P: Plugin> Harness<P> {
    /// Opens an instance with this configuration, in RON.
    ///
    /// # Errors
    /// The text is not a configuration of the plugin, or the plugin refuses it.
    pub fn open(config_ron: &str) -> Result<Self, PluginError> {
        let record = Arc::new(Record::default());
        let host = Host::new(Box::new(Arc::clone(&record)));
        let plugin = P::open(config::parse(config_ron)?, &host)?;
        Ok(Self { plugin, host, record, binding: None, layout: None, rows_out: Vec::new() })
    }

    /// Binds with everything wanted. Returns the schema of each port.
    ///
    /// # Errors
    /// The plugin refuses the schema, or its binding breaks the contract.
    pub fn bind(&mut self, input: &SchemaRef) -> Result<Vec<SchemaRef>, PluginError> {
        self.bind_wanted(input, None)?;
        Ok(self.layout().ports.iter().map(|port| Arc::clone(&port.full)).collect())
    }

    /// Binds once more, as the engine does before a run: perhaps with fewer input columns, and with
    /// the wanted columns of each port by name (`None`: nobody reads the port).
    ///
    /// Returns the schema of what `process` will give for each connected port.
    ///
    /// # Errors
    /// As [`bind`](Self::bind), or a wanted column is not there.
    pub fn wanted(
        &mut self,
        input: &SchemaRef,
        ports: &[Option<&[&str]>],
    ) -> Result<Vec<Option<SchemaRef>>, PluginError> {
        let binding = self.plugin.bind(input)?;
        let layout = Layout::new(input, &binding, None).map_err(breach)?;
        let mut wanted = Wanted::default();
        for (index, names) in ports.iter().enumerate() {
            let full = layout.ports.get(index).map(|port| &port.full);
            let find = |name: &&str| full.map_or(Ok(usize::MAX), |full| find_column(full, name));
            let columns = names.unwrap_or_default().iter().map(find).collect::<Result<_, _>>()?;
            wanted.ports.push(WantedPort { connected: names.is_some(), columns });
        }
        self.bind_wanted(input, Some(&wanted))?;
        let delivered = self.layout().ports.iter();
        Ok(delivered.map(|port| port.connected.then(|| Arc::clone(&port.delivered))).collect())
    }

    fn bind_wanted(
        &mut self,
        input: &SchemaRef,
        wanted: Option<&Wanted>,
    ) -> Result<(), PluginError> {
        let binding = self.plugin.bind(input)?;
        if !P::FLAGS.contains(binding.flags) {
            let message = format!("bound as {}, the plugin offers {}", binding.flags, P::FLAGS);
            return Err(PluginError::new(message));
        }
        let layout = Layout::new(input, &binding, wanted).map_err(breach)?;
        self.rows_out = vec![0; layout.ports.len()];
        (self.binding, self.layout) = (Some(binding), Some(layout));
        Ok(())
    }

    /// What `bind` returned last.
    ///
    /// # Panics
    /// Before the first `bind`.
    pub fn binding(&self) -> &Binding {
        self.binding.as_ref().expect("bind comes before this call")
    }

    /// Processes one batch. Returns, per port, a batch of its wanted columns (of zero rows if
    /// nothing was emitted), or `None` if nobody reads it.
    ///
    /// # Errors
    /// The plugin failed or broke its contract.
    pub fn process(
        &mut self,
        batch: &RecordBatch,
    ) -> Result<Vec<Option<RecordBatch>>, PluginError> {
        let collected = self.call(Call::Process, |plugin, out| plugin.process(batch, out))?;
        self.check_conserved(batch.num_rows(), &collected.rows)?;
        let mut outputs: Vec<_> = self
            .layout()
            .ports
            .iter()
            .map(|port| port.connected.then(|| RecordBatch::new_empty(Arc::clone(&port.delivered))))
            .collect();
        for (port, batch) in collected.batches {
            outputs[port] = Some(batch);
        }
        Ok(outputs)
    }

    /// Ends the input. Returns what was emitted on connected ports, in the order of the emits.
    ///
    /// # Errors
    /// The plugin failed or broke its contract.
    pub fn finish(&mut self) -> Result<Vec<(usize, RecordBatch)>, PluginError> {
        Ok(self.call(Call::Finish, P::finish)?.batches)
    }

    fn call(
        &mut self,
        call: Call,
        run: impl FnOnce(&mut P, &mut Emitter<'_>) -> Result<(), PluginError>,
    ) -> Result<Collected, PluginError> {
        self.host.reset_scratch();
        let layout = self.layout.as_ref().expect("bind comes before this call");
        let rows = vec![0; layout.ports.len()];
        let mut collected = Collected { layout: layout.clone(), batches: Vec::new(), rows };
        run(&mut self.plugin, &mut Emitter::new(layout, &self.host, &mut collected, call))?;
        for (total, rows) in self.rows_out.iter_mut().zip(&collected.rows) {
            *total += rows;
        }
        Ok(collected)
    }

    fn check_conserved(&self, rows_in: usize, rows: &[u64]) -> Result<(), PluginError> {
        let rows_out: u64 = rows.iter().sum();
        if self.layout().flags.contains(Flags::CONSERVES) && rows_out != rows_in as u64 {
            return Err(PluginError::new(format!(
                "{rows_in} rows in, {rows_out} out ({rows:?} by port), but bound as CONSERVES"
            )));
        }
        Ok(())
    }

    fn layout(&self) -> &Layout {
        self.layout.as_ref().expect("bind comes before this call")
    }

    /// The plugin's snapshot.
    ///
    /// # Errors
    /// The plugin failed.
    pub fn snapshot(&self) -> Result<Vec<u8>, PluginError> {
        self.plugin.snapshot()
    }

    /// Replaces the plugin's state.
    ///
    /// # Errors
    /// The plugin refuses the bytes.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        self.plugin.restore(bytes)
    }

    /// Adds another instance's state.
    ///
    /// # Errors
    /// The plugin refuses the bytes.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        self.plugin.merge(bytes)
    }

    /// Rows that left on a port since it was bound, connected or not.
    pub fn rows_out(&self, port: usize) -> u64 {
        self.rows_out[port]
    }

    /// Value of a counter; 0 if the plugin never named it.
    pub fn counter(&self, name: &str) -> u64 {
        locked(&self.record.counters).get(name).copied().unwrap_or(0)
    }

    /// Lines that the plugin logged.
    pub fn log(&self) -> Vec<(Level, String)> {
        locked(&self.record.lines).clone()
    }

    /// From now on the plugin is told that the run is being stopped.
    pub fn cancel(&self) {
        self.record.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Services for Arc<Record> {
    fn log(&self, level: Level, text: &str) {
        locked(&self.lines).push((level, text.to_owned()));
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn counter_add(&self, name: &str, n: u64) {
        *locked(&self.counters).entry(name.to_owned()).or_default() += n;
    }
}

/// What one call emitted.
struct Collected {
    layout: Layout,
    batches: Vec<(usize, RecordBatch)>,
    rows: Vec<u64>,
}

impl Sink for Collected {
    fn emit(
        &mut self,
        port: usize,
        columns: Vec<ArrayRef>,
        rows: usize,
    ) -> Result<(), PluginError> {
        let layout = &self.layout.ports[port];
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let emitted = Arc::clone(&layout.emitted);
        let batch = RecordBatch::try_new_with_options(emitted, columns, &options)?;
        self.batches.push((port, batch.project(&layout.picked)?));
        self.count_rows(port, rows as u64)
    }

    fn count_rows(&mut self, port: usize, rows: u64) -> Result<(), PluginError> {
        self.rows[port] += rows;
        Ok(())
    }
}

fn breach(error: crate::LayoutError) -> PluginError {
    PluginError::new(format!("the binding breaks the contract: {error}"))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
