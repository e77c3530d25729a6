//! Tanda: a batch pipeline engine whose whole state is an ECS world.
//!
//! A scene (RON) names sources, plugins and sinks; the engine types the graph, runs it and accounts
//! for every row. Behaviour is added as bevy_ecs systems and observers:
//!
//! ```no_run
//! use tanda::prelude::*;
//!
//! fn newest_first(mut batches: Query<(&Lineage, &mut Priority)>) {
//!     for (lineage, mut priority) in &mut batches {
//!         priority.0 = (lineage.seq % 100) as i16;
//!     }
//! }
//!
//! tanda::shared_memory!(); // what is decoded is not copied on its way to isolated plugins
//!
//! fn main() -> Result<(), tanda::EngineError> {
//!     tanda::serve_if_asked(); // isolated plugins run in processes of this program
//!     let report = Engine::from_scene("config/basic_pipeline.ron")?
//!         .add_systems(TickSystems::Balance, newest_first)
//!         .run()?;
//!     assert!(report.ledger.is_ok());
//!     Ok(())
//! }
//! ```

pub mod engine;
mod explain;
mod failover;
mod isolation;
pub mod panics;
mod pinned;
pub mod pipeline;
pub mod platform;
pub mod progress;
mod refused;
pub mod report;
mod run;
pub mod supervision;

pub use engine::Engine;
pub use isolation::serve_if_asked;
pub use run::{EngineError, Options};
pub use tanda_connectors as connectors;
pub use tanda_plugin_host::shared_memory;
pub use tanda_scene as scene;

/// What most programs that use the engine need: `use tanda::prelude::*;`.
///
/// The derives for components, resources and events name the crate `bevy_ecs`, which is found
/// wherever all of the prelude is imported; the program needs no dependency of its own on it. A
/// module that imports single names imports `bevy_ecs` beside them.
pub mod prelude {
    pub use bevy_ecs;
    pub use bevy_ecs::prelude::*;
    pub use tanda_components::*;
    pub use tanda_systems::TickSystems;

    pub use crate::{
        EngineError, Options,
        engine::Engine,
        report::{Outcome, RunReport, StageReport},
        supervision::SupervisorReport,
    };
}
