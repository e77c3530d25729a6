//! Whatever a plugin does, in every sandbox: what becomes of its worker, its batch and its
//! neighbours. The table of `config/ISOLATION.md`, a test for each row.

use tanda::{EngineError, prelude::RunReport};
use tanda_tests::{Bench, repo_file, run_config};

/// How a run with a faulty plugin ends.
enum End {
    /// All rows arrive, after so many deaths of the faulty worker at least.
    Done { deaths_min: u32 },
    /// The run fails, and says all of this.
    Fails(&'static [&'static str]),
}
use End::{Done, Fails};

const LEVELS: [&str; 3] = ["Off", "Basic", "Strict"];
const ROWS: u64 = 12_000;

/// Runs `in -> before -> faulty -> after -> out`, all isolated, with 12 batches.
fn run(bench: &Bench, level: &str, config: &str, more: &str) -> Result<RunReport, EngineError> {
    let neighbour = |name: &str, from: &str| {
        format!(
            "\"{name}\": Plugin( library: \"enrichment\", from: \"{from}\", instances: 1,
                config: ( compute: {{ \"{name}\": \"n + 1\" }} ) ),"
        )
    };
    bench.run(&format!(
        "Scene( name: \"faulty\", engine: ( threads: 2, batch_rows: 1000 ), stages: {{
           \"in\": Source( read: Generator( rows: {ROWS}, seed: 7, columns: [
               (\"n\", Sequence), (\"text\", Choice([\"one\", \"two\", \"three\"])) ] ) ),
           {before}
           \"faulty\": Plugin( library: \"faulty\", from: \"before\", instances: 1, {more}
               isolation: Process(sandbox: {level}), config: ( {config} ) ),
           {after}
           \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"after\" ) }} )",
        before = neighbour("before", "in"),
        after = neighbour("after", "faulty"),
    ))
}

fn check(level: &str, config: &str, more: &str, end: &End) {
    let bench = Bench::new();
    let result = run(&bench, level, config, more);
    match (end, result) {
        (Done { deaths_min }, Ok(report)) => {
            assert_eq!(report.ledger, Ok(()), "{level}, {config}");
            let deaths = report.stage("faulty").unwrap().restarts;
            assert!(deaths >= *deaths_min, "{level}, {config}: {deaths} deaths");
            for neighbour in ["before", "after"] {
                assert_eq!(report.stage(neighbour).unwrap().restarts, 0, "{level}, {config}");
            }
            let out = bench.read("out.csv");
            let mut rows = out.lines().skip(1).map(|line| line.split(',').next().unwrap());
            let expected = (0..ROWS).map(|n| n.to_string());
            assert!(expected.clone().all(|n| rows.next() == Some(&*n)), "{level}, {config}: rows");
            assert_eq!(rows.next(), None, "{level}, {config}: more rows");
        }
        (Fails(texts), Err(error)) => {
            let message = error.to_string();
            for text in *texts {
                assert!(message.contains(text), "{level}, {config}: no `{text}` in: {message}");
            }
            assert!(!bench.has("out.csv"), "{level}, {config}: a failed run has no output");
        }
        (Done { .. }, Err(error)) => panic!("{level}, {config}: {error}"),
        (Fails(_), Ok(report)) => panic!("{level}, {config}: it did not fail: {report:?}"),
    }
}

fn check_levels(config: &str, more: &str, end: &End) {
    LEVELS.iter().for_each(|level| check(level, config, more, end));
}

#[test]
fn spare_takes_over_from_a_worker_that_dies() {
    // Every fourth batch of a life ends it: each life but the first is a spare's.
    check_levels("when: Batch(3), what: Abort", "spares: 2,", &Done { deaths_min: 3 });
}

#[test]
fn error_of_a_plugin_ends_the_run_and_not_its_worker() {
    check_levels("when: Batch(3), what: Error", "", &Fails(&["stage `faulty`", "on order"]));
}

#[test]
fn panic_of_a_plugin_is_an_error_of_its_batch() {
    check_levels("when: Batch(3), what: Panic", "", &Fails(&["stage `faulty`", "panicked"]));
}

#[test]
fn worker_that_aborts_is_started_again() {
    check_levels("when: Batch(3), what: Abort", "", &Done { deaths_min: 3 });
}

#[test]
fn worker_that_breaks_its_memory_is_started_again() {
    check_levels("when: Batch(3), what: Segfault", "", &Done { deaths_min: 3 });
}

#[test]
fn worker_that_exits_is_started_again_whatever_its_code() {
    check_levels("when: Batch(5), what: Exit(0)", "", &Done { deaths_min: 1 });
    check_levels("when: Batch(5), what: Exit(1)", "", &Done { deaths_min: 1 });
}

#[test]
fn batch_that_no_worker_survives_ends_the_run_and_names_the_signal() {
    let end = Fails(&["stage `faulty`", "worker is gone", "SIGABRT"]);
    check_levels("when: Row(\"n = 5500\"), what: Abort", "", &end);
}

#[test]
fn worker_that_hangs_is_killed_and_started_again() {
    check_levels("when: Batch(8), what: Hang", "timeout: \"300ms\",", &Done { deaths_min: 1 });
}

#[test]
fn plugin_that_never_opens_is_refused_in_time() {
    let end = Fails(&["start_timeout", "300ms"]);
    check_levels("when: Open, what: HangAtOpen", "start_timeout: \"300ms\",", &end);
}

/// Without a sandbox it would take the memory of the machine: nothing to be tried in a test.
#[test]
fn worker_that_takes_all_memory_is_stopped_by_its_limit() {
    for level in ["Basic", "Strict"] {
        let config = "when: Batch(8), what: AllocateWithoutEnd";
        check(level, config, "memory_limit: \"512MiB\",", &Done { deaths_min: 1 });
    }
}

#[test]
fn batch_with_wild_offsets_is_never_accepted() {
    let end = Fails(&["stage `faulty`", "offsets"]);
    check_levels("when: Batch(3), what: WildOffsets", "", &end);
}

#[test]
fn output_that_is_changed_after_it_was_published_does_not_change() {
    check_levels("when: Batch(3), what: ChangeAfterPublish", "", &Done { deaths_min: 0 });
}

#[test]
fn socket_is_denied_in_strict_and_its_name_is_told() {
    let config = "when: Batch(3), what: OpenSocket";
    check("Off", config, "", &Done { deaths_min: 0 });
    check("Basic", config, "", &Done { deaths_min: 0 });
    let always = "when: Row(\"n = 5500\"), what: OpenSocket";
    check("Strict", always, "", &Fails(&["SIGSYS", "denied system call", "socket"]));
}

#[test]
fn file_is_denied_in_strict_and_named() {
    let file = repo_file("config/data/airlines.csv");
    let config = format!("when: Batch(3), what: OpenFile(\"{file}\")");
    check("Off", &config, "", &Done { deaths_min: 0 });
    check("Basic", &config, "", &Done { deaths_min: 0 });
    check("Strict", &config, "", &Fails(&["airlines.csv", "Permission denied"]));
    // While it opens it may read what its stage declares, and nothing else.
    let config = format!("when: Open, what: OpenFile(\"{file}\")");
    check("Strict", &config, "", &Fails(&["airlines.csv", "read: ["]));
    check("Strict", &config, &format!("read: [\"{file}\"],"), &Done { deaths_min: 0 });
}

#[test]
fn other_process_is_denied_in_strict() {
    let config = "when: Batch(3), what: Fork";
    check("Off", config, "", &Done { deaths_min: 0 });
    check("Basic", config, "", &Done { deaths_min: 0 });
    check("Strict", config, "", &Fails(&["stage `faulty`"]));
}

#[test]
fn flood_of_log_lines_holds_nobody_back() {
    check_levels("when: Batch(3), what: FloodLog(50000)", "", &Done { deaths_min: 0 });
}

#[test]
fn testing_pipeline_gives_the_golden_bytes() {
    let out = Bench::new();
    let input = repo_file("config/data/flights-2013-01.csv");
    let params = [("input", &*input), ("out", &out.file(""))];
    let report = run_config("testing_pipeline.ron", &params, |text| text).unwrap();
    assert!(report.stage("faulty").unwrap().restarts > 3, "{report:?}");
    for name in ["by_carrier_month.csv", "rejected.csv"] {
        let golden = repo_file(&format!("tests/golden/flights-2013-01/{name}"));
        assert!(out.read(name) == std::fs::read_to_string(golden).unwrap(), "{name} differs");
    }
}
