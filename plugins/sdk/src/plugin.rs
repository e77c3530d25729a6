//! The trait that a Rust plugin implements.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use serde::de::DeserializeOwned;

use crate::{Binding, Emitter, Flags, Host, PluginError};

/// A plugin: a type of stage that turns batches into batches.
///
/// One value is one instance. The host makes one call at a time on it, from any thread, in this
/// order: `open`, `bind` once or twice, `process` any number of times, `finish`. `restore` may come
/// between `bind` and the first `process`; `merge` and `snapshot` between any two calls after it.
///
/// A panic becomes an error; the instance is not called again.
pub trait Plugin: Sized + Send + 'static {
    /// The configuration, deserialised from the RON text of the stage.
    ///
    /// Use `#[serde(deny_unknown_fields)]`: a misspelt field is then reported with a hint.
    type Config: DeserializeOwned;

    /// Name of the plugin, as scenes write it.
    const NAME: &'static str;

    /// Version of the plugin; normally `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;

    /// Everything that instances of this plugin can be; `bind` chooses for one instance.
    const FLAGS: Flags;

    /// What `tanda plugins inspect` prints: every field with unit and default, and an example.
    const CONFIG_REFERENCE: &'static str;

    /// Makes an instance: checks the configuration, loads tables.
    ///
    /// May read files; has no other side effect.
    ///
    /// # Errors
    /// The configuration is wrong, or a file it names cannot be used.
    fn open(config: Self::Config, host: &Host) -> Result<Self, PluginError>;

    /// Types the graph: says which ports exist and what leaves on them.
    ///
    /// Called first with all columns of the input. Before the run it may be called once more with
    /// fewer: those of [`crate::Reads`] and those that a later stage wants.
    ///
    /// # Errors
    /// A column that the configuration names is missing or has the wrong type.
    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError>;

    /// Takes one batch and emits at most one on each port, rows in the order of the input.
    ///
    /// # Errors
    /// The batch could not be processed; nothing of what was emitted for it is used.
    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError>;

    /// The input has ended: emits what is held in state, in any number of batches.
    ///
    /// # Errors
    /// The state could not be turned into batches; nothing of what was emitted is used.
    fn finish(&mut self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        let _ = out;
        Ok(())
    }

    /// The state as bytes that begin with their own version; empty for a stateless plugin.
    ///
    /// # Errors
    /// The state cannot be written.
    fn snapshot(&self) -> Result<Vec<u8>, PluginError> {
        Ok(Vec::new())
    }

    /// Replaces the state by that of a snapshot.
    ///
    /// # Errors
    /// The bytes are not a snapshot of this plugin with this configuration and schema.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        let _ = bytes;
        Ok(())
    }

    /// Adds the state of another instance to this one's.
    ///
    /// # Errors
    /// The bytes are not a snapshot of this plugin with this configuration and schema.
    fn merge(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        let _ = bytes;
        Ok(())
    }
}
