//! Sources that may never end: what would wait for ever is refused, what mixes is fair and seen.

use std::io::Read as _;

use expect_test::expect;
use flate2::read::MultiGzDecoder;
use nix::sys::signal::Signal;

use super::support::{Folder, wait_until};

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

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    // The end is still to come: what there is is read up to here.
    let _ = MultiGzDecoder::new(bytes).read_to_string(&mut text);
    text
}

/// Both sources are seen in the unfinished files while the run goes on: so slow are they that
/// nothing but time brings what was written out of its buffer.
#[test]
fn two_endless_sources_are_seen_in_a_file_and_in_a_window_while_they_run() {
    for isolation in ["InProcess", "Process(sandbox: Basic)"] {
        let [a, b] = ["a", "b"].map(|name| generator(name, "rows_per_second: 50,"));
        let folder = Folder::with_stages(&format!(
            "{a}{b}\"w\": Plugin( library: \"aggregation\", from: [\"a\", \"b\"], order: Arrival, \
             isolation: {isolation}, {WINDOW} ),
             \"out\": Sink( write: Csv( path: \"out.csv\" ), from: [\"a\", \"b\"], order: Arrival, \
             flush_every: \"10ms\" ),
             \"packed\": Sink( write: Csv( path: \"out.csv.gz\" ), from: [\"a\", \"b\"], \
             order: Arrival, flush_every: \"10ms\" ),
             \"windows\": Sink( write: Ndjson( path: \"w.ndjson\" ), from: \"w\", order: Arrival ),
             \"late\": Sink( write: Blackhole, from: \"w.late\", order: Arrival ),"
        ));
        let mut run = folder.start(&["run", "scene.ron", "--quiet"]);
        wait_until("both sources are in the file", || {
            let text = std::fs::read_to_string(folder.path("out.csv.part")).unwrap_or_default();
            text.contains(",a\n") && text.contains(",b\n")
        });
        wait_until("both sources are in the compressed file", || {
            let text = unpacked(&std::fs::read(folder.path("out.csv.gz.part")).unwrap_or_default());
            text.contains(",a\n") && text.contains(",b\n")
        });
        run.signal(Signal::SIGINT);
        assert_eq!(run.wait().code(), Some(130), "{}", folder.read("stderr"));
        let text = folder.read("out.csv");
        for who in ["a", "b"] {
            let numbers = text.lines().filter_map(|line| line.strip_suffix(&format!(",{who}")));
            let numbers = numbers.map(|number| number.parse::<usize>().unwrap());
            assert!(numbers.enumerate().all(|(place, number)| place == number), "{who}");
            let windows = folder.read("w.ndjson");
            assert!(windows.contains(&format!("\"who\":\"{who}\"")), "{windows}");
        }
    }
}
