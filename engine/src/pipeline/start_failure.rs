//! Starts what deals with the batches of a stage that fail.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arrow::datatypes::SchemaRef;
use tanda_components::{BreakerLimits, FailurePolicy, Resort};
use tanda_plugin_host::{Bound, Flags, Wanted, WantedPort};

use super::{TypedFailure, prune::PortNeed, start::Starting};
use crate::{
    failover::{FailoverParts, Reopen, Sole, SoleOf, dead_letter_schema},
    isolation::{Given, Handle},
    scene::{LastResort, OnFailure},
};

/// A failure policy whose fallback is known.
pub(super) struct Failing {
    stage: String,
    /// Name and version of the stage's plugin.
    plugin: String,
    policy: OnFailure,
    fallback: Option<SoleOf>,
    /// The fallback, if there is one, hands on as many rows as it gets.
    conserves: bool,
}

impl Failing {
    pub(super) fn conserves(&self) -> bool {
        self.conserves
    }

    /// As the world knows it.
    pub(super) fn policy(&self) -> FailurePolicy {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let retry = self.policy.retry.as_ref();
        FailurePolicy {
            retries: retry.map_or(0, |retry| retry.times),
            backoff_micros: retry.map_or(0, |retry| micros(retry.backoff.0)),
            within_micros: retry
                .and_then(|retry| retry.within)
                .map_or(0, |within| micros(within.0)),
            fallback: self.policy.fallback.is_some(),
            last: match self.policy.last {
                LastResort::Bypass => Resort::Bypass,
                LastResort::DeadLetter { .. } => Resort::DeadLetter,
                LastResort::Halt => Resort::Halt,
            },
        }
    }

    /// When batches are kept from the plugin.
    pub(super) fn breaker(&self) -> Option<BreakerLimits> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.policy.breaker.as_ref().map(|breaker| BreakerLimits {
            window: breaker.window,
            failures_percent: breaker.failures,
            crashes: breaker.crashes,
            slow_micros: breaker.slow.map_or(0, |slow| micros(slow.0)),
            open_micros: micros(breaker.open_for.0),
        })
    }

    /// What the platform needs; the port of the dead letters is added to those of the plugin.
    pub(super) fn into_parts(
        self,
        probe: SoleOf,
        delivered: &mut Vec<SchemaRef>,
        needs: &[PortNeed],
        given: &Given,
        cancel: &Arc<AtomicBool>,
    ) -> FailoverParts {
        let connected = needs.iter().map(|need| need.connected);
        let ports = delivered.iter().cloned().zip(connected).collect();
        let dead_letters = matches!(self.policy.last, LastResort::DeadLetter { .. }).then(|| {
            let schema = dead_letter_schema(&given.pruned).expect("it was typed");
            delivered.push(Arc::clone(&schema));
            (schema, delivered.len() - 1)
        });
        FailoverParts {
            stage: self.stage,
            plugin: self.plugin,
            probe: Sole::new(probe),
            fallback: self.fallback.map(Sole::new),
            ports,
            dead_letters,
            cancel: Arc::clone(cancel),
        }
    }
}

impl Starting<'_> {
    pub(super) fn failing(
        &self,
        failure: TypedFailure,
        first: &Handle,
        needs: &[PortNeed],
        kept: &BTreeSet<usize>,
        (given, timeout): (&Given, Duration),
        stage: &str,
    ) -> Failing {
        let mut conserves = true;
        let fallback = failure.fallback.map(|(config, handle)| {
            let bound = handle.bound().expect("a typed fallback is bound");
            conserves = bound.layout.flags.contains(Flags::CONSERVES);
            let wanted = wanted_ports(bound, needs, kept);
            let (full, pruned) = (Arc::clone(&given.full), Arc::clone(&given.pruned));
            let given = Arc::new(Given { full, typed: bound.clone(), pruned, wanted });
            self.sole(&handle, &config, &given, timeout, stage)
        });
        let plugin = in_full(first);
        Failing { stage: stage.to_owned(), plugin, policy: failure.policy, fallback, conserves }
    }

    /// How another plugin like this one is opened, for one thread.
    pub(super) fn sole(
        &self,
        like: &Handle,
        config: &str,
        given: &Arc<Given>,
        timeout: Duration,
        stage: &str,
    ) -> SoleOf {
        let (given, cancel) = (Arc::clone(given), Arc::clone(self.cancel));
        match like {
            Handle::Here(instance, files) => SoleOf::Here(Reopen {
                library: Arc::clone(instance.library()),
                config: config.to_owned(),
                cancel,
                stage: stage.to_owned(),
                files: files.clone(),
                given,
            }),
            Handle::Worker(_, recipe) => SoleOf::Worker {
                recipe: Arc::new(recipe.of_later_ones()),
                shared: Arc::clone(self.shared.expect("isolated stages share memory")),
                given,
                timeout,
                cancel,
            },
        }
    }
}

/// Name and version of a plugin.
fn in_full(handle: &Handle) -> String {
    match handle {
        Handle::Here(instance, _) => {
            format!("{} {}", instance.library().name(), instance.library().version())
        }
        Handle::Worker(worker, _) => {
            format!("{} {}", worker.opened().name, worker.opened().version)
        }
    }
}

/// What is wanted of the ports of a plugin.
pub(super) fn wanted_ports(bound: &Bound, needs: &[PortNeed], kept: &BTreeSet<usize>) -> Wanted {
    let width = bound.layout.input.fields().len();
    let ports = bound.layout.ports.iter().zip(needs);
    let wanted = ports.map(|(port, need)| {
        let passed = port.full.fields().len() - port.own.len();
        wanted_port(need, kept, passed.min(width))
    });
    Wanted { ports: wanted.collect() }
}

/// What is wanted of a port, as indices into its schema over the pruned input: the `passed` columns
/// of the input come first, of which only those in `kept` are left.
fn wanted_port(need: &PortNeed, kept: &BTreeSet<usize>, passed: usize) -> WantedPort {
    let kept_passed = if passed == 0 { 0 } else { kept.len() };
    // Both sets ascend, so one walk over `kept` finds the places of all.
    let (mut before, mut kept) = (0, kept.iter().peekable());
    let moved = |&column: &usize| {
        if column >= passed {
            return column - passed + kept_passed;
        }
        while kept.next_if(|&&earlier| earlier < column).is_some() {
            before += 1;
        }
        before
    };
    WantedPort { connected: need.connected, columns: need.columns.iter().map(moved).collect() }
}
