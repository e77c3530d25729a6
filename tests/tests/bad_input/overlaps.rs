//! Outputs that would take the place of what the scene needs, whatever names lead there.

use std::fs;
use std::os::unix::fs::symlink;

use nix::{sys::stat::Mode, unistd::mkfifo};
use tanda::pipeline::{SearchPath, find_plugin};
use tanda_tests::Bench;

use super::bench::{CSV_TO_CSV, done, error_of, names, with};

/// Runs `stages`, which have to be refused before anything is written, for this reason; what stands
/// in the folder stays.
#[track_caller]
fn refused(bench: &Bench, stages: &str, reason: &str) {
    let before = content(bench);
    let error = error_of(bench, stages);
    let told = error.lines().next().unwrap();
    assert!(told.ends_with(&format!(": error: {reason}")), "{error}");
    assert!(error.contains("\n  hint: "), "{error}");
    assert_eq!(content(bench), before);
}

/// Every file but the scene.
fn content(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    let is_file = |name: &String| bench.path().join(name).is_file() && name != "scene.ron";
    let file = |name: String| (name.clone(), fs::read(bench.path().join(name)).unwrap());
    names(bench).into_iter().filter(is_file).map(file).collect()
}

#[test]
fn output_over_its_input_is_refused() {
    refused(
        &with("in.csv", "a\n1\n"),
        &CSV_TO_CSV.replace("out.csv", "in.csv"),
        r#"sink `out` writes "{dir}/in.csv", which source `in` reads"#,
    );
}

#[test]
fn output_over_its_input_by_another_name_is_refused() {
    let reason = r#"sink `out` writes "{dir}/out.csv", which source `in` reads as "{dir}/in.csv""#;
    let bench = with("in.csv", "a\n1\n");
    symlink("in.csv", bench.path().join("out.csv")).unwrap();
    refused(&bench, CSV_TO_CSV, reason);
    let bench = with("in.csv", "a\n1\n");
    fs::hard_link(bench.path().join("in.csv"), bench.path().join("out.csv")).unwrap();
    refused(&bench, CSV_TO_CSV, reason);
    let bench = with("real.csv", "a\n1\n");
    symlink("real.csv", bench.path().join("in.csv")).unwrap();
    symlink("real.csv", bench.path().join("out.csv")).unwrap();
    refused(&bench, CSV_TO_CSV, reason);
}

#[test]
fn output_over_its_input_in_a_linked_folder_is_refused() {
    let bench = with("in.csv", "a\n1\n");
    symlink(".", bench.path().join("here")).unwrap();
    refused(
        &bench,
        &CSV_TO_CSV.replace("out.csv", "here/in.csv"),
        r#"sink `out` writes "{dir}/here/in.csv", which source `in` reads as "{dir}/in.csv""#,
    );
}

#[test]
fn output_whose_unfinished_file_is_an_input_is_refused() {
    refused(
        &with("out.csv.part", "a\n1\n"),
        &CSV_TO_CSV.replace("in.csv\" )", "out.csv.part\" )"),
        "sink `out` writes \"{dir}/out.csv\", until it is complete as {dir}/out.csv.part, which \
         source `in` reads",
    );
}

/// A run that reads what it writes never ends.
#[test]
fn output_into_the_pipe_of_a_source_is_refused() {
    let bench = Bench::new();
    mkfifo(&bench.path().join("in.csv"), Mode::S_IRWXU).unwrap();
    fs::hard_link(bench.path().join("in.csv"), bench.path().join("out.csv")).unwrap();
    refused(
        &bench,
        &CSV_TO_CSV.replace("in.csv\" )", "in.csv\", schema: { \"a\": \"int64\" } )"),
        r#"sink `out` writes "{dir}/out.csv", which source `in` reads as "{dir}/in.csv""#,
    );
}

#[test]
fn output_over_a_match_of_a_glob_is_refused() {
    let bench = with("day-1.csv", "a\n1\n");
    bench.write("day-2.csv", "a\n2\n");
    symlink("day-2.csv", bench.path().join("out.csv")).unwrap();
    refused(
        &bench,
        &CSV_TO_CSV.replace("in.csv", "day-*.csv"),
        r#"sink `out` writes "{dir}/out.csv", which source `in` reads as "{dir}/day-2.csv""#,
    );
}

/// No such file is there yet; the next run would find it.
#[test]
fn output_that_a_glob_would_find_by_another_name_is_refused() {
    for (glob, alias) in [
        ("days/*.csv", "days"),
        ("d*/*.csv", "days"),
        ("**/*.csv", "days"),
        ("days/**/*.csv", "days"),
        ("days/**/*.csv", "days/june"),
        ("days/*/*.csv.part", "days/june"),
    ] {
        let bench = Bench::new();
        fs::create_dir_all(bench.path().join("days/june")).unwrap();
        bench.write("days/1.csv", "a\n1\n");
        bench.write("days/june/1.csv.part", "a\n1\n");
        symlink(alias, bench.path().join("alias")).unwrap();
        let stages = CSV_TO_CSV.replace("in.csv", glob).replace("out.csv", "alias/out.csv");
        let reason = format!(
            "sink `out` writes \"{{dir}}/alias/out.csv\", which source `in` reads by its glob \
             \"{{dir}}/{glob}\""
        );
        refused(&bench, &stages, &reason);
    }
}

#[test]
fn output_beside_the_matches_of_a_glob_is_none_of_them() {
    let bench = with("day-1.csv", "a\n1\n");
    let stages = CSV_TO_CSV.replace("in.csv", "day-*.csv");
    // Twice: the second time it takes the place of the first's.
    done(&bench, &stages);
    done(&bench, &stages);
    assert_eq!(bench.read("out.csv"), "a\n1\n");
}

const JOINED: &str = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "join": Plugin( library: "enrichment", from: "in", ISOLATION,
            config: ( lookups: [
                Lookup( table: "${at}/table.csv", on: { "a": "a" }, take: { "b": "b" } ),
            ] ) ),
        "out": Sink( write: Csv( path: "${at}/table.csv" ), from: "join" ),
"#;

#[test]
fn output_over_a_lookup_table_is_refused() {
    for (isolation, why) in [
        (r#"read: ["${at}/table.csv"]"#, "which stage `join` reads"),
        (r#"read: ["${at}"]"#, "which the config of stage `join` names"),
        ("isolation: InProcess", "which the config of stage `join` names"),
    ] {
        let bench = with("in.csv", "a\n1\n");
        bench.write("table.csv", "a,b\n1,x\n");
        let reason = format!("sink `out` writes \"{{dir}}/table.csv\", {why}");
        refused(&bench, &JOINED.replace("ISOLATION", isolation), &reason);
    }
}

#[test]
fn output_over_a_plugin_is_refused() {
    let bench = with("in.csv", "a\n1\n");
    let plugin = find_plugin("validation", &SearchPath::new(&[])).unwrap();
    fs::copy(plugin, bench.path().join("libmine.so")).unwrap();
    symlink("libmine.so", bench.path().join("out.csv")).unwrap();
    refused(
        &bench,
        r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "check": Plugin( library: "${at}/libmine.so", from: "in", isolation: InProcess,
            config: ( rules: [ Check("a > 0") ] ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "check" ),
"#,
        "sink `out` writes \"{dir}/out.csv\", which is the plugin of stage `check` as \
         \"{dir}/libmine.so\"",
    );
}

#[test]
fn output_over_the_scene_is_refused() {
    refused(
        &with("in.csv", "a\n1\n"),
        &CSV_TO_CSV.replace("${at}/out.csv", "${at}/scene.ron"),
        r#"sink `out` writes "{dir}/scene.ron", which is this scene"#,
    );
}

#[test]
fn output_over_the_unfinished_file_of_another_is_refused() {
    let stages = |one: &str, two: &str| {
        format!(
            r#"
        "in": Source( read: Csv( path: "${{at}}/in.csv" ) ),
        "one": Sink( write: Csv( path: "${{at}}/{one}" ), from: "in" ),
        "two": Sink( write: Csv( path: "${{at}}/{two}" ), from: "in" ),
"#
        )
    };
    let told = |writer: &str, other: &str| {
        format!("sink `{writer}` writes {{dir}}/a.csv.part, the unfinished file of sink `{other}`")
    };
    let bench = with("in.csv", "a\n1\n");
    refused(&bench, &stages("a.csv", "a.csv.part"), &told("two", "one"));
    refused(&bench, &stages("a.csv.part", "a.csv"), &told("one", "two"));
    fs::hard_link(bench.path().join("in.csv"), bench.path().join("b.csv")).unwrap();
    fs::hard_link(bench.path().join("in.csv"), bench.path().join("c.csv")).unwrap();
    let stages = stages("b.csv", "c.csv").replace("in.csv\" )", "other.csv\" )");
    bench.write("other.csv", "a\n1\n");
    refused(&bench, &stages, "sinks `one` and `two` both write {dir}/b.csv");
}
