//! Tables as text, and instances that split an input between them.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use aggregation::Aggregation;
use arrow::array::{ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use tanda_plugin::PluginError;
use tanda_plugin::testing::Harness;

fn data_type(name: &str) -> DataType {
    match name {
        "bool" => DataType::Boolean,
        "i8" => DataType::Int8,
        "i64" => DataType::Int64,
        "u64" => DataType::UInt64,
        "f32" => DataType::Float32,
        "f64" => DataType::Float64,
        "text" => DataType::Utf8,
        "large" => DataType::LargeUtf8,
        "dict" => DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into()),
        "date" => DataType::Date32,
        "time" => DataType::Time32(TimeUnit::Second),
        "ts" => DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into())),
        "dec" => DataType::Decimal128(38, 2),
        "dec9" => DataType::Decimal32(9, 2),
        other => panic!("no type {other}"),
    }
}

/// A batch from lines: `name:type …`, then a row a line; `-` is null.
pub(crate) fn table(text: &str) -> RecordBatch {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let fields: Vec<Field> = (lines.next().unwrap().split_whitespace())
        .map(|field| field.split_once(':').unwrap())
        .map(|(name, type_name)| Field::new(name, data_type(type_name), true))
        .collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
    let columns = fields.iter().enumerate().map(|(at, field)| {
        let cells = rows.iter().map(|row| Some(row[at]).filter(|cell| *cell != "-"));
        let texts: ArrayRef = Arc::new(cells.collect::<StringArray>());
        cast(&texts, field.data_type()).unwrap()
    });
    let columns = columns.collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// A batch as lines: names, then a row a line; `-` is null.
pub(crate) fn show(batches: &[RecordBatch]) -> String {
    let Some(first) = batches.first() else { return "(nothing)\n".to_owned() };
    let schema = first.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut text = names.join(" ") + "\n";
    let options = FormatOptions::default().with_null("-");
    for batch in batches {
        let columns: Vec<_> = (batch.columns().iter())
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<_> =
                columns.iter().map(|column| column.value(row).to_string()).collect();
            text += &(cells.join(" ") + "\n");
        }
    }
    text
}

/// An instance with this configuration, bound to this schema.
pub(crate) fn instance(
    config: &str,
    schema: &SchemaRef,
) -> Result<Harness<Aggregation>, PluginError> {
    let mut harness = Harness::open(config)?;
    harness.bind(schema)?;
    Ok(harness)
}

/// What leaves on `main` at the end.
pub(crate) fn finish(harness: &mut Harness<Aggregation>) -> Result<Vec<RecordBatch>, PluginError> {
    Ok(harness.finish()?.into_iter().map(|(_, batch)| batch).collect())
}

/// The result of one instance over one batch, as text; an error with the token it is about.
pub(crate) fn run(config: &str, input: &str) -> String {
    let batch = table(input);
    let result = instance(config, &batch.schema()).and_then(|mut harness| {
        harness.process(&batch)?;
        finish(&mut harness)
    });
    match result {
        Ok(batches) => show(&batches),
        Err(error) => format!("{error} [{}]\n", error.token().unwrap_or_default()),
    }
}
