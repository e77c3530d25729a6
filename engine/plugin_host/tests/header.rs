//! The header and the SDK describe the same structs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unsafe_code, reason = "reads the constants that the C compiler made")]

mod support;

use std::mem::offset_of;

use tanda_plugin::abi::*;
use tanda_plugin::{Flags, Level, PORTS_MAX};

#[rustfmt::skip]
fn rust_layout() -> Vec<u64> {
    macro_rules! layout {
        ($($type:ident $(. $field:ident)?),* $(,)?) => {
            vec![$(layout!(@ $type $(. $field)?) as u64),*]
        };
        (@ $type:ident) => { size_of::<$type>() };
        (@ $type:ident . $field:ident) => { offset_of!($type, $field) };
    }
    let mut all = layout![
        ArrowArray, ArrowArray.buffers, ArrowArray.release,
        ArrowSchema, ArrowSchema.children, ArrowSchema.release,
        Text, Text.len,
        RawError, RawError.about, RawError.line, RawError.column, RawError.release,
        RawError.private_data,
        RawBytes, RawBytes.len, RawBytes.release, RawBytes.private_data,
        HostTable, HostTable.context, HostTable.log, HostTable.counter_add, HostTable.cancelled,
        HostTable.scratch, HostTable.memory,
        MemoryTable, MemoryTable.base, MemoryTable.bytes, MemoryTable.allocate, MemoryTable.free,
        RawEmitter, RawEmitter.emit, RawEmitter.count_rows,
        RawWantedPort, RawWantedPort.n_columns, RawWantedPort.columns,
        RawWanted, RawWanted.ports,
        RawPort, RawPort.passes_input, RawPort.own,
        RawBound, RawBound.n_ports, RawBound.reads_all, RawBound.ports, RawBound.n_reads,
        RawBound.reads,
        PluginTable, PluginTable.struct_size, PluginTable.name, PluginTable.version,
        PluginTable.flags, PluginTable.config_format, PluginTable.config_reference,
        PluginTable.open, PluginTable.bind, PluginTable.process, PluginTable.finish,
        PluginTable.snapshot, PluginTable.restore, PluginTable.merge, PluginTable.close,
    ];
    all.push(u64::from(ABI_VERSION));
    all.extend([STATUS_OK, STATUS_ERROR, STATUS_PANIC].map(|status| status as u64));
    all.extend(Flags::ALL.map(|(flag, _)| flag.bits()));
    all.push(PORTS_MAX as u64);
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
    all.extend(levels.map(|level| u64::from(level.number())));
    all
}

#[test]
fn header_and_sdk_agree_on_every_struct_and_constant() {
    let fixture = support::compile("layout", &[]);
    // SAFETY: the fixture has no constructors, and its symbols are of these types.
    let found = unsafe {
        let library = libloading::Library::new(&fixture.path).unwrap();
        let count = **library.get::<*const u64>(b"tanda_layout_count").unwrap();
        let layout = *library.get::<*const u64>(b"tanda_layout").unwrap();
        std::slice::from_raw_parts(layout, count as usize).to_vec()
    };
    assert_eq!(found, rust_layout());
}
