//! How many digits a decimal may have.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type,
};
use arrow::error::ArrowError;

/// The kernels check that a decimal fits its 128 or 256 bits, not that it fits its digits.
#[expect(clippy::wildcard_enum_match_arm, reason = "only decimals have digits")]
pub(super) fn check_digits(array: ArrayRef) -> Result<ArrayRef, ArrowError> {
    match *array.data_type() {
        DataType::Decimal128(DECIMAL128_MAX_PRECISION, _) => {
            let decimals = array.as_primitive::<Decimal128Type>();
            let checked = decimals.validate_decimal_precision(DECIMAL128_MAX_PRECISION);
            checked.map_err(|_| too_many(DECIMAL128_MAX_PRECISION))?;
        }
        DataType::Decimal256(DECIMAL256_MAX_PRECISION, _) => {
            let decimals = array.as_primitive::<Decimal256Type>();
            let checked = decimals.validate_decimal_precision(DECIMAL256_MAX_PRECISION);
            checked.map_err(|_| too_many(DECIMAL256_MAX_PRECISION))?;
        }
        _ => {}
    }
    Ok(array)
}

/// The overflow of a decimal that would have more.
pub(super) fn too_many(digits: u8) -> ArrowError {
    ArrowError::ArithmeticOverflow(format!("a result has more than {digits} digits"))
}
