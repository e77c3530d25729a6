//! Windows by time and by rows.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use expect_test::{Expect, expect};
use support::{finish, instance, run, show, table};
use tanda_plugin::Flags;

const HOURLY: &str = r#"(group_by: ["k"], aggregates: [Count(), Sum("x")],
    window: Tumbling(by: "t", every: 10, lateness: 5))"#;

const TIMES: &str = "
    t:i64 k:text x:i64
    1  a 1
    12 b 2
    3  a 4
    14 a 8
    15 a 16
    4  a 32
    -  a 64
    -7 a 128
    31 b 256
    19 b 512
    22 c 1024
";

/// What leaves on `main` and `late`, with the input cut into batches of so many rows.
fn leaves(config: &str, input: &str, batch_rows: usize) -> String {
    let batch = table(input);
    let mut harness = instance(config, &batch.schema()).unwrap();
    let (mut main, mut late) = (Vec::new(), Vec::new());
    for start in (0..batch.num_rows()).step_by(batch_rows) {
        let rows = batch_rows.min(batch.num_rows() - start);
        let mut ports = harness.process(&batch.slice(start, rows)).unwrap().into_iter();
        main.extend(ports.next().unwrap());
        late.extend(ports.next().flatten());
    }
    main.extend(finish(&mut harness).unwrap());
    format!("{}late: {}", show(&main), show(&late))
}

/// The same leaves for every size of the batches.
fn check(config: &str, input: &str, batch_rows: &[usize], expected: &Expect) {
    let found: Vec<String> = batch_rows.iter().map(|rows| leaves(config, input, *rows)).collect();
    assert!(found.iter().all(|text| *text == found[0]), "{found:#?}");
    expected.assert_eq(&found[0]);
}

#[test]
fn windows_close_by_the_watermark_and_late_rows_leave_apart_whatever_the_batches() {
    let expected = expect![[r#"
        window_start window_end k count sum_x
        0 10 a 2 5
        10 20 a 2 24
        10 20 b 1 2
        20 30 c 1 1024
        30 40 b 1 256
        late: t k x
        4 a 32
        - a 64
        -7 a 128
        19 b 512
    "#]];
    check(HOURLY, TIMES, &[1, 2, 3, 5, 100], &expected);
}

#[test]
fn a_window_leaves_with_the_batch_that_closes_it() {
    let batch = table(TIMES);
    let mut harness = instance(HOURLY, &batch.schema()).unwrap();
    let mut rows = |start, rows| {
        harness.process(&batch.slice(start, rows)).unwrap()[0].as_ref().unwrap().num_rows()
    };
    assert_eq!(rows(0, 4), 0);
    assert_eq!(rows(4, 1), 1);
    assert_eq!(rows(5, 3), 0);
    assert_eq!(rows(8, 1), 2);
}

#[test]
fn timestamps_and_dates_take_durations() {
    let config = |every: &str| {
        format!(r#"(aggregates: [Count()], window: Tumbling(by: "t", every: "{every}"))"#)
    };
    let times = "t:ts\n 2013-01-01T10:05:00Z\n 2013-01-01T10:55:00Z\n 2013-01-01T11:00:00Z";
    expect![[r#"
        window_start window_end count
        2013-01-01T11:00:00Z 2013-01-01T12:00:00Z 1
    "#]]
    .assert_eq(&run(&config("1h"), times));
    expect![[r#"
        window_start window_end count
        1970-01-01 1970-01-03 1
    "#]]
    .assert_eq(&run(&config("2 days"), "t:date\n 1970-01-02\n 1969-12-31"));
    expect![[r#"
        `90s`: not a whole number of the units of column `t` [90s]
    "#]]
    .assert_eq(&run(&config("90s"), "t:date\n 1970-01-01"));
    expect![[r#"
        `soon`: expected number at 0: give a duration such as "90s" or "1h" [soon]
    "#]]
    .assert_eq(&run(&config("soon"), times));
    expect![[r#"
        column `t` is of type Utf8: a window needs a timestamp, a date or an integer (UInt64 excepted) [t]
    "#]].assert_eq(&run(&config("1h"), "t:text\n x"));
    expect![[r#"
        column `t` is of type UInt64: a window needs a timestamp, a date or an integer (UInt64 excepted) [t]
    "#]].assert_eq(&run(&config("1h"), "t:u64\n 1"));
    expect![[r#"
        every: 0 is no length of a window: give at least 1 [every]
    "#]]
    .assert_eq(&run(&config("0s"), times));
}

#[test]
fn row_windows_are_filled_across_batches() {
    let config = r#"(group_by: ["k"], aggregates: [Sum("x")], window: Rows(3))"#;
    let input = "k:text x:i64\n a 1\n b 2\n a 4\n b 8\n b 16\n b 32\n a 64";
    let expected = expect![[r#"
        window_start window_end k sum_x
        0 3 a 5
        0 3 b 2
        3 6 b 56
        6 7 a 64
        late: (nothing)
    "#]];
    check(config, input, &[1, 2, 4, 100], &expected);
}

#[test]
fn windows_first_and_last_are_exclusive_and_the_rest_merges() {
    let schema = table("k:text x:i64 t:i64").schema();
    let kind = |config: &str| {
        let mut harness = instance(config, &schema).unwrap();
        let kind = harness.binding().flags.kind();
        let snapshot = harness.snapshot().unwrap();
        assert_eq!(harness.merge(&snapshot).is_ok(), kind == Flags::MERGEABLE);
        kind
    };
    assert_eq!(kind(r#"(aggregates: [Count()])"#), Flags::MERGEABLE);
    assert_eq!(kind(r#"(aggregates: [First("x")])"#), Flags::EXCLUSIVE);
    assert_eq!(kind(r#"(aggregates: [Last("x")])"#), Flags::EXCLUSIVE);
    assert_eq!(kind(r#"(aggregates: [Count()], window: Rows(5))"#), Flags::EXCLUSIVE);
    assert_eq!(kind(HOURLY), Flags::EXCLUSIVE);
}

#[test]
fn a_restored_instance_goes_on_as_if_nothing_had_been() {
    let last = r#"(group_by: ["k"], aggregates: [First("x"), Last("x")])"#;
    let rows = r#"(group_by: ["k"], aggregates: [Sum("x")], window: Rows(3))"#;
    let batch = table(TIMES);
    for config in [HOURLY, last, rows] {
        for cut in 0..=batch.num_rows() {
            let mut first = instance(config, &batch.schema()).unwrap();
            first.process(&batch.slice(0, cut)).unwrap();
            let mut second = instance(config, &batch.schema()).unwrap();
            second.restore(&first.snapshot().unwrap()).unwrap();
            let rest = batch.slice(cut, batch.num_rows() - cut);
            assert_eq!(first.process(&rest).unwrap(), second.process(&rest).unwrap());
            assert_eq!(first.snapshot().unwrap(), second.snapshot().unwrap());
            assert_eq!(finish(&mut first).unwrap(), finish(&mut second).unwrap());
        }
    }
}

#[test]
fn only_wanted_columns_leave() {
    let batch = table(TIMES);
    let mut harness = instance(HOURLY, &batch.schema()).unwrap();
    let ports = [Some(["sum_x", "window_end"].as_slice()), Some(["x"].as_slice())];
    harness.wanted(&batch.schema(), &ports).unwrap();
    let mut main = harness.process(&batch).unwrap();
    expect![[r#"
        x
        32
        64
        128
        512
    "#]]
    .assert_eq(&show(&[main.remove(1).unwrap()]));
    expect![[r#"
        window_end sum_x
        10 5
        20 24
        20 2
    "#]]
    .assert_eq(&show(&[main.remove(0).unwrap()]));
}

/// Windows of a column `t` and their counts.
fn counted(every: &str, times: &str) -> String {
    let window = format!(r#"Tumbling(by: "t", every: "{every}", lateness: "60000days")"#);
    run(&format!("(aggregates: [Count()], window: {window})"), times)
}

#[test]
fn months_quarters_and_years_are_those_of_the_calendar() {
    let times = "t:ts
        2024-01-01T00:00:00Z
        2024-01-31T23:59:59.999Z
        2024-02-29T12:00:00Z
        2024-03-01T00:00:00Z
        1969-12-31T23:59:59.999Z
        1900-02-28T23:59:59Z
    ";
    expect![[r#"
        window_start window_end count
        1900-02-01T00:00:00Z 1900-03-01T00:00:00Z 1
        1969-12-01T00:00:00Z 1970-01-01T00:00:00Z 1
        2024-01-01T00:00:00Z 2024-02-01T00:00:00Z 2
        2024-02-01T00:00:00Z 2024-03-01T00:00:00Z 1
        2024-03-01T00:00:00Z 2024-04-01T00:00:00Z 1
    "#]]
    .assert_eq(&counted("1month", times));
    expect![[r#"
        window_start window_end count
        1900-01-01T00:00:00Z 1900-04-01T00:00:00Z 1
        1969-10-01T00:00:00Z 1970-01-01T00:00:00Z 1
        2024-01-01T00:00:00Z 2024-04-01T00:00:00Z 4
    "#]]
    .assert_eq(&counted("1quarter", times));
    expect![[r#"
        window_start window_end count
        1900-01-01 1901-01-01 1
        1969-01-01 1970-01-01 1
        2024-01-01 2025-01-01 2
    "#]]
    .assert_eq(&counted("1y", "t:date\n 2024-12-31\n 2024-01-01\n 1969-12-31\n 1900-06-01"));
}

#[test]
fn weeks_begin_on_mondays() {
    let sundays = "t:date\n 2024-01-07\n 2024-01-08\n 1969-12-28\n 1969-12-29\n 1970-01-04";
    expect![[r#"
        window_start window_end count
        1969-12-22 1969-12-29 1
        1969-12-29 1970-01-05 2
        2024-01-01 2024-01-08 1
        2024-01-08 2024-01-15 1
    "#]]
    .assert_eq(&counted("1week", sundays));
}

#[test]
fn an_offset_moves_the_windows() {
    let moved = |every: &str, offset: &str, times: &str| {
        let late = if every.starts_with('"') { r#""99days""# } else { "99" };
        let window = format!("by: \"t\", every: {every}, offset: {offset}, lateness: {late}");
        let window = format!("Tumbling({window})");
        run(&format!("(aggregates: [Count()], window: {window})"), times)
    };
    let evening = "t:ts\n 2024-03-30T21:59:59Z\n 2024-03-30T22:00:00Z\n 2024-03-31T22:00:00Z";
    expect![[r#"
        window_start window_end count
        2024-03-29T22:00:00Z 2024-03-30T22:00:00Z 1
        2024-03-30T22:00:00Z 2024-03-31T22:00:00Z 1
        2024-03-31T22:00:00Z 2024-04-01T22:00:00Z 1
    "#]]
    .assert_eq(&moved(r#""1day""#, r#""-2h""#, evening));
    expect![[r#"
        window_start window_end count
        2024-02-29T22:00:00Z 2024-03-31T22:00:00Z 2
        2024-03-31T22:00:00Z 2024-04-30T22:00:00Z 1
    "#]]
    .assert_eq(&moved(r#""1month""#, r#""-2h""#, evening));
    let days = "t:date\n 2024-03-31\n 2024-04-01";
    expect![[r#"
        window_start window_end count
        2023-04-01 2024-04-01 1
        2024-04-01 2025-04-01 1
    "#]]
    .assert_eq(&moved(r#""1year""#, r#""3months""#, days));
    expect![[r#"
        window_start window_end count
        2024-03-31 2024-04-07 2
    "#]]
    .assert_eq(&moved(r#""1week""#, r#""-1day""#, days));
    expect![[r#"
        window_start window_end count
        -7 3 1
        3 13 2
    "#]]
    .assert_eq(&moved("10", "3", "t:i64\n 2\n 3\n 12"));
    expect![[r#"
        offset: windows that are no months or years are moved by a time such as "6h" [offset]
    "#]]
    .assert_eq(&moved(r#""1day""#, r#""1month""#, days));
}

#[test]
fn lengths_without_a_sense_are_refused() {
    expect![[r#"
        `1month 2days`: months and years do not go together with units of a fixed length [1month 2days]
    "#]]
    .assert_eq(&counted("1month 2days", "t:date\n 2024-01-01"));
    expect![[r#"
        every: -1 is no length of a window: give at least 1 [every]
    "#]]
    .assert_eq(&counted("-1month", "t:date\n 2024-01-01"));
    let late =
        r#"(aggregates: [Count()], window: Tumbling(by: "t", every: "1day", lateness: "1M"))"#;
    expect![[r#"
        lateness: months and years have no fixed length: give how far behind a row may be, as in "5m" [lateness]
    "#]]
    .assert_eq(&run(late, "t:date\n 2024-01-01"));
}

#[test]
fn a_window_beyond_its_type_is_an_error() {
    let hundred = |lines: &str| {
        run(r#"(aggregates: [Count()], window: Tumbling(by: "t", every: 100))"#, lines)
    };
    expect![[r#"
        window_start window_end count
        100 200 1
    "#]]
    .assert_eq(&hundred("t:i8\n 127"));
    expect![[r#"
        the window of 9223372036854775807 in column `t` reaches beyond what int64 can hold: set such rows aside before this stage, as with a Range rule of validation [t]
    "#]]
    .assert_eq(&hundred("t:i64\n 9223372036854775807"));
    expect![[r#"
        the window of -9223372036854775808 in column `t` reaches beyond what int64 can hold: set such rows aside before this stage, as with a Range rule of validation [t]
    "#]]
    .assert_eq(&hundred("t:i64\n -9223372036854775808"));
}
