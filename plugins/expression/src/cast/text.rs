//! Texts become values: what PostgreSQL takes, the space around it left out.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, downcast_integer,
};
use arrow::compute::kernels::cast_utils::parse_decimal;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::error::ArrowError;

use super::by_arrow::by_arrow;
use super::moment::{self, Zone};
use super::zone;

const DAY_MILLIS: i64 = 86_400_000;

/// Null where a text is no value of the type.
pub(super) fn read(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    let is_view = *array.data_type() == DataType::Utf8View;
    let texts =
        if is_view { by_arrow(array, &DataType::LargeUtf8, true)? } else { Arc::clone(array) };
    let read = match texts.as_string_opt::<i32>() {
        Some(texts) => Column { texts: texts.iter(), target }.read(),
        None => Column { texts: texts.as_string::<i64>().iter(), target }.read(),
    };
    read.map_or_else(|| by_arrow(&texts, target, true), Ok)
}

struct Column<'d, I> {
    texts: I,
    target: &'d DataType,
}

impl<'t, I: Iterator<Item = Option<&'t str>>> Column<'_, I> {
    /// None for types that no SQL name means.
    fn read(self) -> Option<ArrayRef> {
        macro_rules! integers {
            ($type:ty) => {
                self.each::<$type>(|text| text.trim_ascii().parse().ok())
            };
        }
        Some(downcast_integer! {
            self.target => (integers),
            DataType::Boolean => {
                let read = self.texts.map(|text| text.and_then(boolean));
                Arc::new(read.collect::<BooleanArray>())
            },
            DataType::Float32 => self.each::<Float32Type>(|text| float(text, f32::is_infinite)),
            DataType::Float64 => self.each::<Float64Type>(|text| float(text, f64::is_infinite)),
            DataType::Decimal128(precision, scale) => {
                let (precision, scale) = (*precision, *scale);
                self.each::<Decimal128Type>(|text| {
                    parse_decimal::<Decimal128Type>(text, precision, scale).ok()
                })
            },
            DataType::Decimal256(precision, scale) => {
                let (precision, scale) = (*precision, *scale);
                self.each::<Decimal256Type>(|text| {
                    parse_decimal::<Decimal256Type>(text, precision, scale).ok()
                })
            },
            DataType::Date32 => self.each::<Date32Type>(moment::date),
            DataType::Date64 => self.each::<Date64Type>(|text| {
                moment::date(text).map(|days| i64::from(days) * DAY_MILLIS)
            }),
            DataType::Time64(TimeUnit::Nanosecond) => {
                self.each::<Time64NanosecondType>(|text| moment::time(text, TimeUnit::Nanosecond))
            },
            DataType::Time64(unit) => {
                self.each::<Time64MicrosecondType>(|text| moment::time(text, *unit))
            },
            DataType::Time32(TimeUnit::Second) => {
                self.each::<Time32SecondType>(|text| time32(text, TimeUnit::Second))
            }
            DataType::Time32(unit) => {
                self.each::<Time32MillisecondType>(|text| time32(text, *unit))
            }
            DataType::Timestamp(unit, _) => self.timestamps(*unit),
            _ => return None,
        })
    }

    fn timestamps(self, unit: TimeUnit) -> ArrayRef {
        let zone = match (self.target, zone::east(self.target)) {
            (DataType::Timestamp(_, Some(_)), Some(east)) => Zone::East(east),
            (_, Some(_)) => Zone::None,
            (_, None) => Zone::Place,
        };
        let read = |text: &str| moment::timestamp(text, unit, zone);
        match unit {
            TimeUnit::Second => self.each::<TimestampSecondType>(read),
            TimeUnit::Millisecond => self.each::<TimestampMillisecondType>(read),
            TimeUnit::Microsecond => self.each::<TimestampMicrosecondType>(read),
            TimeUnit::Nanosecond => self.each::<TimestampNanosecondType>(read),
        }
    }

    fn each<T: ArrowPrimitiveType>(self, read: impl Fn(&str) -> Option<T::Native>) -> ArrayRef {
        let values = self.texts.map(|text| text.and_then(&read));
        Arc::new(values.collect::<PrimitiveArray<T>>().with_data_type(self.target.clone()))
    }
}

fn time32(text: &str, unit: TimeUnit) -> Option<i32> {
    moment::time(text, unit)?.try_into().ok()
}

/// The nearest float, of which digits never make an infinity.
fn float<F: FromStr + Copy>(text: &str, is_infinite: impl Fn(F) -> bool) -> Option<F> {
    let has_digit = || text.bytes().any(|byte| byte.is_ascii_digit());
    let value = text.trim_ascii().parse().ok()?;
    (!is_infinite(value) || !has_digit()).then_some(value)
}

/// Any beginning of a word that is no beginning of the opposite one.
fn boolean(text: &str) -> Option<bool> {
    const WORDS: [(&str, bool, usize); 8] = [
        ("true", true, 1),
        ("false", false, 1),
        ("yes", true, 1),
        ("no", false, 1),
        ("on", true, 2),
        ("off", false, 2),
        ("1", true, 1),
        ("0", false, 1),
    ];
    let text = text.trim_ascii();
    let begins = |word: &str, least| {
        let start = word.get(..text.len()).filter(|start| start.len() >= least);
        start.is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    let found = WORDS.iter().find(|(word, _, least)| begins(word, *least));
    found.map(|(_, value, _)| *value)
}
