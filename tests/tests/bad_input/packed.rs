//! Binary files that end too early.

use std::fs;

use expect_test::expect;
use tanda_tests::Bench;

use super::bench::{done, error_of};

/// A good file of this ending with 100,000 rows, made by the engine.
fn made(ending: &str) -> Bench {
    let bench = Bench::new();
    let stages = r#"
        "rows": Source( read: Generator( rows: 100000, columns: [ ("id", Sequence), ("x", Int(0, 999)) ] ) ),
        "in": Sink( write: File( path: "${at}/in.ENDING" ), from: "rows" ),
"#;
    done(&bench, &stages.replace("ENDING", ending));
    bench
}

/// What the engine says of the first `share` of a good file, which it must not take for all.
fn truncated(ending: &str, share: f64) -> String {
    let bench = made(ending);
    let path = bench.path().join(format!("in.{ending}"));
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
    let read = match ending {
        "parquet" => "Parquet",
        "arrow" => "Arrow",
        _ => "Csv",
    };
    let stages = r#"
        "in": Source( read: READ( path: "${at}/in.ENDING" ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
"#;
    error_of(&bench, &stages.replace("READ", read).replace("ENDING", ending))
}

#[test]
fn truncated_parquet_is_refused() {
    expect![[r#"
        {dir}/scene.ron:6:44: error: stage `in`: {dir}/in.parquet: truncated: the Parquet data ends too early; copy or write the file again
          6 |         "in": Source( read: Parquet( path: "${at}/in.parquet" ) ),
            |                                            ^"#]].assert_eq(&truncated("parquet", 0.5));
    expect![[r#"
        {dir}/scene.ron:6:44: error: stage `in`: {dir}/in.parquet: is empty, expected a Parquet file; a source without rows still needs its column names
          6 |         "in": Source( read: Parquet( path: "${at}/in.parquet" ) ),
            |                                            ^"#]].assert_eq(&truncated("parquet", 0.0));
}

#[test]
fn truncated_arrow_file_is_refused() {
    expect![[r#"
        {dir}/scene.ron:6:42: error: stage `in`: {dir}/in.arrow: truncated: the Arrow data ends too early; copy or write the file again
          6 |         "in": Source( read: Arrow( path: "${at}/in.arrow" ) ),
            |                                          ^"#]].assert_eq(&truncated("arrow", 0.5));
    expect![[r#"
        {dir}/scene.ron:6:42: error: stage `in`: {dir}/in.arrow: is empty, expected Arrow data; a source without rows still needs its column names
          6 |         "in": Source( read: Arrow( path: "${at}/in.arrow" ) ),
            |                                          ^"#]].assert_eq(&truncated("arrow", 0.0));
}

#[test]
fn truncated_gzip_fails() {
    expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv.gz: truncated: the gzip data ends too early; copy or write the file again
          6 |         "in": Source( read: Csv( path: "${at}/in.csv.gz" ) ),
            |                                        ^"#]].assert_eq(&truncated("csv.gz", 0.9));
    expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv.gz: truncated: the gzip data ends too early; copy or write the file again
          6 |         "in": Source( read: Csv( path: "${at}/in.csv.gz" ) ),
            |                                        ^"#]].assert_eq(&truncated("csv.gz", 0.001));
}

#[test]
fn truncated_zstd_fails() {
    expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv.zst: truncated: the zstd data ends too early; copy or write the file again
          6 |         "in": Source( read: Csv( path: "${at}/in.csv.zst" ) ),
            |                                        ^"#]].assert_eq(&truncated("csv.zst", 0.9));
}
