//! From a checked scene to stages that are ready to run: typed first, then started.
//!
//! [`Typed::load`] opens sources and plugins and types every edge, without side effects: that is
//! all `tanda check` does. `Typed::start` prunes the columns that nobody needs, opens the sinks and
//! the other instances, and hands everything to the platform.

mod bind;
mod endless;
mod failure;
mod open;
mod outputs;
mod overlaps;
mod prune;
mod search;
mod start;
mod start_failure;

use arrow::datatypes::SchemaRef;

use crate::{
    connectors::{Source, Stop},
    isolation::{Handle, Shared, in_words},
    scene::{OnFailure, Order, SinkStage},
};

pub use self::bind::Purpose;
pub use self::search::{SearchPath, find_plugin, list_plugins};
pub use self::start::StartError;

/// A scene whose every edge has a schema, with its sources and plugins open.
pub struct Typed {
    /// Stages in topological order, stable in the order of the scene.
    pub(crate) stages: Vec<TypedStage>,
    /// Stages whose columns cannot be known before the run, and why. Only when checking.
    pub(crate) untyped: Vec<String>,
    /// Memory shared with workers, if a stage is isolated.
    pub(crate) shared: Option<std::sync::Arc<Shared>>,
    /// Some source may never end.
    pub(crate) is_endless: bool,
}

/// One typed stage.
pub(crate) struct TypedStage {
    pub(crate) name: String,
    pub(crate) body: TypedBody,
    /// Where its batches come from, in the order of `from`.
    pub(crate) inputs: Vec<TypedInput>,
    /// Schema of what comes in; none for a source.
    pub(crate) input: Option<SchemaRef>,
    /// Ports and the schema of what leaves on each.
    pub(crate) ports: Vec<TypedPort>,
}

impl TypedStage {
    /// The sandbox that is in force around its plugin, if it is isolated.
    pub(crate) fn sandbox(&self) -> Option<String> {
        match &self.body {
            TypedBody::Plugin(plugin) => plugin.first.sandbox().map(in_words),
            TypedBody::Source(_) | TypedBody::Sink(_) => None,
        }
    }
}

/// One incoming edge: index of the stage and of its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypedInput {
    pub(crate) stage: usize,
    pub(crate) port: usize,
}

/// One port.
#[derive(Clone, Debug)]
pub(crate) struct TypedPort {
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
    /// The first columns are the input's, passed through.
    pub(crate) passes_input: bool,
    /// There may be more columns, which only the run can tell. Only when checking.
    pub(crate) is_partial: bool,
}

/// What a typed stage runs.
pub(crate) enum TypedBody {
    Source(TypedSource),
    Plugin(TypedPlugin),
    Sink(SinkStage),
}

/// An opened source.
pub(crate) struct TypedSource {
    /// None when the scene is only checked.
    pub(crate) source: Option<Source>,
    pub(crate) stop: Stop,
    pub(crate) priority: i16,
    pub(crate) piece_bytes: u64,
}

/// An opened plugin.
pub(crate) struct TypedPlugin {
    pub(crate) config: String,
    pub(crate) instances: u16,
    /// How many of them have a worker from the beginning, if it is isolated.
    pub(crate) workers: u16,
    pub(crate) first: Handle,
    /// How long an isolated instance may take for a batch.
    pub(crate) timeout: std::time::Duration,
    /// Workers kept ready.
    pub(crate) spares: u16,
    pub(crate) failure: Option<TypedFailure>,
    /// The order in which it takes batches, if it needs one.
    pub(crate) order: Order,
}

/// What is done about batches that fail.
pub(crate) struct TypedFailure {
    pub(crate) policy: OnFailure,
    /// The fallback's configuration, and the plugin as it was opened to type the graph.
    pub(crate) fallback: Option<(String, Handle)>,
}
