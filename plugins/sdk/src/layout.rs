//! What leaves on each port, worked out from a binding and from what is wanted of it.
//!
//! Plugin side and host side compute the same layout from the same facts; both check against it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};

use crate::{Binding, Flags, Port, Reads, Wanted, WantedPort, find_column, first_unsupported};

/// Ports of one plugin at most.
pub const PORTS_MAX: usize = 64;

/// The bound shape of an instance: its input and its ports.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Schema of the batches that come in.
    pub input: SchemaRef,
    /// One entry per port of the binding, in its order.
    pub ports: Vec<PortLayout>,
    /// Flags of the binding.
    pub flags: Flags,
}

/// The bound shape of one port.
#[derive(Debug, Clone)]
pub struct PortLayout {
    /// Name of the port.
    pub name: String,
    /// Does any stage read this port? If not, emitting only counts rows.
    pub connected: bool,
    /// Everything that the port could carry: passed input fields, then own fields.
    pub full: SchemaRef,
    /// What later stages receive: the wanted columns of `full`, in its order.
    pub delivered: SchemaRef,
    /// What the plugin has to emit: `delivered` if it projects, else `full`.
    pub emitted: SchemaRef,
    /// Positions of the delivered columns within the emitted ones.
    pub picked: Vec<usize>,
    /// Input columns that the plugin has to pass, as indices into the input, ascending.
    pub passed: Vec<usize>,
    /// Which of its own columns the plugin has to emit.
    pub own: Vec<bool>,
}

/// What `bind` returned cannot be used. The faults are the plugin's, not the scene's, except for
/// column names that clash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No port, or more than [`PORTS_MAX`].
    #[error("it has {count} ports; expected 1 to {PORTS_MAX}")]
    PortCount {
        /// Ports of the binding.
        count: usize,
    },
    /// A port without a name, or two with the same.
    #[error("the port name `{port}` is empty or taken; give every port its own name")]
    PortName {
        /// The name.
        port: String,
    },
    /// The flags name no kind or several.
    #[error(
        "its flags are {flags}; expected exactly one of STATELESS, MERGEABLE and EXCLUSIVE, and \
         none that the plugin does not offer"
    )]
    Flags {
        /// Flags of the binding.
        flags: Flags,
    },
    /// Two columns of one port have the same name.
    #[error("port `{port}` would have two columns `{column}`; rename one of them")]
    DuplicateColumn {
        /// The port.
        port: String,
        /// The name that occurs twice.
        column: String,
    },
    /// A column has a type that Tanda does not carry.
    #[error(
        "{place}: column `{column}` has type {data_type}, which Tanda does not carry; cast it to \
         an integer, float, boolean, utf8, binary, date, time, timestamp, decimal, dictionary of \
         utf8, or a list or struct of these"
    )]
    UnsupportedType {
        /// The input, or a port.
        place: String,
        /// Dotted path of the column.
        column: String,
        /// Its type.
        data_type: DataType,
    },
    /// The plugin says that it reads a column which the input does not have.
    #[error("it says that it reads the {message}")]
    UnknownRead {
        /// Which, with a hint.
        message: String,
    },
    /// The caller wants other ports or columns than there are.
    #[error("port {port} or its column {column:?} was asked for, but does not exist")]
    UnknownWanted {
        /// Index of the port.
        port: usize,
        /// Index of the column in the full schema of the port.
        column: Option<usize>,
    },
}

impl Layout {
    /// Works out the layout; without `wanted`, every port is connected and every column wanted.
    ///
    /// # Errors
    /// The binding breaks the contract, or `wanted` names what is not there.
    pub fn new(
        input: &SchemaRef,
        binding: &Binding,
        wanted: Option<&Wanted>,
    ) -> Result<Self, LayoutError> {
        check_binding(input, binding)?;
        check_wanted(binding, wanted)?;
        let projects = binding.flags.contains(Flags::PROJECTS);
        let port = |(index, port)| {
            let wanted = wanted.map(|wanted: &Wanted| &wanted.ports[index]);
            PortLayout::new(input, port, index, wanted, projects)
        };
        let ports = binding.ports.iter().enumerate().map(port).collect::<Result<_, _>>()?;
        Ok(Self { input: Arc::clone(input), ports, flags: binding.flags })
    }
}

impl PortLayout {
    fn new(
        input: &SchemaRef,
        port: &Port,
        index: usize,
        wanted: Option<&WantedPort>,
        projects: bool,
    ) -> Result<Self, LayoutError> {
        let full = full_fields(input, port)?;
        let wants = wanted_mask(full.len(), index, wanted)?;
        let connected = wanted.is_none_or(|wanted| wanted.connected);
        let emits = if projects || !connected { wants.clone() } else { vec![true; full.len()] };
        let (passed, own) = emits.split_at(full.len() - port.own.len());
        Ok(Self {
            name: port.name.clone(),
            connected,
            delivered: selected(&full, &wants),
            emitted: selected(&full, &emits),
            picked: positions(&wants, &emits),
            passed: (0..passed.len()).filter(|&index| passed[index]).collect(),
            own: own.to_vec(),
            full: Arc::new(Schema::new(full)),
        })
    }

    /// Does the plugin emit columns that nobody wants?
    pub fn drops_columns(&self) -> bool {
        self.picked.len() != self.emitted.fields().len()
    }
}

fn check_binding(input: &SchemaRef, binding: &Binding) -> Result<(), LayoutError> {
    let count = binding.ports.len();
    if count == 0 || count > PORTS_MAX {
        return Err(LayoutError::PortCount { count });
    }
    if !binding.flags.is_one_kind() {
        return Err(LayoutError::Flags { flags: binding.flags });
    }
    let mut names = HashSet::new();
    if let Some(port) = binding.ports.iter().find(|p| p.name.is_empty() || !names.insert(&p.name)) {
        return Err(LayoutError::PortName { port: port.name.clone() });
    }
    check_types("the input", input.fields().iter().map(AsRef::as_ref))?;
    for port in &binding.ports {
        check_types(&format!("port `{}`", port.name), &port.own)?;
    }
    check_reads(input, &binding.reads)
}

fn check_types<'a>(
    place: &str,
    fields: impl IntoIterator<Item = &'a arrow::datatypes::Field>,
) -> Result<(), LayoutError> {
    match first_unsupported(fields) {
        None => Ok(()),
        Some((column, data_type)) => Err(LayoutError::UnsupportedType {
            place: place.to_owned(),
            column,
            data_type: data_type.clone(),
        }),
    }
}

fn check_reads(input: &SchemaRef, reads: &Reads) -> Result<(), LayoutError> {
    let Reads::Columns(names) = reads else { return Ok(()) };
    let known: HashSet<&str> = input.fields().iter().map(|field| field.name().as_str()).collect();
    let unknown = names.iter().find(|name| !known.contains(name.as_str()));
    unknown
        .map_or(Ok(()), |name| find_column(input, name).map(drop))
        .map_err(|error| LayoutError::UnknownRead { message: error.to_string() })
}

fn check_wanted(binding: &Binding, wanted: Option<&Wanted>) -> Result<(), LayoutError> {
    match wanted {
        Some(wanted) if wanted.ports.len() != binding.ports.len() => {
            let port = wanted.ports.len().min(binding.ports.len());
            Err(LayoutError::UnknownWanted { port, column: None })
        }
        Some(_) | None => Ok(()),
    }
}

fn full_fields(input: &SchemaRef, port: &Port) -> Result<Vec<FieldRef>, LayoutError> {
    let passed: &[FieldRef] = if port.passes_input { input.fields() } else { &[] };
    let own = port.own.iter().map(|field| Arc::new(field.clone()));
    let fields: Vec<FieldRef> = passed.iter().cloned().chain(own).collect();
    let mut names = HashSet::new();
    match fields.iter().find(|field| !names.insert(field.name())) {
        None => Ok(fields),
        Some(twice) => Err(LayoutError::DuplicateColumn {
            port: port.name.clone(),
            column: twice.name().clone(),
        }),
    }
}

/// One flag per column: is it wanted?
fn wanted_mask(
    columns: usize,
    port: usize,
    wanted: Option<&WantedPort>,
) -> Result<Vec<bool>, LayoutError> {
    let Some(wanted) = wanted else { return Ok(vec![true; columns]) };
    let mut mask = vec![false; columns];
    let listed: &[usize] = if wanted.connected { &wanted.columns } else { &[] };
    for &column in listed {
        match mask.get_mut(column) {
            Some(flag) => *flag = true,
            None => return Err(LayoutError::UnknownWanted { port, column: Some(column) }),
        }
    }
    Ok(mask)
}

fn selected(fields: &[FieldRef], mask: &[bool]) -> SchemaRef {
    let chosen = fields.iter().zip(mask).filter(|(_, flag)| **flag);
    Arc::new(Schema::new(chosen.map(|(field, _)| Arc::clone(field)).collect::<Vec<_>>()))
}

/// Where the columns of `wants` stand among those of `emits`, which has them all.
fn positions(wants: &[bool], emits: &[bool]) -> Vec<usize> {
    let emitted = wants.iter().zip(emits).filter(|(_, emit)| **emit);
    emitted.enumerate().filter(|(_, (want, _))| **want).map(|(position, _)| position).collect()
}
