//! Workers before there are supervisors: one that a signal ends while it starts or binds, be it
//! from outside, is started again as often as a batch is given to workers that die over it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use tanda_components::limits::ATTEMPTS_MAX;
use tanda_plugin_host::Bound;

use super::{Given, Recipe, Shared, StartFault, WorkerProcess};

impl WorkerProcess {
    /// Starts the first worker of a stage and waits until its plugin is open.
    ///
    /// # Errors
    /// Why not; nothing is left of it.
    pub(crate) fn start(recipe: &Recipe, shared: &Arc<Shared>) -> Result<Self, StartFault> {
        patiently(recipe, |recipe| Self::start_killable(recipe, shared, |_| ()))
    }

    /// Starts one more and binds it as the first one was.
    ///
    /// # Errors
    /// Why not; nothing is left of it.
    pub(crate) fn start_another(
        recipe: &Recipe,
        given: &Given,
        shared: &Arc<Shared>,
    ) -> Result<Self, StartFault> {
        patiently(recipe, |recipe| Self::start_bound(recipe, given, shared, |_| ()))
    }

    /// Types the graph with the first worker, or with one that takes its place.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub(crate) fn bind_first(
        &mut self,
        recipe: &Recipe,
        input: &SchemaRef,
    ) -> Result<&Bound, StartFault> {
        if let Some(fault) = self.bind(input, None).err() {
            killed(fault)?;
            let shared = Arc::clone(self.shared());
            *self = patiently(&recipe.of_later_ones(), |recipe| {
                let mut next = Self::start_killable(recipe, &shared, |_| ())?;
                next.bind(input, None)?;
                Ok(next)
            })?;
        }
        Ok(self.bound().expect("it was bound just now"))
    }

    /// Binds the first worker to what the run needs, or one that takes its place.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub(crate) fn bind_for_run(
        &mut self,
        recipe: &Recipe,
        given: &Given,
    ) -> Result<&Bound, StartFault> {
        if let Some(fault) = self.bind(&given.pruned, Some(&given.wanted)).err() {
            killed(fault)?;
            let shared = Arc::clone(self.shared());
            *self = Self::start_another(&recipe.of_later_ones(), given, &shared)?;
        }
        Ok(self.bound().expect("it was bound just now"))
    }
}

/// Another worker may do better.
fn killed(fault: StartFault) -> Result<(), StartFault> {
    if fault.was_killed() { Ok(()) } else { Err(fault) }
}

fn patiently(
    recipe: &Recipe,
    mut start: impl FnMut(&Recipe) -> Result<WorkerProcess, StartFault>,
) -> Result<WorkerProcess, StartFault> {
    let mut started = start(recipe);
    let later = recipe.of_later_ones();
    for _ in 1..ATTEMPTS_MAX {
        match started {
            Err(fault) if fault.was_killed() => {
                tracing::warn!(stage = recipe.stage, "{fault}; another one is started");
                started = start(&later);
            }
            Ok(_) | Err(_) => break,
        }
    }
    started
}
