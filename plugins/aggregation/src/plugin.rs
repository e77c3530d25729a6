//! The plugin: its configuration bound to a schema, its ports and its snapshots.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads, find_column};

use crate::bytes::SnapshotError;
use crate::config::{Config, REFERENCE, Tumbling, Window};
use crate::mode::{Mode, ModePlan};
use crate::plan::Plan;
use crate::snapshot;
use crate::spans::Clock;
use crate::windows::TumblingPlan;

/// An instance of the plugin.
pub struct Aggregation {
    config: Config,
    bound: Option<Bound>,
}

/// What there is after `bind`.
struct Bound {
    plan: Arc<Plan>,
    mode_plan: ModePlan,
    fingerprint: u64,
    mode: Mode,
}

impl Bound {
    fn new(config: &Config, input: &Schema) -> Result<Self, PluginError> {
        let plan = Arc::new(Plan::bind(config, input)?);
        let mode_plan = match &config.window {
            Window::None => ModePlan::Whole,
            Window::Rows(0) => {
                let message = "Rows: 0 is no length of a window: give at least 1";
                return Err(PluginError::new(message).about("Rows"));
            }
            Window::Rows(every) => ModePlan::Rows(*every),
            Window::Tumbling(windows) => ModePlan::Tumbling(bind_windows(windows, input)?),
        };
        let fingerprint = snapshot::fingerprint(&plan.describe(input, &mode_plan.describe(input)));
        let mode = mode_plan.make(&plan);
        Ok(Self { plan, mode_plan, fingerprint, mode })
    }

    fn is_mergeable(&self) -> bool {
        matches!(self.mode_plan, ModePlan::Whole) && !self.plan.is_ordered()
    }

    fn ports(&self) -> Result<Vec<Port>, PluginError> {
        let bounds = match &self.mode_plan {
            ModePlan::Whole => None,
            ModePlan::Rows(_) => Some(DataType::Int64),
            ModePlan::Tumbling(windows) => Some(windows.bounds_type()),
        };
        let bounds = bounds.into_iter().flat_map(|bound| {
            ["window_start", "window_end"].map(|name| Field::new(name, bound.clone(), true))
        });
        let fields: Vec<Field> = bounds.chain(self.plan.fields().cloned()).collect();
        check_names(&fields)?;
        let mut ports = vec![Port::fresh("main", fields)];
        if matches!(self.mode_plan, ModePlan::Tumbling(_)) {
            ports.push(Port::passing("late"));
        }
        Ok(ports)
    }

    fn reads(&self, input: &Schema) -> Reads {
        let time = match &self.mode_plan {
            ModePlan::Tumbling(windows) => Some(windows.column),
            ModePlan::Whole | ModePlan::Rows(_) => None,
        };
        let columns: BTreeSet<usize> = self.plan.columns().chain(time).collect();
        Reads::Columns(columns.iter().map(|column| input.field(*column).name().clone()).collect())
    }
}

fn bind_windows(windows: &Tumbling, input: &Schema) -> Result<TumblingPlan, PluginError> {
    let column = find_column(input, &windows.by)?;
    let data_type = input.field(column).data_type().clone();
    let clock = Clock { column: &windows.by, data_type: &data_type };
    let grid = clock.grid(windows)?;
    let lateness = windows.lateness.as_ref().map(|span| clock.lateness(span)).transpose()?;
    Ok(TumblingPlan {
        column,
        name: windows.by.clone(),
        data_type,
        grid,
        lateness: lateness.unwrap_or(0),
    })
}

fn check_names(fields: &[Field]) -> Result<(), PluginError> {
    let mut seen = BTreeSet::new();
    match fields.iter().find(|field| !seen.insert(field.name())) {
        None => Ok(()),
        Some(field) => {
            let name = field.name();
            let message =
                format!("two columns of the result are called `{name}`: rename one with `as`");
            Err(PluginError::new(message).about(name))
        }
    }
}

impl Aggregation {
    fn bound(&self) -> &Bound {
        self.bound.as_ref().expect("the host calls bind first")
    }

    fn bound_mut(&mut self) -> &mut Bound {
        self.bound.as_mut().expect("the host calls bind first")
    }
}

impl Plugin for Aggregation {
    type Config = Config;
    const NAME: &'static str = "aggregation";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const FLAGS: Flags = Flags::MERGEABLE.union(Flags::EXCLUSIVE).union(Flags::PROJECTS);
    const CONFIG_REFERENCE: &'static str = REFERENCE;

    fn open(config: Config, _host: &Host) -> Result<Self, PluginError> {
        Ok(Self { config, bound: None })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        let bound = Bound::new(&self.config, input)?;
        let kind = match bound.is_mergeable() {
            true => Flags::MERGEABLE,
            false => Flags::EXCLUSIVE,
        };
        let flags = kind | Flags::PROJECTS;
        let binding = Binding { ports: bound.ports()?, reads: bound.reads(input), flags };
        self.bound = Some(bound);
        Ok(binding)
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        self.bound_mut().mode.process(batch, out)
    }

    fn finish(&mut self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        self.bound_mut().mode.finish(out)
    }

    fn snapshot(&self) -> Result<Vec<u8>, PluginError> {
        let bound = self.bound();
        Ok(snapshot::seal(bound.fingerprint, |out| bound.mode.write(out)))
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        let bound = self.bound_mut();
        let mut mode = bound.mode_plan.make(&bound.plan);
        snapshot::open(bytes, bound.fingerprint, |from| mode.read(from))?;
        bound.mode = mode;
        Ok(())
    }

    fn merge(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        let bound = self.bound_mut();
        if !bound.is_mergeable() {
            return Err(SnapshotError::NotMergeable.into());
        }
        Ok(snapshot::open(bytes, bound.fingerprint, |from| bound.mode.read(from))?)
    }
}

impl fmt::Debug for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aggregation").field("config", &self.config).finish_non_exhaustive()
    }
}
