//! Any bytes as Ndjson: see `reading`.

#![no_main]

use libfuzzer_sys::fuzz_target;

mod reading;

fuzz_target!(|data: &[u8]| reading::check("Ndjson", data));
