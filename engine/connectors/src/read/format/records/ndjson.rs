//! NDJSON sources.

use arrow::datatypes::SchemaRef;
use tanda_spelling::NamedFormat;
use tanda_text::{NdjsonPlan, NdjsonSample, OnBad, Rules, parse_json_types, schema_of};

use crate::read::error::ReadError;
use crate::read::opening::{Format, Opening};
use crate::read::reader::Started;
use crate::read::transport::{FileRef, find_files};
use tanda_scene::model::NdjsonRead;

use super::bound::record_bytes_max;
use super::decode;
use super::head::{HeadPlan, SAMPLE_BYTES, SAMPLE_MORE_BYTES, SAMPLE_RECORDS, unseen};
use super::text::{Body, TextReader};

/// NDJSON inputs whose columns are known.
pub(crate) struct NdjsonSource {
    plan: NdjsonPlan,
    bodies: Vec<Body>,
    record_bytes_max: usize,
    /// Whether columns are checked that nobody reads.
    strict: bool,
}

impl NdjsonSource {
    /// Finds the inputs and learns the keys of their first records.
    pub(crate) fn open(read: &NdjsonRead, opening: &Opening<'_>) -> Result<Self, ReadError> {
        let types = parse_json_types(read.schema.as_ref())?;
        let record_bytes_max = record_bytes_max(read.record_bytes_max)?;
        let head_plan = HeadPlan::new(opening, None, 1, record_bytes_max);
        let (mut sample, mut bodies) = (NdjsonSample::default(), Vec::new());
        let mut first = None;
        for file in find_files(&read.path, NamedFormat::Ndjson)? {
            let wanted = if bodies.is_empty() { SAMPLE_BYTES } else { SAMPLE_MORE_BYTES };
            let head = head_plan.read(&file, wanted)?;
            let skip = sample.add(&head.beginning(), &types, SAMPLE_RECORDS)?;
            first.get_or_insert_with(|| file.path().to_owned());
            bodies.push(Body::new(head, skip, 1));
        }
        let plan = NdjsonPlan::of(&first.unwrap_or_default(), &sample, types)?;
        Ok(Self { plan, bodies, record_bytes_max, strict: read.strict })
    }
}

impl Format for NdjsonSource {
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
            None,
            record_bytes_max,
            plan.record_bytes,
            on_bad,
            opening.progress.clone(),
        );
        let rules = Rules { null: None, record_bytes_max, on_bad };
        let decoder = decode::decoder(wanted, plan.columns.len(), self.strict, |columns| {
            plan.decoder(columns, rules)
        });
        (Box::new(reader), Some(decoder))
    }
}
