//! The ring against a queue, and against indices that cannot be.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::layout::CAPACITY;
use super::{Consumer, Corrupt, Producer, RING_SLOTS, Ring, RingFull, Words};

fn words(number: u64) -> Words {
    std::array::from_fn(|word| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ word as u64)
}

fn ends(start: u64) -> (Arc<Ring>, Producer<Arc<Ring>>, Consumer<Arc<Ring>>) {
    let ring = Arc::new(Ring::starting_at(start));
    (ring.clone(), Producer::new(ring.clone(), start), Consumer::new(ring, start))
}

#[test]
fn full_ring_refuses_and_empty_ring_gives_nothing() {
    let (_, mut producer, mut consumer) = ends(0);
    assert_eq!(consumer.pop(), Ok(None));
    for number in 0..CAPACITY {
        assert_eq!(producer.room() as u64, CAPACITY - number);
        assert_eq!(producer.push(&words(number)), Ok(()));
    }
    assert_eq!(producer.push(&words(99)), Err(RingFull));
    assert_eq!(producer.room(), 0);
    for number in 0..CAPACITY {
        assert_eq!(consumer.pop(), Ok(Some(words(number))));
    }
    assert_eq!(consumer.pop(), Ok(None));
    assert_eq!(producer.room(), RING_SLOTS);
    assert_eq!(producer.check(), Ok(()));
}

#[test]
fn peer_is_asleep_once_for_each_time_it_parks() {
    let (_, producer, mut consumer) = ends(0);
    assert!(!producer.peer_sleeps());
    consumer.park_begin();
    assert!(producer.peer_sleeps());
    assert!(!producer.peer_sleeps());
    consumer.park_end();
    consumer.park_begin();
    consumer.park_end();
    assert!(!producer.peer_sleeps());
}

#[test]
fn consumer_that_takes_back_is_corrupt_for_ever() {
    let (ring, mut producer, mut consumer) = ends(10);
    producer.push(&words(0)).unwrap();
    consumer.pop().unwrap();
    assert_eq!(producer.room(), RING_SLOTS);
    ring.head.0.store(10, Ordering::Relaxed);
    assert_eq!(producer.room(), 0);
    let corrupt = Corrupt::Consumed { found: 10, from: 11, to: 11 };
    assert_eq!(producer.check(), Err(corrupt));
    ring.head.0.store(11, Ordering::Relaxed);
    assert_eq!(producer.room(), 0);
    assert_eq!(producer.push(&words(1)), Err(RingFull));
    assert_eq!(producer.check(), Err(corrupt));
}

#[test]
fn producer_that_publishes_too_much_is_corrupt_for_ever() {
    let (ring, mut producer, mut consumer) = ends(u64::MAX);
    producer.push(&words(0)).unwrap();
    ring.tail.0.store(CAPACITY, Ordering::Relaxed);
    let corrupt = Corrupt::Published { found: CAPACITY, from: u64::MAX, to: CAPACITY - 1 };
    assert_eq!(consumer.pop(), Err(corrupt));
    ring.tail.0.store(0, Ordering::Relaxed);
    assert_eq!(consumer.pop(), Err(corrupt));
    assert_eq!(consumer.look(), Err(corrupt));
}

#[test]
fn producer_that_takes_back_is_corrupt() {
    let (ring, mut producer, mut consumer) = ends(0);
    producer.push(&words(0)).unwrap();
    producer.push(&words(1)).unwrap();
    assert_eq!(consumer.look(), Ok(true));
    ring.tail.0.store(1, Ordering::Relaxed);
    assert_eq!(consumer.look(), Err(Corrupt::Published { found: 1, from: 2, to: CAPACITY }));
    assert!(consumer.pop().is_err());
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Push,
    Pop,
    Room,
    Look,
}

fn starts() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), u64::MAX - 200..=u64::MAX]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Push),
        3 => Just(Step::Pop),
        1 => Just(Step::Room),
        1 => Just(Step::Look),
    ];
    proptest::collection::vec(step, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ring_is_a_bounded_queue(start in starts(), steps in steps()) {
        let (_, mut producer, mut consumer) = ends(start);
        let (mut model, mut next) = (std::collections::VecDeque::new(), 0);
        for step in steps {
            match step {
                Step::Push => {
                    let is_full = model.len() == RING_SLOTS;
                    prop_assert_eq!(producer.push(&words(next)).is_err(), is_full);
                    if !is_full {
                        model.push_back(next);
                        next += 1;
                    }
                }
                Step::Pop => prop_assert_eq!(consumer.pop(), Ok(model.pop_front().map(words))),
                Step::Room => prop_assert_eq!(producer.room(), RING_SLOTS - model.len()),
                Step::Look => prop_assert_eq!(consumer.look(), Ok(!model.is_empty())),
            }
        }
    }
}
