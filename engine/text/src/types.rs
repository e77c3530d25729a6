//! The types that `schema:` gives to columns.

use arrow::datatypes::DataType;
use indexmap::IndexMap;
use tanda_spelling::{nearest, parse_flat_type, parse_type, simple_types};

use crate::error::TextError;

/// Types by columns, in the order in which `schema:` names them.
pub type Types = IndexMap<String, DataType>;

/// Types of all columns that `schema:` names.
///
/// # Errors
/// [`TextError::UnknownType`] of the first that is none.
pub fn parse_types(schema: Option<&IndexMap<String, String>>) -> Result<Types, TextError> {
    parse_with(parse_flat_type, schema)
}

/// The same where values may be lists and structs.
///
/// # Errors
/// [`TextError::UnknownType`] of the first that is none.
pub fn parse_json_types(schema: Option<&IndexMap<String, String>>) -> Result<Types, TextError> {
    parse_with(parse_type, schema)
}

fn parse_with(
    parse: impl Fn(&str) -> Option<DataType>,
    schema: Option<&IndexMap<String, String>>,
) -> Result<Types, TextError> {
    let typed = |(column, name): (&String, &String)| {
        let data_type = parse(name).ok_or_else(|| unknown(column, name))?;
        Ok((column.clone(), data_type))
    };
    schema.into_iter().flatten().map(typed).collect()
}

fn unknown(column: &str, found: &str) -> TextError {
    let names = simple_types().chain(["decimal(18, 2)"]);
    TextError::UnknownType {
        column: column.to_owned(),
        found: found.to_owned(),
        hint: nearest(found, names).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_type_is_answered_with_the_nearest_one() {
        let schema = IndexMap::from([("delay".to_owned(), "flaot64".to_owned())]);
        let error = parse_types(Some(&schema)).unwrap_err().to_string();
        let start =
            "schema of column `delay`: unknown type `flaot64`, did you mean `float64`?; known";
        assert!(error.starts_with(start), "{error}");
    }
}
