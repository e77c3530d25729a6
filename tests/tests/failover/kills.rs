//! Workers that are killed from outside, while batches that failed are dealt with: no row pays for
//! it, and the run goes on.
#![expect(clippy::unwrap_used, reason = "a test fails and tells")]

use tanda_tests::Bench;

fn numbers(bench: &Bench, file: &str) -> Vec<u64> {
    let number = |line: &str| line.split(',').next().unwrap().parse().unwrap();
    bench.read(file).lines().skip(1).map(number).collect()
}

/// Each of its workers ends at its fourth batch, which the next one processes.
#[test]
fn fallback_whose_worker_dies_gets_another_one() {
    for (more, outcome) in [("when: Batch(3)", true), ("when: Row(\"n = 700\")", false)] {
        let bench = Bench::new();
        let result = bench.run(&format!(
            "Scene( name: \"fallback\", engine: ( threads: 2, batch_rows: 100 ), stages: {{
               \"in\": Source( read: Generator( rows: 2000, columns: [(\"n\", Sequence)] ) ),
               \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 1,
                   config: ( when: Always, what: Error ),
                   on_failure: [ Fallback( library: \"faulty\", config: ( {more}, what: Abort ) ) ] ),
               \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ) }} )"
        ));
        match result {
            Ok(_) if outcome => assert_eq!(numbers(&bench, "out.csv"), Vec::from_iter(0..2_000)),
            Err(error) if !outcome => {
                let text = error.to_string();
                assert!(text.contains("its fallback: it was killed by SIGABRT"), "{text}");
                assert!(text.contains("as 5 workers in a row did"), "{text}");
            }
            other => panic!("{more}: {other:?}"),
        }
    }
}
