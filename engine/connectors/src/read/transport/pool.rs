//! Aligned buffers that return to their pool when the last user drops them.
//!
//! A fresh buffer of a megabyte costs some 250 page faults; a recycled one costs none. All start at
//! a multiple of 64 bytes, because the kernel copies into a misaligned buffer at a quarter of the
//! speed.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::buffer::MutableBuffer;

/// Every buffer starts at a multiple of so many bytes.
pub(crate) const ALIGN: usize = 64;
/// Buffers are whole multiples of this, so that a pool of one source fits its next piece.
const GRAIN: usize = 64 << 10;
/// Buffers kept for later at most.
const FREE_MAX: usize = 16;

/// The free buffers of one source.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    free: Mutex<Vec<MutableBuffer>>,
}

impl Pool {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// A buffer of at least `bytes` bytes: a used one that is large enough, else a new one.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> PooledBuffer {
        let bytes = bytes.max(1).next_multiple_of(GRAIN);
        let used = self.pop().filter(|used| used.len() >= bytes && used.len() <= 4 * bytes);
        let data = used.unwrap_or_else(|| MutableBuffer::from_len_zeroed(bytes));
        debug_assert_eq!(data.as_ptr() as usize % ALIGN, 0, "arrow aligns its buffers");
        PooledBuffer { data, pool: Arc::clone(self) }
    }

    fn pop(&self) -> Option<MutableBuffer> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, data: MutableBuffer) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < FREE_MAX {
            free.push(data);
        }
    }
}

/// A buffer of a fixed length, all of it initialised, that goes back to its pool on drop.
#[derive(Debug)]
pub(crate) struct PooledBuffer {
    data: MutableBuffer,
    pool: Arc<Pool>,
}

impl PooledBuffer {
    /// Bytes of memory it holds.
    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.data.as_slice()
    }

    pub(crate) fn as_slice_mut(&mut self) -> &mut [u8] {
        self.data.as_slice_mut()
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        let data = std::mem::replace(&mut self.data, MutableBuffer::new(0));
        self.pool.give_back(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_used_again() {
        let pool = Pool::new();
        let first = pool.take(100_000);
        let place = first.as_slice().as_ptr();
        drop(first);
        let second = pool.take(90_000);
        assert_eq!(second.as_slice().as_ptr(), place);
        assert_eq!(place as usize % ALIGN, 0);
        assert_eq!(second.len(), 131_072);
    }

    #[test]
    fn a_buffer_that_is_far_too_large_is_not_kept_for_small_pieces() {
        let pool = Pool::new();
        drop(pool.take(8 << 20));
        assert_eq!(pool.take(10).len(), GRAIN);
    }
}
