//! Measures a round trip between two threads, each on its own core: through the rings while both
//! look, through the rings while both sleep, and through two bare eventfds in the same run.
//!
//! `cargo test -p tanda-ipc --release --test latency -- --ignored --nocapture`
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::thread::{CpuSet, sched_setaffinity};
use tanda_ipc::{EngineEnd, Slot, Spin, Woken, WorkerEnd, connect};

const HOT_ROUNDS: usize = 200_000;
const PARKED_ROUNDS: usize = 20_000;

fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).unwrap();
}

fn wait(fd: BorrowedFd<'_>) {
    poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], None).unwrap();
}

/// Times each round in nanoseconds; gives p50 and p99 of all but the first tenth.
fn percentiles(rounds: usize, mut round: impl FnMut(u64)) -> (u64, u64) {
    let mut times: Vec<u64> = (0..rounds)
        .map(|token| {
            let begin = Instant::now();
            round(token as u64);
            begin.elapsed().as_nanos() as u64
        })
        .skip(rounds / 10)
        .collect();
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

fn through_rings(
    rounds: usize,
    spin: Spin,
    mut complete: impl FnMut(&mut EngineEnd) -> Slot,
) -> (u64, u64) {
    let (mut engine, fds) = connect().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut worker = WorkerEnd::from_fds(fds).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            while worker.wait(spin, theirs.as_fd()).unwrap() == Woken::Ring {
                while let Some(slot) = worker.next().unwrap() {
                    worker.answer(&slot).unwrap();
                }
            }
        });
        let ours = ours;
        pin(0);
        let times = percentiles(rounds, |token| {
            engine.submit(&Slot { token, ..Slot::default() }).unwrap();
            engine.wake();
            assert_eq!(complete(&mut engine).token, token);
        });
        drop(ours);
        times
    })
}

fn hot() -> (u64, u64) {
    let spin = Spin { iterations: 1_000_000, yields: 0 };
    through_rings(HOT_ROUNDS, spin, |engine| {
        loop {
            if let Some(slot) = engine.complete().unwrap() {
                return slot;
            }
            std::hint::spin_loop();
        }
    })
}

fn parked() -> (u64, u64) {
    through_rings(PARKED_ROUNDS, Spin::NONE, |engine| {
        loop {
            engine.bell_clear();
            engine.park_begin();
            let found = engine.complete().unwrap();
            if found.is_none() {
                wait(engine.bell());
            }
            engine.park_end();
            if let Some(slot) = found {
                return slot;
            }
        }
    })
}

/// What the memory can do at best: one word there, one word back.
fn words() -> (u64, u64) {
    let there_and_back = [Line::default(), Line::default()];
    let [there, back] = &there_and_back;
    let await_word = |line: &Line, word| {
        while line.0.load(Ordering::Acquire) != word {
            std::hint::spin_loop();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            for word in 1..=HOT_ROUNDS as u64 {
                await_word(there, word);
                back.0.store(word, Ordering::Release);
            }
        });
        pin(0);
        percentiles(HOT_ROUNDS, |token| {
            there.0.store(token + 1, Ordering::Release);
            await_word(back, token + 1);
        })
    })
}

#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// What the system can do at best: two eventfds, poll and read, as both sides of the rings do.
fn eventfds() -> (u64, u64) {
    let make = || eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).unwrap();
    let (there, back) = (make(), make());
    let ring = |fd: &OwnedFd| rustix::io::write(fd, &1_u64.to_ne_bytes()).unwrap();
    let take = |fd: &OwnedFd| {
        wait(fd.as_fd());
        rustix::io::read(fd, &mut [0; 8]).unwrap()
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            for _ in 0..PARKED_ROUNDS {
                take(&there);
                ring(&back);
            }
        });
        pin(0);
        percentiles(PARKED_ROUNDS, |_| {
            ring(&there);
            take(&back);
        })
    })
}

#[test]
#[ignore = "measures; run it alone, with --release"]
fn round_trips() {
    // Interleaved, so that a busy machine is busy for all alike; the best of three each.
    let mut best = [(u64::MAX, u64::MAX); 4];
    for _ in 0..3 {
        let measured = [hot(), words(), parked(), eventfds()];
        for (best, measured) in best.iter_mut().zip(measured) {
            *best = measured.min(*best);
        }
    }
    println!("round trip, ns              p50        p99");
    let names = ["rings, both look", "bare words", "rings, both sleep", "bare eventfds"];
    for (name, (p50, p99)) in names.iter().zip(best) {
        println!("{name:<20} {p50:>10} {p99:>10}");
    }
    let [hot, words, parked, eventfds] = best.map(|(p50, _)| p50 as f64);
    println!("look / bare {:.2}, sleep / bare {:.2} (target 1.2)", hot / words, parked / eventfds);
}
