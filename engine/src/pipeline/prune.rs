//! Which columns each stage needs: worked out backwards, so that sources decode no others.

use std::collections::BTreeSet;

use tanda_plugin_host::Reads;

use crate::connectors::places;

use super::{TypedBody, TypedStage};

/// What later stages want of each stage.
pub(super) struct Needs {
    /// By stage and port: is it read, and which columns of its full schema are wanted.
    pub(super) ports: Vec<Vec<PortNeed>>,
    /// By stage: the columns of its full input schema that it takes in; empty for sources.
    pub(super) inputs: Vec<BTreeSet<usize>>,
}

/// What later stages want of one port.
#[derive(Clone, Debug, Default)]
pub(super) struct PortNeed {
    pub(super) connected: bool,
    pub(super) columns: BTreeSet<usize>,
}

/// Works backwards from the sinks, which want everything.
pub(super) fn needs(stages: &[TypedStage]) -> Needs {
    let ports = stages.iter().map(|stage| vec![PortNeed::default(); stage.ports.len()]).collect();
    let mut needs = Needs { ports, inputs: vec![BTreeSet::new(); stages.len()] };
    for (index, stage) in stages.iter().enumerate().rev() {
        let taken = taken_in(stage, &needs.ports[index]);
        for input in &stage.inputs {
            let need = &mut needs.ports[input.stage][input.port];
            need.connected = true;
            need.columns.extend(&taken);
        }
        needs.inputs[index] = taken;
    }
    needs
}

fn taken_in(stage: &TypedStage, ports: &[PortNeed]) -> BTreeSet<usize> {
    let Some(input) = &stage.input else { return BTreeSet::new() };
    let width = input.fields().len();
    let plugin = match &stage.body {
        TypedBody::Plugin(plugin) => plugin,
        TypedBody::Source(_) | TypedBody::Sink(_) => return (0..width).collect(),
    };
    let bound = plugin.first.bound().expect("typed plugins are bound");
    let mut taken: BTreeSet<usize> = match &bound.reads {
        Reads::All => (0..width).collect(),
        Reads::Columns(names) => {
            let places = places(input);
            names.iter().filter_map(|name| places.get(&**name).copied()).collect()
        }
    };
    for (port, need) in stage.ports.iter().zip(ports) {
        if port.passes_input {
            taken.extend(need.columns.iter().filter(|&&column| column < width));
        }
    }
    taken
}
