//! From the rules of a configuration to bound ones.

use arrow::datatypes::Schema;
use tanda_plugin::PluginError;

use super::rule::{BoundRule, Draft};
use super::{check, length, matches, one_of, range, required, r#type, unique};
use crate::config::Rule;
use crate::error::BindError;

/// Binds all rules; a `Required` of several columns becomes one bound rule for each.
///
/// # Errors
/// The first rule that does not fit the schema.
pub(crate) fn bind(rules: &[Rule], schema: &Schema) -> Result<Vec<BoundRule>, PluginError> {
    let mut bound = Vec::new();
    let mut unique_count = 0;
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("rule {} ({})", index + 1, rule.kind());
        let tests = bind_one(rule, schema, &mut unique_count).map_err(|e| e.at(&place))?;
        bound.extend(tests.into_iter().map(|draft| draft.place(&place)));
    }
    Ok(bound)
}

fn bind_one(
    rule: &Rule,
    schema: &Schema,
    unique_count: &mut usize,
) -> Result<Vec<Draft>, BindError> {
    let draft = match rule {
        Rule::Required(rule) => return required::bind(rule, schema),
        Rule::OneOf(rule) => one_of::bind(rule, schema)?,
        Rule::Range(rule) => range::bind(rule, schema)?,
        Rule::Matches(rule) => matches::bind(rule, schema)?,
        Rule::Length(rule) => length::bind(rule, schema)?,
        Rule::Type(rule) => r#type::bind(rule, schema)?,
        Rule::Unique(rule) => {
            *unique_count += 1;
            unique::bind(rule, schema, *unique_count - 1)?
        }
        Rule::Check(rule) => check::bind(rule, schema)?,
    };
    Ok(vec![draft])
}
