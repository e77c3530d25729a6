//! The rules of workload W1 over the flights of January 2013, against rows that three independent
//! programs agree on, and over made rows for the reasons that do not occur in them.

use std::fs::File;
use std::sync::Arc;

use crate::common::check;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use expect_test::expect;
use tanda_plugin::testing::Harness;
use validation::Validation;

const RULES: &str = r#"(
    rules: [
        Required(["dep_delay", "arr_delay", "air_time"]),
        Range(column: "distance", exclusive_min: 0, nulls: Fail),
        Required("tailnum"),
        OneOf(column: "origin", values: ["EWR", "JFK", "LGA"], nulls: Fail),
    ],
)"#;

const FLIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/data/flights-2013-01.csv");

/// The flights in batches of so many rows; `time_hour` stays text.
fn flights(batch_rows: usize) -> Vec<RecordBatch> {
    let format = arrow_csv::reader::Format::default().with_header(true);
    let (schema, _) = format.infer_schema(File::open(FLIGHTS).unwrap(), None).unwrap();
    let field = |field: &Arc<Field>| match field.name().as_str() {
        "time_hour" => field.as_ref().clone().with_data_type(DataType::Utf8),
        _ => field.as_ref().clone(),
    };
    let schema = Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>());
    let reader = arrow_csv::ReaderBuilder::new(Arc::new(schema)).with_header(true);
    let reader = reader.with_batch_size(batch_rows).build(File::open(FLIGHTS).unwrap());
    reader.unwrap().map(Result::unwrap).collect()
}

fn to_csv(batches: &[RecordBatch]) -> String {
    let mut text = Vec::new();
    let mut writer = arrow_csv::WriterBuilder::new().with_header(true).build(&mut text);
    let batch = concat_batches(&batches[0].schema(), batches).unwrap();
    writer.write(&batch).unwrap();
    drop(writer);
    String::from_utf8(text).unwrap()
}

fn reject(batch_rows: usize) -> (u64, String) {
    let batches = flights(batch_rows);
    let mut harness = Harness::<Validation>::open(RULES).unwrap();
    harness.bind(&batches[0].schema()).unwrap();
    let rejected = |batch| harness.process(batch).unwrap()[1].clone().unwrap();
    let rejected: Vec<_> = batches.iter().map(rejected).collect();
    (harness.rows_out(0), to_csv(&rejected))
}

#[test]
fn january_is_rejected_as_in_the_golden_file() {
    let golden = include_str!("data/rejected-2013-01.csv");
    for batch_rows in [100, 16_384, 100_000] {
        let (valid, rejected) = reject(batch_rows);
        assert_eq!(valid, 26_398);
        assert!(rejected == golden, "batches of {batch_rows} rows");
    }
}

#[test]
fn every_reason_is_given_and_the_first_one_wins() {
    check(
        RULES,
        "dep_delay,arr_delay,air_time,distance,tailnum,origin
        1,2,3,4,N1,EWR
        ~,~,~,~,~,~
        1,~,~,0,~,LAX
        1,2,~,0,~,LAX
        1,2,3,0,~,LAX
        1,2,3,~,N1,JFK
        1,2,3,-1,N1,JFK
        1,2,3,4,~,LAX
        1,2,3,4,N1,LAX
        1,2,3,4,N1,~",
        expect![[r#"
            main: 1,2,3,4,N1,EWR
            rejected: ~,~,~,~,~,~,missing_dep_delay
            rejected: 1,~,~,0,~,LAX,missing_arr_delay
            rejected: 1,2,~,0,~,LAX,missing_air_time
            rejected: 1,2,3,0,~,LAX,bad_distance
            rejected: 1,2,3,~,N1,JFK,bad_distance
            rejected: 1,2,3,-1,N1,JFK,bad_distance
            rejected: 1,2,3,4,~,LAX,missing_tailnum
            rejected: 1,2,3,4,N1,LAX,bad_origin
            rejected: 1,2,3,4,N1,~,bad_origin
        "#]],
    );
}
