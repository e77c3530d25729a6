//! The file of a table.

use super::error::TableError;

/// Opens it; a folder is none.
pub(super) fn open(path: &str) -> Result<std::fs::File, TableError> {
    let failed = |source| TableError::Open { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.is_dir() {
        true => Err(failed(std::io::ErrorKind::IsADirectory.into())),
        false => Ok(file),
    }
}
