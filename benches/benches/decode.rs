//! From the bytes of a CSV file to columns, on one thread, beside arrow's own reader.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tanda::connectors::{Limits, OnBad, Piece, Source, Stop};
use tanda::scene::model::{CsvRead, Read};
use tanda_benches::{Gauge, repository};

/// Rows of a batch, as in scenes by default.
const BATCH_ROWS: usize = 16_384;

/// The columns that W1 computes on.
const W1_COLUMNS: [&str; 9] = [
    "month",
    "dep_delay",
    "arr_delay",
    "carrier",
    "tailnum",
    "origin",
    "dest",
    "air_time",
    "distance",
];

struct Flights {
    path: PathBuf,
    schema: SchemaRef,
    rows: usize,
}

impl Flights {
    fn january() -> Self {
        let path = repository().join("config/data/flights-2013-01.csv");
        let text = fs::read(&path).expect("the repository holds January");
        let rows = text.iter().filter(|byte| **byte == b'\n').count() - 1;
        let schema = source(&path).schema();
        Self { path, schema, rows }
    }

    fn columns(&self, names: &[&str]) -> Vec<usize> {
        names.iter().map(|name| self.schema.index_of(name).expect("it is a column")).collect()
    }

    /// Reads, cuts and decodes the file with Tanda; returns the rows.
    fn tanda(&self, columns: &[usize]) -> usize {
        let (mut reader, decoder) = source(&self.path).start(Some(columns), OnBad::Fail);
        let decoder = decoder.expect("CSV is decoded apart");
        let stop = Stop::new().expect("there is a file descriptor left");
        let mut rows = 0;
        while let Some(piece) = reader.next(&stop).expect("January can be read") {
            let Piece::Raw(piece) = piece else { panic!("CSV comes in raw pieces") };
            let decoded = decoder.decode(&piece).expect("January is sound");
            assert_eq!(decoded.batch.num_columns(), columns.len());
            rows += decoded.batch.num_rows();
        }
        rows
    }

    /// The same with arrow-csv.
    fn arrow(&self, columns: &[usize]) -> usize {
        let file = fs::File::open(&self.path).expect("the repository holds January");
        let reader = arrow_csv::ReaderBuilder::new(Arc::clone(&self.schema))
            .with_header(true)
            .with_batch_size(BATCH_ROWS)
            .with_projection(columns.to_vec())
            .build(file)
            .expect("January has a header");
        reader.map(|batch| batch.expect("January is sound").num_rows()).sum()
    }
}

fn source(path: &Path) -> Source {
    let types = [("time_hour".to_owned(), "utf8".to_owned())];
    let read = Read::Csv(CsvRead {
        path: path.display().to_string(),
        delimiter: ',',
        quote: '"',
        null: None,
        schema: Some(types.into()),
        record_bytes_max: None,
        strict: false,
    });
    let linger = Duration::from_secs(1);
    let limits = Limits {
        batch_rows: BATCH_ROWS,
        batch_bytes: 8 << 20,
        linger,
        unpacked_bytes_max: 1 << 30,
    };
    let stop = Stop::new().expect("there is a file descriptor left");
    Source::open(&read, &limits, &stop).expect("the repository holds January")
}

fn csv(criterion: &mut Criterion) {
    let flights = Flights::january();
    let all: Vec<usize> = (0..flights.schema.fields().len()).collect();
    for (name, columns) in [("all_columns", all), ("w1_columns", flights.columns(&W1_COLUMNS))] {
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        group.throughput(Throughput::Elements(flights.rows as u64)).sample_size(30);
        let (mut tanda, mut arrow) = (Gauge::default(), Gauge::default());
        group.bench_function("tanda", |bencher| {
            let pass = || assert_eq!(flights.tanda(&columns), flights.rows);
            bencher.iter_custom(|times| tanda.time(times, flights.rows as u64, pass));
        });
        group.bench_function("arrow_csv", |bencher| {
            let pass = || assert_eq!(flights.arrow(&columns), flights.rows);
            bencher.iter_custom(|times| arrow.time(times, flights.rows as u64, pass));
        });
        tanda.beside_rival("rows", "arrow-csv", &arrow);
    }
}

criterion_group!(benches, csv);
criterion_main!(benches);
