//! What becomes of a batch that fails: the stage's failure policy, step by step.

use alloc::vec::Vec;

use bevy_ecs::prelude::*;
use tanda_components::{
    At, Attempts, BatchState, BufferHandle, Clock, Effect, EngineTime, FailedOver, Failover,
    FailurePolicy, Outbox, Resort, RetryBudget, Run, TickAgain, WorkerState,
    limits::{ATTEMPTS_MAX, DEATHS_WAIT_MICROS, EXAMINATIONS_MAX, FAILOVERS_PER_TICK_MAX},
};

/// How a batch failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The plugin gave an error, or the batch could not be given to it.
    Error,
    /// The plugin panicked, of which its worker ends.
    Panic,
    /// Its worker died or was killed for it.
    Death,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// It is tried again after a wait.
    Again {
        /// Microseconds; 0: at once.
        after_micros: u64,
    },
    /// It is failed over.
    FailOver(Failover),
    /// The run fails.
    Halt,
}

/// What is done about a batch that has just failed for the `attempts.failed`th time in a row.
///
/// A batch that is settled has been processed well before: it is only tried again. Cost: constant.
pub fn remedy(
    policy: Option<&FailurePolicy>,
    budget: &mut RetryBudget,
    attempts: &Attempts,
    mishap: Mishap,
    now: EngineTime,
) -> Remedy {
    let retryable = mishap == Mishap::Death || policy.is_some();
    let Some(policy) = policy.filter(|_| !attempts.settled) else {
        if !retryable || attempts.failed >= ATTEMPTS_MAX {
            return Remedy::Halt;
        }
        // Where many workers die at once, a batch that goes from one to the next is no poison.
        let row = u32::from(attempts.failed).saturating_sub(2);
        let waits = mishap == Mishap::Death && attempts.failed > 1;
        return Remedy::Again { after_micros: if waits { DEATHS_WAIT_MICROS << row } else { 0 } };
    };
    let fresh = attempts.over == FailedOver::No;
    let after_micros = policy.backoff_micros << u32::from(attempts.failed - 1).min(20);
    let in_time =
        policy.within_micros == 0 || now + after_micros - attempts.since <= policy.within_micros;
    if fresh && attempts.failed <= policy.retries && in_time && budget.take() {
        return Remedy::Again { after_micros };
    }
    if fresh && policy.fallback {
        return Remedy::FailOver(Failover::Fallback);
    }
    match policy.last {
        // Not even that could be done.
        _ if attempts.over == FailedOver::Last => Remedy::Halt,
        Resort::Halt => Remedy::Halt,
        Resort::Bypass => Remedy::FailOver(Failover::Bypass),
        Resort::DeadLetter if attempts.examined < EXAMINATIONS_MAX => {
            Remedy::FailOver(Failover::Examine)
        }
        Resort::DeadLetter => Remedy::FailOver(Failover::Discard),
    }
}

/// Batches that wait for their next try or to be failed over, and workers that go because of one;
/// lists instead of a search, so that a run without failures pays nothing.
#[derive(Resource, Debug, Default)]
pub(crate) struct Mishaps {
    delayed: Vec<(EngineTime, Entity)>,
    failing_over: Vec<(Entity, Failover)>,
    spoilt: Vec<Entity>,
    hurried: bool,
}

impl Mishaps {
    /// The batch is ready again at `due`.
    pub(crate) fn delay(&mut self, due: EngineTime, batch: Entity) {
        self.delayed.push((due, batch));
    }

    pub(crate) fn fail_over(&mut self, batch: Entity, over: Failover) {
        self.failing_over.push((batch, over));
    }

    /// The instance, which is stopping, is killed; it starts again, from its last snapshot.
    pub(crate) fn spoil(&mut self, instance: Entity) {
        self.spoilt.push(instance);
    }

    /// The user wants the run to end: no batch waits for its next try any more.
    pub(crate) fn hurry(&mut self) {
        self.hurried = true;
    }

    /// When the next batch is ready again.
    pub(crate) fn next_due(&self) -> Option<EngineTime> {
        self.delayed.iter().map(|(due, _)| *due).min()
    }

    fn is_empty(&self) -> bool {
        self.delayed.is_empty() && self.failing_over.is_empty() && self.spoilt.is_empty()
    }
}

/// Makes batches ready again whose wait is over, and hands to the platform those that are failed
/// over.
///
/// Reads `WorkerState`; writes `BatchState` and the outbox. At most `FAILOVERS_PER_TICK_MAX`
/// effects a tick.
pub(crate) fn fail_over_batches(
    run: Res<Run>,
    clock: Res<Clock>,
    mut mishaps: ResMut<Mishaps>,
    mut again: ResMut<TickAgain>,
    mut outbox: ResMut<Outbox>,
    mut batches: Query<(&mut BatchState, &At, &BufferHandle, &Attempts)>,
    workers: Query<&WorkerState>,
) {
    if mishaps.is_empty() {
        return;
    }
    if !matches!(*run, Run::Running | Run::Draining) {
        // The run is failing: what waits is abandoned.
        *mishaps = Mishaps::default();
        return;
    }
    let Mishaps { delayed, failing_over, spoilt, hurried } = &mut *mishaps;
    for (_, batch) in delayed.extract_if(.., |(due, _)| *hurried || *due <= clock.now) {
        let (mut state, ..) = batches.get_mut(batch).expect("a batch that waits is live");
        *state = BatchState::Ready;
    }
    let mut room = outbox.free_count().min(FAILOVERS_PER_TICK_MAX);
    again.0 |= failing_over.len() + spoilt.len() > room;
    for instance in spoilt.drain(..spoilt.len().min(room)) {
        room -= 1;
        let state = workers.get(instance).expect("only a worker is spoilt");
        // It may be gone already.
        if matches!(*state, WorkerState::Stopping { .. }) {
            outbox.push(Effect::KillWorker { instance, reason: None });
        }
    }
    for (batch, over) in failing_over.drain(..failing_over.len().min(room)) {
        let (mut state, at, &buffer, attempts) =
            batches.get_mut(batch).expect("a batch that waits is live");
        *state = BatchState::FailingOver { given: true };
        let (stage, input, failed) = (at.stage, at.input, attempts.failed);
        outbox.push(Effect::FailOver { batch, buffer, input, stage, over, failed });
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    const POLICY: FailurePolicy = FailurePolicy {
        retries: 2,
        backoff_micros: 100,
        within_micros: 0,
        fallback: false,
        last: Resort::DeadLetter,
    };

    /// What becomes of a batch that fails again and again, step by step.
    fn chain(policy: Option<FailurePolicy>, mishap: Mishap) -> String {
        let mut attempts = Attempts::default();
        let mut steps = String::new();
        for _ in 0..20 {
            attempts.failed += 1;
            let next = remedy(
                policy.as_ref(),
                &mut RetryBudget::default(),
                &attempts,
                mishap,
                EngineTime::default(),
            );
            match next {
                Remedy::Again { after_micros } => steps += &format!("again {after_micros}, "),
                Remedy::Halt => return steps + "halt",
                Remedy::FailOver(over) => {
                    steps += &format!("{over:?}, ");
                    match over {
                        Failover::Fallback => attempts.over = FailedOver::Fallback,
                        Failover::Bypass | Failover::Discard | Failover::Reject => {
                            attempts.over = FailedOver::Last;
                        }
                        Failover::Examine => {
                            attempts.failed = 0;
                            attempts.examined += 1;
                        }
                    }
                }
            }
        }
        steps + "and so on"
    }

    #[test]
    fn stage_without_a_policy_tries_deaths_again_and_errors_never() {
        assert_eq!(chain(None, Mishap::Error), "halt");
        assert_eq!(
            chain(None, Mishap::Death),
            "again 0, again 20000, again 40000, again 80000, halt"
        );
    }

    #[test]
    fn policy_is_followed_step_by_step_and_comes_to_an_end() {
        let halt = FailurePolicy { last: Resort::Halt, ..POLICY };
        assert_eq!(chain(Some(halt), Mishap::Error), "again 100, again 200, halt");
        let bypass = FailurePolicy { last: Resort::Bypass, fallback: true, ..halt };
        assert_eq!(
            chain(Some(bypass), Mishap::Death),
            "again 100, again 200, Fallback, Bypass, halt"
        );
        let once = FailurePolicy { retries: 1, backoff_micros: 0, ..POLICY };
        assert_eq!(
            chain(Some(once), Mishap::Death),
            "again 0, Examine, again 0, Examine, again 0, Discard, halt"
        );
    }

    #[test]
    fn retry_that_would_be_late_is_not_made() {
        let policy = FailurePolicy { within_micros: 150, ..POLICY };
        let attempts = Attempts { failed: 1, ..Attempts::default() };
        let at = |micros| {
            let (mut budget, now) = (RetryBudget::default(), EngineTime::from_micros(micros));
            remedy(Some(&policy), &mut budget, &attempts, Mishap::Error, now)
        };
        assert_eq!(at(50), Remedy::Again { after_micros: 100 });
        assert_eq!(at(51), Remedy::FailOver(Failover::Examine));
    }

    #[test]
    fn empty_budget_skips_the_retries_until_batches_have_earned_one() {
        let (mut budget, attempts) =
            (RetryBudget::default(), Attempts { failed: 1, ..Attempts::default() });
        let again = |budget: &mut RetryBudget| {
            let now = EngineTime::default();
            remedy(Some(&POLICY), budget, &attempts, Mishap::Error, now)
                == Remedy::Again { after_micros: 100 }
        };
        assert_eq!((0..30).filter(|_| again(&mut budget)).count(), 20);
        (0..5).for_each(|_| budget.earn());
        assert_eq!((0..30).filter(|_| again(&mut budget)).count(), 1);
    }

    #[test]
    fn settled_batch_is_only_tried_again() {
        let attempts = Attempts { failed: 3, settled: true, ..Attempts::default() };
        let now = EngineTime::default();
        let mut budget = RetryBudget::default();
        let next = remedy(Some(&POLICY), &mut budget, &attempts, Mishap::Death, now);
        assert_eq!(next, Remedy::Again { after_micros: 40_000 });
    }
}
