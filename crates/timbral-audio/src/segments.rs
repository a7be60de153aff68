use crate::error::{Result, check};
use crate::mono::MonoReader;

/// The one door for a segment's `length` and `stride`, in samples.
pub(crate) fn check_segments(length: usize, stride: usize) -> Result<()> {
    check(length >= 1, "length", length, "must be at least 1")?;
    check(stride >= 1, "stride", stride, "must be at least 1")
}

/// Where the segments of `n` frames start.
pub(crate) fn segment_starts(
    n: usize,
    length: usize,
    stride: usize,
) -> Result<impl Iterator<Item = usize>> {
    check_segments(length, stride)?;
    let count = n.checked_sub(length).map_or(0, |last| last / stride + 1);
    Ok((0..count).map(move |i| i * stride))
}

/// Segments of a file as they are read: an iterator made by [`MonoReader::segments`].
///
/// At most one segment and one block of the file are in memory. After an error there are no more
/// segments.
#[derive(Debug)]
pub struct Segments {
    reader: MonoReader,
    length: usize,
    stride: usize,
    /// Samples read and still needed are `buffer[start..]`.
    buffer: Vec<f32>,
    start: usize,
    /// Samples to drop before the next segment begins: the gap when stride > length.
    gap: usize,
    done: bool,
}

impl Segments {
    pub(crate) fn new(reader: MonoReader, length: usize, stride: usize) -> Result<Self> {
        check_segments(length, stride)?;
        Ok(Self {
            reader,
            length,
            stride,
            buffer: Vec::new(),
            start: 0,
            gap: 0,
            done: false,
        })
    }

    /// Reads until a segment is in the buffer; `false` when the file ends before.
    fn fill(&mut self) -> Result<bool> {
        loop {
            let skipped = self.gap.min(self.buffer.len() - self.start);
            self.start += skipped;
            self.gap -= skipped;
            if self.gap == 0 && self.buffer.len() - self.start >= self.length {
                return Ok(true);
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            if self.reader.read(&mut self.buffer)? == 0 {
                return Ok(false);
            }
        }
    }
}

impl Iterator for Segments {
    type Item = Result<Vec<f32>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.fill() {
            Ok(true) => {
                let segment = self.buffer[self.start..self.start + self.length].to_vec();
                self.gap = self.stride;
                Some(Ok(segment))
            }
            Ok(false) => {
                self.done = true;
                None
            }
            Err(e) => {
                self.done = true;
                Some(Err(e))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_by_the_definition() {
        for n in 0..20 {
            for length in 1..8 {
                for stride in 1..8 {
                    let got: Vec<usize> = segment_starts(n, length, stride).unwrap().collect();
                    let expected: Vec<usize> = (0..n)
                        .filter(|s| s % stride == 0 && s + length <= n)
                        .collect();
                    assert_eq!(got, expected, "n {n} length {length} stride {stride}");
                }
            }
        }
    }

    #[test]
    fn zero_length_and_zero_stride_are_errors() {
        assert!(segment_starts(10, 0, 1).is_err());
        assert!(segment_starts(10, 1, 0).is_err());
        assert_eq!(segment_starts(10, usize::MAX, 1).unwrap().count(), 0);
        assert_eq!(segment_starts(10, 10, usize::MAX).unwrap().count(), 1);
    }
}
