//! What the engine and a worker say to each other.
//!
//! Before the run, frames of JSON over the control channel: the engine [`Ask`]s, the worker gives a
//! [`Reply`] to each. During the run, slots over the two rings: the engine gives a [`command`], the
//! worker answers it with any number of [`answer::EMITTED`] and one last answer, in the order of
//! the commands. Both sides are of one build, so nothing here has a version; an engine trusts
//! nothing that a worker says.

use std::path::PathBuf;

use arrow_schema::{Field, Schema};
use serde::{Deserialize, Serialize};
use tanda_ipc::{Channel, ChannelError};
use tanda_plugin_host::{
    Binding, Call, CallError, Flags, PluginError, Port, Reads, Wanted, WantedPort,
};

use crate::sandbox::{InForce, Level};

/// What the engine asks over the control channel.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Become a worker: enter the sandbox and open the plugin. Comes first, once, with six
    /// descriptors: the three of [`tanda_ipc::WorkerFds`], the engine's segment, the worker's own,
    /// the library.
    Start(Box<Start>),
    /// Type the graph. Answered by [`Reply::Bound`].
    Bind {
        /// Schema of the input.
        input: Schema,
        /// What later stages want, by port: connected, and the columns.
        wanted: Option<Vec<(bool, Vec<usize>)>>,
    },
    /// A segment that batches may lie in from now on, with its descriptor. Not answered.
    Segment {
        /// Its id.
        id: u32,
    },
    /// A segment that no batch lies in any more. Not answered.
    Forget {
        /// Its id.
        id: u32,
    },
}

/// How a worker starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Start {
    /// Name of the stage, for its log.
    pub stage: String,
    /// Where the plugin's library was found, absolute; what is linked is its descriptor.
    pub library: PathBuf,
    /// The plugin's configuration.
    pub config: String,
    /// How far the process is confined.
    pub level: Level,
    /// Bytes of private memory.
    pub memory_limit: Option<u64>,
    /// Files that the plugin may read while it opens.
    pub read: Vec<PathBuf>,
    /// Which levels of the log go to the engine, as `tracing` writes them.
    pub log: String,
    /// Id of the engine's process.
    pub engine_pid: u32,
    /// Id of the engine's segment.
    pub engine_segment: u32,
    /// Id of the worker's own segment.
    pub own_segment: u32,
    /// Where to die, for tests: see [`FailPoint`]. Builds without debug assertions do not look.
    pub fail_point: Option<FailPoint>,
}

/// A step at which a worker kills itself, and at which of its visits to that step, from 1.
///
/// Written `sealed:3`. The steps are `opened`, `bound`, `taken`, `rebuilt`, `processed`, `sealed`,
/// `described`, `emitted`, `done`, `released`, `saved`, `restored`, `merged`, `flushed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailPoint {
    /// Name of the step.
    pub step: String,
    /// The visit.
    pub visit: u64,
}

impl std::str::FromStr for FailPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (step, visit) = text.split_once(':').unwrap_or((text, "1"));
        let visit = visit.parse().map_err(|_| format!("`{visit}` is no number of a visit"))?;
        Ok(Self { step: step.to_owned(), visit })
    }
}

/// What a worker answers over the control channel.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The plugin is open.
    Opened(Opened),
    /// What the plugin bound.
    Bound(Bound),
    /// What was asked cannot be had.
    Failed(Failure),
}

impl Reply {
    /// Sends it to the engine.
    pub(crate) fn send(&self, channel: &Channel) -> Result<(), ChannelError> {
        let bytes = serde_json::to_vec(self).expect("replies are plain data");
        channel.send(&bytes, &[])
    }
}

/// An opened plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Name of the plugin.
    pub name: String,
    /// Its version.
    pub version: String,
    /// All that its instances can be.
    pub flags: u64,
    /// The sandbox that is really in force.
    pub sandbox: InForce,
}

/// A [`Binding`] as it crosses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// By port: name, whether the input passes, own columns.
    pub ports: Vec<(String, bool, Vec<Field>)>,
    /// Columns that it reads; all of them without a list.
    pub reads: Option<Vec<String>>,
    /// Flags of the instance.
    pub flags: u64,
}

impl From<&Binding> for Bound {
    fn from(binding: &Binding) -> Self {
        let port = |port: &Port| (port.name.clone(), port.passes_input, port.own.clone());
        Self {
            ports: binding.ports.iter().map(port).collect(),
            reads: match &binding.reads {
                Reads::All => None,
                Reads::Columns(names) => Some(names.clone()),
            },
            flags: binding.flags.bits(),
        }
    }
}

impl From<Bound> for Binding {
    fn from(bound: Bound) -> Self {
        let port = |(name, passes_input, own)| Port { name, passes_input, own };
        Self {
            ports: bound.ports.into_iter().map(port).collect(),
            reads: bound.reads.map_or(Reads::All, Reads::Columns),
            flags: Flags::from_bits(bound.flags),
        }
    }
}

/// [`Wanted`] as it crosses.
#[must_use]
pub fn wanted_out(wanted: &Wanted) -> Vec<(bool, Vec<usize>)> {
    wanted.ports.iter().map(|port| (port.connected, port.columns.clone())).collect()
}

/// [`Wanted`] as it came.
#[must_use]
pub fn wanted_in(wanted: Vec<(bool, Vec<usize>)>) -> Wanted {
    let port = |(connected, columns)| WantedPort { connected, columns };
    Wanted { ports: wanted.into_iter().map(port).collect() }
}

/// Why something failed in a worker, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The whole message.
    pub message: String,
    /// The plugin's own error, if it is one.
    pub plugin: Option<PluginFailure>,
    /// The plugin panicked: the worker ends.
    pub panicked: bool,
}

/// A [`PluginError`] as it crosses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginFailure {
    /// The message.
    pub message: String,
    /// The token of the configuration that it is about.
    pub about: Option<String>,
    /// Line and column in the configuration.
    pub at: Option<(u32, u32)>,
}

/// Longest message of a failure, bytes: twice, and with every character escaped as JSON does, it
/// stays below [`FAILURE_BYTES_MAX`].
const MESSAGE_BYTES_MAX: usize = 5_000;

impl Failure {
    /// Cut to what may cross.
    #[must_use]
    pub(crate) fn cut(mut self) -> Self {
        let own = self.plugin.as_mut().map(|plugin| &mut plugin.message);
        for message in std::iter::once(&mut self.message).chain(own) {
            if message.len() > MESSAGE_BYTES_MAX {
                message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
                message.push('…');
            }
        }
        self
    }

    /// A failure that is not the plugin's own.
    pub fn new(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), plugin: None, panicked: false }
    }

    /// As the error of a call of a plugin.
    #[must_use]
    pub fn into_call_error(self, plugin: &str, call: Call) -> CallError {
        let error = match self.plugin {
            None => PluginError::new(self.message),
            Some(failure) => {
                let mut error = PluginError::new(failure.message);
                if let Some(token) = failure.about {
                    error = error.about(token);
                }
                if let Some((line, column)) = failure.at {
                    error = error.at(line, column);
                }
                error
            }
        };
        CallError::Failed { plugin: plugin.to_owned(), call, error }
    }
}

impl From<&CallError> for Failure {
    fn from(error: &CallError) -> Self {
        let own = if let CallError::Failed { error, .. } = error { Some(error) } else { None };
        let plugin = own.map(|error| PluginFailure {
            message: error.message().to_owned(),
            about: error.token().map(str::to_owned),
            at: error.position(),
        });
        let panicked = matches!(error, CallError::Panicked { .. });
        Self { message: error.to_string(), plugin, panicked }
    }
}

/// Kinds of the slots that the engine submits.
pub mod command {
    /// Process the batch that is described at the range; `extra[0]` is how many [`super::Ask`]s of
    /// segments came before.
    pub const PROCESS: u32 = 1;
    /// End the input and emit what is held in state.
    pub const FINISH: u32 = 2;
    /// Give the state.
    pub const SNAPSHOT: u32 = 3;
    /// Replace the state by the bytes at the range.
    pub const RESTORE: u32 = 4;
    /// Add the state in the bytes at the range.
    pub const MERGE: u32 = 5;
    /// Nobody looks any more at what was answered to the command of this token. Not answered.
    pub const RELEASE: u32 = 6;
}

/// Kinds of the slots that a worker answers with.
pub mod answer {
    /// A batch left on `port`, described at the range.
    pub const EMITTED: u32 = 1;
    /// `extra[0]` rows left on `port`, which nobody reads.
    pub const COUNTED: u32 = 2;
    /// The command is done; its bytes, if it gives any, are at the range.
    pub const DONE: u32 = 3;
    /// The command failed; a [`super::Failure`] as JSON is at the range.
    pub const FAILED: u32 = 4;
    /// What the command added to the plugin's counters: JSON, names and numbers, at the range.
    pub const COUNTERS: u32 = 5;
}

/// Longest description of a batch, bytes: some 100 of each of the 100,000 columns of a wide one.
pub const DESCRIPTION_BYTES_MAX: usize = 1 << 26;
/// Longest list of counters, bytes.
pub const COUNTERS_BYTES_MAX: usize = 64 << 10;
/// Longest text of a failure, bytes.
pub const FAILURE_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_is_cut_to_what_the_engine_takes() {
        let long = "\u{1}ä".repeat(10_000);
        let plugin = PluginFailure { message: long.clone(), about: None, at: None };
        let failure = Failure { message: long, plugin: Some(plugin), panicked: false }.cut();
        assert!(failure.message.ends_with('…'));
        assert!(serde_json::to_vec(&failure).unwrap().len() <= FAILURE_BYTES_MAX);
        let short = Failure::new("ä");
        assert_eq!(short.clone().cut(), short);
    }
}
