//! Which columns the files of one source have, and whether they agree.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Fields, Schema};
use tanda_spelling::type_name;

use crate::places::places;
use crate::read::error::ReadError;
use crate::read::transport::InputFile;

use super::fault::Fault;

/// Refuses two columns, or two fields of one struct, of the same name.
pub(super) fn check_names(schema: &Schema) -> Result<(), Fault> {
    check_fields(schema.fields(), "")
}

fn check_fields(fields: &Fields, within: &str) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    for field in fields {
        let path = format!("{within}{}", field.name());
        if !seen.insert(field.name()) {
            let found = format!("two columns named `{path}`");
            return Err(Fault::Refused { found, remedy: "rename one of them" });
        }
        check_inside(field.data_type(), &path)?;
    }
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other types hold no fields")]
fn check_inside(data_type: &DataType, path: &str) -> Result<(), Fault> {
    match data_type {
        DataType::Struct(fields) => check_fields(fields, &format!("{path}.")),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            check_inside(item.data_type(), path)
        }
        _ => Ok(()),
    }
}

/// The columns of `ours`, missing values allowed where one of both allows them.
pub(super) fn agree(
    ours: &Schema,
    theirs: &Schema,
    first: &InputFile,
    file: &InputFile,
) -> Result<Schema, ReadError> {
    let differs = |difference: String| ReadError::ColumnsOfFilesDiffer {
        path: file.path().to_owned(),
        first: first.path().to_owned(),
        difference,
    };
    let (missing, extra) = (lacking(ours, theirs), lacking(theirs, ours));
    if !missing.is_empty() {
        return Err(differs(format!("it lacks {missing}")));
    }
    if !extra.is_empty() {
        return Err(differs(format!("it has in addition {extra}")));
    }
    let (mut fields, places) = (Vec::with_capacity(ours.fields().len()), places(theirs));
    for field in ours.fields() {
        let other = theirs.field(places[&**field.name()]);
        if other.data_type() != field.data_type() {
            let (name, ours) = (field.name(), type_name(field.data_type()));
            let theirs = type_name(other.data_type());
            return Err(differs(format!("`{name}` is {theirs} here and {ours} there")));
        }
        let nullable = field.is_nullable() || other.is_nullable();
        fields.push(field.as_ref().clone().with_nullable(nullable));
    }
    Ok(Schema::new(fields))
}

/// Names of `from` that `other` has not.
fn lacking(from: &Schema, other: &Schema) -> String {
    let places = places(other);
    let missing = from.fields().iter().filter(|field| !places.contains_key(&**field.name()));
    missing.map(|field| format!("`{}`", field.name())).collect::<Vec<_>>().join(", ")
}
