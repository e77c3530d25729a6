//! What a configuration means for an input schema: columns found, types checked, states shared.

use arrow::datatypes::{DataType, Field, Schema};
use tanda_plugin::{PluginError, find_column};
use tanda_spelling::type_name;

use crate::config::{Aggregate, Config, DistinctMethod, Quantile, QuantileMethod, Spread};
use crate::state::{
    Counts, Distinct, Hll, IntegerSums, Moments, Output, Pick, Picks, Quantiles, Scale, State,
    Totals,
};
use crate::value::{Kind, plain};

/// An aggregation, bound to a schema.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Key columns, in the order of the output.
    pub(crate) keys: Vec<Key>,
    /// States; aggregates over the same values share one.
    pub(crate) states: Vec<StatePlan>,
    /// Aggregates, in the order of the output.
    pub(crate) results: Vec<ResultPlan>,
}

/// A key column.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) column: usize,
    pub(crate) kind: Kind,
    pub(crate) field: Field,
}

/// A state, and the column it looks at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StatePlan {
    pub(crate) column: Option<usize>,
    what: What,
    data_type: DataType,
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Counts,
    Sums,
    Moments,
    Pick(Pick),
    Quantiles(Option<Scale>),
    Distinct,
    Hll,
}

/// A result column.
#[derive(Debug, Clone)]
pub(crate) struct ResultPlan {
    /// Name of the column it is computed from; empty for a count of rows.
    pub(crate) column: String,
    pub(crate) state: usize,
    pub(crate) output: Output,
    pub(crate) field: Field,
}

impl Plan {
    /// Finds the columns of a configuration in a schema.
    ///
    /// # Errors
    /// A column is missing or has a type that cannot be used so, two outputs have one name, or a
    /// number is out of its range.
    pub(crate) fn bind(config: &Config, input: &Schema) -> Result<Self, PluginError> {
        if config.aggregates.is_empty() {
            return Err(PluginError::new("`aggregates` is empty: compute at least `Count()`")
                .about("aggregates"));
        }
        let keys = config.group_by.iter().map(|name| bind_key(name, input));
        let mut plan =
            Self { keys: keys.collect::<Result<_, _>>()?, states: Vec::new(), results: Vec::new() };
        for aggregate in &config.aggregates {
            plan.add(aggregate, input)?;
        }
        Ok(plan)
    }

    /// Fields of the result.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        let keys = self.keys.iter().map(|key| &key.field);
        keys.chain(self.results.iter().map(|result| &result.field))
    }

    /// Columns that are read, as indices of the input.
    pub(crate) fn columns(&self) -> impl Iterator<Item = usize> {
        let keys = self.keys.iter().map(|key| key.column);
        keys.chain(self.states.iter().filter_map(|state| state.column))
    }

    /// What snapshots of one plan have in common: keys, states and `windows`, not the results.
    ///
    /// So a quantile may be asked at another fraction, or a result be renamed, and the state stays.
    pub(crate) fn describe(&self, input: &Schema, windows: &str) -> String {
        let mut text = windows.to_owned();
        for key in &self.keys {
            text += &format!("\nkey {}: {}", key.field.name(), key.field.data_type());
        }
        for state in &self.states {
            let column = state.column.map_or("", |column| input.field(column).name());
            text += &format!("\n{:?} {column}: {}", state.what, state.data_type);
        }
        text
    }

    /// Does the order of the rows matter?
    pub(crate) fn is_ordered(&self) -> bool {
        let ordered =
            |state: &StatePlan| matches!(state.what, What::Pick(Pick::First | Pick::Last));
        self.states.iter().any(ordered)
    }

    fn add(&mut self, aggregate: &Aggregate, input: &Schema) -> Result<(), PluginError> {
        let Parts { column, name, prefix, what, output } = parts(aggregate)?;
        let (index, data_type) = match column {
            None => (None, DataType::Null),
            Some(column) => {
                let index = find_column(input, column)?;
                (Some(index), input.field(index).data_type().clone())
            }
        };
        check_type(what, column.unwrap_or_default(), &data_type)?;
        let default_name = || match column {
            Some(column) => format!("{prefix}_{column}"),
            None => prefix.clone(),
        };
        let name = name.map_or_else(default_name, str::to_owned);
        let state = StatePlan { column: index, what, data_type };
        let (result_type, nullable) = result_type(&state, output);
        let field = Field::new(name, result_type, nullable);
        let state = self.share(state);
        let column = column.unwrap_or_default().to_owned();
        self.results.push(ResultPlan { column, state, output, field });
        Ok(())
    }

    fn share(&mut self, state: StatePlan) -> usize {
        let known = self.states.iter().position(|known| *known == state);
        known.unwrap_or_else(|| {
            self.states.push(state);
            self.states.len() - 1
        })
    }
}

/// An aggregate, taken apart.
struct Parts<'a> {
    column: Option<&'a str>,
    name: Option<&'a str>,
    prefix: String,
    what: What,
    output: Output,
}

fn parts(aggregate: &Aggregate) -> Result<Parts<'_>, PluginError> {
    use Aggregate as A;
    let (column, name, prefix, what, output) = match aggregate {
        A::Count(of) => {
            let column = of.column.as_ref();
            return Ok(Parts {
                column: column.map(String::as_str),
                name: of.name.as_deref(),
                prefix: "count".to_owned(),
                what: What::Counts,
                output: Output::Plain,
            });
        }
        A::Sum(of) => (&of.column, &of.name, "sum".into(), What::Sums, Output::Plain),
        A::Mean(of) => (&of.column, &of.name, "mean".into(), What::Sums, Output::Mean),
        A::Min(of) => (&of.column, &of.name, "min".into(), What::Pick(Pick::Min), Output::Plain),
        A::Max(of) => (&of.column, &of.name, "max".into(), What::Pick(Pick::Max), Output::Plain),
        A::First(of) => {
            (&of.column, &of.name, "first".into(), What::Pick(Pick::First), Output::Plain)
        }
        A::Last(of) => (&of.column, &of.name, "last".into(), What::Pick(Pick::Last), Output::Plain),
        A::Variance(of) => (&of.column, &of.name, "var".into(), What::Moments, variance(of, false)),
        A::StdDev(of) => (&of.column, &of.name, "std".into(), What::Moments, variance(of, true)),
        A::Quantile(of) => {
            let (what, output) = quantile(of)?;
            (&of.column, &of.name, percent(of.q), what, output)
        }
        A::Distinct(of) => {
            let what = match of.method {
                DistinctMethod::Exact => What::Distinct,
                DistinctMethod::Hll => What::Hll,
            };
            (&of.column, &of.name, "distinct".into(), what, Output::Plain)
        }
    };
    Ok(Parts { column: Some(column), name: name.as_deref(), prefix, what, output })
}

fn variance(of: &Spread, root: bool) -> Output {
    Output::Variance { ddof: of.ddof, root }
}

/// `p95` for 0.95, `p99.9` for 0.999: the shortest decimal of a hundred times the fraction.
fn percent(q: f64) -> String {
    let percent = (q * 100.0 * 1e9).round() / 1e9;
    format!("p{percent}")
}

fn quantile(of: &Quantile) -> Result<(What, Output), PluginError> {
    if !(0.0..=1.0).contains(&of.q) {
        let message = format!("q: {} is not a fraction: give 0.0 to 1.0 (0.95 for 95 %)", of.q);
        return Err(PluginError::new(message).about("q"));
    }
    let scale = match of.method {
        QuantileMethod::Exact => None,
        QuantileMethod::Sketch(sketch) if (1e-6..=0.5).contains(&sketch.error) => {
            Some(Scale::sketch(sketch.error))
        }
        QuantileMethod::Sketch(sketch) => {
            let message = format!("error: {} is out of range: give 1e-6 to 0.5", sketch.error);
            return Err(PluginError::new(message).about("error"));
        }
    };
    Ok((What::Quantiles(scale), Output::Quantile(of.q)))
}

fn bind_key(name: &str, input: &Schema) -> Result<Key, PluginError> {
    let column = find_column(input, name)?;
    let field = input.field(column);
    let kind = Kind::of(field.data_type()).ok_or_else(|| {
        let message = format!(
            "cannot group by column `{name}` of type {}: lists, structs and 256-bit decimals are \
             no keys",
            type_name(field.data_type())
        );
        PluginError::new(message).about(name)
    })?;
    let field = Field::new(name, plain(field.data_type()), field.is_nullable());
    Ok(Key { column, kind, field })
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() && !matches!(data_type, DataType::Decimal256(..))
}

fn check_type(what: What, column: &str, data_type: &DataType) -> Result<(), PluginError> {
    let (fits, needs) = match what {
        What::Counts => (true, ""),
        What::Sums | What::Moments | What::Quantiles(_) => {
            (is_number(data_type), "a column of numbers (256-bit decimals excepted)")
        }
        What::Pick(_) | What::Distinct | What::Hll => {
            (Kind::of(data_type).is_some(), "a column of numbers, text, times or booleans")
        }
    };
    if fits {
        return Ok(());
    }
    let found = type_name(data_type);
    let message = format!("column `{column}` is of type {found}, but this needs {needs}");
    Err(PluginError::new(message).about(column))
}

/// Digits of a sum of decimals.
const SUM_PRECISION: u8 = 38;

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed is an integer")]
fn decimal_scale(data_type: &DataType) -> Option<i8> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale) => Some(*scale),
        _ => None,
    }
}

/// Type of a result, and whether it can be null.
fn result_type(state: &StatePlan, output: Output) -> (DataType, bool) {
    let data_type = &state.data_type;
    match (state.what, output) {
        (What::Counts | What::Distinct | What::Hll, _) => (DataType::Int64, false),
        (What::Pick(_), _) => (plain(data_type), true),
        (What::Sums, Output::Plain) => (sum_type(data_type), true),
        (What::Sums | What::Moments | What::Quantiles(_), _) => (DataType::Float64, true),
    }
}

fn sum_type(data_type: &DataType) -> DataType {
    match decimal_scale(data_type) {
        Some(scale) => DataType::Decimal128(SUM_PRECISION, scale),
        None if data_type.is_floating() => DataType::Float64,
        None if data_type.is_unsigned_integer() => DataType::UInt64,
        None => DataType::Int64,
    }
}

impl StatePlan {
    /// An empty state.
    pub(crate) fn make(&self) -> Box<dyn State> {
        let data_type = &self.data_type;
        let kind = || Kind::of(data_type).expect("bind checked that the type has a kind");
        match self.what {
            What::Counts => Box::new(Counts::default()),
            What::Sums => match decimal_scale(data_type) {
                Some(scale) => Box::new(Totals::new(Some((SUM_PRECISION, scale)))),
                None if data_type.is_floating() => Box::new(Totals::new(None)),
                None => Box::new(IntegerSums::new(!data_type.is_unsigned_integer())),
            },
            What::Moments if data_type.is_floating() => Box::new(Moments::of_floats()),
            What::Moments => {
                Box::new(Moments::of_scaled(decimal_scale(data_type).unwrap_or_default()))
            }
            What::Pick(pick) => Box::new(Picks::new(pick, data_type, kind())),
            What::Quantiles(scale) => {
                Box::new(Quantiles::new(scale.unwrap_or_else(|| match decimal_scale(data_type) {
                    None if data_type.is_unsigned_integer() => unsigned_scale(data_type),
                    None if data_type.is_signed_integer() => Scale::Signed,
                    Some(digits) => Scale::Decimal { digits },
                    None => Scale::Float { dropped: 0 },
                })))
            }
            What::Distinct => Box::new(Distinct::new(kind())),
            What::Hll => Box::new(Hll::default()),
        }
    }
}

/// Only 64-bit unsigned words are shifted; shorter ones are plain numbers.
fn unsigned_scale(data_type: &DataType) -> Scale {
    if *data_type == DataType::UInt64 { Scale::Unsigned } else { Scale::Signed }
}
