//! NDJSON sources.

use tanda_text::{NdjsonPlan, NdjsonSample, OnBad, Rules, TextDecoder, parse_json_types};

use crate::connectors::error::ReadError;
use crate::scene::model::NdjsonRead;

use super::find::find_files;
use super::head::{SAMPLE_BYTES, SAMPLE_MORE_BYTES, SAMPLE_RECORDS};
use super::source::{Opening, record_bytes_max};
use super::text::{Body, TextReader};

/// NDJSON inputs whose columns are known.
pub(crate) struct NdjsonSource {
    pub(crate) plan: NdjsonPlan,
    pub(crate) bodies: Vec<Body>,
    record_bytes_max: usize,
    /// Whether columns are checked that nobody reads.
    pub(crate) strict: bool,
}

impl NdjsonSource {
    /// Finds the inputs and learns the keys of their first records.
    pub(crate) fn open(read: &NdjsonRead, opening: &Opening<'_>) -> Result<Self, ReadError> {
        let types = parse_json_types(read.schema.as_ref())?;
        let record_bytes_max = record_bytes_max(read.record_bytes_max)?;
        let head_plan = opening.head_plan(None, 1, record_bytes_max);
        let (mut sample, mut bodies) = (NdjsonSample::default(), Vec::new());
        let mut first = None;
        for file in find_files(&read.path, "ndjson")? {
            let wanted = if bodies.is_empty() { SAMPLE_BYTES } else { SAMPLE_MORE_BYTES };
            let head = head_plan.read(&file, wanted)?;
            let skip = sample.add(&head.beginning(), &types, SAMPLE_RECORDS)?;
            first.get_or_insert_with(|| file.path().to_owned());
            bodies.push(Body::new(head, skip, 1));
        }
        let plan = NdjsonPlan::of(&first.unwrap_or_default(), &sample, types)?;
        Ok(Self { plan, bodies, record_bytes_max, strict: read.strict })
    }

    /// A reader and a decoder of the columns `wanted`, in this order.
    pub(crate) fn start(
        self,
        wanted: &[usize],
        on_bad: OnBad,
        opening: &Opening<'_>,
    ) -> (TextReader, TextDecoder) {
        let record_bytes_max = self.record_bytes_max;
        let reader = TextReader::new(
            self.bodies,
            opening.limits,
            None,
            record_bytes_max,
            self.plan.record_bytes,
            on_bad,
            opening.progress.clone(),
        );
        let rules = Rules { null: None, record_bytes_max, on_bad };
        (reader, self.plan.decoder(wanted, rules))
    }
}
