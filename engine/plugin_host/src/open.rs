//! From a library and a configuration to an instance.

use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tanda_plugin::PluginError;
use tanda_plugin::abi::{RawError, Text};

use crate::context::Context;
use crate::library::{Library, REQUIRED};
use crate::outcome::outcome;
use crate::{Call, CallError, Instance, Memory};

impl Library {
    /// Opens an instance with this configuration.
    ///
    /// `cancel` is what the plugin sees as `cancelled()`; `log_name` stands beside what it logs.
    ///
    /// # Errors
    /// The plugin refuses the configuration, or panicked.
    pub fn open_instance(
        self: &Arc<Self>,
        config: &str,
        cancel: Arc<AtomicBool>,
        log_name: &str,
    ) -> Result<Instance, CallError> {
        open(self, config, cancel, log_name, None)
    }

    /// As [`open_instance`](Self::open_instance), with memory to make batches in.
    ///
    /// # Errors
    /// As there.
    pub fn open_instance_in(
        self: &Arc<Self>,
        memory: &'static Memory,
        config: &str,
        cancel: Arc<AtomicBool>,
        log_name: &str,
    ) -> Result<Instance, CallError> {
        open(self, config, cancel, log_name, Some(memory))
    }
}

fn open(
    library: &Arc<Library>,
    config: &str,
    cancel: Arc<AtomicBool>,
    log_name: &str,
    memory: Option<&'static Memory>,
) -> Result<Instance, CallError> {
    let context = Context::new(log_name, cancel, memory);
    let open = library.table().open.expect(REQUIRED);
    let (mut raw, mut error) = (ptr::null_mut(), RawError::EMPTY);
    // SAFETY: text and places are valid for this call, the context until `close` (S1, H2).
    let status = unsafe { open(Text::new(config), context.table(), &mut raw, &mut error) };
    outcome(library.name(), Call::Open, status, error)?;
    let Some(raw) = NonNull::new(raw) else {
        let error = PluginError::new("it returned success, but no instance");
        let plugin = library.name().to_owned();
        return Err(CallError::Failed { plugin, call: Call::Open, error });
    };
    // SAFETY: `open` gave it just now for this context (S4, H2).
    Ok(unsafe { Instance::new(raw, Arc::clone(library), context) })
}
