//! A scene file, run to its end on the operating system.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use tanda_components::Run;
use tanda_plugin_host::stdout_was_closed;

use crate::{
    engine::Engine,
    pipeline::{Purpose, StartError, Typed},
    platform::os::{OsPlatform, RunFault, block_explain_signal, block_stop_signals},
    progress::Progress,
    report::{Outcome, RunReport, RunStages},
    scene::{Scene, SceneFaults, Stage, StageBody, written_path},
    supervision,
};

/// Why a run was refused, or how it failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The scene is faulty; nothing was started.
    #[error("{0}")]
    Scene(#[from] SceneFaults),
    /// A stage could not be started; nothing was read.
    #[error("{0}")]
    Start(#[from] StartError),
    /// The operating system refused what the engine itself needs; nothing was read.
    #[error("the engine cannot start: {0}")]
    System(#[from] std::io::Error),
    /// Standard output is wanted by a sink and by the program; nothing was opened for writing.
    #[error(
        "stage `{stage}` writes standard output, which is taken by the report; write to a file, or \
         leave `--json` out"
    )]
    StdoutTaken {
        /// The sink.
        stage: String,
    },
    /// Standard output is wanted by a sink and was closed when the program began; nothing was
    /// opened for writing.
    #[error(
        "stage `{stage}` writes standard output, which is closed; write to a file, or leave it open"
    )]
    StdoutClosed {
        /// The sink.
        stage: String,
    },
    /// A system or an observer that the program added broke a law of the engine: the run was ended
    /// at once. Unfinished outputs keep their `.part` names. A retry meets the same.
    #[error(
        "{law}. A system or an observer of this program did it: they may look at everything and \
         change priorities, but batches, buffers, stages and workers are the engine's"
    )]
    Law {
        /// The tick, the law by its name, and the figures.
        law: String,
    },
    /// The run failed at the fault; unfinished outputs keep their `.part` names.
    #[error("{fault}")]
    Failed {
        /// The first fault.
        fault: RunFault,
        /// How far the run came, with what was abandoned.
        report: Box<RunReport>,
    },
}

impl EngineError {
    /// The stage that it is about, if it is about one.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::Start(start) => Some(&start.stage),
            Self::StdoutTaken { stage } | Self::StdoutClosed { stage } => Some(stage),
            Self::Scene(_) | Self::System(_) | Self::Law { .. } | Self::Failed { .. } => None,
        }
    }
}

/// How a scene is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Overrides of the scene's params: name and value.
    pub params: Vec<(String, String)>,
    /// SIGINT, SIGTERM and SIGHUP (unless ignored) drain the run, SIGUSR1 has it told what it
    /// waits for ([`Progress::told`]). SIGQUIT, SIGALRM, SIGUSR2 and SIGXCPU do what they
    /// do elsewhere, but not while outputs take their names. All are blocked in the calling thread
    /// and those that it starts from then on; there must be no others.
    pub signals: bool,
    /// The program prints on standard output itself: a scene whose sink writes there is refused.
    pub stdout_taken: bool,
}

impl Engine<OsPlatform> {
    /// Reads, checks, types and starts a scene; it reads nothing until it is run.
    ///
    /// # Errors
    /// Every fault of the scene, or the first stage that cannot be started.
    pub fn from_scene(path: impl AsRef<Path>) -> Result<Self, EngineError> {
        Self::with_options(path, &Options::default())
    }

    /// As [`from_scene`](Self::from_scene), with options.
    ///
    /// # Errors
    /// As [`from_scene`](Self::from_scene).
    pub fn with_options(path: impl AsRef<Path>, options: &Options) -> Result<Self, EngineError> {
        // Whoever asks before there is anything to say is not to end us: the answer comes later.
        if options.signals {
            block_explain_signal()?;
        }
        let cancel = Arc::new(AtomicBool::new(false));
        let (scene, typed) = Typed::load(path.as_ref(), &options.params, Purpose::Run, &cancel)?;
        if let Some(stage) = sink_on_stdout(&scene) {
            if options.stdout_taken {
                return Err(EngineError::StdoutTaken { stage });
            }
            if stdout_was_closed() {
                return Err(EngineError::StdoutClosed { stage });
            }
        }
        // Until here nothing is written and a pipe may keep us waiting: a signal may just end us.
        if options.signals {
            block_stop_signals()?;
        }
        let started = typed.start(&scene, &cancel)?;
        let threads = started.topology.threads;
        let platform = OsPlatform::new(started.parts, threads, cancel, options.signals)?;
        let mut progress = started.progress;
        progress.draining = platform.drain_requested();
        let mut engine = Self::new(&started.topology, scene.engine.executor, platform);
        engine.platform_mut().check_started()?;
        engine.world_mut().insert_resource(RunStages {
            scene: scene.name,
            progress,
            ports: started.ports,
            sandboxes: started.sandboxes,
            shared: started.shared,
        });
        Ok(engine)
    }

    /// How far the sources are; stays up to date while the engine runs.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.world().resource::<RunStages>().progress.clone()
    }

    /// Runs to the end: all input read and written, or drained after a signal.
    ///
    /// # Errors
    /// [`EngineError::Failed`] with the first fault, or [`EngineError::Law`].
    pub fn run(mut self) -> Result<RunReport, EngineError> {
        let started = Instant::now();
        while !self.has_ended() {
            self.tick();
            if self.platform_mut().take_explain_wanted() {
                let text = self.explain();
                self.world().resource::<RunStages>().progress.tell(text);
            }
        }
        if let Some(law) = self.broken_law() {
            return Err(EngineError::Law { law: law.to_owned() });
        }
        let mut report = RunReport::of(&mut self, started.elapsed());
        let run = *self.world().resource::<Run>();
        let (Run::Ended { fault: Some(fault), .. } | Run::Aborted { fault }) = run else {
            return Ok(report);
        };
        let fault = self.platform_mut().faults().get(fault).cloned();
        let fault = fault.expect("the platform keeps every fault it has numbered");
        let fault = supervision::explain(self.world(), fault);
        report.fault = Some(fault.clone());
        if matches!(run, Run::Aborted { .. }) {
            // Its threads may wait for ever, for the reader of a pipe or a plugin: nobody waits for
            // them.
            std::mem::forget(self);
        }
        Err(EngineError::Failed { fault, report: Box::new(report) })
    }
}

/// The sink that writes standard output; a sound scene has at most one.
fn sink_on_stdout(scene: &Scene) -> Option<String> {
    let writes_stdout = |stage: &&Stage| match &stage.body {
        StageBody::Sink(sink) => matches!(written_path(&sink.write), Some("-" | "/dev/stdout")),
        StageBody::Source(_) | StageBody::Plugin(_) => false,
    };
    scene.stages.iter().find(writes_stdout).map(|stage| stage.name.clone())
}

/// How a run ended, from the world's state.
pub(crate) fn outcome(run: Run) -> Outcome {
    match run {
        Run::Ended { fault: Some(_), .. } | Run::Failing { .. } | Run::Aborted { .. } => {
            Outcome::Failed
        }
        Run::Ended { interrupted: true, .. } => Outcome::Interrupted,
        Run::Ended { .. } | Run::Running | Run::Draining | Run::Publishing { .. } => Outcome::Done,
    }
}
