//! CSV in, text out.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use expect_test::Expect;
use tanda_plugin::testing::Harness;
use tanda_plugin::{PluginError, Port};
use validation::Validation;

/// A batch from CSV text; `~` is a missing value, types are inferred.
pub(crate) fn batch(csv: &str) -> RecordBatch {
    let csv: String = csv.lines().map(|line| format!("{}\n", line.trim())).collect();
    let csv = csv.replace('~', "");
    let format = arrow_csv::reader::Format::default().with_header(true);
    let (schema, _) = format.infer_schema(csv.as_bytes(), None).unwrap();
    let schema = Arc::new(schema);
    let reader = arrow_csv::ReaderBuilder::new(schema.clone()).with_header(true);
    let batches: Vec<_> = reader.build(csv.as_bytes()).unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// Rows as text, `~` for null.
pub(crate) fn rows(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::new().with_null("~");
    let format = |column| ArrayFormatter::try_new(column, &options).unwrap();
    let columns: Vec<_> = batch.columns().iter().map(|column| format(column.as_ref())).collect();
    let row = |row| columns.iter().map(move |column| column.value(row).to_string());
    (0..batch.num_rows()).map(|number| row(number).collect::<Vec<_>>().join(",")).collect()
}

pub(crate) fn open(config: &str, schema: &SchemaRef) -> Result<Harness<Validation>, PluginError> {
    let mut harness = Harness::open(config)?;
    harness.bind(schema)?;
    Ok(harness)
}

fn run(config: &str, csv: &str) -> Result<String, PluginError> {
    let batch = batch(csv);
    let mut harness = open(config, &batch.schema())?;
    let outputs = harness.process(&batch)?;
    let ports: Vec<Port> = harness.binding().ports.clone();
    let mut text = String::new();
    for (port, output) in ports.iter().zip(outputs) {
        for row in rows(&output.unwrap()) {
            text += &format!("{}: {row}\n", port.name);
        }
    }
    Ok(text)
}

/// Runs a configuration over a batch; an error is printed with what it is about.
pub(crate) fn check(config: &str, csv: &str, expected: Expect) {
    expected.assert_eq(&run(config, csv).unwrap_or_else(|error| {
        let about = error.token().map(|token| format!(" [{token}]")).unwrap_or_default();
        let at = error.position().map(|(line, column)| format!("{line}:{column}: "));
        format!("{}{error}{about}\n", at.unwrap_or_default())
    }));
}

/// Does the rule let a row pass whose column `a` holds this text?
pub(crate) fn passes(rule: &str, text: &str) -> bool {
    let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
    let mut harness = open(&format!("(rules: [{rule}])"), &batch.schema()).unwrap();
    let outputs = harness.process(&batch).unwrap();
    outputs[0].as_ref().unwrap().num_rows() == 1
}

/// The same with one rule and the default policy.
pub(crate) fn check_rule(rule: &str, csv: &str, expected: Expect) {
    check(&format!("(rules: [{rule}])"), csv, expected);
}
