//! Workload W2 over the valid flights of January 2013: every 50th row against rows that three
//! independent programs agree on, and sums over all of them.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, is_not_null, take_record_batch};
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use enrichment::Enrichment;
use tanda_plugin::testing::Harness;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/data");

fn config() -> String {
    format!(
        r#"(
            lookups: [
                Lookup(table: "{DATA}/airlines.csv",
                       on: {{"carrier": "carrier"}}, take: {{"airline": "name"}}),
                Lookup(table: "{DATA}/airports.csv",
                       on: {{"dest": "faa"}},
                       take: {{"dest_name": "name", "dest_lat": "lat", "dest_lon": "lon",
                               "dest_tz": "tz"}},
                       known: "dest_known"),
            ],
            compute: {{"speed_mph": "distance / (air_time / 60.0)"}},
        )"#
    )
}

/// January's flights with a known arrival delay: the only ones that W2 lets pass.
fn valid_flights() -> RecordBatch {
    let path = format!("{DATA}/flights-2013-01.csv");
    let format = arrow_csv::reader::Format::default().with_header(true);
    let (schema, _) = format.infer_schema(File::open(&path).unwrap(), None).unwrap();
    let field = |field: &Arc<Field>| match field.name().as_str() {
        "time_hour" => field.as_ref().clone().with_data_type(DataType::Utf8),
        _ => field.as_ref().clone(),
    };
    let schema = Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()));
    let reader = arrow_csv::ReaderBuilder::new(schema.clone()).with_header(true);
    let reader = reader.build(File::open(&path).unwrap()).unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let all = concat_batches(&schema, &batches).unwrap();
    let valid = is_not_null(all.column_by_name("arr_delay").unwrap()).unwrap();
    filter_record_batch(&all, &valid).unwrap()
}

fn enriched() -> RecordBatch {
    let flights = valid_flights();
    let mut harness = Harness::<Enrichment>::open(&config()).unwrap();
    harness.bind(&flights.schema()).unwrap();
    harness.process(&flights).unwrap().remove(0).unwrap()
}

/// Rows of a CSV text without quotes in it, field by field.
fn fields(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn january_is_enriched_as_in_the_golden_file() {
    let all = enriched();
    let sample: UInt32Array = (0..all.num_rows() as u32).step_by(50).collect();
    let mut text = Vec::new();
    let mut writer = arrow_csv::WriterBuilder::new().with_header(true).build(&mut text);
    writer.write(&take_record_batch(&all, &sample).unwrap()).unwrap();
    drop(writer);
    let found = String::from_utf8(text).unwrap();
    let (found, golden) = (fields(&found), fields(include_str!("data/every-50th.csv")));
    assert_eq!(found.len(), golden.len());
    for (found, golden) in found.iter().zip(&golden) {
        let last = golden.len() - 1;
        assert_eq!(found[..last], golden[..last]);
        let (speed, expected) = (found[last].parse::<f64>(), golden[last].parse::<f64>());
        match (speed, expected) {
            (Ok(speed), Ok(expected)) => assert!(speed.to_bits().abs_diff(expected.to_bits()) <= 1),
            (speed, expected) => assert!(speed.is_err() && expected.is_err()),
        }
    }
}

#[test]
fn sums_over_january_are_those_of_the_golden_file() {
    let all = enriched();
    assert_eq!((all.num_rows(), all.num_columns()), (26_398, 26));
    let known: &BooleanArray = all.column_by_name("dest_known").unwrap().as_boolean();
    assert_eq!(known.false_count(), 678);
    for column in ["dest_name", "dest_lat", "dest_lon", "dest_tz"] {
        assert_eq!(all.column_by_name(column).unwrap().null_count(), 678, "{column}");
    }
    let speed = all.column_by_name("speed_mph").unwrap().as_primitive::<Float64Type>();
    let sum: f64 = speed.iter().flatten().sum();
    assert!((sum - 9_780_357.280_529_192).abs() < 1e-3, "{sum}");
}
