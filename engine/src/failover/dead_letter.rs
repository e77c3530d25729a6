//! Dead letters: the rows that a plugin fails at, as they came in, with what is known of the fault.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

/// Columns that a dead letter has behind those of the row.
fn dead_letter_fields() -> [Field; 4] {
    [
        Field::new("failed_stage", DataType::Utf8, false),
        Field::new("failed_plugin", DataType::Utf8, false),
        Field::new("failed_times", DataType::UInt32, false),
        Field::new("failed_reason", DataType::Utf8, false),
    ]
}

/// The columns of dead letters of a stage with this input; or the name of a column of the input
/// that one of them has.
pub(crate) fn dead_letter_schema(input: &Schema) -> Result<SchemaRef, String> {
    let more = dead_letter_fields();
    if let Some(taken) = more.iter().find(|field| input.index_of(field.name()).is_ok()) {
        return Err(taken.name().clone());
    }
    let fields = input.fields().iter().cloned().chain(more.map(Arc::new));
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

/// Who failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) stage: String,
    /// Name and version.
    pub(crate) plugin: String,
    pub(crate) times: u32,
}

/// Rows that fail, and why.
#[derive(Clone, Debug)]
pub(super) struct Poison {
    pub(super) rows: Range<usize>,
    pub(super) reason: String,
}

/// The poison rows of a batch as dead letters; `schema` is that of [`dead_letter_schema`].
pub(super) fn dead_letters(
    batch: &RecordBatch,
    poison: &[Poison],
    failed: &Failed,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let letter = |poison: &Poison| {
        let rows = batch.slice(poison.rows.start, poison.rows.len());
        let text = |text: &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows.num_rows())))
        };
        let times: ArrayRef = Arc::new(UInt32Array::from(vec![failed.times; rows.num_rows()]));
        let mut columns = rows.columns().to_vec();
        columns.extend([text(&failed.stage), text(&failed.plugin), times, text(&poison.reason)]);
        RecordBatch::try_new(Arc::clone(schema), columns)
    };
    let letters = poison.iter().map(letter).collect::<Result<Vec<_>, _>>()?;
    concat_batches(schema, &letters)
}

/// The rows of a batch that are no poison.
pub(super) fn without(batch: &RecordBatch, poison: &[Poison]) -> Result<RecordBatch, ArrowError> {
    if poison.is_empty() {
        return Ok(batch.clone());
    }
    let mut good = vec![true; batch.num_rows()];
    for poison in poison {
        good[poison.rows.clone()].fill(false);
    }
    filter_record_batch(batch, &BooleanArray::from(good))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;

    use super::*;

    fn batch() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(UInt32Array::from(vec![0, 1, 2, 3, 4]));
        RecordBatch::try_from_iter([("n", numbers)]).unwrap()
    }

    fn poison(rows: Range<usize>, reason: &str) -> Poison {
        Poison { rows, reason: reason.to_owned() }
    }

    #[test]
    fn poison_rows_are_set_aside_with_their_reasons_and_the_others_are_left() {
        let batch = batch();
        let poison = [poison(1..2, "it was killed by SIGSEGV"), poison(3..5, "no")];
        let schema = dead_letter_schema(batch.schema_ref()).unwrap();
        let failed = Failed { stage: "s".into(), plugin: "p 1.0".into(), times: 2 };
        let letters = dead_letters(&batch, &poison, &failed, &schema).unwrap();
        let text = |column: usize| {
            let texts = letters.column(column).as_string::<i32>();
            texts.iter().flatten().collect::<Vec<_>>().join("|")
        };
        assert_eq!(letters.column(0).to_data(), UInt32Array::from(vec![1, 3, 4]).into());
        assert_eq!(text(1), "s|s|s");
        assert_eq!(text(2), "p 1.0|p 1.0|p 1.0");
        assert_eq!(letters.column(3).to_data(), UInt32Array::from(vec![2, 2, 2]).into());
        assert_eq!(text(4), "it was killed by SIGSEGV|no|no");
        let left = without(&batch, &poison).unwrap();
        assert_eq!(left.column(0).to_data(), UInt32Array::from(vec![0, 2]).into());
    }

    #[test]
    fn column_of_the_input_is_not_shadowed() {
        let field = Field::new("failed_stage", DataType::Utf8, true);
        assert_eq!(dead_letter_schema(&Schema::new(vec![field])).unwrap_err(), "failed_stage");
    }
}
