//! Paths that name nothing, or nothing that can be read.

use std::fs;

use expect_test::expect;
use tanda_tests::Bench;

use super::bench::{CSV_TO_CSV, fails, refused, with};

#[test]
fn missing_file_is_refused_with_the_nearest_name() {
    refused(
        &with("inn.csv", "a\n"),
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv: no such file, did you mean `{dir}/inn.csv`?; check the path, which is relative to the working directory
          6 |         "in": Source( read: Csv( path: "${at}/in.csv" ) ),
            |                                        ^"#]],
    );
}

#[test]
fn glob_that_fits_nothing_is_refused() {
    let stages = CSV_TO_CSV.replace("in.csv", "*.csv").replace("out.csv", "made/out.csv");
    refused(
        &Bench::new(),
        &stages,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/*.csv: no file fits this glob; check the pattern, which is relative to the working directory
          6 |         "in": Source( read: Csv( path: "${at}/*.csv" ) ),
            |                                        ^"#]],
    );
}

#[test]
fn directory_is_refused() {
    let bench = Bench::new();
    fs::create_dir(bench.path().join("in.csv")).unwrap();
    refused(
        &bench,
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv: is a directory, expected a file; to read the files in it give a glob such as "{dir}/in.csv/*.csv"
          6 |         "in": Source( read: Csv( path: "${at}/in.csv" ) ),
            |                                        ^"#]],
    );
}

/// A file that opens and then cannot be read, whoever tries.
#[test]
fn unreadable_file_is_refused() {
    let stages = CSV_TO_CSV.replace("${at}/in.csv", "/proc/self/mem");
    refused(
        &Bench::new(),
        &stages,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: /proc/self/mem: reading failed: Input/output error (os error 5)
          6 |         "in": Source( read: Csv( path: "/proc/self/mem" ) ),
            |                                        ^"#]],
    );
}

#[test]
fn file_behind_a_file_is_refused() {
    let stages = CSV_TO_CSV.replace("in.csv", "in.csv/more.csv");
    refused(
        &with("in.csv", "a\n"),
        &stages,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv/more.csv: opening failed: Not a directory (os error 20)
          6 |         "in": Source( read: Csv( path: "${at}/in.csv/more.csv" ) ),
            |                                        ^"#]],
    );
}

#[test]
fn files_of_a_glob_that_disagree_are_refused() {
    let bench = with("a.in", "x,y\n1,2\n");
    bench.write("b.in", "y,z\n1,2\n");
    refused(
        &bench,
        &CSV_TO_CSV.replace("in.csv", "*.in"),
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/b.in: its columns differ from those of {dir}/a.in: it lacks `x`; it has in addition `z`; give them a type in `schema:` to fill missing ones with null, or read the files by separate sources
          6 |         "in": Source( read: Csv( path: "${at}/*.in" ) ),
            |                                        ^"#]],
    );
}

#[test]
fn file_of_another_format_is_refused() {
    refused(
        &with("in.csv", "PAR1 and more"),
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv: found a Parquet file, expected CSV with a header line; check the format that the scene names for this path
          6 |         "in": Source( read: Csv( path: "${at}/in.csv" ) ),
            |                                        ^"#]],
    );
    let stages = CSV_TO_CSV.replace("Csv( path: \"${at}/in", "Parquet( path: \"${at}/in");
    refused(
        &with("in.csv", "a,b\n1,2\n"),
        &stages,
        &expect![[r#"
        {dir}/scene.ron:6:44: error: stage `in`: {dir}/in.csv: found other data, expected a Parquet file; check the format that the scene names for this path
          6 |         "in": Source( read: Parquet( path: "${at}/in.csv" ) ),
            |                                            ^"#]],
    );
}

#[test]
fn second_file_that_is_bad_fails_with_its_own_name() {
    let bench = with("a.in", format!("n\n{}", "1\n".repeat(30_000)));
    bench.write("b.in", "n\n1\nabc\n");
    let stages = CSV_TO_CSV.replace("in.csv\"", "*.in\", schema: { \"n\": \"int64\" }");
    fails(
        &bench,
        &stages,
        &expect![[
            r#"stage `in`: {dir}/b.in:3: bad record: column `n`: found "abc", expected int64; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
}
