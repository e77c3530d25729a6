//! C fixtures compiled into plugins, and batches to feed them.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::array_value_to_string;
use tanda_plugin_host::{CallError, Instance, Library};
use tempfile::TempDir;

/// A compiled fixture; the file is deleted with it, the mapping stays.
pub(crate) struct Fixture {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

/// Compiles `tests/fixtures/{name}.c` as C99 with every warning an error.
pub(crate) fn compile(name: &str, options: &[&str]) -> Fixture {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("lib{name}.so"));
    let output = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"])
        .arg(here.join("../../plugins/sdk/include"))
        .args(options)
        .arg(here.join(format!("tests/fixtures/{name}.c")))
        .arg("-o")
        .arg(&path)
        .output()
        .expect("the tests need a C compiler named cc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Fixture { _folder: folder, path }
}

pub(crate) fn open(library: &Arc<Library>, config: &str) -> Result<Instance, CallError> {
    library.open_instance(config, Arc::new(AtomicBool::new(false)), "test")
}

pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("value", DataType::Int64, true),
    ]))
}

pub(crate) fn batch(values: &[Option<i64>]) -> RecordBatch {
    let names: StringArray = (0..values.len()).map(|row| Some(format!("row{row}"))).collect();
    let values = Int64Array::from(values.to_vec());
    RecordBatch::try_new(schema(), vec![Arc::new(names), Arc::new(values)]).unwrap()
}

/// The names of the columns, then the rows, `|` between them.
pub(crate) fn show(batch: &RecordBatch) -> String {
    let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
    let cell = |row| {
        move |column: &ArrayRef| match column.is_null(row) {
            true => "null".to_owned(),
            false => array_value_to_string(column, row).unwrap(),
        }
    };
    let row = |row| batch.columns().iter().map(cell(row)).collect::<Vec<_>>().join(",");
    let rows: Vec<_> = (0..batch.num_rows()).map(row).collect();
    format!("{}: {}", names.join(","), rows.join(" | "))
}

/// One entry per fault: its name, and below it what was said, in lines of at most 90 letters.
pub(crate) fn list<const N: usize>(faults: [&str; N], say: impl Fn(&str) -> String) -> String {
    faults.map(|fault| format!("{fault}:{}", wrapped(&say(fault)))).join("\n")
}

fn wrapped(text: &str) -> String {
    let (mut lines, mut width) = (String::new(), usize::MAX);
    for word in text.split_whitespace() {
        if width.saturating_add(1 + word.len()) > 88 {
            lines.push_str("\n ");
            width = 0;
        }
        lines.push(' ');
        lines.push_str(word);
        width += 1 + word.len();
    }
    lines
}
