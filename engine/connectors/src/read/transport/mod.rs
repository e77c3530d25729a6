//! Where bytes come from: files, globs of them, pipes, what is compressed.
//!
//! | module | knows |
//! |---|---|
//! | `find`, `walk` | from a path or glob to the files behind it |
//! | `files` | one input, and whether it changed since it was found |
//! | `missing`, `shown` | why a file is not found; paths for people |
//! | `bytes`, `gunzip` | the bytes of an open input, decompressed |
//! | `stop` | how to end a source that sleeps on a pipe |
//! | `pool` | aligned buffers that are used again |

mod bytes;
mod files;
mod find;
mod gunzip;
mod missing;
mod pool;
mod shown;
mod stop;
mod walk;

pub(crate) use self::bytes::{Bytes, RawBytes, Step};
pub(crate) use self::files::{FileId, FileRef, InputFile};
pub(crate) use self::find::find_files;
pub(crate) use self::pool::{ALIGN, Pool, PooledBuffer};
pub use self::stop::Stop;
pub use self::walk::folders;
