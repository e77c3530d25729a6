//! What passes in the engine's process passes in another one, however little memory the scene gives
//! to batches.

use tanda_tests::Bench;

/// One batch of 6 MB of which 120 MB are made, ten times and more what may be in flight.
#[test]
fn batch_and_what_is_made_of_it_fit_whatever_the_memory_of_the_scene() {
    let text = "x".repeat(600);
    let rows: String = (0..10_000).map(|n| format!("{n}{text}\n")).collect();
    let compute: String = (0..10).map(|n| format!("\"c{n}\": \"t || t\", ")).collect();
    let mut totals = Vec::new();
    for isolation in ["InProcess", "Process(sandbox: Basic)", "Process(sandbox: Strict)"] {
        let bench = Bench::new();
        bench.write("in.csv", format!("t\n{rows}"));
        let report = bench.run(&format!(
            "Scene( name: \"room\", engine: ( memory: \"16MiB\", threads: 2 ), stages: {{
               \"in\": Source( read: Csv( path: \"{{dir}}/in.csv\" ), batch_bytes: \"16MiB\" ),
               \"wide\": Plugin( library: \"enrichment\", from: \"in\", isolation: {isolation},
                   config: ( compute: {{ {compute} }} ) ),
               \"sum\": Plugin( library: \"aggregation\", from: \"wide\", isolation: {isolation},
                   config: ( group_by: [], aggregates: [ Count(), Max(\"c9\") ] ) ),
               \"all\": Sink( write: Blackhole, from: \"wide\" ),
               \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"sum\" ) }} )"
        ));
        let report = report.unwrap_or_else(|error| panic!("{isolation}: {error}"));
        assert_eq!(report.ledger, Ok(()), "{isolation}");
        totals.push(bench.read("out.csv"));
    }
    assert!(totals.iter().all(|total| *total == totals[0]), "another result in a worker");
}
