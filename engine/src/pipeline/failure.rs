//! Types what a stage does about batches that fail: a fallback must fit in its place, a batch that
//! is passed on must fit the port, dead letters leave on a port of their own.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use tanda_plugin_host::Flags;

use super::{TypedFailure, TypedPort, bind::Typing, open::plugin_ports};
use crate::{
    connectors::places,
    failover::dead_letter_schema,
    isolation::Handle,
    scene::{DEAD_LETTER_PORT, Fallback, Fault, LastResort, OnFailure, PluginStage},
};

impl Typing<'_> {
    /// The failure policy of a stage, whose dead letters get a port.
    pub(super) fn failure(
        &mut self,
        name: &str,
        stage: &PluginStage,
        policy: &OnFailure,
        first: &Handle,
        input: &SchemaRef,
        ports: &mut Vec<TypedPort>,
    ) -> Option<TypedFailure> {
        let flags = first.bound().expect("it was bound just now").layout.flags;
        let goes_on =
            policy.retry.is_some() || policy.fallback.is_some() || policy.last != LastResort::Halt;
        if goes_on && has_state(flags) && matches!(first, Handle::Here(..)) {
            let message = format!(
                "stage `{name}`: its plugin keeps a state, which a batch that fails may have \
                 spoilt; only a worker can be taken back to what it was before"
            );
            let hint = "leave `isolation: InProcess` out, or `on_failure`".to_owned();
            return self.refuse_policy(name, message, Some(hint));
        }
        let passes_by = policy.fallback.is_some()
            || policy.last != LastResort::Halt
            || policy.breaker.is_some();
        if passes_by && flags.contains(Flags::EXCLUSIVE) {
            let message = format!(
                "stage `{name}`: with this config its plugin takes all batches in one order, and a \
                 `Fallback`, `Bypass` or `breaker` would leave gaps in it; nor can rows be searched \
                 for a `DeadLetter` without what came before them"
            );
            let hint = "let its policy be `Retry`, `Halt`, or leave it out".to_owned();
            return self.refuse_policy(name, message, Some(hint));
        }
        let fallback = match &policy.fallback {
            Some(fallback) => Some(self.fallback(name, stage, fallback, input, ports)?),
            None => None,
        };
        match &policy.last {
            LastResort::Halt => {}
            LastResort::Bypass => {
                if let Err(difference) = fits(input, &ports[0].schema) {
                    let message = format!(
                        "stage `{name}` cannot be bypassed: what leaves on `{}` has not the \
                         columns that come in: {difference}",
                        ports[0].name
                    );
                    return self.refuse_policy(name, message, None);
                }
            }
            LastResort::DeadLetter { .. } => match dead_letter_schema(input) {
                Ok(schema) => {
                    let name = DEAD_LETTER_PORT.to_owned();
                    ports.push(TypedPort { name, schema, passes_input: true, is_partial: false });
                }
                Err(column) => {
                    let message = format!(
                        "stage `{name}`: its input has a column `{column}`, which dead letters add"
                    );
                    return self.refuse_policy(name, message, None);
                }
            },
        }
        Some(TypedFailure { policy: policy.clone(), fallback })
    }

    fn fallback(
        &mut self,
        name: &str,
        stage: &PluginStage,
        fallback: &Fallback,
        input: &SchemaRef,
        ports: &[TypedPort],
    ) -> Option<(String, Handle)> {
        let in_its_place = PluginStage {
            library: fallback.library.clone(),
            config: fallback.config.clone(),
            ..stage.clone()
        };
        let before = self.faults.len();
        let handle = self.open_fallback(name, &in_its_place, input);
        let place = self.scene.places.field(name, "on_failure");
        for fault in &mut self.faults[before..] {
            *fault = Fault::new(
                Some(place),
                format!("its fallback: {}", fault.message),
                fault.hint.clone(),
            );
        }
        let handle = handle?;
        let bound = handle.bound().expect("it was bound just now");
        if has_state(bound.layout.flags) {
            let message =
                format!("stage `{name}`: its fallback keeps a state, which nobody would flush");
            return self.refuse_policy(name, message, None);
        }
        let own = plugin_ports(bound);
        let difference = match own.len() == ports.len() {
            false => Some(format!("it has {} ports, the plugin has {}", own.len(), ports.len())),
            true => own.iter().zip(ports).find_map(|(own, port)| {
                let difference = fits(&own.schema, &port.schema).err()?;
                Some(format!("on port `{}`: {difference}", port.name))
            }),
        };
        match difference {
            None => Some((fallback.config.clone(), handle)),
            Some(difference) => {
                let message = format!("stage `{name}`: its fallback does not fit: {difference}");
                self.refuse_policy(name, message, None)
            }
        }
    }

    fn open_fallback(
        &mut self,
        name: &str,
        stage: &PluginStage,
        input: &SchemaRef,
    ) -> Option<Handle> {
        let mut handle = self.open(name, stage)?;
        if let Err(error) = handle.bind(input) {
            self.plugin_fault(name, handle.plugin(), &error);
            return None;
        }
        Some(handle)
    }

    fn refuse_policy<T>(&mut self, name: &str, message: String, hint: Option<String>) -> Option<T> {
        let place = self.scene.places.field(name, "on_failure");
        self.fault(place, message, hint);
        None
    }
}

fn has_state(flags: Flags) -> bool {
    flags.contains(Flags::EXCLUSIVE) || flags.contains(Flags::MERGEABLE)
}

/// Whether batches of `from` can stand where those of `to` are expected; in what they differ.
fn fits(from: &SchemaRef, to: &Arc<Schema>) -> Result<(), String> {
    let places = places(from);
    for field in to.fields() {
        let Some(&place) = places.get(&**field.name()) else {
            return Err(format!("column `{}` is missing", field.name()));
        };
        let own = from.field(place);
        if own.data_type() != field.data_type() {
            let (own, wanted) = (own.data_type(), field.data_type());
            return Err(format!("column `{}` is {own} instead of {wanted}", field.name()));
        }
        if own.is_nullable() && !field.is_nullable() {
            return Err(format!("column `{}` may be null", field.name()));
        }
    }
    Ok(())
}
