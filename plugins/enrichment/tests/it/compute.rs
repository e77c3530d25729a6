//! Columns by expression.

use crate::common::Tables;
use expect_test::expect;

const ROWS: &str = "carrier,distance,minutes\nAA,120,60\nZZ,100,\nUA,0,30";

fn tables() -> Tables {
    Tables::of(&[("c.csv", "carrier,factor\nAA,2\nUA,0")])
}

#[test]
fn expressions_use_columns_of_input_lookups_and_those_before() {
    tables().check(
        r#"(
            lookups: [
                Lookup(table: "DIR/c.csv", on: {"carrier": "carrier"}, take: {"factor": "factor"}),
            ],
            compute: {
                "speed": "distance / (minutes / 60.0)",
                "double": "speed * factor",
                "answer": "42",
            },
        )"#,
        ROWS,
        expect![[r#"
            main: carrier,distance,minutes,factor,speed,double,answer
                AA,120,60,2,120.0,240.0,42
                ZZ,100,~,~,~,~,42
                UA,0,30,0,0.0,0.0,42
        "#]],
    );
}

#[test]
fn rejected_rows_are_not_computed() {
    tables().check(
        r#"(
            lookups: [
                Lookup(table: "DIR/c.csv", on: {"carrier": "carrier"}, take: {"factor": "factor"},
                       missing: Reject),
            ],
            compute: {"share": "1000 / coalesce(factor, 0)"},
        )"#,
        "carrier\nAA\nZZ",
        expect![[r#"
            main: carrier,factor,share
                AA,2,500
            rejected: carrier,reason
                ZZ,unknown_carrier
        "#]],
    );
}

#[test]
fn failing_expression_names_its_column() {
    let divide = r#"(compute: {"share": "distance / (distance - 120)"})"#;
    tables().check(divide, ROWS, expect![[r#"
        compute `share`: division by zero in `distance / (distance - 120)`: guard it, for example with nullif(divisor, 0) [share]
    "#]]);
}

#[test]
fn faults_of_expressions_are_named() {
    tables().check(r#"(compute: {"x": "distence * 2"})"#, ROWS, expect![[r#"
        compute `x`: in "distence * 2": unknown column `distence` at line 1, column 1: did you mean `distance`? [distence]
    "#]]);
    tables().check(r#"(compute: {"x": "distance *"})"#, ROWS, expect![[r#"
        compute `x`: in "distance *": syntax error at line 1, column 11: expected an expression, found the end of the expression [distance *]
    "#]]);
    tables().check(r#"(compute: {"x": "carrier + 1"})"#, ROWS, expect![[r#"
        compute `x`: in "carrier + 1": `carrier + 1` at line 1, column 1: utf8 and int64 do not combine: cast one of them [carrier]
    "#]]);
    tables().check(
        r#"(compute: {"minutes": "distance"})"#,
        ROWS,
        expect![[r#"
        compute `minutes`: the new column `minutes` is already there; choose another name [minutes]
    "#]],
    );
    tables().check(r#"(compute: {"x": "y", "y": "distance"})"#, ROWS, expect![[r#"
        compute `x`: in "y": unknown column `y` at line 1, column 1: the columns are carrier, distance, minutes [y]
    "#]]);
}
