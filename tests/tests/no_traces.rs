//! What a run leaves behind: nothing. A program of its own, because open files and children are
//! counted for the whole process.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;

use tanda_tests::{Bench, children_of};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

const SMALL: &str = "Scene( name: \"small\", engine: ( threads: 2 ), stages: {
    \"in\": Source( read: Generator( rows: 50000, columns: [ (\"a\", Sequence) ] ) ),
    \"p\": Plugin( library: \"enrichment\", from: \"in\",
                 config: ( compute: { \"b\": \"a + 1\" } ) ),
    \"out\": Sink( write: Blackhole, from: \"p\" ) } )";

#[test]
fn run_leaves_no_process_no_file_and_no_name_in_dev_shm() {
    let bench = Bench::new();
    bench.run(SMALL).unwrap();
    let (files, names) = (open_files(), fs::read_dir("/dev/shm").unwrap().count());
    for _ in 0..20 {
        bench.run(SMALL).unwrap();
    }
    assert!(open_files() <= files, "{files} open files before, {} after 20 runs", open_files());
    assert_eq!(fs::read_dir("/dev/shm").unwrap().count(), names);
    let workers = children_of(std::process::id());
    assert!(!workers.iter().any(|(_, line)| line.contains("worker")), "{workers:?}");
}
