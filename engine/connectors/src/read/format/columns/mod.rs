//! Formats that hold columns already: Parquet and Arrow IPC.
//!
//! Their files say how large everything in them is, and their decoders believe it. So what a file
//! says is first compared with what is there: footers and indexes when it is opened, pages and
//! messages just before they are decoded. A damaged file is an error that names it: it takes
//! neither more memory than its bytes can hold, nor the process.
//!
//! | module | knows |
//! |---|---|
//! | `source` | the files of a source, one after the other |
//! | `opened` | one open file or pipe, whatever its format |
//! | `parquet`, `ipc` | the formats |
//! | `fault` | what a decoder did instead of an answer |
//! | `inflate` | how much compressed bytes can become |
//! | `agree`, `plain` | columns of several files; the types in which they go on |

mod agree;
mod fault;
mod inflate;
mod ipc;
mod opened;
mod parquet;
mod plain;
mod source;

pub(crate) use self::source::ColumnarSource;
