//! The harness holds a plugin to its contract, as the host does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use expect_test::{Expect, expect};
use serde::Deserialize;
use tanda_plugin::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use tanda_plugin::arrow::compute::{filter_record_batch, kernels::cmp::gt_eq, not};
use tanda_plugin::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use tanda_plugin::arrow::record_batch::RecordBatch;
use tanda_plugin::arrow::util::display::array_value_to_string;
use tanda_plugin::testing::Harness;
use tanda_plugin::{Binding, Emitter, Flags, Host, Level, Plugin, PluginError, Port, Reads};

/// Splits rows at a value, counts them, and breaks the contract on request.
#[derive(Debug)]
struct Split {
    config: Config,
    column: usize,
    rows: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    column: String,
    at: i64,
    #[serde(default)]
    fault: Fault,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
enum Fault {
    #[default]
    None,
    WrongType,
    WrongLength,
    WrongCount,
    Twice,
    LosesRows,
    CountsConnected,
    TwoKinds,
}

impl Plugin for Split {
    type Config = Config;
    const NAME: &'static str = "split";
    const VERSION: &'static str = "1.0.0";
    const FLAGS: Flags =
        Flags::MERGEABLE.union(Flags::STATELESS).union(Flags::CONSERVES).union(Flags::PROJECTS);
    const CONFIG_REFERENCE: &'static str = "column, at";

    fn open(config: Config, host: &Host) -> Result<Self, PluginError> {
        host.log(Level::Info, "opened");
        Ok(Self { config, column: 0, rows: 0 })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        self.column = tanda_plugin::find_column(input, &self.config.column)?;
        let side = Field::new("side", DataType::Utf8, false);
        let rows = Field::new("rows", DataType::Int64, false);
        let ports = vec![
            Port::passing("main").with([side.clone()]),
            Port::passing("below").with([side]),
            Port::fresh("total", vec![rows]),
        ];
        let two_kinds = self.config.fault == Fault::TwoKinds;
        let one_kind = Self::FLAGS.without(Flags::STATELESS);
        let flags = if two_kinds { Self::FLAGS } else { one_kind };
        Ok(Binding { ports, reads: Reads::Columns(vec![self.config.column.clone()]), flags })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        self.rows += batch.num_rows() as u64;
        out.host().counter_add("batches", 1);
        let values = batch.column(self.column).as_primitive::<Int64Type>();
        let above = gt_eq(values, &Int64Array::new_scalar(self.config.at))?;
        self.side(0, "above", &filter_record_batch(batch, &above)?, out)?;
        if self.config.fault == Fault::LosesRows {
            return Ok(());
        }
        self.side(1, "below", &filter_record_batch(batch, &not(&above)?)?, out)
    }

    fn finish(&mut self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        out.emit(2, vec![Arc::new(Int64Array::from(vec![self.rows as i64]))], 1)
    }

    fn snapshot(&self) -> Result<Vec<u8>, PluginError> {
        Ok(self.rows.to_le_bytes().to_vec())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        self.rows = 0;
        self.merge(bytes)
    }

    fn merge(&mut self, bytes: &[u8]) -> Result<(), PluginError> {
        let bytes = bytes.try_into().map_err(|_| PluginError::new("not a snapshot"))?;
        self.rows += u64::from_le_bytes(bytes);
        Ok(())
    }
}

impl Split {
    fn side(
        &self,
        port: usize,
        name: &str,
        rows: &RecordBatch,
        out: &mut Emitter<'_>,
    ) -> Result<(), PluginError> {
        let count = rows.num_rows();
        if !out.is_connected(port) {
            return out.count_rows(port, count);
        }
        let mut columns: Vec<ArrayRef> =
            out.passed(port).iter().map(|&index| rows.column(index).clone()).collect();
        if out.wants(port, 0) {
            columns.push(Arc::new(StringArray::from(vec![name; count])));
        }
        match self.config.fault {
            Fault::WrongType => columns[1] = columns[0].clone(),
            Fault::WrongLength => columns[0] = columns[0].slice(1, columns[0].len() - 1),
            Fault::WrongCount => drop(columns.pop()),
            Fault::Twice => out.emit(port, columns.clone(), count)?,
            Fault::CountsConnected => out.count_rows(port, count)?,
            Fault::None | Fault::LosesRows | Fault::TwoKinds => (),
        }
        out.emit(port, columns, count)
    }
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("value", DataType::Int64, true),
    ]))
}

fn batch() -> RecordBatch {
    let names = StringArray::from(vec!["a", "b", "c"]);
    let values = Int64Array::from(vec![5, 1, 9]);
    RecordBatch::try_new(schema(), vec![Arc::new(names), Arc::new(values)]).unwrap()
}

fn open(fault: &str) -> Harness<Split> {
    Harness::open(&format!("(column: \"value\", at: 5, fault: {fault})")).unwrap()
}

fn show(outputs: &[Option<RecordBatch>]) -> String {
    let show = |output: &Option<RecordBatch>| output.as_ref().map_or("unconnected".into(), table);
    outputs.iter().map(show).collect::<Vec<String>>().join("\n")
}

/// The names of the columns, then a line per row.
fn table(batch: &RecordBatch) -> String {
    let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
    let cell = |row| move |column: &ArrayRef| array_value_to_string(column, row).unwrap();
    let row = |row| batch.columns().iter().map(cell(row)).collect::<Vec<_>>().join(",");
    let rows = (0..batch.num_rows()).map(|index| format!("\n  {}", row(index)));
    format!("{}:{}", names.join(","), rows.collect::<String>())
}

#[test]
fn rows_leave_on_every_port_and_silent_ports_give_empty_batches() {
    let mut harness = open("None");
    let schemas = harness.bind(&schema()).unwrap();
    assert_eq!(schemas[0].fields().len(), 3);
    expect![[r#"
        name,value,side:
          a,5,above
          c,9,above
        name,value,side:
          b,1,below
        rows:"#]]
    .assert_eq(&show(&harness.process(&batch()).unwrap()));
    assert_eq!(harness.counter("batches"), 1);
    assert_eq!(harness.log(), [(Level::Info, "opened".to_owned())]);
    assert_eq!(harness.finish().unwrap()[0].0, 2);
}

#[test]
fn only_wanted_columns_are_emitted_and_unconnected_ports_count() {
    let mut harness = open("None");
    harness.bind(&schema()).unwrap();
    let delivered = harness.wanted(&schema(), &[Some(&["name"]), None, None]).unwrap();
    assert_eq!(delivered[0].as_ref().unwrap().fields().len(), 1);
    expect![[r#"
        name:
          a
          c
        unconnected
        unconnected"#]]
    .assert_eq(&show(&harness.process(&batch()).unwrap()));
    assert_eq!([harness.rows_out(0), harness.rows_out(1)], [2, 1]);
}

#[test]
fn state_is_merged_through_snapshots() {
    let [mut one, mut two] = [open("None"), open("None")];
    for harness in [&mut one, &mut two] {
        harness.bind(&schema()).unwrap();
        harness.process(&batch()).unwrap();
    }
    one.merge(&two.snapshot().unwrap()).unwrap();
    let (_, total) = one.finish().unwrap().remove(0);
    assert_eq!(total.column(0).as_primitive::<Int64Type>().value(0), 6);
    assert_eq!(one.restore(b"x").unwrap_err().message(), "not a snapshot");
}

fn refused(fault: &str, why: Expect) {
    let mut harness = open(fault);
    let result = harness.bind(&schema()).and_then(|_| harness.process(&batch()).map(drop));
    why.assert_eq(result.unwrap_err().message());
}

#[test]
fn breaches_of_the_contract_are_named() {
    refused("WrongType", expect!["port `main`, column `value` has type Utf8, bound as Int64"]);
    refused("WrongLength", expect!["port `main`, column `name` has 1 rows, the batch 2"]);
    refused("WrongCount", expect!["port `main`: 2 columns, expected 3"]);
    refused(
        "Twice",
        expect!["port `main`: a second batch in one process call; join them and emit once"],
    );
    refused("LosesRows", expect!["3 rows in, 2 out ([2, 0, 0] by port), but bound as CONSERVES"]);
    refused(
        "CountsConnected",
        expect!["port `main`: rows were counted, but it is read; emit them"],
    );
    let error = open("TwoKinds").bind(&schema()).unwrap_err();
    assert!(error.message().contains("exactly one of STATELESS, MERGEABLE and EXCLUSIVE"));
}

#[test]
fn bad_configuration_is_refused_with_a_hint() {
    let error = Harness::<Split>::open("(colum: \"value\", at: 5)").unwrap_err();
    expect!["unknown field `colum` of `Config`: did you mean `column`?"].assert_eq(error.message());
    let error = Harness::<Split>::open("(column: \"valu\", at: 5)").unwrap();
    let error = { error }.bind(&schema()).unwrap_err();
    expect!["unknown column `valu`: did you mean `value`?"].assert_eq(error.message());
}
