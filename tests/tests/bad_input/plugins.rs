//! Libraries that are no plugins, and plugins that break their word, in a real run.

use std::path::PathBuf;
use std::process::Command;

use expect_test::{Expect, expect};
use tanda_tests::{Bench, root};

use super::bench::{error_of, with};

/// Compiles the faulty plugin of the plugin host's tests into the folder.
fn compile(bench: &Bench, option: &str) {
    let fixture: PathBuf = root().join("engine/plugin_host/tests/fixtures/faulty.c");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-shared", "-fPIC", "-I"]).arg(root().join("plugins/sdk/include"));
    cc.args(["-o", &bench.file("libfaulty.so")]).arg(fixture);
    cc.args((!option.is_empty()).then_some(option));
    let output = cc.output().expect("the tests need a C compiler named cc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The error of a run through the faulty plugin: over 40,000 rows, so over several batches.
fn error_with(option: &str, fault: &str) -> String {
    let bench = with("in.csv", format!("name,value\n{}", "x,1\n".repeat(40_000)));
    compile(&bench, option);
    let stages = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: FAULT ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "work" ),
"#;
    error_of(&bench, &stages.replace("FAULT", fault))
}

#[track_caller]
fn check(option: &str, fault: &str, expected: &Expect) {
    expected.assert_eq(&error_with(option, fault));
}

#[test]
fn missing_library_is_refused() {
    let stages = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "work": Plugin( library: "${at}/libnone.so", from: "in", config: () ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "work" ),
"#;
    expect![[r#"
        {dir}/scene.ron:7:34: error: stage `work`: {dir}/libnone.so: no such file; build the plugin, or correct its path
          7 |         "work": Plugin( library: "${at}/libnone.so", from: "in", config: () ),
            |                                  ^"#]].assert_eq(&error_of(&with("in.csv", "a\n"), stages));
}

#[test]
fn library_that_is_no_plugin_is_refused() {
    check(
        "-DNOT_A_PLUGIN",
        "fine",
        &expect![[r#"
            {dir}/scene.ron:7:34: error: stage `work` (plugin faulty): {dir}/libfaulty.so: exports no function `tanda_plugin`, so it is not a Tanda plugin; use export_plugin!(…) in Rust, or define the function of tanda_plugin.h in C
              7 |         "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: fine ),
                |                                  ^"#]],
    );
}

#[test]
fn wrong_abi_is_refused() {
    check(
        "-DSPOIL=table.abi_version = 2",
        "fine",
        &expect![[r#"
            {dir}/scene.ron:7:34: error: stage `work` (plugin faulty): {dir}/libfaulty.so: built for plugin ABI 2, this engine speaks 1; rebuild the plugin with this engine's tanda-plugin crate or tanda_plugin.h
              7 |         "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: fine ),
                |                                  ^"#]],
    );
    check(
        "-DSPOIL=table.struct_size -= 8",
        "fine",
        &expect![[r#"
            {dir}/scene.ron:7:34: error: stage `work` (plugin faulty): {dir}/libfaulty.so: its table has 136 bytes, expected 144; set struct_size to sizeof(tanda_plugin_v1), and rebuild with this engine's tanda_plugin.h
              7 |         "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: fine ),
                |                                  ^"#]],
    );
}

#[test]
fn plugin_that_refuses_its_config_is_refused_at_the_place_it_names() {
    check(
        "",
        "open_error",
        &expect![[r#"
        {dir}/scene.ron:7:86: error: stage `work` (plugin faulty): this configuration is refused
          7 |         "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: open_error ),
            |                                                                                      ^"#]],
    );
}

#[test]
fn plugin_that_binds_a_wrong_schema_is_refused() {
    check(
        "",
        "clash",
        &expect![[r#"
        {dir}/scene.ron:7:34: error: stage `work` (plugin faulty): plugin `faulty`: what it bound cannot be used: port `main` would have two columns `value`; rename one of them
          7 |         "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: clash ),
            |                                  ^"#]],
    );
    check(
        "",
        "mystery",
        &expect![[r#"
        {dir}/scene.ron:7:34: error: stage `work` (plugin faulty): plugin `faulty`: what it bound cannot be read: the schema of port `main` is faulty: C Data interface error: The datatype ""?!"" is still not supported in Rust implementation
          7 |         "work": Plugin( library: "${at}/libfaulty.so", from: "in", config: mystery ),
            |                                  ^"#]],
    );
}

#[test]
fn plugin_that_fails_on_a_batch_fails_the_run() {
    check(
        "",
        "error",
        &expect![
            "stage `work`: plugin `faulty` failed in `process`: this batch is not to my taste"
        ],
    );
}

#[test]
fn plugin_that_panics_fails_the_run() {
    check(
        "",
        "panic",
        &expect![
            "stage `work`: plugin `faulty` panicked in `process`: broken; its instance is closed"
        ],
    );
}

#[test]
fn plugin_that_emits_a_wrong_schema_fails_the_run() {
    check(
        "",
        "wrong_count",
        &expect![
            "stage `work`: plugin `faulty`, process: port `main`: it emitted 2 columns, bound are 1"
        ],
    );
    check(
        "",
        "wrong_type",
        &expect![
            "stage `work`: plugin `faulty`, process: port `main`, column `value` (bound as Int64): it has 3 buffers, its type has 2: is it of another type?"
        ],
    );
    check(
        "",
        "wrong_length",
        &expect![
            "stage `work`: plugin `faulty`, process: port `main`, column `value`: it has 16385 rows, the batch 16384"
        ],
    );
}

#[test]
fn plugin_that_loses_rows_it_must_conserve_fails_the_run() {
    check(
        "",
        "silent",
        &expect![
            "stage `work`: plugin `faulty`, process: 16384 rows in, 0 out (main 0, rest 0), but it promises CONSERVES"
        ],
    );
}
