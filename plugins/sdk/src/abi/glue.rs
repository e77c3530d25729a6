//! The functions of a plugin's table, for any Rust [`Plugin`].
//!
//! Every function catches panics, so nothing unwinds across the border.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::ffi::FFI_ArrowSchema;

use super::allocator::{Lent, take_memory};
use super::border::{Border, Table, guarded, read_batch, slice};
use super::bound::{Bound, read_wanted};
use super::table::{Instance, RawBound, RawEmitter, RawWanted};
use super::{
    ABI_VERSION, ArrowArray, ArrowSchema, Exporter, HostTable, PluginTable, RawBytes, RawError,
    Text,
};
use crate::emitter::{Call, Emitter};
use crate::{Host, Layout, Plugin, PluginError, config};

/// The table of a Rust plugin, for the exported symbol or for a plugin that is linked statically.
pub fn table<P: Plugin>() -> &'static PluginTable {
    const {
        &PluginTable {
            abi_version: ABI_VERSION,
            struct_size: size_of::<PluginTable>() as u32,
            name: Text::new(P::NAME),
            version: Text::new(P::VERSION),
            flags: P::FLAGS.bits(),
            config_format: Text::new("ron"),
            config_reference: Text::new(P::CONFIG_REFERENCE),
            open: Some(open::<P>),
            bind: Some(bind::<P>),
            process: Some(process::<P>),
            finish: Some(finish::<P>),
            snapshot: Some(snapshot::<P>),
            restore: Some(restore::<P>),
            merge: Some(merge::<P>),
            close: Some(close::<P>),
        }
    }
}

/// What an instance of a Rust plugin is, behind the opaque pointer.
struct Held<P> {
    plugin: P,
    host: Host,
    bound: Option<Bound>,
    exporter: Exporter,
}

unsafe extern "C" fn open<P: Plugin>(
    config: Text,
    host: *const HostTable,
    instance: *mut *mut Instance,
    error: *mut RawError,
) -> i32 {
    guarded(error, || {
        // SAFETY: the host's text is valid for this call (S1).
        let config = unsafe { config.as_str() }
            .map_err(|fault| PluginError::new(format!("the configuration is {fault}")))?;
        // SAFETY: the table is valid (S1).
        unsafe { take_memory(host) };
        // The table is valid until `close` has returned (S1), and so is what is made here (S4).
        let host = Host::new(Box::new(Table(host)));
        let plugin = P::open(config::parse(config)?, &host)?;
        let held = Box::new(Held { plugin, host, bound: None, exporter: Exporter::default() });
        // SAFETY: the host provides the place for the pointer (S1).
        unsafe { instance.write(Box::into_raw(held).cast()) };
        Ok(())
    })
}

unsafe extern "C" fn bind<P: Plugin>(
    instance: *mut Instance,
    input: *const ArrowSchema,
    wanted: *const RawWanted,
    bound: *mut RawBound,
    error: *mut RawError,
) -> i32 {
    guarded(error, || {
        // SAFETY: an open instance, used by this call alone (S3, S4).
        let held = unsafe { held::<P>(instance) };
        // SAFETY: a valid schema for this call (S1), of the same layout as arrow-rs's struct.
        let input = Arc::new(Schema::try_from(unsafe { &*input.cast::<FFI_ArrowSchema>() })?);
        // SAFETY: null or valid for this call (S1).
        let wanted = unsafe { wanted.as_ref().map(|wanted| read_wanted(wanted)) };
        let binding = held.plugin.bind(&input)?;
        let now = Bound::new(&input, binding, wanted.as_ref())?;
        // SAFETY: the host provides the place (S1); what is written stays valid until the next
        // `bind`, which drops it from `held`.
        unsafe { bound.write(now.to_raw()) };
        held.bound = Some(now);
        Ok(())
    })
}

unsafe extern "C" fn process<P: Plugin>(
    instance: *mut Instance,
    batch: *mut ArrowArray,
    emitter: *const RawEmitter,
    error: *mut RawError,
) -> i32 {
    guarded(error, || {
        // SAFETY: an open instance, used by this call alone (S3, S4).
        let held = unsafe { held::<P>(instance) };
        // SAFETY: the host gave the batch to this call (S2).
        let batch = unsafe { ArrowArray::take(batch) };
        let layout = bound_layout(&mut held.host, held.bound.as_ref())?;
        // SAFETY: the host exports batches of the bound schema (S5).
        let batch = unsafe { read_batch(batch, &layout.input) }?;
        // SAFETY: valid for this call (S1).
        let emitter = unsafe { &*emitter };
        let mut sink = Border { emitter, exporter: &mut held.exporter };
        let mut out = Emitter::new(layout, &held.host, &mut sink, Call::Process);
        let _lent = Lent::for_this_call();
        held.plugin.process(&batch, &mut out)
    })
}

unsafe extern "C" fn finish<P: Plugin>(
    instance: *mut Instance,
    emitter: *const RawEmitter,
    error: *mut RawError,
) -> i32 {
    guarded(error, || {
        // SAFETY: an open instance, used by this call alone (S3, S4).
        let held = unsafe { held::<P>(instance) };
        let layout = bound_layout(&mut held.host, held.bound.as_ref())?;
        // SAFETY: valid for this call (S1).
        let emitter = unsafe { &*emitter };
        let mut sink = Border { emitter, exporter: &mut held.exporter };
        let mut out = Emitter::new(layout, &held.host, &mut sink, Call::Finish);
        let _lent = Lent::for_this_call();
        held.plugin.finish(&mut out)
    })
}

unsafe extern "C" fn snapshot<P: Plugin>(
    instance: *mut Instance,
    bytes: *mut RawBytes,
    error: *mut RawError,
) -> i32 {
    guarded(error, || {
        // SAFETY: an open instance, used by this call alone (S3, S4).
        let held = unsafe { held::<P>(instance) };
        let state = held.plugin.snapshot()?;
        // SAFETY: the host provides the place (S1).
        unsafe { bytes.write(RawBytes::new(state)) };
        Ok(())
    })
}

unsafe extern "C" fn restore<P: Plugin>(
    instance: *mut Instance,
    data: *const u8,
    len: u64,
    error: *mut RawError,
) -> i32 {
    // SAFETY: an open instance, used by this call alone (S3, S4); bytes valid for it (S1).
    guarded(error, || unsafe { held::<P>(instance).plugin.restore(slice(data, len as usize)) })
}

unsafe extern "C" fn merge<P: Plugin>(
    instance: *mut Instance,
    data: *const u8,
    len: u64,
    error: *mut RawError,
) -> i32 {
    // SAFETY: an open instance, used by this call alone (S3, S4); bytes valid for it (S1).
    guarded(error, || unsafe { held::<P>(instance).plugin.merge(slice(data, len as usize)) })
}

unsafe extern "C" fn close<P: Plugin>(instance: *mut Instance) {
    // SAFETY: made from a box in `open`, and not used after this call (S4).
    let held = unsafe { Box::from_raw(instance.cast::<Held<P>>()) };
    // A plugin that panics while it is dropped leaks what it had left; nobody can be told.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(held)));
}

/// # Safety
/// The instance is open and this call is the only one on it (S3, S4).
unsafe fn held<'a, P>(instance: *mut Instance) -> &'a mut Held<P> {
    // SAFETY: made from a box of this type in `open`.
    unsafe { &mut *instance.cast::<Held<P>>() }
}

fn bound_layout<'a>(host: &mut Host, bound: Option<&'a Bound>) -> Result<&'a Layout, PluginError> {
    host.reset_scratch();
    bound
        .map(|bound| &bound.layout)
        .ok_or_else(|| PluginError::new("called before bind; the host has to bind first"))
}
