//! Fields: missing, unknown, twice, of another type.

use super::*;

#[test]
fn missing_fields_of_every_kind_of_stage() {
    check_file(
        "(stages: {\n\"a\": Source(),\n\"b\": Plugin(),\n\"c\": Sink(write: Csv()) })",
        &expect![[r#"
            a.ron:1:1: error: missing field `name` in Scene
              1 | (stages: {
                | ^

            a.ron:2:6: error: missing field `read` in Source
              2 | "a": Source(),
                |      ^

            a.ron:3:6: error: missing field `library` in Plugin
              3 | "b": Plugin(),
                |      ^

            a.ron:3:6: error: missing field `from` in Plugin
              3 | "b": Plugin(),
                |      ^

            a.ron:4:6: error: missing field `from` in Sink
              4 | "c": Sink(write: Csv()) })
                |      ^

            a.ron:4:18: error: missing field `path` in Csv
              4 | "c": Sink(write: Csv()) })
                |                  ^"#]],
    );
}

#[test]
fn unknown_fields_name_the_nearest() {
    check_file(
        r#"Scene( name: "a", stage: {}, engine: ( memry: "1GiB" ), stages: {
            "in": Source( raed: Csv( path: "x" ), read: Csv( pth: "x" ) ),
            "out": Sink( write: Blackhole, from: "in", colour: 3 ),
        } )"#,
        &expect![[r#"
            a.ron:1:19: error: unknown field `stage` in Scene
              1 | Scene( name: "a", stage: {}, engine: ( memry: "1GiB" ), stages: {
                |                   ^
              hint: did you mean `stages`? fields of Scene: `name`, `stages`, `params`, `engine`, `supervision`

            a.ron:1:40: error: unknown field `memry` in engine
              1 | Scene( name: "a", stage: {}, engine: ( memry: "1GiB" ), stages: {
                |                                        ^
              hint: did you mean `memory`? fields of engine: `memory`, `batch_rows`, `threads`, `executor`, `isolation`, `plugin_paths`

            a.ron:2:27: error: unknown field `raed` in Source
              2 |             "in": Source( raed: Csv( path: "x" ), read: Csv( pth: "x" ) ),
                |                           ^
              hint: did you mean `read`? fields of Source: `read`, `priority`, `batch_rows`, `batch_bytes`, `linger`

            a.ron:2:62: error: unknown field `pth` in Csv
              2 |             "in": Source( raed: Csv( path: "x" ), read: Csv( pth: "x" ) ),
                |                                                              ^
              hint: did you mean `path`? fields of Csv: `path`, `delimiter`, `quote`, `null`, `schema`, `record_bytes_max`, `strict`

            a.ron:3:56: error: unknown field `colour` in Sink
              3 |             "out": Sink( write: Blackhole, from: "in", colour: 3 ),
                |                                                        ^
              hint: fields of Sink: `write`, `from`, `order`, `flush_every`"#]],
    );
}

#[test]
fn duplicate_fields_and_stages() {
    check(
        r#""in": Source( read: Csv( path: "x" ), read: Csv( path: "y" ) ),
"out": Sink( write: Csv( path: "x", path: "y" ), from: "in" ),
"out": Sink( write: Blackhole, from: "in" ),"#,
        &expect![[r#"
            a.ron:2:39: error: field `read` is given twice
              2 | "in": Source( read: Csv( path: "x" ), read: Csv( path: "y" ) ),
                |                                       ^
              hint: the first one is at line 2

            a.ron:3:37: error: field `path` is given twice
              3 | "out": Sink( write: Csv( path: "x", path: "y" ), from: "in" ),
                |                                     ^

            a.ron:4:1: error: stage `out` is given twice
              4 | "out": Sink( write: Blackhole, from: "in" ),
                | ^
              hint: the first one is at line 3"#]],
    );
}

#[test]
fn unknown_variants_name_the_nearest() {
    check(
        r#""a": Sorce( read: Csv( path: "x" ) ),
"in": Source( read: Cvs( path: "x" ) ),
"out": Sink( write: Blakhole, from: "in", order: Any ),"#,
        &expect![[r#"
            a.ron:2:6: error: `Sorce` is not known here
              2 | "a": Sorce( read: Csv( path: "x" ) ),
                |      ^
              hint: did you mean `Source`? expected one of: `Source`, `Plugin`, `Sink`

            a.ron:3:21: error: `Cvs` is not known here
              3 | "in": Source( read: Cvs( path: "x" ) ),
                |                     ^
              hint: did you mean `Csv`? expected one of: `Csv`, `Ndjson`, `Parquet`, `Arrow`, `Generator`

            a.ron:4:21: error: `Blakhole` is not known here
              4 | "out": Sink( write: Blakhole, from: "in", order: Any ),
                |                     ^
              hint: did you mean `Blackhole`? expected one of: `Csv`, `Ndjson`, `Parquet`, `Arrow`, `File`, `Blackhole`

            a.ron:4:50: error: `Any` is not known here
              4 | "out": Sink( write: Blakhole, from: "in", order: Any ),
                |                                                  ^
              hint: expected one of: `Source`, `Arrival`"#]],
    );
}

#[test]
fn a_wrong_type_in_the_head_says_what_was_found() {
    check_file(
        r#"Scene( name: 5, engine: ( threads: "two", batch_rows: 1.5, plugin_paths: "a", memory: [1] ),
  stages: { "a": 5, "b": [Source], "c": "Source" } )"#,
        &expect![[r#"
            a.ron:1:14: error: expected a text in quotes, found `5`
              1 | Scene( name: 5, engine: ( threads: "two", batch_rows: 1.5, plugin_paths: "a", memory: [1] ),
                |              ^

            a.ron:1:36: error: expected a whole number, found "two"
              1 | Scene( name: 5, engine: ( threads: "two", batch_rows: 1.5, plugin_paths: "a", memory: [1] ),
                |                                    ^

            a.ron:1:55: error: expected a whole number, found `1.5`
              1 | Scene( name: 5, engine: ( threads: "two", batch_rows: 1.5, plugin_paths: "a", memory: [1] ),
                |                                                       ^

            a.ron:1:74: error: expected a list `[ … ]`, found "a"
              1 | Scene( name: 5, engine: ( threads: "two", batch_rows: 1.5, plugin_paths: "a", memory: [1] ),
                |                                                                          ^

            a.ron:1:87: error: expected a size such as "512MiB", "1GB" or a whole number of bytes, found `[`
              1 | Scene( name: 5, engine: ( threads: "two", batch_rows: 1.5, plugin_paths: "a", memory: [1] ),
                |                                                                                       ^

            a.ron:2:18: error: expected `Source( … )`, `Plugin( … )` or `Sink( … )`, found `5`
              2 |   stages: { "a": 5, "b": [Source], "c": "Source" } )
                |                  ^

            a.ron:2:26: error: expected `Source( … )`, `Plugin( … )` or `Sink( … )`, found `[`
              2 |   stages: { "a": 5, "b": [Source], "c": "Source" } )
                |                          ^

            a.ron:2:41: error: expected `Source( … )`, `Plugin( … )` or `Sink( … )`, found "Source"
              2 |   stages: { "a": 5, "b": [Source], "c": "Source" } )
                |                                         ^"#]],
    );
}

#[test]
fn a_wrong_type_in_a_source_says_what_was_found() {
    check(
        r#""a": Source( read: "x.csv", priority: 70000, linger: 5 ),
"b": Source( read: Csv( path: 5 ), batch_bytes: "5QB", linger: "5x" ),
"c": Source( read: Csv("x.csv"), batch_rows: -1 ),
"d": Source( read: Csv ),
"e": Plugin( library: "p", from: ["a", "b", "c", "d"] ), "f": Sink( write: Blackhole, from: "e" ),"#,
        &expect![[r#"
            a.ron:2:20: error: `"x.csv"` is not known here
              2 | "a": Source( read: "x.csv", priority: 70000, linger: 5 ),
                |                    ^
              hint: expected one of: `Csv`, `Ndjson`, `Parquet`, `Arrow`, `Generator`

            a.ron:2:39: error: `70000` is out of range here
              2 | "a": Source( read: "x.csv", priority: 70000, linger: 5 ),
                |                                       ^

            a.ron:2:54: error: expected a text in quotes, found `5`
              2 | "a": Source( read: "x.csv", priority: 70000, linger: 5 ),
                |                                                      ^

            a.ron:3:31: error: expected a text in quotes, found `5`
              3 | "b": Source( read: Csv( path: 5 ), batch_bytes: "5QB", linger: "5x" ),
                |                               ^

            a.ron:3:49: error: unknown unit `QB`: use B, KB, KiB, MB, MiB, GB, GiB, TB or TiB
              3 | "b": Source( read: Csv( path: 5 ), batch_bytes: "5QB", linger: "5x" ),
                |                                                 ^

            a.ron:3:64: error: `5x` is not a length of time such as "5s": unknown time unit "x", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)
              3 | "b": Source( read: Csv( path: 5 ), batch_bytes: "5QB", linger: "5x" ),
                |                                                                ^

            a.ron:4:24: error: expected a field `name: value`, found "x.csv"
              4 | "c": Source( read: Csv("x.csv"), batch_rows: -1 ),
                |                        ^

            a.ron:4:46: error: `-1` is out of range here
              4 | "c": Source( read: Csv("x.csv"), batch_rows: -1 ),
                |                                              ^

            a.ron:5:20: error: expected `( … )` with its fields, found `Csv`
              5 | "d": Source( read: Csv ),
                |                    ^"#]],
    );
}

#[test]
fn a_wrong_type_in_a_plugin_says_what_was_found() {
    check(
        r#""a": Plugin( library: 'x', from: 5, instances: Atuo ),
"b": Plugin( library: "p", from: [5], instances: "4" ),
"c": Plugin( library: "p", from: "a.b.c", instances: 4.5 ),"#,
        &expect![[r#"
            a.ron:2:23: error: expected a text in quotes, found `'x'`
              2 | "a": Plugin( library: 'x', from: 5, instances: Atuo ),
                |                       ^

            a.ron:2:34: error: expected "stage", "stage.port" or a list of these, found `5`
              2 | "a": Plugin( library: 'x', from: 5, instances: Atuo ),
                |                                  ^

            a.ron:2:48: error: expected `Auto` or a number from 1 to 64, found `Atuo`
              2 | "a": Plugin( library: 'x', from: 5, instances: Atuo ),
                |                                                ^

            a.ron:3:35: error: expected "stage" or "stage.port", found `5`
              3 | "b": Plugin( library: "p", from: [5], instances: "4" ),
                |                                   ^

            a.ron:3:50: error: expected `Auto` or a number from 1 to 64, found "4"
              3 | "b": Plugin( library: "p", from: [5], instances: "4" ),
                |                                                  ^

            a.ron:4:34: error: "a.b.c" names no stage and port
              4 | "c": Plugin( library: "p", from: "a.b.c", instances: 4.5 ),
                |                                  ^
              hint: write "stage" for its port `main`, or "stage.port"

            a.ron:4:54: error: expected a whole number, found `4.5`
              4 | "c": Plugin( library: "p", from: "a.b.c", instances: 4.5 ),
                |                                                      ^"#]],
    );
}

#[test]
fn a_wrong_type_in_a_sink_says_what_was_found() {
    check(
        r#""a": Sink( write: Blackhole(), from: { "a": 1 } ),
"b": Sink( write: Csv( path: "x", decimals: 2.5, delimiter: ";" ), from: "" ),
"c": Sink( write: Csv( path: "x", decimals: 300 ), from: "a." ),"#,
        &expect![[r#"
            a.ron:2:28: error: expected the name alone, found `(`
              2 | "a": Sink( write: Blackhole(), from: { "a": 1 } ),
                |                            ^

            a.ron:2:38: error: expected "stage", "stage.port" or a list of these, found `{`
              2 | "a": Sink( write: Blackhole(), from: { "a": 1 } ),
                |                                      ^

            a.ron:3:45: error: expected a whole number, found `2.5`
              3 | "b": Sink( write: Csv( path: "x", decimals: 2.5, delimiter: ";" ), from: "" ),
                |                                             ^

            a.ron:3:74: error: "" names no stage and port
              3 | "b": Sink( write: Csv( path: "x", decimals: 2.5, delimiter: ";" ), from: "" ),
                |                                                                          ^
              hint: write "stage" for its port `main`, or "stage.port"

            a.ron:4:45: error: `300` is out of range here
              4 | "c": Sink( write: Csv( path: "x", decimals: 300 ), from: "a." ),
                |                                             ^

            a.ron:4:58: error: "a." names no stage and port
              4 | "c": Sink( write: Csv( path: "x", decimals: 300 ), from: "a." ),
                |                                                          ^
              hint: write "stage" for its port `main`, or "stage.port""#]],
    );
}

#[test]
fn a_quoted_name_is_recognised() {
    check(
        r#""in": Source( read: "Csv" ),
"out": Sink( write: Blackhole, from: "in", order: "Source" ),"#,
        &expect![[r#"
            a.ron:2:21: error: `"Csv"` is not known here
              2 | "in": Source( read: "Csv" ),
                |                     ^
              hint: did you mean `Csv`? expected one of: `Csv`, `Ndjson`, `Parquet`, `Arrow`, `Generator`

            a.ron:3:51: error: `"Source"` is not known here
              3 | "out": Sink( write: Blackhole, from: "in", order: "Source" ),
                |                                                   ^
              hint: did you mean `Source`? expected one of: `Source`, `Arrival`"#]],
    );
}

#[test]
fn a_column_that_is_given_two_types() {
    check_read(
        "Csv( path: \"x\", schema: { \"a\": \"int64\", \"a\": \"utf8\" } )",
        &expect![[r#"
            a.ron:2:61: error: column `a` is given twice
              2 | "in": Source( read: Csv( path: "x", schema: { "a": "int64", "a": "utf8" } ) ), "out": Sink( write: Blackhole, from: "in"
                |                                                             ^
              hint: the first one is at line 2"#]],
    );
}

#[test]
fn stages_must_be_a_map() {
    check_file(
        "(name: \"a\", stages: [])",
        &expect![[r#"
            a.ron:1:21: error: expected a map `{ "name": Source( … ), … }`, found `[`
              1 | (name: "a", stages: [])
                |                     ^"#]],
    );
}
