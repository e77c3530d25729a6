//! A batch to another process and back, beside the machine's own round trips and Arrow IPC.
//!
//!     cargo bench -p tanda-benches --bench hop
//!
//! The other process maps the engine's segment, rebuilds the batch, looks at its first value and
//! describes the same column as its answer: what an isolated stage does that passes a column on,
//! without a plugin and without a tick. `benches/hop_rivals.sh` runs iceoryx2 in the same minute.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::env;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{AsArray, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt8Type};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::eventfd::EventFd;
use nix::unistd::Pid;
use tanda_benches::is_smoke_test;
use tanda_ipc::{Channel, EngineEnd, Slot, Spin, WorkerEnd, WorkerFds, connect};
use tanda_memory::{
    Arena, SegmentFile, SegmentId, Segments, Trust, copy_out, describe, rebuild, seal,
};

const SIZES: [(usize, &str); 4] =
    [(64, "64 B"), (64 << 10, "64 KiB"), (1 << 20, "1 MiB"), (64 << 20, "64 MiB")];
const SEGMENT: SegmentId = SegmentId(0);
/// Parked over the machine's own eventfd round trip, at most.
const PARKED_BUDGET: f64 = 1.2;
/// 64 MiB over 64 B, at most.
const SIZE_BUDGET: f64 = 1.1;

fn main() {
    if env::args().nth(1).as_deref() == Some("--echo") {
        return echo();
    }
    // `cargo bench` filters by name; there is one bench here.
    let rounds = if is_smoke_test() { 50 } else { 20_000 };
    pin(0);
    let eventfd = eventfds(rounds);
    show("eventfd alone", "", &eventfd);
    show("pipe alone", "", &pipes(rounds));
    let mut hot = Vec::new();
    let mut parked = Vec::new();
    for (bytes, name) in SIZES {
        let figures = rings("hot", bytes, rounds);
        show("rings, both look", name, &figures);
        hot.push(figures.p50);
        let figures = rings("parked", bytes, rounds);
        show("rings, both sleep", name, &figures);
        parked.push(figures.p50);
    }
    for (bytes, name) in SIZES {
        let rounds = if bytes > 1 << 20 { rounds.min(30) } else { rounds.min(2_000) };
        show("Arrow IPC, unix socket", name, &sockets(bytes, rounds));
    }
    beside("64 MiB over 64 B, both look", hot[3] / hot[0], SIZE_BUDGET);
    beside("64 MiB over 64 B, both sleep", parked[3] / parked[0], SIZE_BUDGET);
    beside("64 B asleep over eventfd alone", parked[0] / eventfd.p50, PARKED_BUDGET);
}

fn beside(what: &str, ratio: f64, budget: f64) {
    let verdict = if ratio <= budget { "within" } else { "BEYOND" };
    println!("    -> {what}: {ratio:.2}   budget: <= {budget:.2}, {verdict}");
}

struct Figures {
    p50: f64,
    p99: f64,
}

fn show(what: &str, size: &str, figures: &Figures) {
    println!("{what:<24} {size:>7}   p50 {:>9.2} us   p99 {:>9.2} us", figures.p50, figures.p99);
}

fn measure(rounds: usize, mut round: impl FnMut()) -> Figures {
    (0..rounds / 10 + 5).for_each(|_| round());
    let mut samples: Vec<Duration> = (0..rounds)
        .map(|_| {
            let started = Instant::now();
            round();
            started.elapsed()
        })
        .collect();
    samples.sort_unstable();
    let at = |part: f64| samples[(samples.len() as f64 * part) as usize].as_nanos() as f64 / 1e3;
    Figures { p50: at(0.5), p99: at(0.99) }
}

/// Best effort: on a machine with one core both stay there.
fn pin(core: usize) {
    let mut cores = CpuSet::new();
    if cores.set(core).is_ok() {
        let _ = sched_setaffinity(Pid::from_raw(0), &cores);
    }
}

/// The other process: this program again, told over a channel what to do. Killed when dropped.
struct Other {
    child: Child,
    _channel: Channel,
}

impl Other {
    fn start(order: &str, fds: &[BorrowedFd<'_>]) -> Self {
        let (channel, stdin) = Channel::pair().expect("there are sockets");
        let this = env::current_exe().expect("a program has a path");
        let child = Command::new(this).arg("--echo").stdin(Stdio::from(stdin)).spawn();
        let child = child.expect("a program can start itself");
        channel.send(order.as_bytes(), fds).expect("the other side listens");
        Self { child, _channel: channel }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn echo() {
    pin(1);
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().expect("there is an input");
    let channel = Channel::from_fd(stdin);
    let frame = channel.receive().expect("an order comes").expect("an order comes");
    let order = String::from_utf8(frame.bytes).expect("orders are text");
    let mut fds = frame.fds.into_iter();
    let mut next = || fds.next().expect("the order brings its files");
    match order.as_str() {
        "eventfd" => echo_eventfd(&next(), &next()),
        "pipe" => echo_bytes(next(), next()),
        "socket" => echo_socket(UnixStream::from(next())),
        _ => {
            let wait =
                if order == "hot" { Spin { iterations: u32::MAX, yields: 0 } } else { Spin::NONE };
            let ends = WorkerFds::from([next(), next(), next()]);
            echo_rings(ends, next(), &channel, wait);
        }
    }
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("bytes", DataType::UInt8, false)]))
}

fn batch(bytes: usize) -> RecordBatch {
    let column = UInt8Array::from_iter_values((0..bytes).map(|i| i as u8 | 1));
    RecordBatch::try_new(schema(), vec![Arc::new(column)]).expect("the column is of the schema")
}

/// The engine's side of one hop.
struct Side {
    end: EngineEnd,
    bell: OwnedFd,
    arena: Arena,
    segments: Segments,
    batch: RecordBatch,
    token: u64,
    parks: bool,
    description: Vec<u8>,
    owner: Arc<()>,
}

fn rings(order: &str, bytes: usize, rounds: usize) -> Figures {
    let file = SegmentFile::create(bytes * 2 + (1 << 20)).expect("there is memory");
    let map = file.map_writer().expect("it maps");
    file.seal_writes().expect("it seals");
    let arena = Arena::new(SEGMENT, map);
    let mut segments = Segments::default();
    segments.add_own(arena.clone());
    let (batch, _) = seal(&batch(bytes), &arena, &segments).expect("there is room");
    let (end, ends) = connect().expect("there is memory");
    let bell = ends.wake_engine.try_clone().expect("there are files");
    let [control, wake_engine, wake_worker] = ends.as_fds();
    let _other = Other::start(order, &[control, wake_engine, wake_worker, file.fd()]);
    let mut side = Side {
        end,
        bell,
        arena,
        segments,
        batch,
        token: 0,
        parks: order == "parked",
        description: Vec::new(),
        owner: Arc::new(()),
    };
    measure(rounds, || side.hop())
}

impl Side {
    fn hop(&mut self) {
        let description = &mut self.description;
        describe(&self.batch, &self.segments, None, description).expect("it is sealed");
        let mut extent = self.arena.allocate(description.len()).expect("there is room");
        extent.as_mut_slice().copy_from_slice(description);
        self.token += 1;
        let slot = Slot {
            token: self.token,
            offset: extent.offset(),
            bytes: description.len() as u64,
            ..Slot::default()
        };
        self.end.submit(&slot).expect("one is in flight");
        self.end.wake();
        let answer = self.answer();
        assert_eq!(answer.token, self.token, "answers come in order");
        // The answer names the column of the input, in a description of 20 bytes, sent in the slot.
        let words = [answer.offset, answer.extra[0], answer.extra[1]];
        let mut bytes = [0_u8; 24];
        for (part, word) in bytes.chunks_exact_mut(8).zip(words) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        let bytes = &bytes[..answer.bytes as usize];
        let owner = Arc::<()>::clone(&self.owner);
        let trust = Trust::InPlace { from: None, owner };
        let schema = self.batch.schema();
        let rebuilt = rebuild(bytes, &schema, &self.segments, Some(&self.batch), trust);
        let rebuilt = rebuilt.expect("the other side is honest").batch;
        assert!(Arc::ptr_eq(rebuilt.column(0), self.batch.column(0)), "nothing was copied");
    }

    fn answer(&mut self) -> Slot {
        loop {
            if let Some(slot) = self.end.complete().expect("the other side is honest") {
                return slot;
            }
            if !self.parks {
                std::hint::spin_loop();
                continue;
            }
            self.end.bell_clear();
            self.end.park_begin();
            if !self.end.has_completion() {
                let mut fds = [PollFd::new(self.bell.as_fd(), PollFlags::POLLIN)];
                poll(&mut fds, PollTimeout::NONE).expect("it can be waited for");
            }
            self.end.park_end();
        }
    }
}

fn echo_rings(ends: WorkerFds, segment: OwnedFd, channel: &Channel, wait: Spin) {
    let mut end = WorkerEnd::from_fds(ends).expect("the ends are good");
    let file = SegmentFile::from_fd(segment).expect("the segment is good");
    let mut segments = Segments::default();
    segments.add_reader(SEGMENT, file.map_reader().expect("it maps"));
    let (schema, mut description, owner) = (schema(), Vec::new(), Arc::new(()));
    loop {
        let Some(slot) = end.next().expect("the engine is honest") else {
            end.wait(wait, channel.fd()).expect("it can be waited for");
            continue;
        };
        let bytes = copy_out(&segments, SEGMENT, slot.offset, slot.bytes, 1 << 10);
        let trust = Trust::InPlace { from: None, owner: Arc::<()>::clone(&owner) };
        let input = rebuild(&bytes.expect("in range"), &schema, &segments, None, trust);
        let input = input.expect("the engine is honest").batch;
        assert_eq!(input.column(0).as_primitive::<UInt8Type>().value(0), 1, "its memory is here");
        describe(&input, &segments, Some(&input), &mut description).expect("it is sealed");
        let mut words = [0_u8; 24];
        words[..description.len()].copy_from_slice(&description);
        let word = |at: usize| u64::from_le_bytes(words[at..at + 8].try_into().expect("8 bytes"));
        let answer = Slot {
            token: slot.token,
            bytes: description.len() as u64,
            offset: word(0),
            extra: [word(8), word(16), 0],
            ..Slot::default()
        };
        end.answer(&answer).expect("one is in flight");
    }
}

fn eventfds(rounds: usize) -> Figures {
    let make = || EventFd::new().expect("there are files");
    let (there, back) = (make(), make());
    let _other = Other::start("eventfd", &[there.as_fd(), back.as_fd()]);
    measure(rounds, || {
        there.write(1).expect("it counts");
        back.read().expect("it counts");
    })
}

fn echo_eventfd(there: &OwnedFd, back: &OwnedFd) {
    let mut count = [0_u8; 8];
    while nix::unistd::read(there, &mut count).is_ok() {
        nix::unistd::write(back, &1_u64.to_ne_bytes()).expect("it counts");
    }
}

fn pipes(rounds: usize) -> Figures {
    let (there_out, there_in) = nix::unistd::pipe().expect("there are files");
    let (back_out, back_in) = nix::unistd::pipe().expect("there are files");
    let _other = Other::start("pipe", &[there_out.as_fd(), back_in.as_fd()]);
    let mut byte = [0_u8];
    measure(rounds, || {
        nix::unistd::write(&there_in, &[1]).expect("the other side reads");
        nix::unistd::read(&back_out, &mut byte).expect("the other side writes");
    })
}

fn echo_bytes(from: OwnedFd, to: OwnedFd) {
    let mut byte = [0_u8];
    while matches!(nix::unistd::read(&from, &mut byte), Ok(1)) {
        if nix::unistd::write(&to, &byte).is_err() {
            return;
        }
    }
}

fn sockets(bytes: usize, rounds: usize) -> Figures {
    let (ours, theirs) = UnixStream::pair().expect("there are sockets");
    let _other = Other::start("socket", &[theirs.as_fd()]);
    drop(theirs);
    let batch = batch(bytes);
    let to = BufWriter::with_capacity(4 << 20, ours.try_clone().expect("there are files"));
    let mut writer = StreamWriter::try_new(to, &batch.schema()).expect("it writes");
    writer.flush().expect("it writes");
    let from = BufReader::with_capacity(4 << 20, ours);
    let mut reader: Option<StreamReader<BufReader<Box<dyn Read>>>> = None;
    let mut from: Option<Box<dyn Read>> = Some(Box::new(from));
    measure(rounds, || {
        writer.write(&batch).and_then(|()| writer.flush()).expect("the other side reads");
        let reader = reader.get_or_insert_with(|| {
            let from = from.take().expect("once");
            StreamReader::try_new_buffered(from, None).expect("the other side writes")
        });
        let back = reader.next().expect("it answers").expect("it answers");
        assert_eq!(back.num_rows(), batch.num_rows());
    })
}

fn echo_socket(socket: UnixStream) {
    let from = BufReader::with_capacity(4 << 20, socket.try_clone().expect("there are files"));
    let mut to = BufWriter::with_capacity(4 << 20, socket);
    let reader = StreamReader::try_new(from, None).expect("the other side writes");
    let mut writer = StreamWriter::try_new(&mut to, &reader.schema()).expect("it writes");
    for batch in reader {
        let Ok(batch) = batch else { return };
        if writer.write(&batch).and_then(|()| writer.flush()).is_err() {
            return;
        }
    }
    let _ = writer.get_mut().flush();
}
