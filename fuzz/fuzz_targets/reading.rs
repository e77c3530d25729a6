//! A source opens and reads any bytes: rows or an error that names the file, no panic, no abort,
//! and no more memory at once than a bound that grows with the file.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::AsRawFd;
use std::sync::OnceLock;
use std::time::Duration;

use allocation_counter::measure;
use ron::extensions::Extensions;
use tanda::connectors::{Limits, OnBad, Piece, ReadError, Source, Stop};

/// What reading may take beside a multiple of the file's size.
const BYTES_FREE: u64 = 64 << 20;
const BYTES_PER_BYTE: u64 = 64;
/// Batches of columns without bytes may say any number of rows.
const PIECES_MAX: usize = 200;

/// Reads `data` as `format`, the name of one in a scene.
pub fn check(format: &str, data: &[u8]) {
    let mut file = scratch();
    file.set_len(0).expect("it is in memory");
    file.rewind().expect("it is in memory");
    file.write_all(data).expect("it is in memory");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let mut result = Ok(());
    let used = measure(|| result = read(format, &path));
    let bound = BYTES_FREE + BYTES_PER_BYTE * data.len() as u64;
    assert!(used.bytes_max <= bound, "{} bytes at once for {}", used.bytes_max, data.len());
    if let Err(error) = result {
        assert!(error.to_string().contains(&path), "{error}");
    }
}

/// One file in memory for all inputs of a process.
fn scratch() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| tempfile::tempfile_in("/dev/shm").expect("a file in memory"))
}

fn read(format: &str, path: &str) -> Result<(), ReadError> {
    let extensions = Extensions::UNWRAP_VARIANT_NEWTYPES | Extensions::IMPLICIT_SOME;
    let options = ron::Options::default().with_default_extension(extensions);
    let scene = format!("{format}( path: \"{path}\" )");
    let scene = options.from_str(&scene).expect("a source as a scene has it");
    let limits = Limits {
        batch_rows: 1024,
        batch_bytes: 1 << 20,
        linger: Duration::ZERO,
        unpacked_bytes_max: 16 << 20,
    };
    let stop = Stop::new().expect("an eventfd");
    let (mut reader, decoder) = Source::open(&scene, &limits, &stop)?.start(None, OnBad::Reject);
    for _ in 0..PIECES_MAX {
        match reader.next(&stop)? {
            Some(Piece::Raw(piece)) => drop(decoder.as_ref().expect("of text").decode(&piece)?),
            Some(Piece::Decoded(batch)) => drop(batch),
            None => break,
        }
    }
    Ok(())
}
