//! The two ends over a real segment and real eventfds.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use memmap2::MmapRaw;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::bell::Bell;
use super::engine_end::EngineEnd;
use super::segment::{self, SEGMENT_BYTES, Segment};
use super::worker_end::{Spin, Woken, WorkerEnd};
use super::{ConnectError, Slot, WorkerFds, connect};
use crate::{Corrupt, RING_SLOTS, RingFull};

/// Long enough that only a lost wake-up reaches it.
const PATIENCE: Duration = Duration::from_secs(30);

fn numbered(token: u64) -> Slot {
    let port = token as u32;
    let extra = [token ^ 0xAAAA, !token, token.rotate_left(7)];
    Slot { kind: 3, flags: 1, token, segment: 9, port, offset: token * 64, bytes: !token, extra }
}

/// Both ends over two mappings of one segment, with indices that begin at `start`.
fn link(start: u64) -> (EngineEnd, WorkerEnd) {
    let control = segment::create().unwrap();
    segment_words(&control).set_indices(start);
    let segment = Segment::map(control.as_fd()).unwrap();
    let (wake_engine, wake_worker) = (Bell::new().unwrap(), Bell::new().unwrap());
    let fds = WorkerFds {
        control,
        wake_engine: wake_engine.try_clone().unwrap(),
        wake_worker: wake_worker.try_clone().unwrap(),
    };
    let engine = EngineEnd::new(&segment, wake_engine, wake_worker, start);
    (engine, WorkerEnd::starting_at(fds, start).unwrap())
}

/// One more mapping of a segment: the one that a hostile worker scribbles on.
struct SegmentWords(MmapRaw);

impl SegmentWords {
    fn all(&self) -> &[AtomicU64] {
        // SAFETY: a mapping of SEGMENT_BYTES whose file cannot shrink (R1), as atomics (R2).
        unsafe {
            std::slice::from_raw_parts(self.0.as_ptr().cast::<AtomicU64>(), SEGMENT_BYTES / 8)
        }
    }

    /// Tail and head of both rings.
    fn indices(&self) -> [&AtomicU64; 4] {
        let ring = SEGMENT_BYTES / 2 / 8;
        [0, 16, ring, ring + 16].map(|word| &self.all()[word])
    }

    fn set_indices(&self, start: u64) {
        for index in self.indices() {
            index.store(start, Ordering::Relaxed);
        }
    }
}

fn segment_words(control: &OwnedFd) -> SegmentWords {
    SegmentWords(MmapRaw::map_raw(&File::from(control.try_clone().unwrap())).unwrap())
}

/// A small generator with a fixed seed: a failure is the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Waits for the bell as `epoll` would. False: nothing within the time, a wake-up is lost.
fn is_rung(engine: &EngineEnd) -> bool {
    let patience = Timespec::try_from(PATIENCE).unwrap();
    poll(&mut [PollFd::from_borrowed_fd(engine.bell(), PollFlags::IN)], Some(&patience)) == Ok(1)
}

/// The engine's half of the parking protocol: the next completion, sleeping until it comes.
fn await_completion(engine: &mut EngineEnd) -> Slot {
    loop {
        if let Some(slot) = engine.complete().unwrap() {
            return slot;
        }
        engine.bell_clear();
        engine.park_begin();
        if let Some(slot) = engine.complete().unwrap() {
            engine.park_end();
            return slot;
        }
        assert!(is_rung(engine), "a wake-up was lost");
        engine.park_end();
    }
}

/// Answers each submission by itself until the lifeline is closed; gives how many there were.
fn echo(mut worker: WorkerEnd, lifeline: UnixStream, spin: Spin, mut stall: impl FnMut()) -> u64 {
    let mut count = 0;
    loop {
        while let Some(slot) = worker.next().unwrap() {
            stall();
            worker.answer(&slot).unwrap();
            count += 1;
        }
        if worker.wait(spin, lifeline.as_fd()).unwrap() == Woken::Other {
            return count;
        }
    }
}

#[test]
fn a_million_slots_come_back_whole_once_and_in_order() {
    const SLOTS: u64 = 1_000_000;
    let (mut engine, worker) = link(u64::MAX - SLOTS / 2);
    let (ours, theirs) = UnixStream::pair().unwrap();
    thread::scope(|scope| {
        let mut random = Random(0x5EED);
        let stalls =
            move || (0..random.below(512).saturating_sub(508)).for_each(|_| thread::yield_now());
        let echoing = scope.spawn(|| echo(worker, theirs, Spin::default(), stalls));
        let (ours, mut random) = (ours, Random(0xFACE));
        let (mut sent, mut returned) = (0, 0);
        while returned < SLOTS {
            // No more in flight than the way back can hold.
            let room = (RING_SLOTS as u64 - (sent - returned)).min(SLOTS - sent);
            for _ in 0..random.below(room + 1).max(u64::from(sent == returned)) {
                engine.submit(&numbered(sent)).unwrap();
                sent += 1;
            }
            engine.wake();
            let mut found = Some(await_completion(&mut engine));
            while let Some(slot) = found {
                assert_eq!(slot, numbered(returned));
                returned += 1;
                found = engine.complete().unwrap();
            }
        }
        drop(ours);
        assert_eq!(echoing.join().unwrap(), SLOTS);
    });
}

#[test]
fn no_wake_up_is_lost_when_both_sides_sleep_each_time() {
    const ROUNDS: u64 = 100_000;
    let (mut engine, worker) = link(0);
    let (ours, theirs) = UnixStream::pair().unwrap();
    thread::scope(|scope| {
        let echoing = scope.spawn(|| echo(worker, theirs, Spin::NONE, || ()));
        // Dropped on a panic too, so that the worker's thread always ends.
        let ours = ours;
        for round in 0..ROUNDS {
            engine.submit(&numbered(round)).unwrap();
            engine.wake();
            assert_eq!(await_completion(&mut engine), numbered(round));
        }
        drop(ours);
        assert_eq!(echoing.join().unwrap(), ROUNDS);
    });
}

#[test]
fn full_ring_refuses_until_the_worker_takes() {
    let (mut engine, mut worker) = link(0);
    for token in 0..RING_SLOTS as u64 {
        assert_eq!(engine.submit(&numbered(token)), Ok(()));
    }
    assert_eq!(engine.submit(&numbered(99)), Err(RingFull));
    assert_eq!(engine.submit_room(), 0);
    assert_eq!(worker.next(), Ok(Some(numbered(0))));
    assert_eq!(engine.submit_room(), 1);
    assert_eq!(engine.submit(&numbered(99)), Ok(()));
    for _ in 0..RING_SLOTS {
        worker.answer(&numbered(1)).unwrap();
    }
    assert_eq!(worker.answer(&numbered(1)), Err(RingFull));
}

#[test]
fn side_that_is_awake_is_not_rung_and_a_sleeper_once() {
    let (mut engine, mut worker) = link(0);
    let (to_worker, to_engine) = {
        let [wake_engine, wake_worker] = worker.bells();
        (
            Bell::from_fd(wake_worker.try_clone_to_owned().unwrap()),
            Bell::from_fd(wake_engine.try_clone_to_owned().unwrap()),
        )
    };
    for token in 0..1_000 {
        engine.submit(&numbered(token)).unwrap();
        engine.wake();
        let slot = worker_took(&mut worker);
        worker.answer(&slot).unwrap();
        engine.complete().unwrap().unwrap();
    }
    assert_eq!((to_worker.clear(), to_engine.clear()), (0, 0));
    engine.park_begin();
    for token in 0..10 {
        worker.answer(&numbered(token)).unwrap();
    }
    assert_eq!(to_engine.clear(), 1);
    engine.park_end();
    worker.answer(&numbered(11)).unwrap();
    assert_eq!(to_engine.clear(), 0);
}

fn worker_took(worker: &mut WorkerEnd) -> Slot {
    worker.next().unwrap().unwrap()
}

#[test]
fn waiting_worker_sees_the_other_descriptor_but_the_ring_first() {
    let (mut engine, mut worker) = link(0);
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(ours);
    assert_eq!(worker.wait(Spin::default(), theirs.as_fd()).unwrap(), Woken::Other);
    engine.submit(&numbered(1)).unwrap();
    for spin in [Spin::NONE, Spin::default()] {
        assert_eq!(worker.wait(spin, theirs.as_fd()).unwrap(), Woken::Ring);
    }
    worker_took(&mut worker);
    assert_eq!(worker.wait(Spin::NONE, theirs.as_fd()).unwrap(), Woken::Other);
}

#[test]
fn slot_that_came_before_the_worker_parks_is_not_slept_upon() {
    let (mut engine, mut worker) = link(0);
    let (ours, theirs) = UnixStream::pair().unwrap();
    engine.submit(&numbered(1)).unwrap();
    engine.wake();
    let (said, woken) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || said.send(worker.wait(Spin::NONE, theirs.as_fd()).unwrap()));
        // Dropped on a panic too, which ends the wait.
        let _ours = ours;
        assert_eq!(woken.recv_timeout(PATIENCE), Ok(Woken::Ring));
    });
}

#[test]
fn bell_at_its_maximum_does_not_hold_the_ringer() {
    let bell = Bell::new().unwrap();
    rustix::io::write(&bell, &(u64::MAX - 1).to_ne_bytes()).unwrap();
    bell.ring();
    assert_eq!(bell.clear(), u64::MAX - 1);
    assert_eq!(bell.clear(), 0);
}

fn refused(control: OwnedFd) -> ConnectError {
    let (_, fds) = connect().unwrap();
    WorkerEnd::from_fds(WorkerFds { control, ..fds }).map(drop).unwrap_err()
}

#[test]
fn segment_that_could_shrink_or_has_another_size_is_not_mapped() {
    let file = memfd_create("other", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    let file = File::from(file);
    file.set_len(SEGMENT_BYTES as u64 - 1).unwrap();
    let seal = |seals| fcntl_add_seals(&file, seals).unwrap();
    let again = || OwnedFd::from(file.try_clone().unwrap());
    assert!(matches!(refused(again()), ConnectError::Unsealed { found: 0, .. }));
    seal(SealFlags::SHRINK | SealFlags::GROW);
    assert!(matches!(refused(again()), ConnectError::Unsealed { .. }));
    seal(SealFlags::SEAL);
    assert!(
        matches!(refused(again()), ConnectError::Size { found, .. } if found < SEGMENT_BYTES as u64)
    );
    let (socket, _) = UnixStream::pair().unwrap();
    assert!(matches!(refused(socket.into()), ConnectError::Inspect(_)));
}

#[test]
fn control_segment_cannot_be_resized_nor_unsealed() {
    let (_engine, fds) = connect().unwrap();
    let file = File::from(fds.control.try_clone().unwrap());
    assert!(file.set_len(0).is_err());
    assert!(file.set_len(1 << 20).is_err());
    assert!(fcntl_add_seals(&file, SealFlags::FUTURE_WRITE).is_err());
    assert!(WorkerEnd::from_fds(fds).is_ok());
}

fn fuzz_iterations() -> u64 {
    std::env::var("TANDA_FUZZ_ITERATIONS").ok().map_or(1_000_000, |n| n.parse().unwrap())
}

/// A value that a liar might write near `index`: mostly close to what is right.
fn lie(random: &mut Random, index: u64) -> u64 {
    match random.below(8) {
        0 => random.next(),
        1 => index.wrapping_sub(random.below(4)),
        2 => index.wrapping_add(RING_SLOTS as u64 + 1),
        _ => index.wrapping_add(random.below(RING_SLOTS as u64 + 2)),
    }
}

/// One engine under a worker that writes random values; true once it is found corrupt.
fn engine_under_lies(engine: &mut EngineEnd, words: &SegmentWords, random: &mut Random) -> bool {
    let [_, submitted, completed, _] = words.indices();
    match random.below(3) {
        0 => submitted.store(lie(random, submitted.load(Ordering::Relaxed)), Ordering::Relaxed),
        1 => completed.store(lie(random, completed.load(Ordering::Relaxed)), Ordering::Relaxed),
        _ => {
            let word = random.below(words.all().len() as u64) as usize;
            words.all()[word].store(random.next(), Ordering::Relaxed);
        }
    }
    let room = engine.submit_room();
    assert!(room <= RING_SLOTS);
    assert_eq!(engine.submit(&numbered(1)).is_ok(), room > 0);
    engine.park_begin();
    engine.wake();
    engine.park_end();
    let mut taken = 0;
    loop {
        match engine.complete() {
            Ok(Some(_)) => taken += 1,
            Ok(None) => return false,
            Err(_) => return true,
        }
        assert!(taken <= RING_SLOTS, "more completions than a ring holds");
    }
}

fn assert_stays(corrupt: Corrupt, engine: &mut EngineEnd) {
    for _ in 0..3 {
        assert_eq!(engine.complete(), Err(corrupt));
    }
}

#[test]
fn lies_of_a_worker_never_panic_nor_hang_and_are_held_against_it_for_ever() {
    let mut random = Random(0xBAD_5EED);
    let control = segment::create().unwrap();
    let (segment, words) = (Segment::map(control.as_fd()).unwrap(), segment_words(&control));
    let (mut lies, mut found, mut links) = (0, 0, 0);
    while lies < fuzz_iterations() {
        let start = random.next();
        words.set_indices(start);
        let bells = (Bell::new().unwrap(), Bell::new().unwrap());
        let mut engine = EngineEnd::new(&segment, bells.0, bells.1, start);
        links += 1;
        // A link that survives its lies is as good a case as one that does not.
        for _ in 0..200 {
            lies += 1;
            if engine_under_lies(&mut engine, &words, &mut random) {
                found += 1;
                let corrupt = engine.complete().unwrap_err();
                words.set_indices(start);
                assert_stays(corrupt, &mut engine);
                break;
            }
        }
    }
    assert!(found > links / 2, "{found} of {links} liars found");
}

#[test]
fn worker_that_writes_at_random_moments_cannot_hang_the_engine() {
    let is_over = AtomicBool::new(false);
    let control = segment::create().unwrap();
    let scribbled = segment_words(&control);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random(0xD1CE);
            while !is_over.load(Ordering::Relaxed) {
                let word = random.below(scribbled.all().len() as u64) as usize;
                scribbled.all()[word].store(random.next(), Ordering::Relaxed);
                let index = scribbled.indices()[random.below(4) as usize];
                index.store(lie(&mut random, 0), Ordering::Relaxed);
            }
        });
        // On a panic too.
        let _stop = OnDrop(|| is_over.store(true, Ordering::Relaxed));
        let segment = Segment::map(control.as_fd()).unwrap();
        let begin = Instant::now();
        for _ in 0..20_000 {
            let bells = (Bell::new().unwrap(), Bell::new().unwrap());
            let mut engine = EngineEnd::new(&segment, bells.0, bells.1, 0);
            for token in 0..20 {
                let _ = engine.submit(&numbered(token));
                engine.wake();
                if let Err(corrupt) = engine.complete() {
                    assert_stays(corrupt, &mut engine);
                    assert!(engine.submit_room() <= RING_SLOTS);
                }
            }
        }
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    });
}

struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
