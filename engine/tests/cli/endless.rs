//! Sources that may never end: what would wait for ever is refused.

use expect_test::expect;

use super::support::Folder;

const WINDOW: &str = "config: ( group_by: [\"who\"], aggregates: [ Count(as: \"rows\") ], \
                      window: Tumbling(by: \"n\", every: 100, lateness: 100000) )";

fn generator(name: &str, rest: &str) -> String {
    format!(
        "\"{name}\": Source( batch_rows: 10, read: Generator( {rest} columns: [ (\"n\", Sequence), \
         (\"who\", Choice([\"{name}\"])) ] ) ),\n"
    )
}

/// What `check` says of two sources in this order and what is behind them.
fn check(first: &str, second: &str, rest: &str) -> String {
    let folder = Folder::with_stages(&format!("\n{first}{second}{rest}"));
    folder.make_pipe("pipe");
    let said = folder.tanda(&["check", "scene.ron"]);
    let is_text = |line: &&str| !line.contains(" | ");
    said.err.lines().filter(is_text).map(|line| format!("{line}\n")).collect()
}

#[test]
fn source_order_behind_an_endless_source_is_refused() {
    let sink =
        |order: &str| format!("\"out\": Sink( write: Blackhole, from: [\"a\", \"b\"], {order} ),");
    let [a, b] = ["a", "b"].map(|name| generator(name, ""));
    let [ended_a, ended_b] = ["a", "b"].map(|name| generator(name, "rows: 10,"));
    expect![[r#"
        scene.ron:6:38: error: stage `out` takes one source after the other, and `a`, which comes before `b`, may never end: nothing of `b` would come
          hint: say `order: Arrival` at `out` to take batches as they come; or, for `a`, give it `rows`

        1 fault
    "#]]
    .assert_eq(&check(&a, &b, &sink("")));
    let pipe = "\"a\": Source( read: Csv( path: \"pipe\", schema: { \"n\": \"int64\", \"who\": \
                \"utf8\" } ) ),\n";
    expect![[r#"
        scene.ron:6:38: error: stage `out` takes one source after the other, and `a`, which comes before `b`, may never end: nothing of `b` would come
          hint: say `order: Arrival` at `out` to take batches as they come; or, for `a`, name it last in `stages`, or read a file, which has an end

        1 fault
    "#]]
    .assert_eq(&check(pipe, &ended_b, &sink("")));
    assert_eq!(check(&ended_a, &b, &sink("")), "");
    assert_eq!(check(&b, &ended_a, &sink("order: Arrival")), "");
    // What is flushed of the endless source itself waits for no other.
    let sum = "\"sum\": Plugin( library: \"aggregation\", from: \"b\", isolation: InProcess,
                   config: ( aggregates: [ Count() ] ) ),
               \"out\": Sink( write: Blackhole, from: [\"sum\"] ),
               \"two\": Sink( write: Blackhole, from: [\"a\"] ),";
    assert_eq!(check(&a, &b, sum), "");
    let said = check(&a, &ended_b, &sum.replace("[\"a\"]", "[\"a\", \"b\"]"));
    assert!(said.contains("nothing of `b` would come"), "{said}");
}

#[test]
fn plugin_with_an_order_behind_an_endless_source_is_refused() {
    let [a, b] = ["a", "b"].map(|name| generator(name, ""));
    let window = |order: &str| {
        format!(
            "\"w\": Plugin( library: \"aggregation\", from: [\"a\", \"b\"], {order} isolation: \
             InProcess, {WINDOW} ),\n\"out\": Sink( write: Blackhole, from: \"w\", order: Arrival ),"
        )
    };
    let said = check(&a, &b, &window(""));
    assert!(said.contains("error: stage `w` takes one source after the other"), "{said}");
    assert_eq!(check(&a, &b, &window("order: Arrival,")), "");
    // Without an order there is nothing to wait for.
    let check_rule = "\"w\": Plugin( library: \"validation\", from: [\"a\", \"b\"], isolation: \
                      InProcess, config: ( rules: [ Required(\"n\") ] ) ),
                      \"out\": Sink( write: Blackhole, from: \"w\", order: Arrival ),";
    assert_eq!(check(&a, &b, check_rule), "");
}
