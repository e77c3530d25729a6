//! CSV sources.

use arrow::datatypes::SchemaRef;
use tanda_spelling::NamedFormat;
use tanda_text::{CsvPlan, CsvSample, Dialect, OnBad, Rules, parse_types, schema_of};

use crate::read::error::ReadError;
use crate::read::opening::{Format, Opening};
use crate::read::reader::Started;
use crate::read::transport::{FileRef, find_files};
use tanda_scene::model::CsvRead;

use super::bound::record_bytes_max;
use super::decode;
use super::head::{HeadPlan, SAMPLE_BYTES, SAMPLE_MORE_BYTES, SAMPLE_RECORDS, unseen};
use super::text::{Body, TextReader};

/// CSV inputs whose columns are known.
pub(crate) struct CsvSource {
    plan: CsvPlan,
    bodies: Vec<Body>,
    dialect: Dialect,
    null: Option<Vec<u8>>,
    record_bytes_max: usize,
    /// Whether columns are checked that nobody reads.
    strict: bool,
}

impl CsvSource {
    /// Finds the inputs, reads their headers and infers what `schema:` does not say.
    pub(crate) fn open(read: &CsvRead, opening: &Opening<'_>) -> Result<Self, ReadError> {
        let dialect = dialect(read)?;
        let types = parse_types(read.schema.as_ref())?;
        let record_bytes_max = record_bytes_max(read.record_bytes_max)?;
        let head_plan = HeadPlan::new(opening, Some(dialect), 2, record_bytes_max);
        let null = read.null.as_ref().map(|null| null.clone().into_bytes());
        let mut sample = CsvSample::new(dialect, &types, null.as_deref());
        let mut bodies = Vec::new();
        for file in find_files(&read.path, NamedFormat::Csv)? {
            let wanted = if bodies.is_empty() { SAMPLE_BYTES } else { SAMPLE_MORE_BYTES };
            let head = head_plan.read(&file, wanted)?;
            let start = sample.add(&head.beginning(), SAMPLE_RECORDS)?;
            bodies.push(Body::new(head, start.skip, start.line));
        }
        let plan = sample.finish()?;
        Ok(Self { plan, bodies, dialect, null, record_bytes_max, strict: read.strict })
    }
}

impl Format for CsvSource {
    fn schema(&self) -> SchemaRef {
        schema_of(&self.plan.columns)
    }

    fn unseen(&self) -> Vec<String> {
        unseen(&self.plan.columns)
    }

    fn inputs(&self) -> Vec<&FileRef> {
        self.bodies.iter().map(|body| &body.file).collect()
    }

    fn start(self: Box<Self>, wanted: &[usize], on_bad: OnBad, opening: &Opening<'_>) -> Started {
        let (plan, record_bytes_max) = (self.plan, self.record_bytes_max);
        let reader = TextReader::new(
            self.bodies,
            opening.limits,
            Some(self.dialect),
            record_bytes_max,
            plan.record_bytes,
            on_bad,
            opening.progress.clone(),
        );
        let rules = Rules { null: self.null, record_bytes_max, on_bad };
        let decoder = decode::decoder(wanted, plan.columns.len(), self.strict, |columns| {
            plan.decoder(columns, rules)
        });
        (Box::new(reader), Some(decoder))
    }
}

fn dialect(read: &CsvRead) -> Result<Dialect, ReadError> {
    let byte = |setting, character: char| {
        let fits = character == '\t' || (character.is_ascii() && !character.is_ascii_control());
        fits.then_some(character as u8).ok_or_else(|| ReadError::Setting {
            setting,
            found: format!("{character:?}"),
            expected: "one printable ASCII character or a tab",
        })
    };
    let dialect = Dialect {
        delimiter: byte("delimiter", read.delimiter)?,
        quote: byte("quote", read.quote)?,
    };
    if dialect.delimiter == dialect.quote {
        return Err(ReadError::Setting {
            setting: "quote",
            found: format!("{:?}", read.quote),
            expected: "another character than `delimiter`",
        });
    }
    Ok(dialect)
}
