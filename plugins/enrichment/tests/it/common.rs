//! Tables and CSV in, text out.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use enrichment::Enrichment;
use expect_test::Expect;
use tanda_plugin::testing::Harness;
use tanda_plugin::{PluginError, Port};
use tempfile::TempDir;

/// A batch from CSV text; types are inferred, an empty field is a missing value.
pub(crate) fn batch(csv: &str) -> RecordBatch {
    let csv: String = csv.lines().map(|line| format!("{}\n", line.trim())).collect();
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

/// Tables in a folder of their own.
pub(crate) struct Tables(TempDir);

impl Tables {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let tables = Self(TempDir::new().unwrap());
        for (name, text) in files {
            let text: String = text.lines().map(|line| format!("{}\n", line.trim())).collect();
            std::fs::write(tables.0.path().join(name), text).unwrap();
        }
        tables
    }

    /// The path of a table, not yet written.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// What `DIR/` stands for.
    pub(crate) fn folder(&self) -> String {
        format!("{}/", self.0.path().display())
    }

    /// Opens with `DIR/` in the configuration replaced by the folder.
    pub(crate) fn open(&self, config: &str) -> Result<Harness<Enrichment>, PluginError> {
        Harness::open(&config.replace("DIR/", &self.folder()))
    }

    fn run(&self, config: &str, csv: &str) -> Result<String, PluginError> {
        let batch = batch(csv);
        let mut harness = self.open(config)?;
        let schemas = harness.bind(&batch.schema())?;
        let outputs = harness.process(&batch)?;
        let ports: Vec<Port> = harness.binding().ports.clone();
        let mut text = String::new();
        for ((port, schema), output) in ports.iter().zip(schemas).zip(outputs) {
            let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            text += &format!("{}: {}\n", port.name, names.join(","));
            for row in rows(&output.unwrap()) {
                text += &format!("    {row}\n");
            }
        }
        Ok(text)
    }

    /// Runs a configuration over a batch; an error is printed with what it is about.
    pub(crate) fn check(&self, config: &str, csv: &str, expected: Expect) {
        let text = self.run(config, csv).unwrap_or_else(|error| {
            let about = error.token().map(|token| format!(" [{token}]")).unwrap_or_default();
            let at = error.position().map(|(line, column)| format!("{line}:{column}: "));
            format!("{}{error}{about}\n", at.unwrap_or_default())
        });
        expected.assert_eq(&text.replace(&self.folder(), "DIR/"));
    }

    /// The same with one lookup and nothing else.
    pub(crate) fn check_lookup(&self, lookup: &str, csv: &str, expected: Expect) {
        self.check(&format!("(lookups: [Lookup({lookup})])"), csv, expected);
    }
}
