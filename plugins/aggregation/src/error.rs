//! What can go wrong with the state, apart from reading snapshots.

use arrow::error::ArrowError;
use tanda_plugin::PluginError;

use crate::bytes::SnapshotError;

/// Why rows could not be absorbed or a result not be made. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StateError {
    /// Codes are 32 bits wide.
    #[error(
        "more than 4,294,967,294 distinct values or groups in one aggregation: group by fewer \
         columns, or use Sketch or Hll"
    )]
    TooMany,
    /// An exact sum or variance is outside its output type.
    #[error(
        "the {what} of column `{column}` is {value} in group {group}, outside {data_type}: {advice}"
    )]
    Overflow {
        column: String,
        what: &'static str,
        value: String,
        group: String,
        data_type: String,
        advice: &'static str,
    },
    /// A window begins or ends where its type ends.
    #[error(
        "the window of {time} in column `{column}` reaches beyond what {data_type} can hold: set \
         such rows aside before this stage, as with a Range rule of validation"
    )]
    NoWindow { column: String, time: String, data_type: String },
    /// A column could not be read or built.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

impl From<StateError> for PluginError {
    fn from(error: StateError) -> Self {
        let message = error.to_string();
        match error {
            StateError::Overflow { column, .. } | StateError::NoWindow { column, .. } => {
                Self::new(message).about(column)
            }
            StateError::TooMany | StateError::Arrow(_) => Self::new(message),
        }
    }
}

impl From<SnapshotError> for PluginError {
    fn from(error: SnapshotError) -> Self {
        Self::new(error.to_string())
    }
}
