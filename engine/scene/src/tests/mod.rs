//! Scenes as texts, faults as texts: one test a fault.

mod fields;
mod files;
mod graphs;
mod parameters;
mod places;
mod robustness;
mod shipped;
mod sound_scenes;
mod supervision;
mod syntax;
mod values;

use expect_test::{Expect, expect};

use super::{Graph, Scene, parse};

const SOUND: &str = r#"
// A comment with ${nothing} in it.
Scene(
    name: "sound",
    params: { "input": "in.csv", "out": "target/out" },
    engine: ( memory: "64MiB", batch_rows: 100, threads: 2, executor: MultiThreaded ),
    stages: {
        "flights": Source(
            read: Csv( path: "${input}", delimiter: ';', schema: { "year": "int32" } ),
            priority: -5, batch_bytes: 65536, linger: "200ms",
        ),
        "validate": Plugin(
            library: "validation", from: "flights", instances: 4,
            config: ( rules: [ Required(["tail${out}"]), Matches("a", r"^\d$") ] ), /* raw */
        ),
        "good": Sink( write: File( path: "${out}/good.parquet" ), from: "validate" ),
        "bad": Sink(
            write: Csv( path: "${out}/bad.csv", decimals: 6 ),
            from: ["validate.rejected", "flights.rejected"], order: Arrival,
        ),
    },
)
"#;

fn overrides(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn sound(pairs: &[(&str, &str)]) -> Scene {
    parse(SOUND, "sound.ron", &overrides(pairs)).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Faults of a whole scene file.
fn check_file(text: &str, expected: &Expect) {
    let faults = parse(text, "a.ron", &[]).map(|_| ()).expect_err("the scene has a fault");
    expected.assert_eq(&faults.to_string());
}

/// Faults of a scene whose stages are `stages`, which begin on line 2.
fn check(stages: &str, expected: &Expect) {
    check_file(&format!("Scene( name: \"a\", stages: {{\n{stages}\n}} )"), expected);
}

/// Faults of a source that reads `read`.
fn check_read(read: &str, expected: &Expect) {
    check(
        &format!(
            "\"in\": Source( read: {read} ), \"out\": Sink( write: Blackhole, from: \"in\" ),"
        ),
        expected,
    );
}

/// Faults of a sink that writes `write`.
fn check_write(write: &str, expected: &Expect) {
    check(
        &format!(
            "\"in\": Source( read: Csv( path: \"a\" ) ),\n\"out\": Sink( write: {write}, from: \"in\" ),"
        ),
        expected,
    );
}
