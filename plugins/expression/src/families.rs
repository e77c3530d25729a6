//! Every function and operator over every type and over null: what is typed never fails because of
//! its types.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, TimeUnit, UnionFields, UnionMode};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::functions::{FUNCTIONS, MANY};
use crate::{EvaluateError, Expression};

/// Names of columns, and their types.
type Columns = Vec<(String, DataType)>;

fn columns(types: impl IntoIterator<Item = DataType>) -> Columns {
    let named = types.into_iter().enumerate();
    named.map(|(index, data_type)| (format!("c{index}"), data_type)).collect()
}

/// One type of each family.
fn families() -> Columns {
    columns([
        DataType::Int64,
        DataType::Float64,
        DataType::Decimal128(9, 2),
        DataType::Utf8,
        DataType::Boolean,
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(TimeUnit::Millisecond, None),
    ])
}

/// Types of every kind that a file may bring.
fn kinds() -> Columns {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let in_zone = |unit, zone: &str| DataType::Timestamp(unit, Some(zone.into()));
    let of = |key: DataType, value: DataType| DataType::Dictionary(Box::new(key), Box::new(value));
    let number = |nullable| Arc::new(Field::new("item", DataType::Int64, nullable));
    let entry =
        vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int64, true)];
    let entries = Field::new("entries", DataType::Struct(entry.into()), false);
    let union = UnionFields::try_new([0], [Field::new("a", DataType::Int64, true)]).unwrap();
    columns([
        DataType::Null,
        DataType::Boolean,
        DataType::Int8,
        DataType::Int64,
        DataType::UInt16,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal32(5, 1),
        DataType::Decimal64(12, 3),
        DataType::Decimal128(38, 10),
        DataType::Decimal128(5, -2),
        DataType::Decimal256(50, 4),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::LargeBinary,
        DataType::BinaryView,
        DataType::FixedSizeBinary(3),
        DataType::Date32,
        DataType::Date64,
        DataType::Time32(Second),
        DataType::Time32(Millisecond),
        DataType::Time64(Nanosecond),
        DataType::Timestamp(Second, None),
        DataType::Timestamp(Nanosecond, None),
        in_zone(Microsecond, "UTC"),
        in_zone(Second, "+02:00"),
        in_zone(Microsecond, "Europe/Berlin"),
        in_zone(Nanosecond, "America/New_York"),
        DataType::Duration(Second),
        DataType::Interval(IntervalUnit::MonthDayNano),
        of(DataType::Int8, DataType::Utf8),
        of(DataType::UInt32, DataType::Int64),
        of(DataType::Int32, in_zone(Microsecond, "Europe/Berlin")),
        DataType::List(number(true)),
        DataType::LargeList(number(true)),
        DataType::FixedSizeList(number(true), 2),
        DataType::Struct(vec![Field::new("a", DataType::Int64, true)].into()),
        DataType::Map(Arc::new(entries), false),
        DataType::Union(union, UnionMode::Sparse),
    ])
}

/// Casts to every type that SQL names, as templates.
fn casts() -> Vec<String> {
    let types = [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "uint8",
        "uint64",
        "real",
        "double",
        "decimal(9, 2)",
        "decimal(38, 0)",
        "text",
        "large_utf8",
        "date",
        "time",
        "timestamp",
        "timestamp(0)",
        "timestamp(9)",
        "timestamptz",
    ];
    let casts = types.map(|name| [format!("cast($ as {name})"), format!("try_cast($ as {name})")]);
    casts.concat()
}

const PARTS: [&str; 11] =
    ["year", "quarter", "month", "week", "day", "dow", "isodow", "doy", "hour", "minute", "second"];

/// Calls of every function with every number of arguments up to three, and what SQL has beside.
fn templates() -> Vec<String> {
    let mut templates = casts();
    for (name, _, takes) in FUNCTIONS {
        for count in *takes.start()..=(*takes.end()).min(if *takes.end() == MANY { 2 } else { 3 }) {
            templates.push(format!("{name}({})", vec!["$"; count].join(", ")));
        }
    }
    templates.extend(PARTS.map(|part| format!("extract({part} from $)")));
    templates.extend(STRICT.map(str::to_owned));
    templates.extend(OTHERS.map(str::to_owned));
    templates
}

/// Operators that are null where an operand is.
const STRICT: [&str; 19] = [
    "-$",
    "not $",
    "$ + $",
    "$ - $",
    "$ * $",
    "$ / $",
    "$ % $",
    "$ || $",
    "$ = $",
    "$ <> $",
    "$ < $",
    "$ <= $",
    "$ > $",
    "$ >= $",
    "$ like $",
    "$ not like $",
    "$ ilike $",
    "$ like $ escape '\\'",
    "trim(both $ from $)",
];

/// Those that may have a value all the same.
const OTHERS: [&str; 14] = [
    "$ is null",
    "$ is true",
    "$ is not false",
    "$ and $",
    "$ or $",
    "$ in ($)",
    "$ in ($, null)",
    "$ not in ($, null, null, null, null, null, null, null, null, null)",
    "$ between $ and $",
    "$ not between $ and $",
    "case when $ then $ end",
    "case when $ then $ else $ end",
    "case $ when $ then 1 end",
    "$ = '2013-01-31 05:30:00'",
];

/// Calls that may have a value where an operand is null.
fn is_strict(template: &str) -> bool {
    let lenient = ["coalesce", "concat", "greatest", "least", "nullif"];
    let name = template.split('(').next().unwrap_or_default();
    !OTHERS.contains(&template) && !lenient.contains(&name)
}

/// The template with every choice of operands.
fn filled(template: &str, operands: &[&str]) -> Vec<(String, bool)> {
    let mut texts = vec![(String::new(), false)];
    let mut pieces = template.split('$');
    let first = pieces.next().unwrap_or_default();
    texts[0].0.push_str(first);
    for piece in pieces {
        let add = |(text, has_null): &(String, bool)| {
            let one = |operand: &&str| {
                (format!("{text}{operand}{piece}"), *has_null || *operand == "null")
            };
            operands.iter().map(one).collect::<Vec<_>>()
        };
        texts = texts.iter().flat_map(add).collect();
    }
    texts
}

/// Two values and a null, where arrow makes values of the type from numbers or from texts.
fn some_values(data_type: &DataType) -> ArrayRef {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 70]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["2013-01-31", "1"]));
    let values = [numbers, texts].iter().find_map(|values| cast(values, data_type).ok());
    let null = new_null_array(data_type, 1);
    match values {
        Some(values) => concat(&[&values, &null]).unwrap_or_else(|_| new_null_array(data_type, 3)),
        None => new_null_array(data_type, 3),
    }
}

fn batch(columns: &Columns, count: usize, make: impl Fn(&DataType) -> ArrayRef) -> RecordBatch {
    let fields = columns.iter().map(|(name, data_type)| Field::new(name, data_type.clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.iter().map(|(_, data_type)| make(data_type)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    RecordBatch::try_new_with_options(schema, arrays, &options).unwrap()
}

/// What is wrong with an expression, if it is typed. Counts those that are.
struct Faults {
    batches: [RecordBatch; 3],
    typed: usize,
    found: Vec<String>,
}

impl Faults {
    fn of(columns: &Columns) -> Self {
        let nulls = batch(columns, 2, |data_type| new_null_array(data_type, 2));
        let none = nulls.slice(0, 0);
        Self { batches: [nulls, none, batch(columns, 3, some_values)], typed: 0, found: Vec::new() }
    }

    fn check(&mut self, text: &str, is_null: bool) {
        let Ok(unbound) = Expression::parse(text) else { panic!("{text} is no expression") };
        let Ok(bound) = unbound.bind(&self.batches[0].schema()) else { return };
        self.typed += 1;
        for (index, batch) in self.batches.iter().enumerate() {
            let Ok(result) = catch_unwind(AssertUnwindSafe(|| bound.evaluate(batch))) else {
                self.found.push(format!("{text}: a panic"));
                return;
            };
            let fault = match result {
                Ok(values) if values.data_type() != bound.data_type() => "another type".to_owned(),
                Ok(values) if values.len() != batch.num_rows() => "another length".to_owned(),
                Ok(values) if is_null && values.logical_null_count() < values.len() => {
                    "not null".to_owned()
                }
                Ok(values) if !bound.nullable() && values.logical_null_count() > 0 => {
                    "null, but not nullable".to_owned()
                }
                Ok(_) => continue,
                // Values may be at fault where there are values.
                Err(error) if index == 2 && is_of_a_value(&error) => continue,
                Err(error) => format!("{error:?}"),
            };
            self.found.push(format!("{text}: {fault}"));
            return;
        }
    }
}

fn is_of_a_value(error: &EvaluateError) -> bool {
    match error {
        EvaluateError::Overflow { .. }
        | EvaluateError::DivideByZero { .. }
        | EvaluateError::Argument { .. } => true,
        EvaluateError::Cast { detail, .. } => {
            detail.starts_with("found '") || detail.ends_with("is out of range")
        }
        EvaluateError::TooLarge { .. }
        | EvaluateError::Batch { .. }
        | EvaluateError::NotBoolean { .. }
        | EvaluateError::Kernel { .. } => false,
    }
}

#[test]
fn null_is_an_operand_of_everything_that_is_typed() {
    let columns = families();
    let names = columns.iter().map(|(name, _)| name.as_str());
    let operands = names.chain(["null"]).collect::<Vec<_>>();
    let mut faults = Faults::of(&columns);
    for template in templates() {
        for (text, has_null) in filled(&template, &operands) {
            faults.check(&text, has_null && is_strict(&template));
        }
    }
    assert_eq!(faults.found, [""; 0]);
    assert!(faults.typed > 1_000, "{} were typed", faults.typed);
}

#[test]
fn what_is_typed_never_fails_by_its_types() {
    let columns = kinds();
    let operands = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let mut faults = Faults::of(&columns);
    for template in templates() {
        if template.matches('$').count() <= 2 {
            filled(&template, &operands).iter().for_each(|(text, _)| faults.check(text, false));
        }
    }
    assert_eq!(faults.found, [""; 0]);
    assert!(faults.typed > 1_000, "{} were typed", faults.typed);
}
