//! What `bind` takes and says, in both languages.

use arrow::datatypes::{Schema, SchemaRef};
use arrow::ffi::FFI_ArrowSchema;

use super::Text;
use super::border::slice;
use super::table::{RawBound, RawPort, RawWanted, RawWantedPort};
use crate::{Binding, Layout, PluginError, Reads, Wanted, WantedPort};

/// What the last `bind` said, in both languages.
pub(super) struct Bound {
    pub(super) layout: Layout,
    _binding: Binding,
    _schemas: Vec<FFI_ArrowSchema>,
    ports: Vec<RawPort>,
    reads: Vec<Text>,
    reads_all: bool,
}

impl Bound {
    pub(super) fn new(
        input: &SchemaRef,
        binding: Binding,
        wanted: Option<&Wanted>,
    ) -> Result<Self, PluginError> {
        let layout = Layout::new(input, &binding, wanted)
            .map_err(|fault| PluginError::new(fault.to_string()))?;
        let export = |own: &Vec<_>| FFI_ArrowSchema::try_from(&Schema::new(own.clone()));
        let schemas =
            binding.ports.iter().map(|port| export(&port.own)).collect::<Result<Vec<_>, _>>()?;
        let raw = binding.ports.iter().zip(&schemas).map(|(port, own)| RawPort {
            name: Text::new(&port.name),
            passes_input: u32::from(port.passes_input),
            reserved: 0,
            own: std::ptr::from_ref(own).cast(),
        });
        let (reads_all, reads) = match &binding.reads {
            Reads::All => (true, Vec::new()),
            Reads::Columns(names) => (false, names.iter().map(|name| Text::new(name)).collect()),
        };
        Ok(Self {
            layout,
            ports: raw.collect(),
            _schemas: schemas,
            reads,
            reads_all,
            _binding: binding,
        })
    }

    pub(super) fn to_raw(&self) -> RawBound {
        RawBound {
            flags: self.layout.flags.bits(),
            n_ports: self.ports.len() as u32,
            reads_all: u32::from(self.reads_all),
            ports: self.ports.as_ptr(),
            n_reads: self.reads.len() as u64,
            reads: self.reads.as_ptr(),
        }
    }
}

/// # Safety
/// The lists of `raw` are as long as it says (S1).
pub(super) unsafe fn read_wanted(raw: &RawWanted) -> Wanted {
    // SAFETY: by the contract of this function.
    let ports = unsafe { slice(raw.ports, raw.n_ports as usize) };
    let read = |port: &RawWantedPort| WantedPort {
        connected: port.connected != 0,
        // SAFETY: by the contract of this function.
        columns: unsafe { slice(port.columns, port.n_columns as usize) }
            .iter()
            .map(|&column| column as usize)
            .collect(),
    };
    Wanted { ports: ports.iter().map(read).collect() }
}
