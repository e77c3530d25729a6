//! Each aggregate on small tables.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use expect_test::{Expect, expect};
use support::run;

fn check(config: &str, input: &str, expected: Expect) {
    expected.assert_eq(&run(config, input));
}

const DELAYS: &str = "
    carrier:text month:i64 delay:i64 speed:f64
    UA 2 10 1.5
    AA 1 -3 2.5
    UA 1 5  -
    UA 2 -  0.1
    -  1 7  0.2
    UA 2 30 0.3
";

#[test]
fn groups_leave_sorted_by_key_with_missing_keys_last() {
    check(
        r#"(group_by: ["carrier", "month"], aggregates: [Count()])"#,
        DELAYS,
        expect![[r#"
        carrier month count
        AA 1 1
        UA 1 1
        UA 2 3
        - 1 1
    "#]],
    );
}

#[test]
fn aggregates_skip_nulls_and_are_null_without_values() {
    check(
        r#"(group_by: ["carrier", "month"], aggregates: [
            Count("delay"), Sum("delay"), Mean("delay"), Min("delay"), Max("delay"),
            Sum("speed"), Mean(column: "speed", as: "speed"), Variance("delay"),
        ])"#,
        DELAYS,
        expect![[r#"
            carrier month count_delay sum_delay mean_delay min_delay max_delay sum_speed speed var_delay
            AA 1 1 -3 -3.0 -3 -3 2.5 2.5 -
            UA 1 1 5 5.0 5 5 - - -
            UA 2 2 40 20.0 10 30 1.9 0.6333333333333333 200.0
            - 1 1 7 7.0 7 7 0.2 0.2 -
        "#]],
    );
}

#[test]
fn without_keys_there_is_one_group_even_of_no_rows() {
    let config = r#"(aggregates: [Count(as: "rows"), Sum("x"), Distinct("x"), Min("x"),
        Quantile(column: "x", q: 0.5), Distinct(column: "x", as: "about", method: Hll), StdDev("x"),
        Count("x"), Mean("y"), Variance("y")])"#;
    check(
        config,
        "x:i64 y:f64",
        expect![[r#"
        rows sum_x distinct_x min_x p50_x about std_x count_x mean_y var_y
        0 - 0 - - 0 - 0 - -
    "#]],
    );
    check(
        config,
        "x:i64 y:f64\n 4 0.5\n 4 0.25\n 6 -",
        expect![[r#"
        rows sum_x distinct_x min_x p50_x about std_x count_x mean_y var_y
        3 14 2 4 4.0 2 1.1547005383792515 3 0.375 0.03125
    "#]],
    );
}

#[test]
fn with_keys_no_rows_give_nothing() {
    check(
        r#"(group_by: ["x"], aggregates: [Count()])"#,
        "x:i64",
        expect![[r#"
        (nothing)
    "#]],
    );
}

#[test]
fn quantiles_interpolate_linearly() {
    check(
        r#"(aggregates: [
            Quantile(column: "x", q: 0), Quantile(column: "x", q: 0.25),
            Quantile(column: "x", q: 0.5, as: "median"), Quantile(column: "x", q: 0.999),
            Quantile(column: "f", q: 0.5), Quantile(column: "d", q: 0.5),
        ])"#,
        "x:i64 f:f64 d:dec
         10 0.5 1.10
         20 1.5 1.20
         40 -   1.30
         30 -1  1.40",
        expect![[r#"
            p0_x p25_x median p99.9_x p50_f p50_d
            10.0 17.5 25.0 39.97 0.5 1.25
        "#]],
    );
}

#[test]
fn sketches_are_within_their_error() {
    check(
        r#"(aggregates: [
            Quantile(column: "x", q: 0.5, as: "rough", method: Sketch(error: 0.1)),
            Quantile(column: "x", q: 0.5, as: "fine", method: Sketch(error: 0.0001)),
        ])"#,
        "x:i64\n 100\n 1000\n 10000",
        expect![[r#"
            rough fine
            992.0 1000.03125
        "#]],
    );
}

#[test]
fn extremes_first_and_last_keep_the_type() {
    check(
        r#"(aggregates: [Min("t"), Max("t"), Min("d"), Max("ts"), Max("b"), Min("u"), Max("u"),
            Min("f"), Max("f"), First("t"), Last("t"), First("c"), Min("c9"), Max("k"), Max("clock")])"#,
        "t:text d:date ts:ts b:bool u:u64 f:f32 c:dec c9:dec9 k:dict clock:time
         -    2013-01-02 2013-01-01T10:00:00Z true  18446744073709551615 NaN  -    1.25  x 10:00:01
         pear 2012-02-29 2013-01-01T11:00:00Z false 7                    -0.0 2.50 -     y -
         fig  -          -                    -     -                    1.5  1.00 -0.75 - 09:59:59",
        expect![[r#"
            min_t max_t min_d max_ts max_b min_u max_u min_f max_f first_t last_t first_c min_c9 max_k max_clock
            fig pear 2012-02-29 2013-01-01T11:00:00Z true 7 18446744073709551615 0.0 NaN pear fig 2.50 -0.75 y 10:00:01
        "#]],
    );
}

#[test]
fn every_kind_of_key_groups_and_leaves_in_its_type() {
    for key in ["b", "i", "u", "f", "d", "ts", "c", "k", "l"] {
        let config = format!(r#"(group_by: ["{key}"], aggregates: [Count()])"#);
        let expected = match key {
            "b" => expect![[r#"
                b count
                false 1
                true 2
                - 1
            "#]],
            "i" => expect![[r#"
                i count
                -5 1
                7 2
                - 1
            "#]],
            "u" => expect![[r#"
                u count
                0 2
                1 1
                18446744073709551615 1
            "#]],
            "f" => expect![[r#"
                f count
                0.0 2
                NaN 2
            "#]],
            "d" => expect![[r#"
                d count
                1969-12-31 1
                2013-01-02 2
                - 1
            "#]],
            "ts" => expect![[r#"
                ts count
                1969-12-31T23:00:00Z 1
                2013-01-01T10:00:00Z 2
                - 1
            "#]],
            "c" => expect![[r#"
                c count
                -0.10 1
                0.50 2
                - 1
            "#]],
            "k" => expect![[r#"
                k count
                a 1
                b 2
                - 1
            "#]],
            _ => expect![[r#"
                l count
                aaaaaaaaaaaaa 1
                zz 2
                - 1
            "#]],
        };
        check(
            &config,
            "b:bool i:i8 u:u64 f:f64 d:date ts:ts c:dec9 k:dict l:large
             true  -5 18446744073709551615 NaN 2013-01-02 2013-01-01T10:00:00Z 0.50 b  zz
             false 7  0                    0.0 1969-12-31 -                    -    -  zz
             true  7  0                   -0.0 -          2013-01-01T10:00:00Z 0.5  a  -
             -     -  1                    NaN 2013-01-02 1969-12-31T23:00:00Z -0.1 b  aaaaaaaaaaaaa",
            expected,
        );
    }
}

#[test]
fn distinct_counts_values_of_any_kind_and_no_nulls() {
    check(
        r#"(aggregates: [Distinct("t"), Distinct("f"), Distinct("c"), Distinct("k"),
            Distinct(column: "t", as: "t_about", method: Hll)])"#,
        "t:text f:f64 c:dec k:dict
         a 0.0  1.00 x
         b -0.0 1    -
         a NaN  2    x
         - NaN  -    y",
        expect![[r#"
            distinct_t distinct_f distinct_c distinct_k t_about
            2 2 2 2 2
        "#]],
    );
}

#[test]
fn variance_survives_a_large_mean() {
    check(
        r#"(aggregates: [Variance("x"), Variance(column: "x", ddof: 0, as: "pop"), StdDev("i"),
            Variance("c")])"#,
        "x:f64 i:i64 c:dec
         1000000000000001 9000000000000000001 0.01
         1000000000000002 9000000000000000002 0.02
         1000000000000003 9000000000000000003 0.03",
        expect![[r#"
            var_x pop std_i var_c
            1.0 0.6666666666666666 1.0 0.0001
        "#]],
    );
}

#[test]
fn sums_of_floats_are_exact_and_take_infinities_and_nan() {
    check(
        r#"(group_by: ["g"], aggregates: [Sum("x"), Mean("x"), StdDev("x")])"#,
        "g:text x:f64
         a 1e100
         a 1
         a -1e100
         b 1.7e308
         b -1e308
         b 1e308
         c inf
         c 1
         d inf
         d -inf
         e NaN",
        expect![[r#"
            g sum_x mean_x std_x
            a 1.0 0.3333333333333333 1e100
            b 1.7e308 5.666666666666667e307 1.4011899704655802e308
            c inf inf NaN
            d NaN NaN NaN
            e NaN NaN -
        "#]],
    );
}

#[test]
fn a_result_beyond_all_floats_names_the_group() {
    let input = "g:text x:f64 y:f32
                 a 1 3e38
                 b 1e308 3e38
                 b 1.5e308 3e38
                 c -inf inf
                 c -1.7e308 1";
    let config = |what: &str| format!(r#"(group_by: ["g"], aggregates: [{what}])"#);
    for (what, expected) in [
        (
            r#"Sum("x")"#,
            expect![[r#"
            the sum of column `x` is about 2.500e308 in group (g: b), outside float64: divide the column by a power of ten before this stage [x]
        "#]],
        ),
        (
            r#"Variance(column: "x", ddof: 0)"#,
            expect![[r#"
            the variance of column `x` is about 6.250e614 in group (g: b), outside float64: divide the column by a power of ten before this stage [x]
        "#]],
        ),
        (
            r#"Sum("y"), Mean("x"), StdDev("x"), Quantile(column: "x", q: 0.5)"#,
            expect![[r#"
            g sum_y mean_x std_x p50_x
            a 3.0000000054977558e38 1.0 - 1.0
            b 6.0000000109955115e38 1.25e308 3.535533905932738e307 1.25e308
            c inf -inf NaN -inf
        "#]],
        ),
    ] {
        check(&config(what), input, expected);
    }
    let far = "x:f64\n-1.7e308\n1.7e308";
    check(
        r#"(aggregates: [StdDev("x")])"#,
        far,
        expect![[r#"
        the standard deviation of column `x` is about 2.404e308 in group (), outside float64: divide the column by a power of ten before this stage [x]
    "#]],
    );
    check(
        r#"(aggregates: [Sum("x"), StdDev(column: "x", ddof: 0)])"#,
        far,
        expect![[r#"
        sum_x std_x
        0.0 1.7e308
    "#]],
    );
}

#[test]
fn a_sum_that_does_not_fit_names_the_group() {
    let input = "g:text x:i64 u:u64 c:dec
                 ok 1 1 1
                 big 9223372036854775807 18446744073709551615 999999999999999999999999999999999999.99
                 big 1 1 0.01";
    let config = |what: &str| format!(r#"(group_by: ["g"], aggregates: [{what}])"#);
    check(
        &config(r#"Sum("x")"#),
        input,
        expect![[r#"
            the sum of column `x` is 9223372036854775808 in group (g: big), outside int64: use Mean, or cast the column to a float before this stage [x]
        "#]],
    );
    check(
        &config(r#"Sum("u")"#),
        input,
        expect![[r#"
            the sum of column `u` is 18446744073709551616 in group (g: big), outside uint64: use Mean, or cast the column to a float before this stage [u]
        "#]],
    );
    check(
        &config(r#"Sum("c")"#),
        input,
        expect![[r#"
            the sum of column `c` is 100000000000000000000000000000000000000 (unscaled) in group (g: big), outside decimal(38, 2): use Mean, or cast the column to a float before this stage [c]
        "#]],
    );
    check(
        &config(r#"Mean("x"), Mean("u"), Mean("c")"#),
        input,
        expect![[r#"
        g mean_x mean_u mean_c
        big 4.611686018427388e18 9.223372036854776e18 5e35
        ok 1.0 1.0 1.0
    "#]],
    );
}

#[test]
fn configurations_that_do_not_fit_the_input_are_refused_with_what_to_do() {
    let input = "carrier:text delay:i64 flag:bool";
    check(
        r#"(group_by: ["carier"], aggregates: [Count()])"#,
        input,
        expect![[r#"
        unknown column `carier`: did you mean `carrier`? [carier]
    "#]],
    );
    check(
        r#"(aggregates: [Mean("dely")])"#,
        input,
        expect![[r#"
        unknown column `dely`: did you mean `delay`? [dely]
    "#]],
    );
    check(
        r#"(aggregates: [Mean("carrier")])"#,
        input,
        expect![[r#"
            column `carrier` is of type utf8, but this needs a column of numbers (256-bit decimals excepted) [carrier]
        "#]],
    );
    check(
        r#"(aggregates: [Sum("flag")])"#,
        input,
        expect![[r#"
            column `flag` is of type bool, but this needs a column of numbers (256-bit decimals excepted) [flag]
        "#]],
    );
    check(
        r#"(aggregates: [])"#,
        input,
        expect![[r#"
        `aggregates` is empty: compute at least `Count()` [aggregates]
    "#]],
    );
    check(
        r#"(aggregates: [Max("delay"), Max("delay")])"#,
        input,
        expect![[r#"
        two columns of the result are called `max_delay`: rename one with `as` [max_delay]
    "#]],
    );
    check(
        r#"(group_by: ["carrier"], aggregates: [Count(as: "carrier")])"#,
        input,
        expect![[r#"
        two columns of the result are called `carrier`: rename one with `as` [carrier]
    "#]],
    );
    check(
        r#"(aggregates: [Quantile(column: "delay", q: 95)])"#,
        input,
        expect![[r#"
        q: 95 is not a fraction: give 0.0 to 1.0 (0.95 for 95 %) [q]
    "#]],
    );
    check(
        r#"(aggregates: [Quantile(column: "delay", q: 0.5, method: Sketch(error: 0))])"#,
        input,
        expect![[r#"
            error: 0 is out of range: give 1e-6 to 0.5 [error]
        "#]],
    );
}

#[test]
fn misspelt_configurations_are_refused_with_a_hint() {
    let input = "delay:i64";
    check(
        r#"(aggregates: [Meen("delay")])"#,
        input,
        expect![[r#"
        unknown variant `Meen` of `Aggregate`: did you mean `Mean`? [Meen]
    "#]],
    );
    check(
        r#"(aggregates: [Mean(colum: "delay")])"#,
        input,
        expect![[r#"
        unknown field `colum` of `Mean`: did you mean `column`? [colum]
    "#]],
    );
    check(
        r#"(aggregates: [Mean()])"#,
        input,
        expect![[r#"
        expected a column, or (column: …, as: …) []
    "#]],
    );
    check(
        r#"(aggregates: [Mean(5)])"#,
        input,
        expect![[r#"
        Expected a column, or (column: …, as: …) but found the unsigned integer `5` instead []
    "#]],
    );
    check(
        r#"(aggregates: [Quantile(column: "delay")])"#,
        input,
        expect![[r#"
        field `q` of `Quantile` is missing: add `q: …` []
    "#]],
    );
    check(
        r#"(agregates: [Count()])"#,
        input,
        expect![[r#"
        unknown field `agregates` of `Config`: did you mean `aggregates`? [agregates]
    "#]],
    );
}
