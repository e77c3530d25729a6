//! Blocks by their address.

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::mpsc;
use std::thread;

use super::{ENGINE, arena};
use crate::{ALIGNMENT, Blocks};

fn blocks(bytes: usize) -> (crate::Arena, Blocks) {
    let arena = arena(ENGINE, bytes);
    let blocks = Blocks::new(arena.clone());
    (arena, blocks)
}

fn fill(block: NonNull<u8>, bytes: usize, sign: u8) {
    // SAFETY: the block has the bytes and belongs to the caller alone.
    unsafe { block.write_bytes(sign, bytes) };
}

fn holds(block: NonNull<u8>, bytes: usize, sign: u8) -> bool {
    // SAFETY: as in `fill`, which wrote it.
    let found = unsafe { std::slice::from_raw_parts(block.as_ptr(), bytes) };
    found.iter().all(|byte| *byte == sign)
}

#[test]
fn block_lies_in_the_arena_until_it_is_freed_once() {
    let (arena, blocks) = blocks(1 << 16);
    let block = blocks.allocate(5000, ALIGNMENT).unwrap();
    assert!(arena.locate(block.as_ptr(), 5000).is_some());
    assert!(block.as_ptr().addr().is_multiple_of(ALIGNMENT));
    assert_eq!(arena.used_bytes(), 5120);
    assert!(!blocks.free(block.as_ptr().wrapping_add(1)), "no block begins there");
    assert!(blocks.free(block.as_ptr()));
    assert!(!blocks.free(block.as_ptr()), "it was freed before");
    assert_eq!(arena.used_bytes(), 0);
}

#[test]
fn blocks_fill_half_of_the_arena_and_no_more() {
    let (arena, blocks) = blocks(1 << 16);
    let block = blocks.allocate(1 << 15, 1).unwrap();
    assert_eq!(blocks.allocate(1, 1), None);
    assert!(arena.allocate(1 << 15).is_ok());
    assert!(blocks.free(block.as_ptr()));
    assert!(blocks.allocate(1 << 15, 1).is_some());
}

#[test]
fn block_that_no_arena_has_is_refused() {
    let (arena, blocks) = blocks(1 << 16);
    assert_eq!(blocks.allocate(0, 1), None);
    assert_eq!(blocks.allocate(64, 2 * ALIGNMENT), None);
    assert_eq!(blocks.allocate(usize::MAX, 1), None);
    let all = arena.allocate(1 << 16).unwrap();
    assert_eq!(blocks.allocate(64, 1), None);
    drop(all);
    assert!(blocks.allocate(64, 1).is_some());
}

#[test]
fn blocks_are_freed_by_other_threads() {
    let (arena, blocks) = blocks(1 << 18);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel::<(usize, usize, u8)>();
        let blocks = &blocks;
        for sign in 1..5_u8 {
            let sender = sender.clone();
            scope.spawn(move || {
                let mut count = 0;
                while count < 2_000 {
                    let bytes = 4096 + usize::from(sign) * count % 3000;
                    let Some(block) = blocks.allocate(bytes, ALIGNMENT) else {
                        thread::yield_now();
                        continue;
                    };
                    fill(block, bytes, sign);
                    sender.send((block.as_ptr().expose_provenance(), bytes, sign)).unwrap();
                    count += 1;
                }
            });
        }
        drop(sender);
        let mut freed = HashMap::<u8, usize>::new();
        for (address, bytes, sign) in receiver {
            let block = NonNull::new(std::ptr::with_exposed_provenance_mut(address)).unwrap();
            assert!(holds(block, bytes, sign), "two owners of one block");
            assert!(blocks.free(block.as_ptr()));
            *freed.entry(sign).or_default() += 1;
        }
        assert!(freed.values().all(|count| *count == 2_000) && freed.len() == 4);
    });
    assert_eq!(arena.used_bytes(), 0);
}
