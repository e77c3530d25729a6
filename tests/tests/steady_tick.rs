//! A steady tick makes no heap allocation: its lists are in the tick's arena, its queues keep their
//! room.

use allocation_counter::{AllocationInfo, measure};
use tanda::platform::{Platform as _, Sleep};
use tanda::prelude::bevy_ecs::{prelude::*, schedule::SingleThreadedExecutor};
use tanda::prelude::{Clock, Inbox, Outbox, TickAgain};
use tanda_benches::{Echo, chain, fork, work_done};
use tanda_systems::{Topology, build_schedule, build_world};

/// Until every list has had its largest length.
const WARM_UP_TICKS: u32 = 3_000;
const TICKS: u32 = 10_000;

/// The engine's loop without its check of the laws, which runs in debug builds and allocates.
struct Driver {
    world: World,
    schedule: Schedule,
    echo: Echo,
}

impl Driver {
    fn new(topology: &Topology, answers_max: usize) -> Self {
        let mut world = World::new();
        let stages = build_world(&mut world, topology);
        let mut schedule = build_schedule(topology);
        schedule.set_executor(SingleThreadedExecutor::new());
        let mut echo = Echo::new(answers_max);
        echo.attach(&mut world, &stages);
        Self { world, schedule, echo }
    }

    fn tick(&mut self) {
        self.world.resource_mut::<TickAgain>().0 = false;
        let now = self.echo.wait(&mut self.world.resource_mut::<Inbox>(), Sleep::No);
        let mut clock = self.world.resource_mut::<Clock>();
        clock.now = now;
        clock.tick.0 += 1;
        self.schedule.run(&mut self.world);
        self.world.clear_trackers();
        for effect in self.world.resource_mut::<Outbox>().drain() {
            self.echo.execute(effect);
        }
    }

    /// What ticks allocate after the warm-up, and the batches that went through a stage meanwhile.
    fn steady_ticks(&mut self) -> (AllocationInfo, u64) {
        (0..WARM_UP_TICKS).for_each(|_| self.tick());
        let before = work_done(&mut self.world);
        let allocations = measure(|| (0..TICKS).for_each(|_| self.tick()));
        (allocations, work_done(&mut self.world) - before)
    }
}

#[track_caller]
fn assert_steady(topology: &Topology, answers_max: usize) {
    let (allocations, done) = Driver::new(topology, answers_max).steady_ticks();
    assert!(done >= u64::from(TICKS) / 2, "{done} batches through a stage in {TICKS} ticks");
    assert_eq!(allocations.count_total, 0, "{allocations:?} in {TICKS} ticks");
}

#[test]
fn steady_tick_of_a_fork_with_ordered_sinks_does_not_allocate() {
    assert_steady(&fork(2), 1);
    assert_steady(&fork(2), 100);
    assert_steady(&fork(16), 100);
}

#[test]
fn steady_tick_of_a_chain_does_not_allocate() {
    assert_steady(&chain(1, 2, 2), 1);
    assert_steady(&chain(16, 4, 16), 100);
}

#[test]
fn planted_allocation_is_counted() {
    let mut driver = Driver::new(&chain(1, 2, 2), 1);
    driver.schedule.add_systems(|mut notes: Local<Vec<Box<u64>>>| notes.push(Box::new(1)));
    let (allocations, _) = driver.steady_ticks();
    assert!(allocations.count_total >= u64::from(TICKS), "{allocations:?}");
}
