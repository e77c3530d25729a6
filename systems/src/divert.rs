//! Batches at a stage whose breaker is open go the way of those that nothing has helped.

use bevy_ecs::prelude::*;
use tanda_components::{
    At, Attempts, BatchState, Breaker, BreakerState, Clock, FailedOver, Failover, FailurePolicy,
    Failures, Resort, Run,
};

use crate::failover::Mishaps;

/// What is done instead, in the order of the stage's policy without its retries.
///
/// `None` if the policy knows nothing but to halt: such a breaker does nothing.
#[must_use]
pub fn diversion(policy: &FailurePolicy) -> Option<Failover> {
    match policy.last {
        _ if policy.fallback => Some(Failover::Fallback),
        Resort::Bypass => Some(Failover::Bypass),
        Resort::DeadLetter => Some(Failover::Reject),
        Resort::Halt => None,
    }
}

/// Diverts the ready batches of stages whose breaker is open; of a half-open one, all but the one
/// that is let through to see.
///
/// Reads `FailurePolicy`; writes `Breaker`, `BatchState`, `Attempts`, `Failures`.
pub(crate) fn divert_batches(
    run: Res<Run>,
    clock: Res<Clock>,
    mut mishaps: ResMut<Mishaps>,
    mut stages: Query<(&mut Breaker, &FailurePolicy, &mut Failures)>,
    mut batches: Query<(Entity, &mut BatchState, &At, &mut Attempts)>,
) {
    if !matches!(*run, Run::Running | Run::Draining) {
        return;
    }
    let mut all_closed = true;
    for (mut breaker, ..) in &mut stages {
        breaker.tick(clock.now);
        all_closed &= breaker.state == BreakerState::Closed;
    }
    if all_closed {
        return;
    }
    for (batch, mut state, at, mut attempts) in &mut batches {
        if *state != BatchState::Ready || attempts.settled || attempts.over == FailedOver::Last {
            continue;
        }
        let Ok((mut breaker, policy, mut failures)) = stages.get_mut(at.stage) else { continue };
        if breaker.lets_through(clock.now) {
            continue;
        }
        let Some(over) = diversion(policy) else { continue };
        *state = BatchState::FailingOver { given: false };
        let to_fallback = over == Failover::Fallback;
        attempts.over = if to_fallback { FailedOver::Fallback } else { FailedOver::Last };
        failures.fell_back += u64::from(to_fallback);
        failures.bypassed += u64::from(over == Failover::Bypass);
        mishaps.fail_over(batch, over);
    }
}
