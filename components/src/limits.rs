//! Every bound of the engine in one place. A scene beyond one of them is refused before it runs.

/// Stages of one scene; also the origins, since a stage is the origin of what it makes.
pub const STAGES_MAX: usize = 128;
/// Output ports of one stage.
pub const PORTS_MAX: usize = 8;
/// Edges that leave one stage, over all its ports.
pub const EDGES_OUT_MAX: usize = 16;
/// Edges that enter one stage.
pub const EDGES_IN_MAX: usize = 16;
/// Running copies of one stage.
pub const INSTANCES_MAX: usize = 64;
/// Bytes of a stage's name.
pub const STAGE_NAME_BYTES_MAX: usize = 63;
/// Batches handed to one sink's writer and not yet reported written.
pub const WRITES_IN_FLIGHT_MAX: u8 = 8;
/// Batches that one source may have asked for and not yet read.
pub const READS_IN_FLIGHT_MAX: u16 = 4;
/// Threads that decode, process and encode.
pub const THREADS_MAX: u16 = 256;
/// Times that a batch may be held by a worker that dies, times in a row that a worker may die over
/// a snapshot, and over the end of its stage.
pub const ATTEMPTS_MAX: u8 = 5;
/// Microseconds that a batch over which two workers in a row died waits for its next try, if its
/// stage has no failure policy; it doubles with each more.
pub const DEATHS_WAIT_MICROS: u64 = 20_000;
/// Times that the poison rows of one batch are looked for before all of it is set aside.
pub const EXAMINATIONS_MAX: u8 = 2;
/// Tries that may fail in one search for poison rows; what is not told apart by then is set aside
/// as a whole.
pub const EXAMINATION_FAILS_MAX: u32 = 4_096;
/// Tokens of a stage's retry budget at its start, and at most; ten are a retry.
pub const RETRY_TOKENS_START: u32 = 200;
/// See [`RETRY_TOKENS_START`].
pub const RETRY_TOKENS_MAX: u32 = 1_000;
/// Batches failed over, and workers killed for it, in one tick.
pub const FAILOVERS_PER_TICK_MAX: usize = 64;
/// Microseconds of work after which a worker with a state is asked for a snapshot, so that its
/// death costs little and the memory of what it has taken in is used again while it is warm.
pub const HELD_MICROS_MAX: u64 = 20_000;
/// Batches that it may have taken in since its last snapshot, likewise.
pub const HELD_BATCHES_MAX: u32 = 256;
/// A snapshot is not asked for before the work since the last one took so many times as long as
/// that one, unless memory is short: snapshots take less than a sixteenth of the time.
pub const WORK_PER_SNAPSHOT_MIN: u64 = 16;
/// Seconds of a supervisor's period in which there were restarts: no more are told apart.
pub const RESTART_LOG_MAX: usize = 61;
/// Restarts within a period that a supervisor may grant, if the period is no longer than a minute.
pub const INTENSITY_MAX: u32 = 10_000;
/// Longest period of a supervisor, seconds.
pub const PERIOD_SECS_MAX: u32 = 3_600;
/// Children of one supervisor.
pub const CHILDREN_MAX: usize = 32_768;
/// Supervisors of one scene.
pub const SUPERVISORS_MAX: usize = 128;
/// Acts of supervisors that are remembered.
pub const SUPERVISION_LOG_MAX: usize = 256;
/// Batches that a worker holds at most: one being worked on and one waiting, so that it never waits
/// for the engine.
pub const WORKER_SLOTS: u8 = 2;
/// Microseconds for which batches wait at an isolated stage, a core being free, before one more of
/// its workers is started: two to three times what a start takes.
pub const PRESSURE_MICROS: u64 = 10_000;
/// Batches given to instances in one tick.
pub const DISPATCHES_PER_TICK_MAX: usize = 2 * THREADS_MAX as usize;
/// Workers told something in one tick by one system, of which there are
/// [`WORKER_SYSTEMS`].
pub const WORKER_EFFECTS_MAX: usize = 128;
/// Systems that tell workers something.
pub const WORKER_SYSTEMS: usize = 4;
/// Inputs taken into one tick; the platform keeps the rest for the next.
pub const INBOX_MAX: usize = 1_024;
/// Effects of one tick.
pub const OUTBOX_MAX: usize = 4_096;
/// Rows of a batch that a source cuts.
pub const BATCH_ROWS_MAX: u32 = 1 << 20;

// A tick releases at most a buffer an input, but for a snapshot, after which as many are released
// as there is room for; every other effect is bounded here or by the scene. So the outbox cannot
// overflow, and what is left of it bounds how fast a failed run gives up its batches.
const _: () = assert!(
    INBOX_MAX
        + DISPATCHES_PER_TICK_MAX
        + WORKER_SYSTEMS * WORKER_EFFECTS_MAX
        + FAILOVERS_PER_TICK_MAX
        + STAGES_MAX * (WRITES_IN_FLIGHT_MAX as usize + READS_IN_FLIGHT_MAX as usize + 2)
        <= OUTBOX_MAX
);
