//! Values out of their bounds.

use super::*;

#[test]
fn numbers_out_of_bounds() {
    check_file(
        r#"Scene( name: "a", engine: ( memory: "1MiB", batch_rows: 0, threads: 300 ), stages: {
"in": Source( read: Csv( path: "x", record_bytes_max: 0 ), priority: 101,
              batch_rows: 2000000, batch_bytes: 0, linger: "0s" ),
"p": Plugin( library: "", from: "in", instances: 65 ),
"out": Sink( write: Parquet( path: "x", row_group_rows: 0 ), from: "p" ),
"csv": Sink( write: Csv( path: "y", decimals: 18 ), from: "p" ),
} )"#,
        &expect![[r#"
            a.ron:1:37: error: `memory` is 1MiB, expected at least 16MiB
              1 | Scene( name: "a", engine: ( memory: "1MiB", batch_rows: 0, threads: 300 ), stages: {
                |                                     ^

            a.ron:1:57: error: `batch_rows` is 0, expected 1 to 1048576
              1 | Scene( name: "a", engine: ( memory: "1MiB", batch_rows: 0, threads: 300 ), stages: {
                |                                                         ^

            a.ron:1:69: error: `threads` is 300, expected 1 to 256
              1 | Scene( name: "a", engine: ( memory: "1MiB", batch_rows: 0, threads: 300 ), stages: {
                |                                                                     ^

            a.ron:2:55: error: `record_bytes_max` is 0B, expected at least 1B
              2 | "in": Source( read: Csv( path: "x", record_bytes_max: 0 ), priority: 101,
                |                                                       ^

            a.ron:2:70: error: `priority` is 101, expected -100 to 100
              2 | "in": Source( read: Csv( path: "x", record_bytes_max: 0 ), priority: 101,
                |                                                                      ^

            a.ron:3:27: error: `batch_rows` is 2000000, expected 1 to 1048576
              3 |               batch_rows: 2000000, batch_bytes: 0, linger: "0s" ),
                |                           ^

            a.ron:3:49: error: `batch_bytes` is 0B, expected at least 1B
              3 |               batch_rows: 2000000, batch_bytes: 0, linger: "0s" ),
                |                                                 ^

            a.ron:3:60: error: `linger` is 0s, expected more than 0s
              3 |               batch_rows: 2000000, batch_bytes: 0, linger: "0s" ),
                |                                                            ^

            a.ron:4:23: error: `library` is empty, expected the name or the path of a plugin
              4 | "p": Plugin( library: "", from: "in", instances: 65 ),
                |                       ^

            a.ron:4:50: error: `instances` is 65, expected 1 to 64
              4 | "p": Plugin( library: "", from: "in", instances: 65 ),
                |                                                  ^

            a.ron:5:57: error: `row_group_rows` is 0, expected 1 to 1073741824
              5 | "out": Sink( write: Parquet( path: "x", row_group_rows: 0 ), from: "p" ),
                |                                                         ^

            a.ron:6:47: error: `decimals` is 18, expected 0 to 17
              6 | "csv": Sink( write: Csv( path: "y", decimals: 18 ), from: "p" ),
                |                                               ^"#]],
    );
}

#[test]
fn separators_that_cannot_separate() {
    check_read(
        "Csv( path: \"x\", delimiter: '→' )",
        &expect![[r#"
        a.ron:2:48: error: `delimiter` is '→': it must be one ASCII character, no quote, no line end
          2 | "in": Source( read: Csv( path: "x", delimiter: '→' ) ), "out": Sink( write: Blackhole, from: "in" ),
            |                                                ^"#]],
    );
    check_read(
        "Csv( path: \"x\", delimiter: '\"' )",
        &expect![[r#"
        a.ron:2:48: error: `delimiter` is '"': it must be one ASCII character, no quote, no line end
          2 | "in": Source( read: Csv( path: "x", delimiter: '"' ) ), "out": Sink( write: Blackhole, from: "in" ),
            |                                                ^"#]],
    );
    check_write(
        "Csv( path: \"x\", delimiter: '\\n' )",
        &expect![[r#"
        a.ron:3:48: error: `delimiter` is '\n': it must be one ASCII character, no quote, no line end
          3 | "out": Sink( write: Csv( path: "x", delimiter: '\n' ), from: "in" ),
            |                                                ^"#]],
    );
}

#[test]
fn generated_columns_that_hold_nothing() {
    check_read(
        "Generator( columns: [] )",
        &expect![[r#"
        a.ron:2:41: error: `columns` is empty, expected at least one column
          2 | "in": Source( read: Generator( columns: [] ) ), "out": Sink( write: Blackhole, from: "in" ),
            |                                         ^"#]],
    );
    check_read(
        r#"Generator( rows_per_second: 0, columns: [
            ("a", Int(5, 1)), ("a", Choice([])), ("b", Bool(1.5)), ("c", Float(1.0, 1.0)) ] )"#,
        &expect![[r#"
            a.ron:2:49: error: `rows_per_second` is 0, expected at least 1
              2 | "in": Source( read: Generator( rows_per_second: 0, columns: [
                |                                                 ^

            a.ron:2:61: error: `columns` is Int(5, 1) for column `a`, expected the low end first
              2 | "in": Source( read: Generator( rows_per_second: 0, columns: [
                |                                                             ^

            a.ron:2:61: error: column `a` is given twice
              2 | "in": Source( read: Generator( rows_per_second: 0, columns: [
                |                                                             ^

            a.ron:2:61: error: `columns` is Choice([]) for column `a`, expected at least one text
              2 | "in": Source( read: Generator( rows_per_second: 0, columns: [
                |                                                             ^

            a.ron:2:61: error: `columns` is Bool(1.5) for column `b`, expected a probability from 0 to 1
              2 | "in": Source( read: Generator( rows_per_second: 0, columns: [
                |                                                             ^

            a.ron:2:61: error: `columns` is Float(1.0, 1.0) for column `c`, expected two finite ends, the low end first
              2 | "in": Source( read: Generator( rows_per_second: 0, columns: [
                |                                                             ^"#]],
    );
}

#[test]
fn paths_that_name_no_file() {
    check_write(
        "Csv( path: \"\" )",
        &expect![[r#"
        a.ron:3:32: error: the path is empty
          3 | "out": Sink( write: Csv( path: "" ), from: "in" ),
            |                                ^
          hint: name a file, or `-` for standard input or output"#]],
    );
    check_write(
        "Csv( path: \"out/\" )",
        &expect![[r#"
        a.ron:3:32: error: the path "out/" names a folder, not a file
          3 | "out": Sink( write: Csv( path: "out/" ), from: "in" ),
            |                                ^
          hint: add a file name"#]],
    );
    check_write(
        "File( path: \"out/a.txt\" )",
        &expect![[r#"
        a.ron:3:33: error: the ending of "out/a.txt" names no format
          3 | "out": Sink( write: File( path: "out/a.txt" ), from: "in" ),
            |                                 ^
          hint: end it in .csv, .ndjson, .parquet or .arrow (.csv and .ndjson also in .gz or .zst behind that), or name the format: `Csv( path: … )`"#]],
    );
    check_write(
        "File( path: \"-\" )",
        &expect![[r#"
        a.ron:3:33: error: `File` takes its format from the ending of a file, and `-` has none
          3 | "out": Sink( write: File( path: "-" ), from: "in" ),
            |                                 ^
          hint: name the format: `Csv( path: "-" )`"#]],
    );
    check_write(
        "Parquet( path: \"-\" )",
        &expect![[r#"
        a.ron:3:36: error: Parquet cannot be written to standard output
          3 | "out": Sink( write: Parquet( path: "-" ), from: "in" ),
            |                                    ^
          hint: name a file; Csv, Ndjson and Arrow can be streamed"#]],
    );
    check_read(
        "Parquet( path: \"-\" )",
        &expect![[r#"
        a.ron:2:36: error: Parquet cannot be read from standard input
          2 | "in": Source( read: Parquet( path: "-" ) ), "out": Sink( write: Blackhole, from: "in" ),
            |                                    ^
          hint: name a file; Csv, Ndjson and Arrow can be streamed"#]],
    );
}
