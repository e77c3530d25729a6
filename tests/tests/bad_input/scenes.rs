//! Scenes that cannot be run: every fault with its line and column, before anything is touched.

use expect_test::{Expect, expect};

use super::bench::{CSV_TO_CSV, refused, with};

/// `stages` over the input `a,b`.
#[track_caller]
fn check(stages: &str, expected: &Expect) {
    refused(&with("in.csv", "a,b\n1,x\n"), stages, expected);
}

/// One plugin between the input and the output.
#[track_caller]
fn check_plugin(library: &str, config: &str, expected: &Expect) {
    let stages = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "work": Plugin( library: "LIBRARY", from: "in",
            config: CONFIG,
        ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "work" ),
"#;
    check(&stages.replace("LIBRARY", library).replace("CONFIG", config), expected);
}

#[test]
fn cycle_is_refused() {
    check(
        r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "a": Plugin( library: "validation", from: ["in", "b"], config: ( rules: [] ) ),
        "b": Plugin( library: "validation", from: "a", config: ( rules: [] ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "b" ),
"#,
        &expect![[r#"
            {dir}/scene.ron:7:58: error: the stages feed themselves: a → b → a
              7 |         "a": Plugin( library: "validation", from: ["in", "b"], config: ( rules: [] ) ),
                |                                                          ^
              hint: stages must not form a ring: take one of these edges out"#]],
    );
}

#[test]
fn stage_that_nobody_reads_is_refused() {
    check(
        r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "lost": Plugin( library: "validation", from: "in", config: ( rules: [ Required("a") ] ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
"#,
        &expect![[r#"
            {dir}/scene.ron:7:9: error: nobody reads `lost`
              7 |         "lost": Plugin( library: "validation", from: "in", config: ( rules: [ Required("a") ] ) ),
                |         ^
              hint: read it in another stage, or remove it"#]],
    );
}

#[test]
fn stage_that_reads_nobody_is_refused() {
    check(
        &CSV_TO_CSV.replace(", from: \"in\"", ""),
        &expect![[r#"
            {dir}/scene.ron:7:16: error: missing field `from` in Sink
              7 |         "out": Sink( write: Csv( path: "${at}/out.csv" ) ),
                |                ^"#]],
    );
    check(
        &CSV_TO_CSV.replace("from: \"in\"", "from: \"inn\""),
        &expect![[r#"
        {dir}/scene.ron:7:65: error: there is no stage `inn`
          7 |         "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "inn" ),
            |                                                                 ^
          hint: did you mean `in`? stages: `in`"#]],
    );
    check(
        &CSV_TO_CSV.replace("from: \"in\"", "from: \"in.rejcted\""),
        &expect![[r#"
        {dir}/scene.ron:7:65: error: source `in` has no port `rejcted`
          7 |         "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in.rejcted" ),
            |                                                                 ^
          hint: a source has the ports `main` (its rows) and `rejected` (its bad records)"#]],
    );
}

#[test]
fn unknown_column_in_a_rule_is_refused() {
    check_plugin(
        "validation",
        r#"( rules: [ Required("aa") ] )"#,
        &expect![[r#"
        {dir}/scene.ron:8:41: error: stage `work` (plugin validation): rule 1 (Required): there is no column `aa` in the input; did you mean `a`?
          8 |             config: ( rules: [ Required("aa") ] ),
            |                                         ^"#]],
    );
    check_plugin(
        "enrichment",
        r#"( compute: { "c": "a + bb" } )"#,
        &expect![[r#"
        {dir}/scene.ron:8:44: error: stage `work` (plugin enrichment): compute `c`: in "a + bb": unknown column `bb` at line 1, column 5: did you mean `b`?
          8 |             config: ( compute: { "c": "a + bb" } ),
            |                                            ^"#]],
    );
    check_plugin(
        "aggregation",
        r#"( group_by: ["a"], aggregates: [ Sum("c") ] )"#,
        &expect![[r#"
        {dir}/scene.ron:8:58: error: stage `work` (plugin aggregation): unknown column `c`: did you mean `a`?
          8 |             config: ( group_by: ["a"], aggregates: [ Sum("c") ] ),
            |                                                          ^"#]],
    );
}

#[test]
fn unknown_rule_or_type_is_refused() {
    check_plugin(
        "validation",
        r#"( rules: [ Requird("a") ] )"#,
        &expect![[r#"
        {dir}/scene.ron:8:32: error: stage `work` (plugin validation): unknown variant `Requird` of `Rule`: did you mean `Required`?
          8 |             config: ( rules: [ Requird("a") ] ),
            |                                ^"#]],
    );
    check_plugin(
        "validation",
        r#"( rules: [ Type( column: "a", type: "int46" ) ] )"#,
        &expect![[r#"
            {dir}/scene.ron:8:57: error: stage `work` (plugin validation): rule 1 (Type): there is no type "int46"; did you mean `int16`?
              8 |             config: ( rules: [ Type( column: "a", type: "int46" ) ] ),
                |                                                         ^"#]],
    );
    check(
        &CSV_TO_CSV.replace("in.csv\"", "in.csv\", schema: { \"a\": \"int46\" }"),
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: schema of column `a`: unknown type `int46`, did you mean `int16`?; known are int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, bool, utf8, date32, time, timestamp(s|ms|us|ns), timestamp(us, UTC), decimal(precision, scale); in NDJSON also list(int64), struct(name: utf8)
          6 |         "in": Source( read: Csv( path: "${at}/in.csv", schema: { "a": "int46" } ) ),
            |                                        ^"#]],
    );
}

#[test]
fn rule_that_does_not_fit_its_column_is_refused() {
    check_plugin(
        "validation",
        r#"( rules: [ Range( column: "b", min: 1 ) ] )"#,
        &expect![[r#"
        {dir}/scene.ron:8:47: error: stage `work` (plugin validation): rule 1 (Range): 1 is no value of column `b`, which is utf8; write a text, in quotes
          8 |             config: ( rules: [ Range( column: "b", min: 1 ) ] ),
            |                                               ^"#]],
    );
    check_plugin(
        "aggregation",
        r#"( group_by: ["a"], aggregates: [ Mean("b") ] )"#,
        &expect![[r#"
            {dir}/scene.ron:8:59: error: stage `work` (plugin aggregation): column `b` is of type utf8, but this needs a column of numbers (256-bit decimals excepted)
              8 |             config: ( group_by: ["a"], aggregates: [ Mean("b") ] ),
                |                                                           ^"#]],
    );
}

#[test]
fn unknown_plugin_is_refused_with_the_nearest_name() {
    let stages = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "work": Plugin( library: "validaton", from: "in", config: () ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "work" ),
"#;
    let error = super::bench::error_of(&with("in.csv", "a\n"), stages);
    let (first, rest) = error.split_once("no lib").unwrap();
    expect!["{dir}/scene.ron:7:34: error: stage `work`: no plugin `validaton`: there is "]
        .assert_eq(first);
    assert!(rest.ends_with("hint: did you mean `validation`?"), "{error}");
}

#[test]
fn all_faults_are_told_at_once() {
    check(
        r#"
        "in": Source( read: Csv( path: "${at}/inn.csv" ) ),
        "a": Plugin( library: "validation", from: "in2", config: ( rules: [] ) ),
        "b": Plugin( libary: "validation", from: "in", config: ( rules: [] ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv", decimals: 99 ), from: ["a", "b"] ),
"#,
        &expect![[r#"
            {dir}/scene.ron:7:51: error: there is no stage `in2`
              7 |         "a": Plugin( library: "validation", from: "in2", config: ( rules: [] ) ),
                |                                                   ^
              hint: did you mean `in`? stages: `in`, `a`, `b`

            {dir}/scene.ron:8:14: error: missing field `library` in Plugin
              8 |         "b": Plugin( libary: "validation", from: "in", config: ( rules: [] ) ),
                |              ^

            {dir}/scene.ron:8:22: error: unknown field `libary` in Plugin
              8 |         "b": Plugin( libary: "validation", from: "in", config: ( rules: [] ) ),
                |                      ^
              hint: did you mean `library`? fields of Plugin: `library`, `from`, `config`, `instances`, `isolation`, `read`, `timeout`, `start_timeout`, `memory_limit`, `spares`, `on_failure`, `breaker`, `order`

            {dir}/scene.ron:9:67: error: `decimals` is 99, expected 0 to 17
              9 |         "out": Sink( write: Csv( path: "${at}/out.csv", decimals: 99 ), from: ["a", "b"] ),
                |                                                                   ^"#]],
    );
}

#[test]
fn scene_that_is_no_ron_is_refused() {
    check(
        "\n        \"in\": Source( read: Csv( path: \"${at}/in.csv\" ),\n",
        &expect![[r#"
        {dir}/scene.ron:7:5: error: expected identifier
          7 |     },
            |     ^"#]],
    );
}

#[test]
fn column_without_a_value_is_refused_with_a_hint() {
    refused(
        &with("in.csv", "a,b\n,x\n"),
        r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "sums": Plugin( library: "aggregation", from: "in",
            config: ( group_by: ["b"], aggregates: [ Sum("a") ] ),
        ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "sums" ),
"#,
        &expect![[r#"
            {dir}/scene.ron:8:58: error: stage `sums` (plugin aggregation): column `a` is of type utf8, but this needs a column of numbers (256-bit decimals excepted)
              8 |             config: ( group_by: ["b"], aggregates: [ Sum("a") ] ),
                |                                                          ^
              hint: no value of `a` was seen, so it was taken for utf8: say its type in the source, for example `schema: { "a": "float64" }`"#]],
    );
}
