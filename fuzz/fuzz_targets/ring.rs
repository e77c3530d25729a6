//! A worker writes any bytes over the rings: the engine takes what is sound, or finds it corrupt
//! for good; it never panics, and no ring holds more than it can.
//!
//! Every ten bytes are one write: where (two bytes) and what (eight).

#![no_main]

use std::fs::File;
use std::os::unix::fs::FileExt;

use libfuzzer_sys::fuzz_target;
use tanda_ipc::{RING_SLOTS, Slot, connect};

fuzz_target!(|data: &[u8]| {
    let (mut engine, fds) = connect().unwrap();
    let control = File::from(fds.control.try_clone().unwrap());
    let bytes = control.metadata().unwrap().len();
    for write in data.chunks_exact(10) {
        let place = u64::from(u16::from_le_bytes([write[0], write[1]])) * 8 % (bytes - 8);
        control.write_all_at(&write[2..], place).unwrap();
        let room = engine.submit_room();
        assert!(room <= RING_SLOTS);
        assert_eq!(engine.submit(&Slot::default()).is_ok(), room > 0);
        engine.park_begin();
        engine.wake();
        engine.park_end();
        let mut taken = 0;
        while let Ok(Some(_)) = engine.complete() {
            taken += 1;
            assert!(taken <= RING_SLOTS, "more completions than a ring holds");
        }
        if let Err(corrupt) = engine.complete() {
            assert_eq!(engine.complete(), Err(corrupt), "it is held against the worker");
            return;
        }
    }
});
