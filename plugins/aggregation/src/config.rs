//! The configuration as the user writes it.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// Configuration of an aggregation; the plugin's `CONFIG_REFERENCE` documents it for users.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Key columns, in the order of the output; none makes one group of all rows.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// What is computed for each group, in the order of the output.
    pub aggregates: Vec<Aggregate>,
    /// Which rows belong together.
    #[serde(default)]
    pub window: Window,
}

/// One computed column.
#[derive(Debug, Clone, Deserialize)]
pub enum Aggregate {
    /// Number of rows, or of values that are not null.
    #[serde(deserialize_with = "short_or_full")]
    Count(Count),
    /// Sum of the values.
    #[serde(deserialize_with = "short_or_full")]
    Sum(Of),
    /// Sum over count.
    #[serde(deserialize_with = "short_or_full")]
    Mean(Of),
    /// Smallest value.
    #[serde(deserialize_with = "short_or_full")]
    Min(Of),
    /// Largest value.
    #[serde(deserialize_with = "short_or_full")]
    Max(Of),
    /// Variance.
    #[serde(deserialize_with = "short_or_full")]
    Variance(Spread),
    /// Square root of the variance.
    #[serde(deserialize_with = "short_or_full")]
    StdDev(Spread),
    /// Value below which a fraction of the values lies.
    Quantile(Quantile),
    /// Number of different values.
    #[serde(deserialize_with = "short_or_full")]
    Distinct(Distinct),
    /// First value that is not null.
    #[serde(deserialize_with = "short_or_full")]
    First(Of),
    /// Last value that is not null.
    #[serde(deserialize_with = "short_or_full")]
    Last(Of),
}

/// `Count()`, `Count(as: …)`, `Count("column")`, `Count(column: …, as: …)`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Count values of this column that are not null; without it, rows.
    #[serde(default)]
    pub column: Option<String>,
    /// Name of the result.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
}

/// `Sum("column")` or `Sum(column: …, as: …)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// Column to look at.
    pub column: String,
    /// Name of the result.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
}

/// `Variance("column")` or `Variance(column: …, as: …, ddof: …)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Column to look at.
    pub column: String,
    /// Name of the result.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
    /// Lost degrees of freedom: 1 for a sample, 0 for a population.
    #[serde(default = "one")]
    pub ddof: u8,
}

/// `Quantile(column: …, q: …, as: …, method: …)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    /// Column to look at.
    pub column: String,
    /// Fraction, `0.0..=1.0`.
    pub q: f64,
    /// Name of the result.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
    /// How it is found.
    #[serde(default)]
    pub method: QuantileMethod,
}

/// How a quantile is found.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub enum QuantileMethod {
    /// From all values.
    #[default]
    Exact,
    /// From counts of buckets.
    Sketch(Sketch),
}

/// `Sketch(error: …)`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sketch {
    /// Relative error, `1e-6..=0.5`.
    pub error: f64,
}

/// `Distinct("column")` or `Distinct(column: …, as: …, method: …)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distinct {
    /// Column to look at.
    pub column: String,
    /// Name of the result.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
    /// How they are counted.
    #[serde(default)]
    pub method: DistinctMethod,
}

/// How different values are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum DistinctMethod {
    /// All are kept.
    #[default]
    Exact,
    /// HyperLogLog.
    Hll,
}

/// Which rows belong together.
#[derive(Debug, Clone, Default, Deserialize)]
pub enum Window {
    /// All of the input.
    #[default]
    None,
    /// Spans of event time.
    Tumbling(Tumbling),
    /// So many rows one after the other.
    Rows(u64),
}

/// `Tumbling(by: …, every: …, offset: …, lateness: …)`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tumbling {
    /// Column that holds the time.
    pub by: String,
    /// Length of a window.
    pub every: Span,
    /// How far each begins after the place where it would without.
    #[serde(default)]
    pub offset: Option<Span>,
    /// How far behind the latest time seen a row may be.
    #[serde(default)]
    pub lateness: Option<Span>,
}

/// A length of time: `"90s"`, or a number in units of an integer column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// A duration in words, for columns of dates and timestamps.
    Duration(String),
    /// A number, for columns of integers.
    Number(i64),
}

fn one() -> u8 {
    1
}

/// A configuration with a short form.
trait Short: Sized {
    /// What may stand here, for the error.
    const EXPECTED: &'static str;

    /// The full form of `Name("text")`, if there is one.
    fn short(text: String) -> Option<Self>;

    /// The full form of `Name()`, if there is one.
    fn empty() -> Option<Self> {
        None
    }
}

impl Short for Count {
    const EXPECTED: &'static str = "nothing, a column, or (column: …, as: …)";

    fn short(column: String) -> Option<Self> {
        Some(Self { column: Some(column), name: None })
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }
}

impl Short for Of {
    const EXPECTED: &'static str = "a column, or (column: …, as: …)";

    fn short(column: String) -> Option<Self> {
        Some(Self { column, name: None })
    }
}

impl Short for Spread {
    const EXPECTED: &'static str = "a column, or (column: …, as: …, ddof: …)";

    fn short(column: String) -> Option<Self> {
        Some(Self { column, name: None, ddof: one() })
    }
}

impl Short for Distinct {
    const EXPECTED: &'static str = "a column, or (column: …, as: …, method: …)";

    fn short(column: String) -> Option<Self> {
        Some(Self { column, name: None, method: DistinctMethod::default() })
    }
}

fn short_or_full<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Short + Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(ShortOrFull(PhantomData))
}

struct ShortOrFull<T>(PhantomData<T>);

impl<'de, T: Short + Deserialize<'de>> Visitor<'de> for ShortOrFull<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::short(text.to_owned()).ok_or_else(|| E::custom(T::EXPECTED))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        T::empty().ok_or_else(|| E::custom(format!("expected {}", T::EXPECTED)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"1h\", or a whole number for a column of integers")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        Ok(Span::Duration(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Span, E> {
        Ok(Span::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Span, E> {
        i64::try_from(number).map(Span::Number).map_err(|_| E::custom("a span below 2^63"))
    }
}

/// What `tanda plugins inspect` prints.
pub(crate) const REFERENCE: &str = include_str!("reference.txt");
