//! What each rule lets pass, how it treats nulls, and what it says about a configuration.

use crate::common::{check, check_rule, passes};
use expect_test::expect;

const FLIGHTS: &str = "id,origin,distance
    1,EWR,100
    2,LAX,200
    3,~,300
    4,JFK,0
    5,EWR,~";

#[test]
fn required_fails_a_missing_value_of_any_named_column() {
    check_rule(
        r#"Required("origin")"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 4,JFK,0
        main: 5,EWR,~
        rejected: 3,~,300,missing_origin
    "#]],
    );
    check_rule(
        r#"Required(["distance", "origin"])"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 4,JFK,0
        rejected: 3,~,300,missing_origin
        rejected: 5,EWR,~,missing_distance
    "#]],
    );
    check_rule(
        r#"Required(columns: ["origin"], reason: "nowhere")"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 4,JFK,0
        main: 5,EWR,~
        rejected: 3,~,300,nowhere
    "#]],
    );
}

#[test]
fn one_of_passes_listed_values_and_nulls_as_told() {
    check_rule(
        r#"OneOf(column: "origin", values: ["EWR", "JFK"])"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 3,~,300
        main: 4,JFK,0
        main: 5,EWR,~
        rejected: 2,LAX,200,bad_origin
    "#]],
    );
    check_rule(
        r#"OneOf(column: "origin", values: ["EWR", "JFK"], nulls: Fail, reason: "far")"#,
        FLIGHTS,
        expect![[r#"
            main: 1,EWR,100
            main: 4,JFK,0
            main: 5,EWR,~
            rejected: 2,LAX,200,far
            rejected: 3,~,300,far
        "#]],
    );
    check_rule(
        r#"OneOf(column: "distance", values: [100, 300])"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 3,~,300
        main: 5,EWR,~
        rejected: 2,LAX,200,bad_distance
        rejected: 4,JFK,0,bad_distance
    "#]],
    );
}

#[test]
fn one_of_takes_long_lists_and_long_texts() {
    let many: Vec<_> = (0..40).map(|number| (number * 10).to_string()).collect();
    let rule = format!(r#"OneOf(column: "distance", values: [{}])"#, many.join(","));
    check_rule(
        &rule,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 3,~,300
        main: 4,JFK,0
        main: 5,EWR,~
    "#]],
    );
    let rule = r#"OneOf(column: "origin", values: ["EWR", "Los Angeles"])"#;
    check_rule(
        rule,
        "origin\nEWR\nLos Angeles\nLos Angelos",
        expect![[r#"
        main: EWR
        main: Los Angeles
        rejected: Los Angelos,bad_origin
    "#]],
    );
}

#[test]
fn range_keeps_to_its_bounds() {
    check_rule(
        r#"Range(column: "distance", exclusive_min: 0, nulls: Fail)"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 3,~,300
        rejected: 4,JFK,0,bad_distance
        rejected: 5,EWR,~,bad_distance
    "#]],
    );
    check_rule(
        r#"Range(column: "distance", min: 100, max: 200)"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 5,EWR,~
        rejected: 3,~,300,bad_distance
        rejected: 4,JFK,0,bad_distance
    "#]],
    );
    check_rule(
        r#"Range(column: "distance", exclusive_max: 200)"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 4,JFK,0
        main: 5,EWR,~
        rejected: 2,LAX,200,bad_distance
        rejected: 3,~,300,bad_distance
    "#]],
    );
    let dates = "day\n2013-01-01\n2013-06-01\n2014-01-01";
    check_rule(
        r#"Range(column: "day", min: "2013-02-01", max: "2013-12-31")"#,
        dates,
        expect![[r#"
        main: 2013-06-01
        rejected: 2013-01-01,bad_day
        rejected: 2014-01-01,bad_day
    "#]],
    );
}

#[test]
fn range_has_no_room_for_nan() {
    check_rule(
        r#"Range(column: "x", min: 0)"#,
        "x\n1.5\nNaN\n-0.5\ninf",
        expect![[r#"
        main: 1.5
        main: inf
        rejected: NaN,bad_x
        rejected: -0.5,bad_x
    "#]],
    );
}

#[test]
fn matches_finds_the_pattern_anywhere_unless_anchored() {
    let csv = "tail,id\nN123,1\nXN1,2\n~,3";
    check_rule(
        r#"Matches(column: "tail", pattern: "N[0-9]")"#,
        csv,
        expect![[r#"
            main: N123,1
            main: XN1,2
            main: ~,3
        "#]],
    );
    check_rule(
        r#"Matches(column: "tail", pattern: "^N[0-9]+$", nulls: Fail)"#,
        csv,
        expect![[r#"
            main: N123,1
            rejected: XN1,2,bad_tail
            rejected: ~,3,bad_tail
        "#]],
    );
}

#[test]
fn length_counts_characters() {
    let csv = "name,id\nab,1\nabc,2\nhé,3\nhéé,4\n~,5";
    check_rule(
        r#"Length(column: "name", max: 2)"#,
        csv,
        expect![[r#"
            main: ab,1
            main: hé,3
            main: ~,5
            rejected: abc,2,bad_name
            rejected: héé,4,bad_name
        "#]],
    );
    check_rule(
        r#"Length(column: "name", min: 3, nulls: Fail)"#,
        csv,
        expect![[r#"
            main: abc,2
            main: héé,4
            rejected: ab,1,bad_name
            rejected: hé,3,bad_name
            rejected: ~,5,bad_name
        "#]],
    );
}

/// The rule takes what a cast of expressions reads, as long as the text loses nothing.
#[test]
fn type_refuses_texts_that_lose_something() {
    let takes = |name: &str, text| passes(&format!("Type(column: \"a\", type: {name:?})"), text);
    for (name, texts) in [
        ("int64", &["7", "-7", "+007"][..]),
        ("float64", &["1.5", "1e308", "1e-400", "NaN", "-inf", "5", "1."]),
        ("float32", &["3e38", "inf"]),
        ("bool", &["true", "FALSE"]),
        ("boolean", &["true", "FALSE"]),
        ("date", &["2013-01-31"]),
        ("date32", &["2013-01-31"]),
        ("timestamp(us)", &["2013-01-31 05:00:00.123456"]),
        (
            "timestamp",
            &["2013-01-31", "2013-01-31 05:00:00.123456", "2013-01-31T05:00:00.1000000Z"],
        ),
        ("time", &["11:00:00", "11:00", "23:59:59.999999"]),
    ] {
        texts.iter().for_each(|text| assert!(takes(name, text), "{name} {text:?}"));
    }
    for (name, texts) in [
        ("int64", &[" 1", "\t1", "1 ", "1.0", "1e2", "", "9223372036854775808"][..]),
        ("float64", &["1e400", "-1e400", " 1.5", "1.5\n", "x"]),
        ("float32", &["1e39", "-1e39"]),
        ("boolean", &["1", "yes", "t", " true"]),
        ("date", &["2013-01-31T00:00:00", "2013-01-31 05:00", "2013-1-31", "20130131"]),
        ("timestamp", &["2013-01-31 05:00:00.1234567", " 2013-01-31", "2013-01-31T25:00:00"]),
        ("timestamp", &["2013-01-31 05:00:00+02", "2013-01-31T05:00:00-05:30"]),
        ("time", &["11", "1130", "24:00:00", " 11:00", "11:00:00.1234567", "11:00:00+02"]),
    ] {
        texts.iter().for_each(|text| assert!(!takes(name, text), "{name} {text:?}"));
    }
}

#[test]
fn type_reads_texts_and_keeps_numbers() {
    let csv = "a,b\n1,1\nx,300\n~,~\n2013-01-01,127";
    check_rule(
        r#"Type(column: "a", type: "int64")"#,
        csv,
        expect![[r#"
        main: 1,1
        main: ~,~
        rejected: x,300,bad_a
        rejected: 2013-01-01,127,bad_a
    "#]],
    );
    check_rule(
        r#"Type(column: "a", type: "date")"#,
        csv,
        expect![[r#"
        main: ~,~
        main: 2013-01-01,127
        rejected: 1,1,bad_a
        rejected: x,300,bad_a
    "#]],
    );
    check_rule(
        r#"Type(column: "b", type: "int8", nulls: Fail)"#,
        csv,
        expect![[r#"
        main: 1,1
        main: 2013-01-01,127
        rejected: x,300,bad_b
        rejected: ~,~,bad_b
    "#]],
    );
    check_rule(
        r#"Type(column: "b", type: "int64")"#,
        csv,
        expect![[r#"
        main: 1,1
        main: x,300
        main: ~,~
        main: 2013-01-01,127
    "#]],
    );
}

#[test]
fn unique_judges_the_key_within_the_window() {
    let csv = "a,b\n1,x\n1,y\n1,x\n~,x\n~,x\n1,x";
    check_rule(
        r#"Unique(columns: ["a", "b"], window: 2)"#,
        csv,
        expect![[r#"
        main: 1,x
        main: 1,y
        main: ~,x
        main: ~,x
        main: 1,x
        rejected: 1,x,duplicate_a_b
    "#]],
    );
    check_rule(
        r#"Unique(columns: ["a"], window: 9, nulls: Fail)"#,
        csv,
        expect![[r#"
        main: 1,x
        rejected: 1,y,duplicate_a
        rejected: 1,x,duplicate_a
        rejected: ~,x,duplicate_a
        rejected: ~,x,duplicate_a
        rejected: 1,x,duplicate_a
    "#]],
    );
}

#[test]
fn check_fails_what_is_false_and_nulls_as_told() {
    check_rule(
        r#"Check("distance > 100 and origin <> 'JFK'")"#,
        FLIGHTS,
        expect![[r#"
        main: 2,LAX,200
        main: 3,~,300
        main: 5,EWR,~
        rejected: 1,EWR,100,failed: distance > 100 and origin <> 'JFK'
        rejected: 4,JFK,0,failed: distance > 100 and origin <> 'JFK'
    "#]],
    );
    check_rule(
        r#"Check(expr: "distance > 100", nulls: Fail, reason: "near")"#,
        FLIGHTS,
        expect![[r#"
        main: 2,LAX,200
        main: 3,~,300
        rejected: 1,EWR,100,near
        rejected: 4,JFK,0,near
        rejected: 5,EWR,~,near
    "#]],
    );
    check_rule(
        r#"Check("distence > 100")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Check): in "distence > 100": unknown column `distence` at line 1, column 1: did you mean `distance`? [distence]
    "#]],
    );
    check_rule(
        r#"Check("distance + 100")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Check): in "distance + 100": `distance + 100` at line 1, column 1 has type int64, expected a boolean: compare it with something [distance]
    "#]],
    );
    check_rule(
        r#"Check("distance >")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Check): in "distance >": syntax error at line 1, column 11: expected an expression, found the end of the expression [distance >]
    "#]],
    );
}

#[test]
fn check_is_asked_only_of_rows_that_are_still_good() {
    let ratio = r#"Check("1000 / distance > 4")"#;
    check_rule(
        ratio,
        FLIGHTS,
        expect![[r#"
        rule 1 (Check): division by zero in `1000 / distance`: guard it, for example with nullif(divisor, 0)
    "#]],
    );
    let rules = format!(r#"(rules: [Range(column: "distance", exclusive_min: 0), {ratio}])"#);
    check(
        &rules,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100
        main: 2,LAX,200
        main: 5,EWR,~
        rejected: 3,~,300,failed: 1000 / distance > 4
        rejected: 4,JFK,0,bad_distance
    "#]],
    );
}

#[test]
fn unique_takes_no_notice_of_rows_that_failed_before() {
    let rules = r#"(rules: [Required("b"), Unique(columns: ["a"], window: 9)])"#;
    check(
        rules,
        "a,b\n1,~\n1,x\n1,y",
        expect![[r#"
        main: 1,x
        rejected: 1,~,missing_b
        rejected: 1,y,duplicate_a
    "#]],
    );
}

#[test]
fn first_failing_rule_names_the_reason() {
    let rules = r#"(rules: [
        Range(column: "distance", min: 150),
        Required("origin"),
        OneOf(column: "origin", values: ["EWR"], reason: "far"),
        Required("distance"),
    ])"#;
    check(
        rules,
        FLIGHTS,
        expect![[r#"
        rejected: 1,EWR,100,bad_distance
        rejected: 2,LAX,200,far
        rejected: 3,~,300,missing_origin
        rejected: 4,JFK,0,bad_distance
        rejected: 5,EWR,~,missing_distance
    "#]],
    );
}

#[test]
fn annotate_keeps_every_row() {
    check(
        r#"(rules: [Required("origin")], policy: Annotate)"#,
        FLIGHTS,
        expect![[r#"
        main: 1,EWR,100,~
        main: 2,LAX,200,~
        main: 3,~,300,missing_origin
        main: 4,JFK,0,~
        main: 5,EWR,~,~
    "#]],
    );
    check(
        r#"(rules: [Required("id")], policy: Annotate, reason_column: "why")"#,
        "id\n1",
        expect![[r#"
            main: 1,~
        "#]],
    );
}

#[test]
fn fail_batch_names_row_rule_and_value() {
    let rules = r#"(rules: [Range(column: "distance", min: 1)], policy: FailBatch)"#;
    check(
        rules,
        FLIGHTS,
        expect![[r#"
        row 4 of 5 in the batch fails rule 1 (Range) with reason `bad_distance`: distance = 0; mend the data, or let bad rows leave on their own port with policy: RejectRow
    "#]],
    );
    check(
        rules,
        "distance\n1\n2",
        expect![[r#"
        main: 1
        main: 2
    "#]],
    );
}

#[test]
fn faults_of_names_and_values_are_named() {
    check_rule(
        r#"Required("distence")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Required): there is no column `distence` in the input; did you mean `distance`? [distence]
    "#]],
    );
    check_rule(
        r#"Required("id"), Range(column: "origin", min: 1)"#,
        FLIGHTS,
        expect![[r#"
            rule 2 (Range): 1 is no value of column `origin`, which is utf8; write a text, in quotes [origin]
        "#]],
    );
    check_rule(
        r#"Range(column: "distance", min: 0.5)"#,
        FLIGHTS,
        expect![[r#"
            rule 1 (Range): 0.5 is no value of column `distance`, which is int64; write a whole number from -9223372036854775808 to 9223372036854775807 [distance]
        "#]],
    );
    check_rule(
        r#"OneOf(column: "distance", values: ["100"])"#,
        FLIGHTS,
        expect![[r#"
            rule 1 (OneOf): "100" is no value of column `distance`, which is int64; write a number, without quotes [100]
        "#]],
    );
}

#[test]
fn columns_of_the_wrong_type_are_named() {
    check_rule(
        r#"Matches(column: "distance", pattern: "x")"#,
        FLIGHTS,
        expect![[r#"
            rule 1 (Matches): column `distance` is int64, but this rule needs text [distance]
        "#]],
    );
    check_rule(
        r#"Matches(column: "origin", pattern: "[")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Matches): the pattern "[" is no regular expression: regex parse error:
            [
            ^
        error: unclosed character class [[]
    "#]],
    );
    check_rule(
        r#"Length(column: "distance", min: 1)"#,
        FLIGHTS,
        expect![[r#"
            rule 1 (Length): column `distance` is int64, but this rule needs text, binary or a list [distance]
        "#]],
    );
    check_rule(
        r#"Type(column: "distance", type: "date")"#,
        FLIGHTS,
        expect![[r#"
            rule 1 (Type): column `distance` is int64, which can never be read as date32; remove the rule [distance]
        "#]],
    );
    check_rule(
        r#"Type(column: "distance", type: "int46")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Type): there is no type "int46"; did you mean `int16`? [int46]
    "#]],
    );
    check_rule(
        r#"Required("id")"#,
        "id,reason\n1,2",
        expect![[r#"
        reason_column: the input already has a column `reason`; name the reason column otherwise: reason_column: "..." [reason]
    "#]],
    );
}

#[test]
fn rules_that_can_judge_nothing_are_refused() {
    check_rule(
        r#"Range(column: "distance")"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Range): it has no bound; give min, max, exclusive_min or exclusive_max [distance]
    "#]],
    );
    check_rule(
        r#"OneOf(column: "origin", values: [])"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (OneOf): its list of values is empty, so every row would fail; name the values [origin]
    "#]],
    );
    check_rule(
        r#"Unique(columns: ["id"], window: 0)"#,
        FLIGHTS,
        expect![[r#"
        rule 1 (Unique): its window is not within 1..=10_000_000 rows; choose how far back a duplicate counts [Unique]
    "#]],
    );
    check_rule(
        "Required([])",
        FLIGHTS,
        expect![[r#"
        rule 1 (Required): it names no column; name one, or remove the rule [Required]
    "#]],
    );
    check_rule(
        "",
        FLIGHTS,
        expect![[r#"
        there is no rule, so every row would pass; add one or remove the stage [rules]
    "#]],
    );
}

#[test]
fn faults_of_the_ron_text_have_a_place() {
    check_rule(
        r#"Requird("id")"#,
        FLIGHTS,
        expect![[r#"
        1:10: unknown variant `Requird` of `Rule`: did you mean `Required`? [Requird]
    "#]],
    );
    check_rule(
        r#"Range(colum: "id", min: 1)"#,
        FLIGHTS,
        expect![[r#"
        1:16: unknown field `colum` of `Range`: did you mean `column`? [colum]
    "#]],
    );
    check_rule(
        "Required(7)",
        FLIGHTS,
        expect![[r#"
        1:19: Expected a column name, a list of column names, or (columns: [...], reason: "...") but found the unsigned integer `7` instead
    "#]],
    );
    check_rule(
        r#"Required(colums: ["id"])"#,
        FLIGHTS,
        expect![[r#"
        1:19: unknown field `colums` of `Required`: did you mean `columns`? [colums]
    "#]],
    );
    check_rule(
        r#"Check(["a", "b"])"#,
        FLIGHTS,
        expect![[r#"
        1:25: an expression, or (expr: "...", nulls: ..., reason: "...")
    "#]],
    );
    check(
        r#"(rules: [Required("id")], policy: Drop)"#,
        FLIGHTS,
        expect![[r#"
        1:35: unknown variant `Drop` of `Policy`: expected one of `RejectRow`, `Annotate`, `FailBatch` [Drop]
    "#]],
    );
}
