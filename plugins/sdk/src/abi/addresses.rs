//! Recognises a column that comes back, by where its buffers lie.

use super::ArrowArray;

/// Where the columns of an exported batch lie, to recognise them when they come back.
///
/// A plugin that passes a column on gives back an array over the same memory. The host then keeps
/// the array it had, instead of a new one around the plugin's around its own.
#[derive(Debug, Default)]
pub struct Addresses {
    words: Vec<usize>,
    /// End of each column in `words`, and whether its addresses outlive the exported array.
    columns: Vec<(usize, bool)>,
}

impl Addresses {
    /// Forgets all columns, keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.columns.clear();
    }

    pub(super) fn push(&mut self, array: &ArrowArray, lasting: bool) {
        let words = &mut self.words;
        // SAFETY: `array` was exported just now by this module (S5).
        unsafe {
            walk(array, &mut |word| {
                words.push(word);
                true
            });
        }
        self.columns.push((self.words.len(), lasting));
    }

    /// Is this array the exported column, buffer for buffer?
    ///
    /// Holds only while the batch that was exported is alive: addresses are used again after it.
    ///
    /// # Safety
    /// The array is structurally valid for the column's type (S5).
    pub unsafe fn is_column(&self, column: usize, array: &ArrowArray) -> bool {
        let Some(&(end, lasting)) = self.columns.get(column) else { return false };
        let start = column.checked_sub(1).map_or(0, |before| self.columns[before].0);
        let mut expected = self.words[start..end].iter();
        // SAFETY: by the contract of this function.
        let same = unsafe { walk(array, &mut |word| expected.next() == Some(&word)) };
        lasting && same && expected.next().is_none()
    }
}

/// Visits length, offset and buffer addresses of an array and its children until told to stop.
///
/// # Safety
/// `buffers`, `children` and `dictionary` are as long as the array says (S5).
unsafe fn walk(array: &ArrowArray, visit: &mut impl FnMut(usize) -> bool) -> bool {
    if !visit(array.length as usize) || !visit(array.offset as usize) {
        return false;
    }
    for index in 0..array.n_buffers as usize {
        // SAFETY: `index` is below `n_buffers` (contract).
        if !visit(unsafe { *array.buffers.add(index) } as usize) {
            return false;
        }
    }
    for index in 0..array.n_children as usize {
        // SAFETY: `index` is below `n_children`, and no child is null (contract).
        if !unsafe { walk(&**array.children.add(index), visit) } {
            return false;
        }
    }
    // SAFETY: null or a valid array (contract).
    unsafe { array.dictionary.as_ref() }.is_none_or(|values| unsafe { walk(values, visit) })
}
