//! Names of any types, lists and structs too: `list(int64)`, `struct(id: uint64, "a: b": utf8)`.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Field, Fields};

use super::table::{flat_type_name, parse_flat_type};

/// Lists and structs inside each other at most, as in the text itself.
const DEPTH_MAX: usize = 64;

/// The type that `text` names, plain, list or struct; letter case counts in names of fields only.
#[must_use]
pub fn parse_type(text: &str) -> Option<DataType> {
    parse(text, 0)
}

fn parse(text: &str, depth: usize) -> Option<DataType> {
    let (word, rest) = text.trim().split_once('(').unwrap_or_default();
    let word = word.trim_end().to_ascii_lowercase();
    if !["list", "struct"].contains(&word.as_str()) {
        return parse_flat_type(text);
    }
    let inside = rest.strip_suffix(')').filter(|_| depth < DEPTH_MAX)?;
    if word == "list" {
        return Some(DataType::new_list(parse(inside, depth + 1)?, true));
    }
    let mut names = HashSet::new();
    let mut field = |text: &str| {
        let (name, data_type) = named(text)?;
        let is_first = names.insert(name.to_owned());
        is_first.then(|| Some(Field::new(name, parse(data_type, depth + 1)?, true)))?
    };
    let fields = parts(inside).into_iter().map(&mut field).collect::<Option<Fields>>()?;
    Some(DataType::Struct(fields))
}

/// The name of a field, between quotes or up to the colon, and the text of its type.
fn named(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((name, rest.trim_start().strip_prefix(':')?));
    }
    let (name, rest) = text.split_once(':')?;
    is_bare(name.trim_end()).then_some((name.trim_end(), rest))
}

/// What stands between the commas that are in no brackets and no quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut start, mut parts) = (0_usize, false, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            b',' if !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !text.trim().is_empty() {
        parts.push(&text[start..]);
    }
    parts
}

/// The name that messages use for a type: what a scene would say, and Arrow's own in lower case for
/// a type that no scene can name.
#[must_use]
pub fn type_name(data_type: &DataType) -> String {
    let named = flat_type_name(data_type).or_else(|| nested_type_name(data_type));
    named.unwrap_or_else(|| data_type.to_string().to_lowercase())
}

/// The name of a list or struct type, none for any other.
fn nested_type_name(data_type: &DataType) -> Option<String> {
    if let DataType::List(item) = data_type {
        return Some(format!("list({})", type_name(item.data_type())));
    }
    let DataType::Struct(fields) = data_type else { return None };
    let field = |field: &std::sync::Arc<Field>| {
        let (name, data_type) = (field.name(), type_name(field.data_type()));
        if is_bare(name) {
            format!("{name}: {data_type}")
        } else {
            format!("\"{name}\": {data_type}")
        }
    };
    Some(format!("struct({})", fields.iter().map(field).collect::<Vec<_>>().join(", ")))
}

/// Whether a name needs no quotes.
fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.contains(['"', ':', ',', '(', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_messages_name_can_be_written_in_a_schema() {
        let names = [
            "int64",
            "list(int64)",
            "list(list(timestamp(us, UTC)))",
            "struct()",
            "struct(id: uint64, Tags: list(utf8), at: timestamp(ms))",
            "struct(two words: decimal(10, 2), \"a: (b), c\": struct(\"\": bool))",
        ];
        for name in names {
            let data_type = parse_type(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(type_name(&data_type), name);
        }
        let spaced = parse_type(" STRUCT ( \"id\" :INT64 , b: List( date ) ) ");
        assert_eq!(spaced, parse_type("struct(id: int64, b: list(date32))"));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let wrong = [
            "list",
            "list()",
            "list(int64",
            "list(int64))",
            "list(int64, utf8)",
            "list(what)",
            "struct(int64)",
            "struct(a)",
            "struct(a: )",
            "struct(a: int64,)",
            "struct(: int64)",
            "struct(a: int64, a: utf8)",
            "struct(\"a: int64)",
            "map(utf8, int64)",
        ];
        for text in wrong {
            assert_eq!(parse_type(text), None, "{text}");
        }
        let deep = |depth: usize| format!("{}int64{}", "list(".repeat(depth), ")".repeat(depth));
        assert!(parse_type(&deep(64)).is_some());
        assert_eq!(parse_type(&deep(65)), None);
        assert_eq!(parse_type(&deep(100_000)), None);
    }
}
