//! How many bytes compressed ones can become, told without decompressing them.
//!
//! The formats say beside each compressed block how large it is when unpacked, and the decoders
//! reserve as much. A block that says more than its codec can ever make of it is damaged.

use super::fault::Fault;

/// A block that says it grows no more than this is taken at its word.
const GROWTH_TRUSTED: u64 = 64;
/// And so is one that is not larger than this.
const BYTES_TRUSTED: u64 = 256 << 10;

/// The codecs of both formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Snappy,
    Gzip,
    Brotli,
    Lz4,
    Zstd,
}

impl Codec {
    /// Checks that `claimed` bytes can be in a compressed block of `bytes` bytes, which `read`
    /// reads if they must be looked at, and that a block that grows beyond measure stays within
    /// `bytes_max`.
    pub(super) fn check_claim(
        self,
        claimed: u64,
        bytes: u64,
        bytes_max: usize,
        read: impl FnOnce() -> Result<Vec<u8>, Fault>,
    ) -> Result<(), Fault> {
        if claimed <= BYTES_TRUSTED || claimed <= bytes.saturating_mul(GROWTH_TRUSTED) {
            return Ok(());
        }
        let possible = match self {
            Self::Zstd => zstd_bound(&read()?),
            Self::Snappy => bytes.saturating_mul(22),
            Self::Gzip => bytes.saturating_mul(1033),
            Self::Lz4 => bytes.saturating_mul(255),
            Self::Brotli => bytes.saturating_mul(1 << 16).saturating_add(16 << 20),
        };
        if claimed > possible {
            let what = format!("{bytes} compressed bytes say that they hold {claimed}");
            return Err(Fault::Damage(what));
        }
        if claimed > bytes_max as u64 {
            let found = format!(
                "{bytes} compressed bytes that hold {claimed}, more than `engine.memory` \
                 ({bytes_max} bytes)"
            );
            let remedy = "raise `engine.memory` if you trust the file";
            return Err(Fault::Refused { found, remedy });
        }
        Ok(())
    }
}

const ZSTD_MAGIC: u32 = 0xFD2F_B528;
const ZSTD_BLOCK_BYTES_MAX: u64 = 128 << 10;

/// What the frames in `bytes` can hold at most, by the headers of their blocks (RFC 8878).
fn zstd_bound(mut bytes: &[u8]) -> u64 {
    let mut bound = 0;
    while let Some((frame, rest)) = zstd_frame(bytes) {
        bound += frame;
        bytes = rest;
    }
    bound
}

/// The bound of the first frame, and what follows it; none when there is no whole frame.
fn zstd_frame(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let magic = u32::from_le_bytes(*magic);
    if magic & 0xFFFF_FFF0 == 0x184D_2A50 {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        return Some((0, rest.get(u32::from_le_bytes(*length) as usize..)?));
    }
    let (&descriptor, rest) = rest.split_first()?;
    let is_single = descriptor & 0x20 != 0;
    let content_size = match (descriptor >> 6, is_single) {
        (0, single) => usize::from(single),
        (flag, _) => 1 << flag,
    };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let mut rest = rest.get(usize::from(!is_single) + dictionary + content_size..)?;
    let mut bound = 0;
    (magic == ZSTD_MAGIC).then_some(())?;
    loop {
        let (header, after) = rest.split_first_chunk::<3>()?;
        let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let (is_last, kind, size) = (header & 1 == 1, (header >> 1) & 3, header >> 3);
        // A block of one repeated byte has the byte alone; a compressed one may hold a full block.
        let (stored, held) = match kind {
            0 => (size, u64::from(size)),
            1 => (1, u64::from(size)),
            _ => (size, ZSTD_BLOCK_BYTES_MAX),
        };
        bound += held;
        rest = after.get(stored as usize..)?;
        if is_last {
            let checksum = if descriptor & 4 != 0 { 4 } else { 0 };
            return Some((bound, rest.get(checksum..)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(codec: Codec, bytes: &[u8], claimed: u64) -> Result<(), Fault> {
        codec.check_claim(claimed, bytes.len() as u64, 1 << 30, || Ok(bytes.to_vec()))
    }

    #[test]
    fn zeros_may_claim_their_size_and_nothing_far_above_it() {
        let size = 50 << 20;
        let packed = zstd::bulk::compress(&vec![0; size], 3).unwrap();
        assert!(packed.len() * 1000 < size, "{}", packed.len());
        claim(Codec::Zstd, &packed, size as u64).unwrap();
        let above = claim(Codec::Zstd, &packed, size as u64 + (1 << 20));
        assert!(matches!(above, Err(Fault::Damage(_))), "{above:?}");
    }

    #[test]
    fn a_lie_about_the_size_is_damage_for_every_codec() {
        for codec in [Codec::Snappy, Codec::Gzip, Codec::Brotli, Codec::Lz4, Codec::Zstd] {
            claim(codec, &[7; 100], 6400).unwrap();
            let lie = claim(codec, &[7; 100], 1 << 40);
            assert!(matches!(lie, Err(Fault::Damage(_))), "{codec:?}");
        }
    }

    #[test]
    fn what_grows_beyond_measure_stays_within_the_memory() {
        let packed = zstd::bulk::compress(&vec![0; 8 << 20], 3).unwrap();
        let (claimed, bytes) = (8 << 20, packed.len() as u64);
        let refused = Codec::Zstd.check_claim(claimed, bytes, 4 << 20, || Ok(packed));
        assert!(matches!(refused, Err(Fault::Refused { .. })), "{refused:?}");
    }
}
