//! The scene as the user writes it: typed, documented, with every default in one place.

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;

pub use super::isolation::{Isolation, Sandbox};
use super::on_failure::OnFailure;
use super::places::Places;
pub use super::units::{ByteSize, Duration};

/// A whole scene file.
///
/// [`super::load`] reads every stage and field on its own, so that all faulty ones are reported and
/// not only the first.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Name of the scene; shown in the summary.
    pub name: String,
    /// Parameters after overrides, by name.
    pub params: BTreeMap<String, String>,
    /// Settings of the engine.
    pub engine: EngineSettings,
    /// Stages in the order of the file; that order names the origins and so the order of fan-in.
    pub stages: Vec<Stage>,
    /// The top supervisor of the workers, if the scene says anything about it.
    pub supervision: Option<super::SupervisorScene>,
    /// Where the stages and their parts stand in the file.
    pub places: Places,
}

/// One stage.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Key of the stage in `stages`.
    pub name: String,
    /// What the stage is.
    pub body: StageBody,
}

/// What a stage does.
#[derive(Debug, Clone)]
pub enum StageBody {
    /// Reads batches in.
    Source(SourceStage),
    /// Runs a plugin.
    Plugin(PluginStage),
    /// Writes batches out.
    Sink(SinkStage),
}

/// `Source( read: … )`.
#[derive(Debug, Clone)]
pub struct SourceStage {
    /// What is read, and how.
    pub read: Read,
    /// Priority of its batches, `-100..=100`; higher is dispatched first. Default 0.
    pub priority: i16,
    /// Rows of a batch; default `engine.batch_rows`.
    pub batch_rows: Option<u32>,
    /// A batch is closed when it reaches this many bytes, even with fewer rows. Default `8MiB`.
    pub batch_bytes: Option<ByteSize>,
    /// A batch of a source that waits (stdin) is closed after this long. Default `1s`.
    pub linger: Option<Duration>,
}

/// `Plugin( library: …, from: …, config: … )`.
#[derive(Debug, Clone)]
pub struct PluginStage {
    /// Name (`"validation"` finds `libvalidation.so` on the search path) or path of a `.so`.
    pub library: String,
    /// Where its batches come from: `"stage"`, `"stage.port"`, or a list of these.
    pub from: Vec<Input>,
    /// The plugin's own configuration: raw RON, params already substituted.
    pub config: String,
    /// Running copies of the plugin.
    pub instances: Instances,
    /// Where they run; `None`: as `engine.isolation` says.
    pub isolation: Option<Isolation>,
    /// Files and folders that the plugin may read while it opens, and never after. Relative to the
    /// working directory. Needed in `sandbox: Strict` only.
    pub read: Vec<String>,
    /// How long an isolated instance may take for one batch before its worker is killed; `"0s"`:
    /// for ever. Default `60s`.
    pub timeout: Duration,
    /// How long a worker may take to start and open its plugin. Default `30s`.
    pub start_timeout: Duration,
    /// Bytes of private memory of each worker, in `Basic` and `Strict`. Default: no bound.
    pub memory_limit: Option<ByteSize>,
    /// Workers kept ready to take over from one that dies, `0..=64`. Default 0.
    pub spares: u16,
    /// What is done about batches that fail. Default: a batch whose worker died is tried again 4
    /// times; then, or at an error of the plugin, the run fails.
    pub on_failure: Option<OnFailure>,
    /// Order in which a plugin takes batches whose state needs one order.
    pub order: Order,
}

/// `Sink( write: …, from: … )`.
#[derive(Debug, Clone)]
pub struct SinkStage {
    /// What is written, and how.
    pub write: Write,
    /// Where its batches come from.
    pub from: Vec<Input>,
    /// Order of the written batches.
    pub order: Order,
    /// In a run whose sources may never end, what is written reaches the file at the latest after
    /// so long. Default `1s`.
    pub flush_every: Duration,
}

/// One end of an edge: a stage and one of its ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Name of the stage that emits.
    pub stage: String,
    /// Name of its port; `"main"` when the scene names none.
    pub port: String,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port.as_str() {
            "main" => f.write_str(&self.stage),
            port => write!(f, "{}.{port}", self.stage),
        }
    }
}

/// How many copies of a plugin run side by side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instances {
    /// As many as the engine has threads: `instances: Auto`.
    #[default]
    Auto,
    /// Exactly so many, `1..=64`: `instances: 4`.
    Count(u16),
}

/// The order in which a sink writes, and a plugin takes batches if its state needs an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Order {
    /// As the sources read it: the same input gives the same bytes.
    #[default]
    Source,
    /// As they come: sources take turns, and what is of one stays in its order.
    Arrival,
}

/// `engine: ( … )`.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Bytes of batches in flight at most; sources are held back beyond it.
    /// Default `512MiB`, at least `16MiB`.
    pub memory: ByteSize,
    /// Rows of a batch, `1..=1_048_576`. Default 16384.
    pub batch_rows: u32,
    /// Threads that decode, run plugins and encode, `1..=256`. Default: one per core.
    pub threads: Option<u16>,
    /// Executor of the tick's schedule.
    pub executor: Executor,
    /// Where plugins run whose stage does not say. Default `Process(sandbox: Strict)`.
    pub isolation: Isolation,
    /// Folders searched for plugins before the executable's own.
    pub plugin_paths: Vec<String>,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            memory: ByteSize(512 << 20),
            batch_rows: 16_384,
            threads: None,
            executor: Executor::SingleThreaded,
            isolation: Isolation::default(),
            plugin_paths: Vec::new(),
        }
    }
}

impl EngineSettings {
    /// Threads that decode, run plugins and encode: as set, or one per core, at most 256.
    #[must_use]
    pub fn thread_count(&self) -> u16 {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(256));
        self.threads.unwrap_or_else(|| cores() as u16)
    }
}

/// Executor of the tick's schedule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Executor {
    /// Systems one after the other: 0.8 us for a schedule of 20 small systems.
    #[default]
    SingleThreaded,
    /// Systems side by side: 23 us for the same schedule; for worlds of many thousands of entities.
    MultiThreaded,
}

/// What a source reads.
#[derive(Debug, Clone, Deserialize)]
pub enum Read {
    /// Comma-separated values with a header line.
    Csv(CsvRead),
    /// One JSON object a line.
    Ndjson(NdjsonRead),
    /// Parquet files.
    Parquet(FileRead),
    /// Arrow IPC files (the file format or the stream format).
    Arrow(FileRead),
    /// Made-up rows.
    Generator(GeneratorRead),
}

/// `Csv( path: … )`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvRead {
    /// File, glob, or `-` for standard input. `.gz` and `.zst` are decompressed.
    pub path: String,
    /// Field separator, one ASCII character. Default `,`.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Quote character, one ASCII character. Default `"`.
    #[serde(default = "quote")]
    pub quote: char,
    /// Text that means a missing value, beside the empty field. Default: none.
    #[serde(default)]
    pub null: Option<String>,
    /// Types of columns by name. A column that is not named here is inferred from the first rows.
    #[serde(default)]
    pub schema: Option<IndexMap<String, String>>,
    /// Longest record, header included. Default `16MiB`.
    #[serde(default)]
    pub record_bytes_max: Option<ByteSize>,
    /// Whether values are checked that no later stage reads, so that which records are bad does not
    /// depend on who reads what. Default `false`.
    #[serde(default)]
    pub strict: bool,
}

fn comma() -> char {
    ','
}

fn quote() -> char {
    '"'
}

/// `Ndjson( path: … )`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NdjsonRead {
    /// File, glob, or `-` for standard input. `.gz` and `.zst` are decompressed.
    pub path: String,
    /// Types of columns by name. Columns that are not named here are inferred from the first rows.
    #[serde(default)]
    pub schema: Option<IndexMap<String, String>>,
    /// Longest record. Default `16MiB`.
    #[serde(default)]
    pub record_bytes_max: Option<ByteSize>,
    /// Whether values are checked that no later stage reads, so that which records are bad does not
    /// depend on who reads what. Default `false`.
    #[serde(default)]
    pub strict: bool,
}

/// `Parquet( path: … )` and `Arrow( path: … )`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRead {
    /// File or glob; `-` for standard input (Arrow only, stream format).
    pub path: String,
}

/// `Generator( rows: …, schema: … )`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorRead {
    /// Rows in all; none means without end.
    #[serde(default)]
    pub rows: Option<u64>,
    /// Rows a second; none means as fast as they are taken.
    #[serde(default)]
    pub rows_per_second: Option<u64>,
    /// Seed: the same seed gives the same rows, whatever the batch size. Default 0.
    #[serde(default)]
    pub seed: u64,
    /// Columns in order: name and what is in it.
    pub columns: Vec<(String, GeneratedColumn)>,
}

/// What a generated column holds.
#[derive(Debug, Clone, Deserialize)]
pub enum GeneratedColumn {
    /// 0, 1, 2, … (int64).
    Sequence,
    /// Uniform integers, both ends included (int64).
    Int(i64, i64),
    /// Uniform doubles, low end included (float64).
    Float(f64, f64),
    /// One of these texts, each as likely (utf8).
    Choice(Vec<String>),
    /// True with this probability (boolean).
    Bool(f64),
}

/// What a sink writes.
#[derive(Debug, Clone, Deserialize)]
pub enum Write {
    /// Comma-separated values with a header line.
    Csv(CsvWrite),
    /// One JSON object a line.
    Ndjson(NdjsonWrite),
    /// One Parquet file.
    Parquet(ParquetWrite),
    /// One Arrow IPC file.
    Arrow(FileWrite),
    /// A file whose ending names its format: `.csv`, `.ndjson`, `.parquet` or `.arrow`.
    File(FileWrite),
    /// Nothing: rows are counted and dropped.
    Blackhole,
}

/// `Csv( path: … )` of a sink.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvWrite {
    /// File, or `-` for standard output. `.gz` and `.zst` are compressed.
    pub path: String,
    /// Field separator, one ASCII character. Default `,`.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Write floats with exactly so many decimals, `0..=17`.
    /// Default: the shortest text that reads back the same.
    #[serde(default)]
    pub decimals: Option<u8>,
    /// Text of a missing value. Default: empty.
    #[serde(default)]
    pub null: String,
}

/// `Ndjson( path: … )` of a sink.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NdjsonWrite {
    /// File, or `-` for standard output. `.gz` and `.zst` are compressed.
    pub path: String,
}

/// `Arrow( path: … )` and `File( path: … )` of a sink.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileWrite {
    /// File, or `-` for standard output (stream format).
    pub path: String,
}

/// `Parquet( path: … )` of a sink.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParquetWrite {
    /// File.
    pub path: String,
    /// Compression of the pages. Default `Snappy`.
    #[serde(default)]
    pub compression: ParquetCompression,
    /// Rows of a row group at most. Default 1,048,576.
    #[serde(default = "row_group_rows")]
    pub row_group_rows: u32,
}

fn row_group_rows() -> u32 {
    1 << 20
}

/// Compression of Parquet pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum ParquetCompression {
    /// None.
    None,
    /// Snappy.
    #[default]
    Snappy,
    /// Zstandard, level 3.
    Zstd,
}
