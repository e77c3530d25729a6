//! Branches that part and meet again, on the operating system: every row arrives, and the run ends.

use tanda_tests::Bench;

/// Where two branches of one source meet at a plugin, both halves of every batch come out of it.
#[test]
fn branches_that_meet_at_a_plugin_come_out_of_it_in_turn() {
    for isolation in ["InProcess", "Process(sandbox: Strict)"] {
        let bench = Bench::new();
        let branch = |name: &str, value: &str| {
            format!(
                "\"{name}\": Plugin( library: \"enrichment\", from: \"in\",
                    config: ( compute: {{ \"branch\": \"{value}\" }} ) ),"
            )
        };
        let report = bench.run(&format!(
            "Scene( name: \"diamond\", engine: ( threads: 2, batch_rows: 1000, isolation: {isolation} ),
               stages: {{
                 \"in\": Source( read: Generator( rows: 3000, columns: [ (\"n\", Sequence) ] ) ),
                 {left} {right}
                 \"both\": Plugin( library: \"validation\", from: [\"left\", \"right\"],
                                 config: ( rules: [ Required([\"n\"]) ] ) ),
                 \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"both\" ) }} )",
            left = branch("left", "1"),
            right = branch("right", "2"),
        ));
        assert_eq!(report.unwrap().ledger, Ok(()));
        let batch = |first: u64, branch: u64| {
            (first..first + 1_000).map(move |n| format!("{n},{branch}\n"))
        };
        let rows = (0..3).flat_map(|b| batch(b * 1_000, 1).chain(batch(b * 1_000, 2)));
        let expected: String = std::iter::once("n,branch\n".to_owned()).chain(rows).collect();
        assert!(bench.read("out.csv") == expected, "{isolation}: other rows");
    }
}

/// What a window flushes leaves on `main` only; an order behind `late` must not wait for it.
#[test]
fn flush_on_one_port_holds_up_nobody_behind_another() {
    for isolation in ["InProcess", "Process(sandbox: Strict)"] {
        let bench = Bench::new();
        let scene = "Scene( name: \"late\", engine: ( isolation: ISOLATION ), stages: {
            \"in\": Source( read: Generator( rows: 50000, columns: [ (\"t\", Int(0, 100000)) ] ) ),
            \"window\": Plugin( library: \"aggregation\", from: \"in\", config: (
                aggregates: [ Count( as: \"rows\" ) ], window: Tumbling(by: \"t\", every: 1000) ) ),
            \"windows\": Sink( write: Csv( path: \"{dir}/windows.csv\" ), from: \"window\" ),
            \"sum\": Plugin( library: \"aggregation\", from: \"window.late\",
                           config: ( aggregates: [ Count( as: \"rows\" ) ] ) ),
            \"late\": Sink( write: Csv( path: \"{dir}/late.csv\" ), from: \"sum\" ) } )";
        let report = bench.run(&scene.replace("ISOLATION", isolation)).unwrap();
        assert_eq!(report.ledger, Ok(()));
        let count = |line: &str| line.rsplit(',').next().unwrap().parse::<u64>().unwrap();
        let windows: u64 = bench.read("windows.csv").lines().skip(1).map(count).sum();
        let late: u64 = bench.read("late.csv").lines().skip(1).map(count).sum();
        assert!(late > 0 && windows + late == 50_000, "{windows} in windows, {late} late");
    }
}
