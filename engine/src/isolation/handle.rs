//! An opened plugin, wherever it runs.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use tanda_plugin_host::{Bound, Call, CallError, Instance, PluginError};
use tanda_worker::sandbox::InForce;

use super::{Recipe, StartFault, WorkerProcess};
use crate::pinned::PinnedFiles;

/// An opened plugin: an instance in this process, or a worker with one.
pub(crate) enum Handle {
    /// In this process; with the files that it read.
    Here(Box<Instance>, PinnedFiles),
    /// In a worker.
    Worker(Box<WorkerProcess>, Arc<Recipe>),
}

/// A sandbox in one line, as `tanda check` and the summary print it.
pub(crate) fn in_words(sandbox: &InForce) -> String {
    let mut parts = vec![format!("{:?}", sandbox.level)];
    parts.extend(sandbox.landlock_abi.map(|abi| format!("Landlock ABI {abi}")));
    parts.extend(sandbox.seccomp.then(|| "seccomp".to_owned()));
    parts.extend(sandbox.capabilities_dropped.then(|| "no capabilities".to_owned()));
    parts.extend(sandbox.no_new_privs.then(|| "no new privileges".to_owned()));
    parts.extend(sandbox.memory_limit.map(|bytes| format!("{} MiB of memory", bytes >> 20)));
    parts.join(", ")
}

impl Handle {
    /// Types the graph, as [`Instance::bind`] does when everything is wanted.
    ///
    /// # Errors
    /// As there, or the worker is gone.
    pub(crate) fn bind(&mut self, input: &SchemaRef) -> Result<&Bound, CallError> {
        match self {
            Self::Here(instance, _) => instance.bind(input, None),
            Self::Worker(worker, recipe) => match worker.bind_first(recipe, input) {
                Ok(bound) => Ok(bound),
                Err(StartFault::Refused(error)) => Err(*error),
                Err(fault) => Err(CallError::Failed {
                    plugin: String::new(),
                    call: Call::Bind,
                    error: PluginError::new(fault.to_string()),
                }),
            },
        }
    }

    /// Name of the plugin.
    pub(crate) fn plugin(&self) -> &str {
        match self {
            Self::Here(instance, _) => instance.library().name(),
            Self::Worker(worker, _) => &worker.opened().name,
        }
    }

    /// What the last `bind` said.
    pub(crate) fn bound(&self) -> Option<&Bound> {
        match self {
            Self::Here(instance, _) => instance.bound(),
            Self::Worker(worker, _) => worker.bound(),
        }
    }

    /// The sandbox that is in force around it, if it is in a worker.
    pub(crate) fn sandbox(&self) -> Option<&InForce> {
        match self {
            Self::Here(..) => None,
            Self::Worker(worker, _) => Some(&worker.opened().sandbox),
        }
    }
}
