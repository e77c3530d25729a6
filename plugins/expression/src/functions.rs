//! The functions that expressions may call: their names and how many arguments they take.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::error::{ExpressionError, Place};
use crate::hint::hint;

/// A function, whatever name it was called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    Ceil,
    Coalesce,
    Concat,
    Contains,
    EndsWith,
    Exp,
    Floor,
    Greatest,
    /// The `||` operator: as `concat`, but null if any operand is null.
    Join,
    Least,
    Length,
    Ln,
    Lower,
    NullIf,
    Part(Part),
    Power,
    RegexpLike,
    Replace,
    Round,
    /// `extract(second from x)`: with the decimals, where `second(x)` is whole.
    Seconds,
    Sqrt,
    StartsWith,
    Substr,
    Trim(Side),
    Upper,
}

/// What of a date or time a function tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Year,
    Quarter,
    Month,
    /// Of ISO 8601.
    Week,
    Day,
    /// From Sunday, which is 0.
    DayOfWeek,
    /// From Monday, which is 1.
    IsoDayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Second,
}

impl Part {
    /// What `extract(… from x)` calls it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "dow" => Self::DayOfWeek,
            "isodow" => Self::IsoDayOfWeek,
            "doy" => Self::DayOfYear,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            _ => return None,
        })
    }
}

/// Which end `trim` cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Both,
    Start,
    End,
}

/// More arguments than anybody writes by hand.
pub(crate) const MANY: usize = 1000;

type Entry = (&'static str, Function, RangeInclusive<usize>);

pub(crate) const FUNCTIONS: &[Entry] = &[
    ("abs", Function::Abs, 1..=1),
    ("btrim", Function::Trim(Side::Both), 1..=2),
    ("ceil", Function::Ceil, 1..=1),
    ("ceiling", Function::Ceil, 1..=1),
    ("char_length", Function::Length, 1..=1),
    ("character_length", Function::Length, 1..=1),
    ("coalesce", Function::Coalesce, 1..=MANY),
    ("concat", Function::Concat, 1..=MANY),
    ("contains", Function::Contains, 2..=2),
    ("day", Function::Part(Part::Day), 1..=1),
    ("ends_with", Function::EndsWith, 2..=2),
    ("exp", Function::Exp, 1..=1),
    ("floor", Function::Floor, 1..=1),
    ("greatest", Function::Greatest, 1..=MANY),
    ("hour", Function::Part(Part::Hour), 1..=1),
    ("least", Function::Least, 1..=MANY),
    ("length", Function::Length, 1..=1),
    ("ln", Function::Ln, 1..=1),
    ("lower", Function::Lower, 1..=1),
    ("ltrim", Function::Trim(Side::Start), 1..=2),
    ("minute", Function::Part(Part::Minute), 1..=1),
    ("month", Function::Part(Part::Month), 1..=1),
    ("nullif", Function::NullIf, 2..=2),
    ("pow", Function::Power, 2..=2),
    ("power", Function::Power, 2..=2),
    ("regexp_like", Function::RegexpLike, 2..=3),
    ("replace", Function::Replace, 3..=3),
    ("round", Function::Round, 1..=2),
    ("rtrim", Function::Trim(Side::End), 1..=2),
    ("second", Function::Part(Part::Second), 1..=1),
    ("sqrt", Function::Sqrt, 1..=1),
    ("starts_with", Function::StartsWith, 2..=2),
    ("substr", Function::Substr, 2..=3),
    ("substring", Function::Substr, 2..=3),
    ("trim", Function::Trim(Side::Both), 1..=2),
    ("upper", Function::Upper, 1..=1),
    ("year", Function::Part(Part::Year), 1..=1),
];

/// The function of this name (in any case) that takes this many arguments.
pub(crate) fn resolve(
    name: &str,
    place: &Arc<Place>,
    arguments: usize,
) -> Result<Function, ExpressionError> {
    let wanted = name.to_lowercase();
    let Some((_, function, takes)) = FUNCTIONS.iter().find(|(name, ..)| *name == wanted) else {
        return Err(unknown(name, place));
    };
    if takes.contains(&arguments) {
        return Ok(*function);
    }
    Err(ExpressionError::Arguments {
        place: Arc::clone(place),
        name: name.to_owned(),
        expected: in_words(takes),
        found: arguments,
    })
}

fn unknown(name: &str, place: &Arc<Place>) -> ExpressionError {
    let names: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
    ExpressionError::UnknownFunction {
        place: Arc::clone(place),
        name: name.to_owned(),
        hint: hint(name, "functions", &names),
    }
}

fn in_words(takes: &RangeInclusive<usize>) -> String {
    match (*takes.start(), *takes.end()) {
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, MANY) => format!("at least {least} argument"),
        (least, most) => format!("{least} or {most} arguments"),
    }
}
