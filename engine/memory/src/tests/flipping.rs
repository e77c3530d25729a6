//! A writer that changes its memory while the engine rebuilds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use arrow::array::{ArrayData, RecordBatch};

use super::generate::{Random, batch as random_batch};
use super::{Pair, assert_valid, private_copy};

/// The addresses of all bytes of a batch.
fn addresses(batch: &RecordBatch) -> Vec<usize> {
    fn add(data: &ArrayData, all: &mut Vec<usize>) {
        let nulls = data.nulls().map(|nulls| nulls.buffer());
        for buffer in data.buffers().iter().chain(nulls) {
            all.extend((0..buffer.len()).map(|index| buffer.as_ptr().addr() + index));
        }
        data.child_data().iter().for_each(|child| add(child, all));
    }
    let mut all = Vec::new();
    batch.columns().iter().for_each(|column| add(&column.to_data(), &mut all));
    all
}

#[test]
fn accepted_batch_stays_valid_while_its_writer_flips_bytes() {
    let pair = Pair::new();
    let sent: Vec<_> = (0..60).map(|seed| pair.send(&random_batch(seed), None)).collect();
    let bytes: Vec<_> = sent.iter().flat_map(|sent| addresses(&sent.batch)).collect();
    let base = pair.writer.base().expose_provenance();
    let range = base..base + pair.writer.segment_bytes();
    let bytes: Vec<_> = bytes.into_iter().filter(|byte| range.contains(byte)).collect();
    let is_done = AtomicBool::new(false);
    let mut accepted = Vec::new();
    let mut refused = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            let random = &mut Random(1);
            while !is_done.load(Ordering::Relaxed) {
                let byte =
                    std::ptr::with_exposed_provenance_mut::<u8>(bytes[random.below(bytes.len())]);
                // SAFETY: an address inside the writer's mapping, which lives; the flip is undone.
                unsafe {
                    let value = byte.read_volatile();
                    byte.write_volatile(value ^ (1 << random.below(8)));
                    byte.write_volatile(value);
                }
            }
        });
        for round in 0..20_000 {
            match pair.receive(&sent[round % sent.len()], None, pair.copied()) {
                Ok(built) => {
                    assert_valid(&built.batch);
                    if round % 20 == 0 {
                        accepted.push((private_copy(&built.batch), built.batch));
                    }
                }
                Err(_) => refused += 1,
            }
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert!(accepted.len() > 100, "{} accepted, {refused} refused", accepted.len());
    for (copy, batch) in &accepted {
        assert_valid(batch);
        assert_eq!(copy, batch);
    }
}
