//! The loop: inbox, one tick of pure systems, outbox.

use bevy_ecs::{
    observer::IntoObserver,
    prelude::*,
    schedule::{MultiThreadedExecutor, SingleThreadedExecutor},
    system::ScheduleSystem,
};
use tanda_components::{Clock, Inbox, NextDeadline, Outbox, Run, TickAgain};
use tanda_systems::{
    TickSystems, Topology, build_schedule, build_world, invariants, schedule::add_group,
};

use crate::{
    explain::explain,
    platform::{Platform, Sleep},
    scene::model::Executor,
};

/// An ECS world, the schedule that moves it, and the platform that carries out what it decides.
///
/// ```no_run
/// use tanda::prelude::*;
///
/// fn raise_old_batches(mut batches: Query<(&Lineage, &mut Priority)>) {
///     for (lineage, mut priority) in &mut batches {
///         priority.0 = if lineage.seq < 10 { 1 } else { 0 };
///     }
/// }
///
/// fn main() -> Result<(), tanda::EngineError> {
///     tanda::serve_if_asked(); // isolated plugins run in processes of this program
///     let report = Engine::from_scene("config/basic_pipeline.ron")?
///         .add_systems(TickSystems::Balance, raise_old_batches)
///         .run()?;
///     println!("{} rows read", report.rows_in());
///     Ok(())
/// }
/// ```
pub struct Engine<P> {
    world: World,
    schedule: Schedule,
    platform: P,
    stages: Vec<Entity>,
    /// Phases of the groups of systems that were added, in the order of adding.
    added_to: Vec<TickSystems>,
    /// Systems or observers of the program run beside the engine's.
    has_guests: bool,
    /// The law that one of them broke.
    broken_law: Option<String>,
}

impl<P: Platform> Engine<P> {
    /// An engine for `topology` on `platform`; nothing has happened yet.
    pub fn new(topology: &Topology, executor: Executor, mut platform: P) -> Self {
        let mut world = World::new();
        let stages = build_world(&mut world, topology);
        let mut schedule = build_schedule(topology);
        match executor {
            Executor::SingleThreaded => schedule.set_executor(SingleThreadedExecutor::new()),
            Executor::MultiThreaded => {
                bevy_tasks::ComputeTaskPool::get_or_init(bevy_tasks::TaskPool::default);
                schedule.set_executor(MultiThreadedExecutor::new())
            }
        };
        platform.attach(&mut world, &stages);
        Self {
            world,
            schedule,
            platform,
            stages,
            added_to: Vec::new(),
            has_guests: false,
            broken_law: None,
        }
    }

    /// Adds systems to a phase of the tick: they run after the engine's own systems of that phase,
    /// and after those added to it before, whatever was added to other phases in between. Systems
    /// that are added as one tuple have the order that it gives them, as with `(a, b).chain()`.
    ///
    /// A system may look at everything. What it changes must leave the laws of
    /// [`invariants`] true, which are checked after every tick from now
    /// on: priorities may change, batches may not be despawned. A broken law ends the run.
    #[must_use]
    pub fn add_systems<M>(
        mut self,
        phase: TickSystems,
        systems: impl IntoScheduleConfigs<ScheduleSystem, M>,
    ) -> Self {
        let before = self.added_to.iter().filter(|added| **added == phase).count();
        add_group(&mut self.schedule, phase, before, systems);
        self.added_to.push(phase);
        self.has_guests = true;
        self
    }

    /// Adds an observer of lifecycle events: `StageEnded`, `StageFailed`, `BatchFailed`,
    /// `WorkerDied`, `WorkerRestarted`, `RunEnded`.
    #[must_use]
    pub fn observe<M>(mut self, observer: impl IntoObserver<M>) -> Self {
        self.world.add_observer(observer);
        self.has_guests = true;
        self
    }

    /// Inserts a resource for the systems that were added.
    #[must_use]
    pub fn insert_resource<R: Resource>(mut self, resource: R) -> Self {
        self.world.insert_resource(resource);
        self
    }

    /// One tick: sleeps until there is something to do, does it, and hands out the effects.
    ///
    /// Where a system or an observer that was added has broken a law, nothing is handed out and the
    /// run has ended: [`broken_law`](Self::broken_law) says why.
    ///
    /// # Panics
    /// In debug builds, when the engine itself breaks a law.
    pub fn tick(&mut self) {
        if self.broken_law.is_some() {
            return;
        }
        let again = core::mem::take(&mut *self.world.resource_mut::<TickAgain>()).0;
        let first = self.world.resource::<Clock>().tick.0 == 0;
        let until = match self.world.resource::<NextDeadline>().0 {
            _ if again || first => Sleep::No,
            Some(deadline) => Sleep::Until(deadline),
            None => Sleep::Forever,
        };
        let now = self.platform.wait(&mut self.world.resource_mut::<Inbox>(), until);
        let mut clock = self.world.resource_mut::<Clock>();
        clock.now = now;
        clock.tick.0 += 1;
        self.schedule.run(&mut self.world);
        self.world.clear_trackers();
        if (cfg!(debug_assertions) || self.has_guests)
            && let Err(law) = invariants::check(&mut self.world)
        {
            let law = format!("tick {}: {law}", self.world.resource::<Clock>().tick.0);
            assert!(self.has_guests, "{law}");
            self.broken_law = Some(law);
            return;
        }
        for effect in self.world.resource_mut::<Outbox>().drain() {
            self.platform.execute(effect);
        }
    }

    /// Ticks until nothing is left to do.
    pub fn run_to_end(&mut self) {
        while !self.has_ended() {
            self.tick();
        }
    }

    /// Nothing is left to do, or nothing can be done: a law is broken.
    pub fn has_ended(&self) -> bool {
        self.broken_law.is_some() || self.world.resource::<Run>().is_over()
    }

    /// The law that a system or an observer of the program has broken, and when.
    pub fn broken_law(&self) -> Option<&str> {
        self.broken_law.as_deref()
    }

    /// Why every batch is where it is, what its worker is at and which were restarted why: text of
    /// several lines. Cost: batches times stages.
    pub fn explain(&mut self) -> String {
        explain(&mut self.world)
    }

    /// The world, to look at.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world, to change between two ticks.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// The stages' entities by index.
    pub fn stages(&self) -> &[Entity] {
        &self.stages
    }

    /// The platform.
    pub fn platform_mut(&mut self) -> &mut P {
        &mut self.platform
    }
}
