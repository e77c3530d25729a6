//! The formats that hold columns, by name.

use tanda_spelling::NamedFormat;

/// A format that holds columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnarFormat {
    Parquet,
    Arrow,
}

impl ColumnarFormat {
    /// As the endings of names know it.
    pub(crate) fn named(self) -> NamedFormat {
        match self {
            Self::Parquet => NamedFormat::Parquet,
            Self::Arrow => NamedFormat::Arrow,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
        }
    }
}
