//! Values, rows and what is told of them in CSV and NDJSON: the model's side of it, written apart
//! from the engine's.

use std::fmt::Write as _;

/// One value.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Cell {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    /// Last, as the aggregation sorts it.
    Missing,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Float,
    Bool,
    Text,
}

/// A column's name and type.
pub(crate) type Column = (String, Kind);

/// A value for each column.
pub(crate) type Row = Vec<Cell>;

impl Kind {
    /// As a source's `schema:` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Int => "int64",
            Self::Float => "float64",
            Self::Bool => "boolean",
            Self::Text => "utf8",
        }
    }

    fn of_text(self, text: &str) -> Option<Cell> {
        match self {
            Self::Int => text.parse().map(Cell::Int).ok(),
            Self::Float => text.parse().map(Cell::Float).ok(),
            Self::Bool => text.parse().map(Cell::Bool).ok(),
            Self::Text => Some(Cell::Text(text.to_owned())),
        }
    }

    fn of_json(self, value: &serde_json::Value) -> Option<Cell> {
        match self {
            _ if value.is_null() => Some(Cell::Missing),
            Self::Int => value.as_i64().map(Cell::Int),
            Self::Float => value.as_f64().map(Cell::Float),
            Self::Bool => value.as_bool().map(Cell::Bool),
            Self::Text => value.as_str().map(|text| Cell::Text(text.to_owned())),
        }
    }
}

impl Cell {
    pub(crate) fn int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn float(&self) -> Option<f64> {
        if let Self::Float(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }

    /// A field of a CSV file. Texts are quoted, so that the empty one is not missing.
    pub(crate) fn to_csv(&self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        }
    }

    /// A value of JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Missing => serde_json::Value::Null,
            Self::Int(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Bool(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// Rows as CSV with a header line.
pub(crate) fn to_csv(columns: &[Column], rows: &[Row]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| &**name).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let fields: Vec<String> = row.iter().map(Cell::to_csv).collect();
        writeln!(text, "{}", fields.join(",")).expect("texts grow");
    }
    text
}

/// Rows as NDJSON; what is missing is left out in every other row.
pub(crate) fn to_ndjson(columns: &[Column], rows: &[Row]) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let members = columns.iter().zip(row).filter(|(_, cell)| {
            let is_left_out = index % 2 == 1 && **cell == Cell::Missing;
            !is_left_out
        });
        let members: Vec<String> =
            members.map(|((name, _), cell)| format!("\"{name}\": {}", cell.to_json())).collect();
        writeln!(text, "{{{}}}", members.join(", ")).expect("texts grow");
    }
    text
}

/// Rows of a CSV file in columns that must be called so; more columns may follow.
pub(crate) fn from_csv(columns: &[Column], text: &str) -> Result<Vec<Row>, String> {
    let mut records = records(text).into_iter();
    let header = records.next().ok_or("no header line")?;
    let names: Vec<&str> = header.iter().map(|field| &*field.text).collect();
    let expected: Vec<&str> = columns.iter().map(|(name, _)| &**name).collect();
    if !names.starts_with(&expected) {
        return Err(format!("columns {names:?}, expected {expected:?}"));
    }
    let row = |record: Vec<Field>| {
        if record.len() != names.len() {
            return Err(format!("{} fields, expected {}", record.len(), names.len()));
        }
        let cells = columns.iter().zip(&record).map(|((name, kind), field)| match field {
            Field { text, is_quoted: false } if text.is_empty() => Ok(Cell::Missing),
            Field { text, .. } => {
                kind.of_text(text).ok_or(format!("column {name}: found {text:?}"))
            }
        });
        cells.collect()
    };
    records.map(row).collect()
}

/// Rows of an NDJSON file in columns that must be called so; more may follow.
pub(crate) fn from_ndjson(columns: &[Column], text: &str) -> Result<Vec<Row>, String> {
    let row = |line: &str| {
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?;
        let cells = columns.iter().map(|(name, kind)| {
            let cell = value.get(name).and_then(|value| kind.of_json(value));
            cell.ok_or(format!("column {name} of {line}"))
        });
        cells.collect()
    };
    text.lines().map(row).collect()
}

#[derive(Default)]
struct Field {
    text: String,
    is_quoted: bool,
}

/// The records of a CSV file, as RFC 4180 has them.
fn records(text: &str) -> Vec<Vec<Field>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), Field::default());
    let mut is_open = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if is_open && chars.peek() == Some(&'"') => {
                field.text.push('"');
                chars.next();
            }
            '"' => {
                is_open = !is_open;
                field.is_quoted = true;
            }
            ',' if !is_open => record.push(std::mem::take(&mut field)),
            '\n' if !is_open => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            char => field.text.push(char),
        }
    }
    records
}
