//! What the benches share, and the test that a steady tick does not allocate: an outside that
//! answers at once, scenes to drive through it, and a figure beside its budget.

mod echo;
mod gauge;
mod scenes;

use std::path::{Path, PathBuf};

pub use echo::Echo;
pub use gauge::{Gauge, is_smoke_test};
pub use scenes::{BATCH_BYTES, BATCH_ROWS, chain, fork, work_done};

/// The repository's root, where the real data is.
///
/// # Panics
/// Never: the crate stands in the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the crate stands in the repository").to_owned()
}
