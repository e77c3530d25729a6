//! What `bind` said, read out of the plugin's memory and checked.

use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::ffi::FFI_ArrowSchema;
use tanda_plugin::abi::{
    ArrowSchema, RawBound, RawPort, RawWanted, RawWantedPort, Text, check_schema,
};
use tanda_plugin::{Binding, Flags, Layout, LayoutError, PORTS_MAX, Port, Reads, Wanted, one_zone};

use crate::error::BoundFault;

/// What an instance is bound to.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Input and ports: what each could carry, has to emit, and delivers.
    pub layout: Layout,
    /// Columns of the input that the plugin computes on; later stages decide about the others.
    pub reads: Reads,
    pub(crate) ports: Vec<Port>,
}

impl Bound {
    /// What an instance elsewhere, in a worker, said that it is bound to; checked as one here is.
    ///
    /// # Errors
    /// The binding breaks the contract of plugins.
    pub fn of(
        input: &SchemaRef,
        binding: Binding,
        wanted: Option<&Wanted>,
    ) -> Result<Self, LayoutError> {
        let layout = Layout::new(input, &binding, wanted)?;
        Ok(Self { layout, reads: binding.reads, ports: binding.ports })
    }

    /// The ports as the plugin named them; the same whatever is wanted.
    #[must_use]
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }
}

/// A fault and the part of the binding that has it.
pub(crate) type Faulty = (String, BoundFault);

/// Copies a binding out of the plugin's memory.
///
/// # Safety
/// `bind` filled the struct just now (S1).
pub(crate) unsafe fn read_binding(raw: &RawBound) -> Result<Binding, Faulty> {
    let count = raw.n_ports as usize;
    if count > PORTS_MAX {
        return Err(("the list of ports".to_owned(), BoundFault::TooMany(count)));
    }
    let flags = Flags::from_bits(raw.flags);
    if flags.unknown() != Flags::empty() {
        return Err(("the field `flags`".to_owned(), BoundFault::UnknownFlags(flags.unknown())));
    }
    // SAFETY: the lists and what they point at are as they say (S1).
    unsafe {
        let ports = list("the list of ports", raw.ports, count)?.iter().enumerate();
        let ports = ports.map(|(index, port)| read_port(index, port)).collect::<Result<_, _>>()?;
        Ok(Binding { ports, reads: read_reads(raw)?, flags })
    }
}

/// # Safety
/// As [`read_binding`].
unsafe fn read_port(index: usize, raw: &RawPort) -> Result<Port, Faulty> {
    // SAFETY: the text is valid until the next `bind` (S1).
    let name = unsafe { read_text(&format!("the name of port {index}"), raw.name) }?;
    if raw.reserved != 0 {
        return Err((format!("port `{name}`"), BoundFault::Reserved(raw.reserved)));
    }
    // SAFETY: null or a schema that is valid until the next `bind` (S1).
    let own = unsafe { read_fields(raw.own) }
        .map_err(|fault| (format!("the schema of port `{name}`"), fault))?;
    Ok(Port { name, passes_input: raw.passes_input != 0, own })
}

/// # Safety
/// As [`read_binding`].
unsafe fn read_reads(raw: &RawBound) -> Result<Reads, Faulty> {
    if raw.reads_all != 0 {
        return Ok(Reads::All);
    }
    // SAFETY: the list and its texts are valid until the next `bind` (S1).
    unsafe {
        let texts = list("the list of columns it reads", raw.reads, raw.n_reads as usize)?.iter();
        let names = texts.map(|text| read_text("the name of a column it reads", *text));
        names.collect::<Result<_, _>>().map(Reads::Columns)
    }
}

/// # Safety
/// A pointer that is not null is valid for `len` elements (S1).
unsafe fn list<'a, T>(place: &str, data: *const T, len: usize) -> Result<&'a [T], Faulty> {
    match (len, data.is_null()) {
        (0, _) => Ok(&[]),
        (_, true) => Err((place.to_owned(), BoundFault::Null)),
        // SAFETY: by the contract of this function.
        (_, false) => Ok(unsafe { std::slice::from_raw_parts(data, len) }),
    }
}

/// # Safety
/// The text is valid for this call (S1).
unsafe fn read_text(place: &str, text: Text) -> Result<String, Faulty> {
    // SAFETY: by the contract of this function.
    let text = unsafe { text.as_str() };
    text.map(str::to_owned).map_err(|fault| (place.to_owned(), BoundFault::Text(fault)))
}

/// # Safety
/// The schema is null, or its pointers are null or valid for this call (S1).
unsafe fn read_fields(schema: *const ArrowSchema) -> Result<Vec<Field>, BoundFault> {
    if schema.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: by the contract of this function.
    unsafe { check_schema(schema) }.map_err(BoundFault::Schema)?;
    // SAFETY: same layout as arrow-rs's struct; only read, so `release` stays with the plugin.
    let schema = Schema::try_from(unsafe { &*schema.cast::<FFI_ArrowSchema>() })
        .map_err(|error| BoundFault::Meaning(error.to_string()))?;
    // Zones get their one name here; the arrays bear none, so what is emitted comes in as this.
    let field = |field: &Field| field.clone().with_data_type(one_zone(field.data_type()));
    Ok(schema.fields().iter().map(|of| field(of)).collect())
}

/// `Wanted` as it crosses the border; keeps the memory that the raw structs point at.
pub(crate) struct WantedOut {
    _columns: Vec<Vec<u32>>,
    _ports: Vec<RawWantedPort>,
    pub(crate) raw: RawWanted,
}

impl WantedOut {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        let columns: Vec<Vec<u32>> =
            wanted.ports.iter().map(|port| ascending(&port.columns)).collect();
        let ports: Vec<_> = std::iter::zip(&wanted.ports, &columns)
            .map(|(port, columns)| RawWantedPort {
                connected: u32::from(port.connected),
                n_columns: columns.len() as u32,
                columns: columns.as_ptr(),
            })
            .collect();
        let raw = RawWanted { n_ports: ports.len() as u32, ports: ports.as_ptr() };
        Self { _columns: columns, _ports: ports, raw }
    }
}

fn ascending(columns: &[usize]) -> Vec<u32> {
    let mut columns: Vec<u32> =
        columns.iter().map(|&column| u32::try_from(column).unwrap_or(u32::MAX)).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}
