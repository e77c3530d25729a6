//! A worker with an open plugin: started, asked to open and to bind, before the run.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use nix::sys::signal::Signal;
use tanda_components::ExitReason;
use tanda_ipc::{Channel, ChannelError, EngineEnd, WorkerFds, connect};
use tanda_memory::{SegmentError, SegmentFile};
use tanda_plugin_host::{Binding, Bound, Call, CallError, Flags, LayoutError, Wanted};
use tanda_worker::protocol::{Ask, Failure, Opened, Reply, wanted_out};
use tanda_worker::sandbox::Level;

use super::life::{Killer, Life};
use super::shared::{WorkerSegment, of_segment};
use super::{Given, Recipe, Shared};
use crate::pinned::Changed;
use crate::refused::{advice_on, in_words};

/// How long a worker may leave a frame unread.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// A worker could not be started; its process, if there was one, is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StartFault {
    /// This program cannot run workers.
    #[error("{0}")]
    NoExecutable(String),
    /// The system refuses the process or what it needs.
    #[error("cannot start a worker: {}", in_words(.0))]
    System(#[from] io::Error),
    /// The system refuses the memory.
    #[error("cannot share memory with a worker: {}", of_segment(.0))]
    Memory(#[from] SegmentError),
    /// The worker says why it cannot: sandbox, library, configuration.
    #[error("{0}")]
    Refused(Box<CallError>),
    /// What it is to open is not what the first worker opened.
    #[error(transparent)]
    Changed(#[from] Changed),
    /// It did not answer in time and was killed.
    #[error("{what} took longer than `start_timeout` ({timeout:?}); the worker was killed")]
    TimedOut {
        /// What it was asked.
        what: &'static str,
        /// The bound.
        timeout: Duration,
    },
    /// It ended, or said what makes no sense.
    #[error("the worker ended in {what}: {how}")]
    Died {
        /// What it was asked.
        what: &'static str,
        /// What became of the process.
        reason: ExitReason,
        /// How it ended, with the last lines of its log.
        how: String,
    },
}

impl StartFault {
    /// A signal ended it, be it from outside; not for a system call that its sandbox denies.
    pub(super) fn was_killed(&self) -> bool {
        let denied = Signal::SIGSYS as i32;
        matches!(self.reason(), ExitReason::Signalled { signal } if signal != denied)
    }

    /// Whether another attempt can help.
    pub(crate) fn reason(&self) -> ExitReason {
        match self {
            Self::NoExecutable(_) | Self::Memory(_) | Self::Refused(_) | Self::Changed(_) => {
                ExitReason::Refused
            }
            Self::TimedOut { .. } => ExitReason::StartTimedOut,
            Self::System(_) => ExitReason::Exited { code: -1 },
            Self::Died { reason, .. } => *reason,
        }
    }
}

/// A worker process with an open plugin. Killed and reaped when dropped.
pub(crate) struct WorkerProcess {
    pub(super) channel: Channel,
    pub(super) end: EngineEnd,
    pub(super) bell: OwnedFd,
    pub(super) life: Life,
    pub(super) segment: Arc<WorkerSegment>,
    pub(super) shared: Arc<Shared>,
    pub(super) opened: Opened,
    pub(super) level: Level,
    bound: Option<Bound>,
    timeout: Duration,
}

impl WorkerProcess {
    /// Starts a worker and binds it as the first one of its stage was; `begun` is given the means
    /// to kill it meanwhile.
    ///
    /// # Errors
    /// Why not; nothing is left of it.
    pub(crate) fn start_bound(
        recipe: &Recipe,
        given: &Given,
        shared: &Arc<Shared>,
        begun: impl FnOnce(Killer),
    ) -> Result<Self, StartFault> {
        let mut process = Self::start_killable(recipe, shared, begun)?;
        let bound = process.bind(&given.full, None)?;
        if let Some(difference) = given.typed.difference(bound) {
            let plugin = process.opened.name.clone();
            let error = CallError::BindsOtherwise { plugin, difference };
            return Err(StartFault::Refused(Box::new(error)));
        }
        process.bind(&given.pruned, Some(&given.wanted))?;
        Ok(process)
    }

    /// Starts a worker and waits until its plugin is open.
    pub(super) fn start_killable(
        recipe: &Recipe,
        shared: &Arc<Shared>,
        begun: impl FnOnce(Killer),
    ) -> Result<Self, StartFault> {
        recipe.check()?;
        let (end, worker_fds) = connect()?;
        let bell = worker_fds.wake_engine.try_clone()?;
        let (mut channel, theirs) = Channel::pair()?;
        channel.set_send_timeout(Some(SEND_TIMEOUT));
        let (id, file) = shared.new_segment(recipe.memory_limit)?;
        let life = Life::begin(recipe, theirs)?;
        begun(life.killer());
        let start = recipe.start(shared.arena().id().0, id.0);
        let start = Ask::Start(Box::new(start));
        let what = "its start";
        say_start(&channel, &start, &worker_fds, shared, &file, recipe)
            .map_err(|error| life.died(what, Some(&error)))?;
        drop(worker_fds);
        let opened = match listen(&channel, &life, what, recipe.start_timeout)? {
            Reply::Opened(opened) => opened,
            Reply::Failed(failure) => {
                life.kill();
                return Err(StartFault::Refused(Box::new(refusal(recipe, failure))));
            }
            Reply::Bound(_) => return Err(life.died(what, None)),
        };
        recipe.check()?;
        // A trusted worker's batches stay where they are, and other workers map its segment.
        let segment = shared.adopt(id, file, recipe.level < Level::Strict)?;
        Ok(Self {
            channel,
            end,
            bell,
            life,
            segment,
            shared: Arc::clone(shared),
            opened,
            level: recipe.level,
            bound: None,
            timeout: recipe.start_timeout,
        })
    }

    /// As [`tanda_plugin_host::Instance::bind`].
    ///
    /// # Errors
    /// The plugin refuses the schema, or the worker is gone.
    pub(super) fn bind(
        &mut self,
        input: &SchemaRef,
        wanted: Option<&Wanted>,
    ) -> Result<&Bound, StartFault> {
        let ask = Ask::Bind { input: input.as_ref().clone(), wanted: wanted.map(wanted_out) };
        let what = "bind";
        say(&self.channel, &ask, &[]).map_err(|error| self.life.died(what, Some(&error)))?;
        let bound = match listen(&self.channel, &self.life, what, self.timeout)? {
            Reply::Bound(bound) => bound,
            Reply::Failed(failure) => {
                let error = failure.into_call_error(&self.opened.name, Call::Bind);
                return Err(StartFault::Refused(Box::new(error)));
            }
            Reply::Opened(_) => return Err(self.life.died(what, None)),
        };
        let bound = self.check_bound(input, bound.into(), wanted);
        Ok(self.bound.insert(bound.map_err(|error| StartFault::Refused(Box::new(error)))?))
    }

    /// What it bound keeps the contract of plugins.
    fn check_bound(
        &self,
        input: &SchemaRef,
        binding: Binding,
        wanted: Option<&Wanted>,
    ) -> Result<Bound, CallError> {
        let plugin = self.opened.name.clone();
        let flags = binding.flags;
        let bound = Bound::of(input, binding, wanted)
            .map_err(|fault| CallError::Binding { plugin: plugin.clone(), fault })?;
        if !Flags::from_bits(self.opened.flags).contains(flags) {
            let fault = LayoutError::Flags { flags };
            return Err(CallError::Binding { plugin, fault });
        }
        if self.bound.as_ref().is_some_and(|before| before.ports() != bound.ports()) {
            return Err(CallError::Rebound { plugin });
        }
        Ok(bound)
    }

    /// The memory that it shares with the engine.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What the last `bind` said.
    pub(crate) fn bound(&self) -> Option<&Bound> {
        self.bound.as_ref()
    }

    /// What the worker said when its plugin was open.
    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }
}

fn refusal(recipe: &Recipe, mut failure: Failure) -> CallError {
    let denied = failure.message.contains("Permission denied");
    if denied && recipe.level == Level::Strict {
        let hint = "; in `sandbox: Strict` a plugin reads only what its stage declares: add the \
                    file to `read: [ … ]`";
        failure.message.push_str(hint);
        if let Some(plugin) = &mut failure.plugin {
            plugin.message.push_str(hint);
        }
    }
    if let Some(advice) = refused_code(&failure.message).and_then(advice_on)
        && failure.plugin.is_none()
    {
        failure.message.push_str("; ");
        failure.message.push_str(advice);
    }
    let name = recipe.library.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    failure.into_call_error(name.strip_prefix("lib").unwrap_or(&name), Call::Open)
}

/// The code in `… (os error 12)`: a worker tells in words alone what the system refused it.
fn refused_code(message: &str) -> Option<i32> {
    let (_, code) = message.rsplit_once("(os error ")?;
    code.split_once(')')?.0.parse().ok()
}

fn say_start(
    channel: &Channel,
    start: &Ask,
    worker: &WorkerFds,
    shared: &Shared,
    own: &SegmentFile,
    recipe: &Recipe,
) -> Result<(), ChannelError> {
    let [control, wake_engine, wake_worker] = worker.as_fds();
    let library = recipe.library.file.as_fd();
    let engine = shared.engine_file().fd();
    say(channel, start, &[control, wake_engine, wake_worker, engine, own.fd(), library])
}

pub(super) fn say(
    channel: &Channel,
    ask: &Ask,
    fds: &[std::os::fd::BorrowedFd<'_>],
) -> Result<(), ChannelError> {
    let bytes = serde_json::to_vec(ask).expect("asks are plain data");
    channel.send(&bytes, fds)
}

fn listen(
    channel: &Channel,
    life: &Life,
    what: &'static str,
    timeout: Duration,
) -> Result<Reply, StartFault> {
    match channel.receive_deadline(timeout) {
        Ok(Some(frame)) => {
            serde_json::from_slice(&frame.bytes).map_err(|error| life.died(what, Some(&error)))
        }
        Ok(None) => Err(life.died(what, None)),
        Err(ChannelError::TimedOut { .. } | ChannelError::Stalled { .. }) => {
            life.kill();
            Err(StartFault::TimedOut { what, timeout })
        }
        Err(error) => Err(life.died(what, Some(&error))),
    }
}
