//! Arenas against a model.

use std::sync::mpsc;
use std::thread;

use proptest::prelude::*;

use super::{ENGINE, arena};
use crate::{ALIGNMENT, ArenaFull, Extent};

/// Fills an extent with a byte that no other one has.
fn fill(extent: &mut Extent, sign: u8) {
    extent.as_mut_slice().fill(sign);
}

#[derive(Debug, Clone)]
enum Act {
    Allocate(usize),
    Free(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let size = prop_oneof![0..200_usize, 0..9_000_usize];
    let act =
        prop_oneof![3 => size.prop_map(Act::Allocate), 2 => any::<usize>().prop_map(Act::Free)];
    proptest::collection::vec(act, 0..200)
}

proptest! {
    #[test]
    fn extents_are_aligned_never_overlap_and_are_counted(acts in acts()) {
        let arena = arena(ENGINE, 1 << 16);
        let mut live: Vec<(u8, Extent, usize)> = Vec::new();
        let (mut used, mut peak) = (0, 0);
        for (step, act) in acts.into_iter().enumerate() {
            match act {
                Act::Allocate(bytes) => match arena.allocate(bytes) {
                    Ok(mut extent) => {
                        prop_assert_eq!(extent.offset() % ALIGNMENT as u64, 0);
                        prop_assert_eq!(extent.as_mut_slice().len(), bytes);
                        let inside = arena.locate(extent.as_mut_slice().as_ptr(), bytes);
                        prop_assert!(bytes == 0 || inside == Some(extent.offset()));
                        fill(&mut extent, step as u8);
                        live.push((step as u8, extent, bytes));
                        used += bytes.next_multiple_of(ALIGNMENT) as u64;
                        peak = peak.max(used);
                    }
                    Err(full) => {
                        prop_assert_eq!(full.used_bytes, used);
                        prop_assert_eq!(full.wanted_bytes, bytes);
                    }
                },
                Act::Free(which) if !live.is_empty() => {
                    let (sign, mut extent, bytes) = live.swap_remove(which % live.len());
                    prop_assert!(extent.as_mut_slice().iter().all(|byte| *byte == sign));
                    used -= bytes.next_multiple_of(ALIGNMENT) as u64;
                }
                Act::Free(_) => {}
            }
            prop_assert_eq!((arena.used_bytes(), arena.peak_bytes()), (used, peak));
        }
        for (sign, extent, _) in &mut live {
            prop_assert!(extent.as_mut_slice().iter().all(|byte| byte == sign));
        }
        drop(live);
        prop_assert_eq!(arena.used_bytes(), 0);
        // All ranges have grown together again.
        prop_assert!(arena.allocate(1 << 16).is_ok());
    }
}

#[test]
fn full_arena_is_as_it_was_and_has_room_when_an_extent_is_freed() {
    let arena = arena(ENGINE, 4096);
    let extent = arena.allocate(2048).unwrap();
    let full =
        ArenaFull { segment: ENGINE, wanted_bytes: 4096, used_bytes: 2048, segment_bytes: 4096 };
    assert_eq!(arena.allocate(4096).unwrap_err(), full);
    assert_eq!(arena.allocate(usize::MAX).unwrap_err().used_bytes, 2048);
    assert_eq!((arena.used_bytes(), arena.peak_bytes()), (2048, 2048));
    assert_eq!(
        full.to_string(),
        "no free range of 4096 bytes in segment 1: 2048 of 4096 bytes are in use; lower \
         `batch_rows` or `batch_bytes`, or raise what bounds it (`memory_limit`, a limit on files or \
         addresses)"
    );
    drop(extent);
    assert!(arena.allocate(4096).is_ok());
}

#[test]
fn every_unit_of_an_arena_can_be_given_out() {
    let arena = arena(ENGINE, ALIGNMENT * 96);
    let extents: Vec<_> = (0..96).map(|_| arena.allocate(1).unwrap()).collect();
    assert!(arena.allocate(1).is_err());
    drop(extents);
    assert!(arena.allocate(ALIGNMENT * 96).is_ok());
}

#[test]
fn arena_smaller_than_a_unit_is_full() {
    let arena = arena(ENGINE, ALIGNMENT - 1);
    assert!(arena.allocate(0).is_ok());
    assert!(arena.allocate(1).is_err());
}

#[test]
fn range_of_a_buffer_is_free_after_its_last_clone() {
    let arena = arena(ENGINE, 4096);
    let mut extent = arena.allocate(100).unwrap();
    fill(&mut extent, 9);
    let buffer = extent.freeze();
    let part = buffer.slice_with_length(10, 5);
    drop(buffer);
    assert_eq!(arena.used_bytes(), 128);
    assert_eq!(part.as_slice(), [9; 5]);
    drop(part);
    assert_eq!((arena.used_bytes(), arena.peak_bytes()), (0, 128));
}

#[test]
fn buffer_keeps_the_mapping_when_the_arena_is_gone() {
    let arena = arena(ENGINE, 4096);
    let mut extent = arena.allocate(100).unwrap();
    fill(&mut extent, 9);
    drop(arena);
    assert_eq!(extent.freeze().as_slice(), [9; 100]);
}

#[test]
fn pointer_outside_is_not_located() {
    let arena = arena(ENGINE, 4096);
    let base = arena.base().cast_const();
    assert_eq!(arena.locate(base, 4096), Some(0));
    assert_eq!(arena.locate(base.wrapping_add(4096), 0), Some(4096));
    assert_eq!(arena.locate(base.wrapping_add(1), 4096), None);
    assert_eq!(arena.locate(base.wrapping_sub(1), 1), None);
    assert_eq!(arena.locate(base, usize::MAX), None);
}

#[test]
fn extents_freed_by_other_threads_are_free() {
    let arena = arena(ENGINE, 1 << 16);
    let (sender, receiver) = mpsc::channel::<Extent>();
    let other = thread::spawn(move || receiver.into_iter().for_each(drop));
    thread::scope(|scope| {
        for sign in 0..4_u8 {
            let (arena, sender) = (&arena, sender.clone());
            scope.spawn(move || {
                let mut count = 0;
                while count < 2_000 {
                    let Ok(mut extent) = arena.allocate(usize::from(sign) * 100 + 1) else {
                        thread::yield_now();
                        continue;
                    };
                    fill(&mut extent, sign);
                    assert!(extent.as_mut_slice().iter().all(|byte| *byte == sign));
                    sender.send(extent).unwrap();
                    count += 1;
                }
            });
        }
    });
    drop(sender);
    other.join().unwrap();
    assert_eq!(arena.used_bytes(), 0);
    assert!(arena.allocate(1 << 16).is_ok());
}
