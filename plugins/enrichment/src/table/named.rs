//! The columns that a lookup names: which they are, and where they stand.

use tanda_spelling::among;

use super::error::TableError;
use crate::config::Lookup;

/// Table columns that a lookup names, each once.
pub(super) fn named_columns(lookup: &Lookup) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, name) in lookup.on.iter().chain(lookup.take.iter()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Where a column stands in `named_columns`.
pub(super) fn position(names: &[String], name: &str) -> usize {
    let index = names.iter().position(|known| known == name);
    index.expect("named_columns lists every column of on and take")
}

/// Where the named columns stand among those of the file.
pub(super) fn find_columns<'a>(
    lookup: &Lookup,
    names: &[String],
    found: impl Iterator<Item = &'a str> + Clone,
) -> Result<Vec<usize>, TableError> {
    let find = |name: &String| {
        let mut places = found.clone().enumerate().filter(|(_, found)| found == name);
        match (places.next(), places.next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => Err(TableError::UnknownColumn {
                path: lookup.table.clone(),
                column: name.clone(),
                hint: among(name, found.clone()),
            }),
            (Some((first, _)), Some((second, _))) => Err(TableError::TwoColumns {
                path: lookup.table.clone(),
                column: name.clone(),
                first: first + 1,
                second: second + 1,
            }),
        }
    };
    names.iter().map(find).collect()
}
