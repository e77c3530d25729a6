//! The aggregation of workload W1 over made flights: CPU time a row, and the size of the state.
//!
//! `cargo run --release -p tanda-aggregation --example w1 [million rows] [batch rows]`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program")]

use std::sync::Arc;
use std::time::Instant;

use aggregation::Aggregation;
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use tanda_plugin::testing::Harness;

const CONFIG: &str = r#"(
    group_by: ["carrier", "airline", "month"],
    aggregates: [
        Count(),
        Mean("dep_delay"),
        Mean("arr_delay"),
        Max("arr_delay"),
        Quantile(column: "arr_delay", q: 0.5),
        Quantile(column: "arr_delay", q: 0.95),
        Sum("distance"),
        Mean("speed_mph"),
        Distinct(column: "tailnum", as: "distinct_tailnums"),
    ],
)"#;

const AIRLINES: [(&str, &str); 16] = [
    ("9E", "Endeavor Air Inc."),
    ("AA", "American Airlines Inc."),
    ("AS", "Alaska Airlines Inc."),
    ("B6", "JetBlue Airways"),
    ("DL", "Delta Air Lines Inc."),
    ("EV", "ExpressJet Airlines Inc."),
    ("F9", "Frontier Airlines Inc."),
    ("FL", "AirTran Airways Corporation"),
    ("HA", "Hawaiian Airlines Inc."),
    ("MQ", "Envoy Air"),
    ("OO", "SkyWest Airlines Inc."),
    ("UA", "United Air Lines Inc."),
    ("US", "US Airways Inc."),
    ("VX", "Virgin America"),
    ("WN", "Southwest Airlines Co."),
    ("YV", "Mesa Airlines Inc."),
];

/// splitmix64: enough for made data, the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * u128::from(n)) >> 64) as u64
    }

    /// Mostly small, sometimes large, like a delay.
    fn delay(&mut self) -> i64 {
        let spread = 1 << (4 + self.below(7));
        self.below(spread) as i64 - 20
    }
}

fn flights(random: &mut Random, month: i64, rows: usize) -> RecordBatch {
    let carriers: Vec<usize> =
        (0..rows).map(|_| random.below(16).min(random.below(16)) as usize).collect();
    let numbers = |f: &mut dyn FnMut() -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values((0..rows).map(|_| f())))
    };
    let texts = |f: &mut dyn FnMut(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..rows).map(f)))
    };
    let distance = numbers(&mut || 100 + random.below(2400) as i64);
    let tails = texts(&mut |row| format!("N{}{:02}", carriers[row], random.below(400)));
    let speeds = (0..rows)
        .map(|_| (100 + random.below(2400)) as f64 / (random.below(400) + 20) as f64 * 60.0);
    let speeds: ArrayRef = Arc::new(Float64Array::from_iter_values(speeds));
    RecordBatch::try_from_iter_with_nullable([
        ("carrier", texts(&mut |row| AIRLINES[carriers[row]].0.to_owned()), true),
        ("airline", texts(&mut |row| AIRLINES[carriers[row]].1.to_owned()), true),
        ("month", numbers(&mut || month), true),
        ("dep_delay", numbers(&mut || random.delay()), true),
        ("arr_delay", numbers(&mut || random.delay()), true),
        ("distance", distance, true),
        ("speed_mph", speeds, true),
        ("tailnum", tails, true),
    ])
    .unwrap()
}

/// Time on the CPU of this thread so far, as Linux counts it.
fn cpu_nanos() -> u64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    statistics.split_whitespace().next().unwrap().parse().unwrap()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let millions: f64 = arguments.next().map_or(10.0, |text| text.parse().unwrap());
    let batch_rows: usize = arguments.next().map_or(16_384, |text| text.parse().unwrap());
    let mut random = Random(1);
    let batches: Vec<RecordBatch> =
        (0..60).map(|i| flights(&mut random, 1 + i % 12, batch_rows)).collect();
    let mut harness: Harness<Aggregation> = Harness::open(CONFIG).unwrap();
    harness.bind(&batches[0].schema()).unwrap();
    let calls = (millions * 1e6 / batch_rows as f64).ceil() as usize;
    let (start, cpu) = (Instant::now(), cpu_nanos());
    for call in 0..calls {
        harness.process(&batches[call % batches.len()]).unwrap();
    }
    let rows = calls * batch_rows;
    let nanos = (cpu_nanos() - cpu) as f64 / rows as f64;
    println!("{rows} rows in {:?}: {nanos:.1} ns of CPU a row", start.elapsed());
    let start = Instant::now();
    let snapshot = harness.snapshot().unwrap();
    println!("snapshot of {} bytes in {:?}", snapshot.len(), start.elapsed());
    let start = Instant::now();
    harness.merge(&snapshot).unwrap();
    println!("merged in {:?}", start.elapsed());
    let start = Instant::now();
    let result = harness.finish().unwrap();
    let groups: usize = result.iter().map(|(_, batch)| batch.num_rows()).sum();
    println!("{groups} groups in {:?}", start.elapsed());
    println!("state: {} bytes", harness.counter("state_bytes_at_end"));
}
