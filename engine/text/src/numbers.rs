//! Numbers from bytes, without going through text or an error type.

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// How much variety a number may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Only what prints back the same: no plus sign, no leading zeros, no `-0`. For inferred types,
    /// so that a code such as `007` is never silently changed.
    Plain,
    /// Also `+5` and `007`: the scene says that it is a number.
    Any,
}

/// An integer type that a sign and a magnitude make, if they fit.
pub(crate) trait Integer: Sized {
    fn make(negative: bool, magnitude: u64) -> Option<Self>;
}

macro_rules! signed {
    ($($t:ty)*) => {$(
        impl Integer for $t {
            #[inline(always)]
            fn make(negative: bool, magnitude: u64) -> Option<Self> {
                if negative {
                    Self::try_from(0_i64.checked_sub_unsigned(magnitude)?).ok()
                } else {
                    Self::try_from(magnitude).ok()
                }
            }
        }
    )*};
}

macro_rules! unsigned {
    ($($t:ty)*) => {$(
        impl Integer for $t {
            #[inline(always)]
            fn make(negative: bool, magnitude: u64) -> Option<Self> {
                let value = Self::try_from(magnitude).ok()?;
                (!negative || magnitude == 0).then_some(value)
            }
        }
    )*};
}

signed!(i8 i16 i32 i64);
unsigned!(u8 u16 u32 u64);

/// The integer that `text` is, if it is one and fits.
#[inline(always)]
pub(crate) fn integer<T: Integer>(text: &[u8], form: Form) -> Option<T> {
    let (negative, digits) = sign(text, form)?;
    let magnitude = magnitude(digits)?;
    if form == Form::Plain && !is_plain(negative, digits) {
        return None;
    }
    T::make(negative, magnitude)
}

#[inline(always)]
fn sign(text: &[u8], form: Form) -> Option<(bool, &[u8])> {
    match text {
        [b'-', digits @ ..] => Some((true, digits)),
        [b'+', digits @ ..] => (form == Form::Any).then_some((false, digits)),
        digits => Some((false, digits)),
    }
}

#[inline(always)]
fn is_plain(negative: bool, digits: &[u8]) -> bool {
    digits[0] != b'0' || (digits.len() == 1 && !negative)
}

#[inline(always)]
fn magnitude(digits: &[u8]) -> Option<u64> {
    if digits.len() > 19 || digits.is_empty() {
        return long_magnitude(digits);
    }
    let mut value = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Nineteen nines are less than 2^64.
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

#[cold]
fn long_magnitude(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

/// Whether `text` is an integer, however large.
pub(crate) fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether an integer is written as it would be printed.
pub(crate) fn is_plain_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits[0] != b'+' && is_plain(digits.len() < text.len(), digits)
}

/// The double nearest to `text`: decimal or exponent form, `NaN` and `inf`; none for a number
/// beyond the range of doubles.
#[inline(always)]
pub(crate) fn double(text: &[u8], form: Form) -> Option<f64> {
    let (negative, body) = sign(text, form)?;
    if form == Form::Plain && matches!(body, [b'0', b'0'..=b'9', ..]) {
        return None;
    }
    match short_double(body) {
        Some(value) if negative => Some(-value),
        Some(value) => Some(value),
        None => any_double(text),
    }
}

/// The double that stands for `text` in a column whose type was inferred: an integer is exact, and
/// no digits are lost.
#[inline(always)]
pub(crate) fn kept_double(text: &[u8]) -> Option<f64> {
    // So short a number has at most 15 digits, which every double keeps.
    double(text, Form::Plain).filter(|_| text.len() <= 15 || keeps_digits(text))
}

#[cold]
fn keeps_digits(text: &[u8]) -> bool {
    /// Digits that every double keeps when it is printed and read again; more of them name a number
    /// that no double is.
    const DIGITS_MAX: usize = 17;
    significant_digits(text) <= DIGITS_MAX && (!is_integer(text) || is_exact(text))
}

/// Whether a double holds the integer exactly, and all below it.
pub(crate) fn is_exact(text: &[u8]) -> bool {
    /// Integers up to here have a double of their own.
    const EXACT_MAX: u64 = 1 << 53;
    integer::<i64>(text, Form::Any).is_some_and(|value| value.unsigned_abs() <= EXACT_MAX)
}

/// Digits between the first and the last that are not zero.
fn significant_digits(value: &[u8]) -> usize {
    let mantissa = value.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    let digits = mantissa.iter().filter(|byte| byte.is_ascii_digit());
    let (mut count, mut zeros) = (0, 0);
    for digit in digits.skip_while(|digit| **digit == b'0') {
        zeros = if *digit == b'0' { zeros + 1 } else { 0 };
        count += 1;
    }
    count - zeros
}

/// Digits and at most one point, few enough that one exact division gives the nearest double
/// (Clinger's fast path).
#[inline(always)]
fn short_double(body: &[u8]) -> Option<f64> {
    if body.is_empty() || body.len() > 16 {
        return None;
    }
    let (mut value, mut point) = (0_u64, None);
    for (index, byte) in body.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(index);
        } else {
            return None;
        }
    }
    let decimals = point.map_or(0, |index| body.len() - index - 1);
    let digits = body.len() - usize::from(point.is_some());
    // A number is exact up to 2^53; fifteen digits are always below.
    (digits > 0 && digits <= 15).then(|| value as f64 / POWERS[decimals])
}

#[cold]
fn any_double(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let value = text.parse::<f64>().ok()?;
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit());
    (value.is_finite() || !is_number).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_are_read_to_their_ends() {
        let any = |text: &str| integer::<i64>(text.as_bytes(), Form::Any);
        assert_eq!(any("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(any("9223372036854775807"), Some(i64::MAX));
        assert_eq!(any("9223372036854775808"), None);
        assert_eq!(any("+007"), Some(7));
        for text in ["", "-", "+", "--1", "1.0", "1e5", " 1", "1 ", "1_000", "0x1"] {
            assert_eq!(any(text), None, "{text}");
        }
        assert_eq!(integer::<u64>(b"18446744073709551615", Form::Any), Some(u64::MAX));
        assert_eq!(integer::<u64>(b"18446744073709551616", Form::Any), None);
        assert_eq!(integer::<u8>(b"-1", Form::Any), None);
        assert_eq!(integer::<i8>(b"-128", Form::Any), Some(-128));
        assert_eq!(integer::<i8>(b"128", Form::Any), None);
    }

    #[test]
    fn plain_integers_print_back_the_same() {
        for text in ["0", "7", "-7", "120"] {
            let value = integer::<i64>(text.as_bytes(), Form::Plain);
            assert_eq!(value.map(|value| value.to_string()).as_deref(), Some(text));
        }
        for text in ["007", "+5", "-0", "00"] {
            assert_eq!(integer::<i64>(text.as_bytes(), Form::Plain), None, "{text}");
        }
    }

    #[test]
    fn doubles_beyond_their_range_are_refused() {
        assert_eq!(double(b"1e999", Form::Any), None);
        assert_eq!(double(b"-inf", Form::Any), Some(f64::NEG_INFINITY));
        assert_eq!(double(b"1.", Form::Any), Some(1.0));
        assert_eq!(double(b".5", Form::Any), Some(0.5));
        assert_eq!(double(b"00.5", Form::Plain), None);
        for text in ["", ".", "-", "1.2.3", "abc", "1,5"] {
            assert_eq!(double(text.as_bytes(), Form::Any), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn doubles_are_those_of_the_standard_library(text in "-?[0-9]{0,18}(\\.[0-9]{0,18})?") {
            let expected = text.parse::<f64>().ok().map(f64::to_bits);
            prop_assert_eq!(double(text.as_bytes(), Form::Any).map(f64::to_bits), expected);
        }

        #[test]
        fn integers_are_those_of_the_standard_library(text in "[-+]?[0-9]{0,21}") {
            prop_assert_eq!(integer(text.as_bytes(), Form::Any), text.parse::<i64>().ok());
            prop_assert_eq!(integer(text.as_bytes(), Form::Any), text.parse::<i32>().ok());
        }
    }
}
