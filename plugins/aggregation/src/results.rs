//! Result rows on their way out.

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use tanda_plugin::{Emitter, PluginError};

/// Port on which results leave.
const MAIN: usize = 0;
/// Rows of a result batch, at most.
const RESULT_ROWS_MAX: usize = 65_536;

/// Result rows in pieces, in the order in which they leave.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pieces: Vec<Vec<ArrayRef>>,
    rows: usize,
}

impl Results {
    /// Appends rows: all columns of the port, all of this length.
    pub(crate) fn push(&mut self, columns: Vec<ArrayRef>, rows: usize) {
        if rows > 0 {
            self.pieces.push(columns);
            self.rows += rows;
        }
    }

    /// Emits what there is as one batch, or nothing.
    ///
    /// # Errors
    /// Those of the emitter, or arrow could not join the pieces.
    pub(crate) fn emit(self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        match self.rows {
            0 => Ok(()),
            rows => out.emit(MAIN, self.columns(out)?, rows),
        }
    }

    /// Emits what there is as batches of bounded length, as only `finish` may.
    ///
    /// # Errors
    /// As [`Self::emit`].
    pub(crate) fn emit_in_parts(self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        let columns = self.columns(out)?;
        for start in (0..self.rows).step_by(RESULT_ROWS_MAX) {
            let rows = RESULT_ROWS_MAX.min(self.rows - start);
            let part = columns.iter().map(|column| column.slice(start, rows)).collect();
            out.emit(MAIN, part, rows)?;
        }
        Ok(())
    }

    /// The wanted columns, each in one piece.
    fn columns(&self, out: &Emitter<'_>) -> Result<Vec<ArrayRef>, PluginError> {
        let count = self.pieces.first().map_or(0, Vec::len);
        let wanted = (0..count).filter(|column| out.wants(MAIN, *column));
        let join = |column: usize| {
            let pieces = self.pieces.iter().map(|piece| piece[column].as_ref());
            concat(&pieces.collect::<Vec<&dyn Array>>())
        };
        Ok(wanted.map(join).collect::<Result<_, _>>()?)
    }
}
