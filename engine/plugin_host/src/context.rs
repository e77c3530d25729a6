//! The host's side of an instance: log, counters, cancellation, scratch memory.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bumpalo::Bump;
use tanda_plugin::Level;
use tanda_plugin::abi::{ABI_VERSION, HostTable, Text};

use crate::Memory;

/// The context of one instance at a fixed address, freed when this value is dropped (H2).
pub(crate) struct Context(NonNull<Shared>);

/// What the functions of the host table work on.
struct Shared {
    table: HostTable,
    log_name: String,
    cancel: Arc<AtomicBool>,
    counters: Mutex<Counters>,
    /// Used inside a call and on its thread only (S3).
    scratch: UnsafeCell<Bump>,
}

/// What a plugin has added, by name.
#[derive(Default)]
struct Counters {
    /// Since the end of the last call: it stays only if the next one succeeds.
    open: BTreeMap<String, u64>,
    /// By calls that succeeded, since it was last taken.
    kept: BTreeMap<String, u64>,
}

// SAFETY: all of it is Send, and nothing refers to the thread it was made on.
unsafe impl Send for Context {}

impl Context {
    pub(crate) fn new(
        log_name: &str,
        cancel: Arc<AtomicBool>,
        memory: Option<&'static Memory>,
    ) -> Self {
        let shared = Box::into_raw(Box::new(Shared {
            table: HostTable {
                abi_version: ABI_VERSION,
                struct_size: size_of::<HostTable>() as u32,
                context: ptr::null_mut(),
                log,
                counter_add,
                cancelled,
                scratch,
                memory: memory.map_or(ptr::null(), |memory| ptr::from_ref(memory.table())),
            },
            log_name: log_name.to_owned(),
            cancel,
            counters: Mutex::default(),
            scratch: UnsafeCell::default(),
        }));
        // SAFETY: just made, and not yet known to anyone else.
        unsafe { (*shared).table.context = shared.cast() };
        Self(NonNull::new(shared).expect("a box is never null"))
    }

    /// The table for `open`.
    pub(crate) fn table(&self) -> *const HostTable {
        // SAFETY: alive as long as `self`; only the address of a field is taken.
        unsafe { &raw const (*self.0.as_ptr()).table }
    }

    /// Takes back the scratch memory of the last call.
    pub(crate) fn begin_call(&mut self) {
        // SAFETY: no call is running, so the plugin does not use the arena (S3, H1).
        unsafe { (*self.shared().scratch.get()).reset() };
    }

    /// Keeps what was added during the last call, or forgets it.
    pub(crate) fn end_call(&self, keep: bool) {
        let mut counters = self.counters();
        let open = std::mem::take(&mut counters.open);
        for (name, n) in open.into_iter().filter(|_| keep) {
            let value = counters.kept.entry(name).or_default();
            *value = value.saturating_add(n);
        }
    }

    pub(crate) fn take_counters(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.counters().kept)
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.shared().counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared(&self) -> &Shared {
        // SAFETY: alive as long as `self`, and only read but for its cells.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made from a box in `new`; the instance is closed, so nobody uses it (H2).
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Runs a function of the table; a panic (of a log subscriber, say) must not unwind into a plugin.
///
/// # Safety
/// `context` is the context of an instance that is not yet closed (S1, H2).
unsafe fn with<T>(context: *mut c_void, otherwise: T, run: impl FnOnce(&Shared) -> T) -> T {
    // SAFETY: by the contract of this function.
    let shared = unsafe { &*context.cast::<Shared>() };
    catch_unwind(AssertUnwindSafe(|| run(shared))).unwrap_or(otherwise)
}

unsafe extern "C" fn log(context: *mut c_void, level: u32, line: Text) {
    // SAFETY: context and text are valid for this call (S1).
    unsafe {
        with(context, (), |shared| {
            let line = line.to_lossy().unwrap_or_default();
            write_line(&shared.log_name, Level::from_number(level), &line);
        });
    }
}

fn write_line(stage: &str, level: Level, line: &str) {
    match level {
        Level::Error => tracing::error!(target: "tanda::plugin", stage, "{line}"),
        Level::Warn => tracing::warn!(target: "tanda::plugin", stage, "{line}"),
        Level::Info => tracing::info!(target: "tanda::plugin", stage, "{line}"),
        Level::Debug => tracing::debug!(target: "tanda::plugin", stage, "{line}"),
        Level::Trace => tracing::trace!(target: "tanda::plugin", stage, "{line}"),
    }
}

unsafe extern "C" fn counter_add(context: *mut c_void, name: Text, n: u64) {
    // SAFETY: context and text are valid for this call (S1).
    unsafe {
        with(context, (), |shared| {
            let name = name.to_lossy().unwrap_or_default();
            let mut counters = shared.counters.lock().unwrap_or_else(PoisonError::into_inner);
            let value = counters.open.entry(name).or_default();
            *value = value.saturating_add(n);
        });
    }
}

unsafe extern "C" fn cancelled(context: *mut c_void) -> i32 {
    // SAFETY: the context is valid for this call (S1).
    unsafe { with(context, 0, |shared| i32::from(shared.cancel.load(Ordering::Relaxed))) }
}

unsafe extern "C" fn scratch(context: *mut c_void, bytes: u64, align: u64) -> *mut c_void {
    let layout = Layout::from_size_align(bytes as usize, align as usize);
    // SAFETY: the context is valid for this call (S1); the arena is used on the thread of a running
    // call only (S3), and `begin_call` is not running (H1).
    unsafe {
        with(context, ptr::null_mut(), |shared| {
            let memory = layout
                .ok()
                .and_then(|layout| (*shared.scratch.get()).try_alloc_layout(layout).ok());
            memory.map_or(ptr::null_mut(), |memory| memory.as_ptr().cast())
        })
    }
}
