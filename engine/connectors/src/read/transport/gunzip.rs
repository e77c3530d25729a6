//! Gzip as files have it: several members in a row, and zeros behind the last one.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The bytes of all members. Zeros behind a member, with which tapes and some uploads are filled
/// up, are passed over, as gzip itself does.
pub(crate) struct Gunzip<R> {
    /// The member that is read; none only inside a call.
    member: Option<GzDecoder<R>>,
    /// The member has ended, and the next one was not looked for.
    between: bool,
}

impl<R: BufRead> Gunzip<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { member: Some(GzDecoder::new(input)), between: false }
    }

    fn member(&mut self) -> &mut GzDecoder<R> {
        self.member.as_mut().expect("it is put back before a call ends")
    }

    /// What is decompressed.
    pub(crate) fn get_mut(&mut self) -> &mut R {
        self.member().get_mut()
    }

    /// Goes to the next member; false if there is none.
    fn advance(&mut self) -> io::Result<bool> {
        let input = self.get_mut();
        loop {
            let bytes = input.fill_buf()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let (is_end, is_next) = (bytes.is_empty(), zeros < bytes.len());
            input.consume(zeros);
            if is_end {
                return Ok(false);
            }
            if is_next {
                break;
            }
        }
        self.member = self.member.take().map(|member| GzDecoder::new(member.into_inner()));
        self.between = false;
        Ok(true)
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.between && !self.advance()? {
                return Ok(0);
            }
            let count = self.member().read(target)?;
            if count > 0 || target.is_empty() {
                return Ok(count);
            }
            self.between = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> io::Result<String> {
        // One byte at a time, so that every border is met.
        let mut text = String::new();
        Gunzip::new(io::BufReader::with_capacity(1, bytes)).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn members_follow_each_other_and_zeros_end_them() {
        let [one, two] = [packed("one\n"), packed("two\n")];
        assert_eq!(unpacked(&[&one[..], &two].concat()).unwrap(), "one\ntwo\n");
        assert_eq!(unpacked(&[&one[..], &two, &[0; 100]].concat()).unwrap(), "one\ntwo\n");
        assert_eq!(unpacked(&[&one[..], &packed(""), &two].concat()).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn anything_else_behind_a_member_is_damage() {
        let one = packed("one\n");
        assert!(unpacked(&[&one[..], b"two"].concat()).is_err());
        assert!(unpacked(&[&one[..], &[0, 0], b"x"].concat()).is_err());
        assert!(unpacked(&one[..one.len() - 3]).is_err());
        assert!(unpacked(b"").is_err());
    }
}
