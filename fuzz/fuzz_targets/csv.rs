//! Any bytes as Csv: see `reading`.

#![no_main]

use libfuzzer_sys::fuzz_target;

mod reading;

fuzz_target!(|data: &[u8]| reading::check("Csv", data));
