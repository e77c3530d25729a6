//! Names of types in expressions: SQL's, and Arrow's where SQL has none.
//!
//! Errors call types by their names in scenes ([`tanda_spelling::type_name`]).

use arrow::datatypes::{DataType, TimeUnit};
use sqlparser::ast::{DataType as SqlType, ExactNumberInfo, TimezoneInfo};
use tanda_spelling::UTC;

/// What to write when a type is not known.
const HELP: &str = "the types are boolean, tinyint, smallint, int, bigint, real, \
     double, decimal(p, s), text, date, time and timestamp, and int16, int32, int64, uint8, uint16, \
     uint32, uint64, float32, float64 and utf8";

/// What to write for a decimal without digits: any that it would get by itself could round.
const DECIMAL_HELP: &str = "say how many digits it keeps, as decimal(38, 10): 38 at most, 10 of \
     them behind the point";

/// What to write instead of a type that [`from_sql`] does not know.
pub(crate) fn help(sql: &SqlType) -> &'static str {
    let is_bare = matches!(
        sql,
        SqlType::Decimal(ExactNumberInfo::None)
            | SqlType::Numeric(ExactNumberInfo::None)
            | SqlType::Dec(ExactNumberInfo::None)
    );
    if is_bare { DECIMAL_HELP } else { HELP }
}

/// The Arrow type that a SQL type name means.
#[expect(clippy::wildcard_enum_match_arm, reason = "the dialects have a hundred type names")]
pub(crate) fn from_sql(sql: &SqlType) -> Option<DataType> {
    Some(match sql {
        SqlType::Bool | SqlType::Boolean => DataType::Boolean,
        SqlType::TinyInt(None) => DataType::Int8,
        SqlType::SmallInt(None) | SqlType::Int2(None) | SqlType::Int16 => DataType::Int16,
        SqlType::Int(None) | SqlType::Integer(None) | SqlType::Int4(None) | SqlType::Int32 => {
            DataType::Int32
        }
        SqlType::BigInt(None) | SqlType::Int64 => DataType::Int64,
        SqlType::UInt8 | SqlType::UTinyInt => DataType::UInt8,
        SqlType::UInt16 | SqlType::USmallInt => DataType::UInt16,
        SqlType::UInt32 => DataType::UInt32,
        SqlType::UInt64 | SqlType::UBigInt => DataType::UInt64,
        SqlType::Real | SqlType::Float4 | SqlType::Float32 => DataType::Float32,
        SqlType::Float(ExactNumberInfo::None)
        | SqlType::Double(ExactNumberInfo::None)
        | SqlType::DoublePrecision
        | SqlType::Float8
        | SqlType::Float64 => DataType::Float64,
        SqlType::Decimal(info) | SqlType::Numeric(info) | SqlType::Dec(info) => decimal(info)?,
        SqlType::Text | SqlType::String(None) => DataType::Utf8,
        SqlType::Varchar(None) | SqlType::CharacterVarying(None) => DataType::Utf8,
        SqlType::Date | SqlType::Date32 => DataType::Date32,
        SqlType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            DataType::Time64(TimeUnit::Microsecond)
        }
        SqlType::Timestamp(digits, zone) => timestamp(*digits, zone)?,
        SqlType::Custom(name, modifiers) if modifiers.is_empty() => arrow_name(&name.to_string())?,
        _ => return None,
    })
}

/// Arrow's own names, where they are not SQL's already.
///
/// `int8` is not among them: PostgreSQL means 64 bits by it, Arrow 8, so it is refused.
fn arrow_name(name: &str) -> Option<DataType> {
    Some(match name.to_lowercase().as_str() {
        "tinyint" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "uint8" => DataType::UInt8,
        "uint16" => DataType::UInt16,
        "uint32" => DataType::UInt32,
        "uint64" => DataType::UInt64,
        "float32" => DataType::Float32,
        "float64" => DataType::Float64,
        "utf8" | "string" => DataType::Utf8,
        "large_utf8" => DataType::LargeUtf8,
        "date32" => DataType::Date32,
        _ => return None,
    })
}

fn decimal(info: &ExactNumberInfo) -> Option<DataType> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => return None,
        ExactNumberInfo::Precision(precision) => (u8::try_from(*precision).ok()?, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            (u8::try_from(*precision).ok()?, i8::try_from(*scale).ok()?)
        }
    };
    let fits = (1..=38).contains(&precision) && (0..=38).contains(&scale);
    (fits && scale.unsigned_abs() <= precision).then_some(DataType::Decimal128(precision, scale))
}

fn timestamp(digits: Option<u64>, zone: &TimezoneInfo) -> Option<DataType> {
    let unit = match digits {
        Some(0) => TimeUnit::Second,
        Some(3) => TimeUnit::Millisecond,
        None | Some(6) => TimeUnit::Microsecond,
        Some(9) => TimeUnit::Nanosecond,
        Some(_) => return None,
    };
    let zone = match zone {
        TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => None,
        TimezoneInfo::WithTimeZone | TimezoneInfo::Tz => Some(UTC.into()),
    };
    Some(DataType::Timestamp(unit, zone))
}
