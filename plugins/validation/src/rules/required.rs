//! `Required`: null bitmaps only, no value is looked at.

use arrow::buffer::BooleanBuffer;
use arrow::datatypes::Schema;

use super::rule::{Draft, Rows, Test};
use crate::columns::Column;
use crate::config::Required;
use crate::error::{BindError, JudgeError};

pub(super) fn bind(rule: &Required, schema: &Schema) -> Result<Vec<Draft>, BindError> {
    if rule.columns.is_empty() {
        let what = "it names no column; name one, or remove the rule";
        return Err(BindError::Senseless { what, about: "Required".to_owned() });
    }
    rule.columns.iter().map(|name| bind_column(name, rule, schema)).collect()
}

fn bind_column(name: &str, rule: &Required, schema: &Schema) -> Result<Draft, BindError> {
    let test = Present(Column::find(name, schema)?);
    let draft = Draft::new(test, rule.reason.as_ref(), format!("missing_{name}"));
    Ok(draft.reading([name.to_owned()]))
}

struct Present(Column);

impl Test for Present {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let nulls = self.0.raw(rows.batch).logical_nulls();
        Ok(nulls.filter(|nulls| nulls.null_count() > 0).map(|nulls| !nulls.inner()))
    }
}
