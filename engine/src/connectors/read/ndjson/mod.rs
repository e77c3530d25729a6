//! NDJSON: one JSON object a line.

mod infer;
mod scan;
mod split;

use std::collections::BTreeMap;
use std::sync::Mutex;

use arrow::datatypes::DataType;

use crate::connectors::error::ReadError;
use crate::scene::model::NdjsonRead;

use self::infer::Sample;
use self::split::NdjsonSplit;
use super::decode::{ColumnPlan, TextDecoder, slots};
use super::find::find_files;
use super::head::{Head, SAMPLE_BYTES, SAMPLE_MORE_BYTES};
use super::rejects::OnBad;
use super::source::{Opening, record_bytes_max, schema_of};
use super::text::{Body, TextReader};
use super::types::parse_types;

const FORMAT: &str = "one JSON object a line";

/// NDJSON inputs whose columns are known.
pub(crate) struct NdjsonSource {
    pub(crate) columns: Vec<ColumnPlan>,
    pub(crate) bodies: Vec<Body>,
    record_bytes_max: usize,
    record_bytes: usize,
}

impl NdjsonSource {
    /// Finds the inputs and learns the keys of their first records.
    pub(crate) fn open(read: &NdjsonRead, opening: &Opening<'_>) -> Result<Self, ReadError> {
        let types = parse_types(read.schema.as_ref())?;
        let record_bytes_max = record_bytes_max(read.record_bytes_max)?;
        let plan = opening.head_plan(None, 1, record_bytes_max);
        let (mut sample, mut bytes, mut bodies) = (Sample::default(), 0, Vec::new());
        let mut first = None;
        for file in find_files(&read.path, "ndjson")? {
            let wanted = if bodies.is_empty() { SAMPLE_BYTES } else { SAMPLE_MORE_BYTES };
            let head = plan.read(&file, wanted)?;
            let skip = head.mark_bytes();
            let text = head.records(skip, None);
            sample.take(text);
            bytes += text.len();
            check(&head, &sample, &types)?;
            first.get_or_insert_with(|| file.path().to_owned());
            bodies.push(Body::new(head, skip, 1));
        }
        let columns = plan_columns(&first.unwrap_or_default(), &sample, types)?;
        let record_bytes = bytes / sample.records.max(1) + 1;
        Ok(Self { columns, bodies, record_bytes_max, record_bytes })
    }

    /// A reader and a decoder of the columns `wanted`, in this order.
    pub(crate) fn start(
        self,
        wanted: &[usize],
        on_bad: OnBad,
        opening: &Opening<'_>,
    ) -> (TextReader, TextDecoder<NdjsonSplit>) {
        let reader = TextReader::new(
            self.bodies,
            opening.limits,
            None,
            self.record_bytes_max,
            self.record_bytes,
            on_bad,
            opening.progress.clone(),
        );
        let slots = slots(self.columns.len(), wanted);
        let columns = wanted.iter().map(|index| self.columns[*index].clone()).collect::<Vec<_>>();
        let decoder = TextDecoder {
            splits: vec![NdjsonSplit::new(self.columns, wanted.len(), |key| slots[key])],
            split_of_files: Vec::new(),
            schema: schema_of(&columns),
            columns,
            null: None,
            record_bytes_max: self.record_bytes_max,
            dialect: None,
            on_bad,
            desks: Mutex::default(),
        };
        (reader, decoder)
    }
}

/// Without any record the columns must come from `schema:`.
fn check(
    head: &Head,
    sample: &Sample,
    types: &BTreeMap<String, DataType>,
) -> Result<(), ReadError> {
    let is_empty = head.bytes.trim_ascii().is_empty();
    if is_empty && !types.is_empty() {
        return Ok(());
    }
    head.check_is_text(FORMAT)?;
    let path = head.file.path().to_owned();
    if is_empty && sample.records == 0 {
        return Err(ReadError::Empty { path, expected: FORMAT });
    }
    let is_array = head.bytes[head.mark_bytes()..].trim_ascii_start().starts_with(b"[");
    if !is_array && (is_empty || sample.records > 0) {
        return Ok(());
    }
    let found = if is_array {
        "a JSON array".to_owned()
    } else {
        let why = sample.refusal.as_ref().map(|why| format!(" (the first: {why})"));
        format!("no JSON object on any of the first lines{}", why.unwrap_or_default())
    };
    Err(ReadError::WrongFormat { path, found, expected: FORMAT })
}

/// Keys in the order of their first occurrence, then those that only `schema:` names.
fn plan_columns(
    path: &str,
    sample: &Sample,
    mut types: BTreeMap<String, DataType>,
) -> Result<Vec<ColumnPlan>, ReadError> {
    let mut columns = Vec::new();
    for key in &sample.keys {
        let name = key.name.clone();
        let given = types.remove(&name);
        let inferred = given.is_none();
        let data_type = match given {
            Some(data_type) => data_type,
            None => key.data_type().map_err(|found| {
                let (path, column) = (path.to_owned(), name.clone());
                ReadError::MixedColumn { path, column, found }
            })?,
        };
        columns.push(ColumnPlan { name, data_type, inferred, unseen: inferred && !key.is_seen() });
    }
    columns.extend(types.into_iter().map(|(name, data_type)| ColumnPlan::given(name, data_type)));
    Ok(columns)
}
