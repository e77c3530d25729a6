//! The rings under the model checker: every interleaving, up to a bound of preemptions.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p tanda-ipc --release --lib`

use loom::sync::{Arc, Notify};
use loom::thread;

use super::{Consumer, Producer, Ring, Words};

const SLOTS: u64 = 3;
/// Preemptions of a thread at a point where it could go on. Loom's authors advise 2 or 3.
const PREEMPTIONS_MAX: usize = 3;

fn words(number: u64) -> Words {
    [number, !number]
}

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(model);
}

fn ends(start: u64) -> (Producer<Arc<Ring>>, Consumer<Arc<Ring>>) {
    let ring = Arc::new(Ring::starting_at(start));
    (Producer::new(ring.clone(), start), Consumer::new(ring, start))
}

fn push(producer: &mut Producer<Arc<Ring>>, number: u64) {
    while producer.push(&words(number)).is_err() {
        producer.check().unwrap();
        thread::yield_now();
    }
}

/// Three pushes through two places, so both full and empty are met.
fn push_and_pop(start: u64) {
    let (mut producer, mut consumer) = ends(start);
    let pushing = thread::spawn(move || {
        for number in 0..SLOTS {
            push(&mut producer, number);
        }
    });
    for number in 0..SLOTS {
        let found = loop {
            match consumer.pop().unwrap() {
                Some(found) => break found,
                None => thread::yield_now(),
            }
        };
        assert_eq!(found, words(number));
    }
    assert_eq!(consumer.pop(), Ok(None));
    pushing.join().unwrap();
}

#[test]
fn slots_arrive_whole_once_and_in_order() {
    check(|| push_and_pop(0));
}

#[test]
fn indices_wrap() {
    check(|| push_and_pop(u64::MAX - 1));
}

#[test]
fn room_is_given_back_only_after_the_slot_was_copied() {
    check(|| {
        let (mut producer, mut consumer) = ends(0);
        producer.push(&words(0)).unwrap();
        producer.push(&words(1)).unwrap();
        let popping = thread::spawn(move || (consumer.pop(), consumer.pop()));
        let is_pushed = producer.push(&words(2)).is_ok();
        let popped = popping.join().unwrap();
        assert_eq!(popped, (Ok(Some(words(0))), Ok(Some(words(1)))), "pushed: {is_pushed}");
    });
}

/// A lost wake-up leaves the consumer asleep for ever, which loom reports as a deadlock.
#[test]
fn no_wake_up_is_lost() {
    check(|| {
        let (mut producer, mut consumer) = ends(0);
        let bell = Arc::new(Notify::new());
        let ringing = bell.clone();
        let pushing = thread::spawn(move || {
            for number in 0..SLOTS {
                push(&mut producer, number);
                if producer.peer_sleeps() {
                    ringing.notify();
                }
            }
        });
        let mut taken = 0;
        while taken < SLOTS {
            if let Some(found) = consumer.pop().unwrap() {
                assert_eq!(found, words(taken));
                taken += 1;
                continue;
            }
            consumer.park_begin();
            if !consumer.look().unwrap() {
                bell.wait();
            }
            consumer.park_end();
        }
        pushing.join().unwrap();
    });
}

#[test]
fn a_consumer_that_does_not_park_is_not_woken() {
    check(|| {
        let (mut producer, mut consumer) = ends(0);
        let pushing = thread::spawn(move || {
            producer.push(&words(0)).unwrap();
            assert!(!producer.peer_sleeps());
        });
        let _ = consumer.pop().unwrap();
        pushing.join().unwrap();
    });
}
