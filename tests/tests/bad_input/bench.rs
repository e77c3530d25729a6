//! Runs a scene of the folder `${at}` and looks at what it says and leaves behind.

use std::collections::BTreeSet;
use std::fs;

use expect_test::Expect;
use tanda::{EngineError, prelude::RunReport};
use tanda_tests::Bench;

/// From `in.csv` to `out.csv`.
pub(crate) const CSV_TO_CSV: &str = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
"#;

/// As [`CSV_TO_CSV`], with a place for bad records.
pub(crate) const CSV_WITH_REJECTED: &str = r#"
        "in": Source( read: Csv( path: "${at}/in.csv", schema: { "n": "int64" } ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
        "bad": Sink( write: Csv( path: "${at}/bad.csv" ), from: "in.rejected" ),
"#;

/// A folder with one file.
pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Bench {
    let bench = Bench::new();
    bench.write(name, content);
    bench
}

/// Runs `stages`, which must not end well, and gives the error with `{dir}` for the folder.
///
/// Nothing new may stand under a name that is not `.part`, and the ledger must balance.
#[track_caller]
pub(crate) fn error_of(bench: &Bench, stages: &str) -> String {
    let before = names(bench);
    let error = run(bench, stages).map(|report| format!("{report:?}")).expect_err("it must fail");
    if let EngineError::Failed { report, .. } = &error {
        assert_eq!(report.ledger, Ok(()), "{error}");
    }
    let left: Vec<String> = names(bench).difference(&before).cloned().collect();
    let is_unfinished = |name: &String| name.ends_with(".part") || name == "scene.ron";
    assert!(left.iter().all(is_unfinished), "{error} leaves {left:?}");
    error.to_string().replace(&*bench.path().to_string_lossy(), "{dir}")
}

/// Runs `stages`, which must be refused before anything is written.
#[track_caller]
pub(crate) fn refused(bench: &Bench, stages: &str, expected: &Expect) {
    let error = error_of(bench, stages);
    assert!(!names(bench).iter().any(|name| name.ends_with(".part")), "{error}");
    expected.assert_eq(&error);
}

/// Runs `stages`, which must fail on the way.
#[track_caller]
pub(crate) fn fails(bench: &Bench, stages: &str, expected: &Expect) {
    expected.assert_eq(&error_of(bench, stages));
}

/// Runs `stages` to a good end with a balanced ledger.
#[track_caller]
pub(crate) fn done(bench: &Bench, stages: &str) -> RunReport {
    let report = run(bench, stages).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.ledger, Ok(()));
    report
}

pub(crate) fn run(bench: &Bench, stages: &str) -> Result<RunReport, EngineError> {
    bench.run(&scene(stages))
}

/// The text of a scene; `${at}` in `stages` keeps the places of faults free of the folder's name.
pub(crate) fn scene(stages: &str) -> String {
    format!(
        "Scene(\n    name: \"t\",\n    params: {{ \"at\": \"{{dir}}\" }},\n    \
         engine: ( memory: \"16MiB\", threads: 2 ),\n    stages: {{{stages}    }},\n)\n"
    )
}

/// What stands in the folder.
pub(crate) fn names(bench: &Bench) -> BTreeSet<String> {
    let entries = fs::read_dir(bench.path()).expect("the folder is there");
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Rows that left a stage on its port of this name.
#[track_caller]
pub(crate) fn rows(report: &RunReport, stage: &str, port: &str) -> u64 {
    let stage = report.stage(stage).unwrap_or_else(|| panic!("no stage {stage}"));
    let port = stage.ports.iter().find(|found| found.name == port);
    port.unwrap_or_else(|| panic!("no such port of {}", stage.name)).rows
}
