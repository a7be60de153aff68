use timbral_core::check;

use crate::clip::Clip;
use crate::error::Result;
use crate::mono::MonoReader;
use crate::source::Gaps;

/// Checks the length and stride of segments.
fn check_segments(length: usize, stride: usize) -> Result<()> {
    check(length >= 1, "length", length, "must be at least 1")?;
    check(stride >= 1, "stride", stride, "must be at least 1")?;
    Ok(())
}

/// The first frames of the segments of a sound of `n` frames.
fn segment_starts(n: usize, length: usize, stride: usize) -> Result<impl Iterator<Item = usize>> {
    check_segments(length, stride)?;
    let count = n.checked_sub(length).map_or(0, |last| last / stride + 1);
    Ok((0..count).map(move |i| i * stride))
}

/// An iterator over the segments of a file, made by [`MonoReader::segments`].
///
/// The file is read as the iterator advances. At most one segment and one block of the file are in memory.
/// After an error the iterator ends.
#[derive(Debug)]
pub struct Segments {
    reader: MonoReader,
    length: usize,
    stride: usize,
    /// The samples that have been read and are still needed are `buffer[start..]`.
    buffer: Vec<f32>,
    start: usize,
    /// Samples to skip before the next segment begins.
    to_skip: usize,
    done: bool,
}

impl Segments {
    fn new(reader: MonoReader, length: usize, stride: usize) -> Result<Self> {
        check_segments(length, stride)?;
        Ok(Self {
            reader,
            length,
            stride,
            buffer: Vec::new(),
            start: 0,
            to_skip: 0,
            done: false,
        })
    }

    /// What is missing so far in the part that was read; see [`AudioReader::gaps`](crate::AudioReader::gaps).
    pub fn gaps(&self) -> Gaps {
        self.reader.gaps()
    }

    /// Reads until the buffer holds a segment; `false` if the file ends before.
    fn fill(&mut self) -> Result<bool> {
        loop {
            let skipped = self.to_skip.min(self.buffer.len() - self.start);
            self.start += skipped;
            self.to_skip -= skipped;
            if self.to_skip == 0 && self.buffer.len() - self.start >= self.length {
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
                self.to_skip = self.stride;
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

impl MonoReader {
    /// Segments of `length` samples, one every `stride` samples: segment i is samples
    /// `i * stride .. i * stride + length`. An incomplete last segment is left out. Segments overlap if
    /// `length > stride`; samples between them are skipped if `length < stride`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) if `length` or `stride` is 0.
    /// Each item can be an error of [`AudioReader::read`](crate::AudioReader::read).
    pub fn segments(self, length: usize, stride: usize) -> Result<Segments> {
        Segments::new(self, length, stride)
    }
}

impl Clip {
    /// Segments of `length` frames, one every `stride` frames: segment i is frames
    /// `i * stride .. i * stride + length`. An incomplete last segment is left out. Segments overlap if
    /// `length > stride`; frames between them are skipped if `length < stride`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) if `length` or `stride` is 0.
    ///
    /// ```
    /// use timbral_audio::Clip;
    ///
    /// let clip = Clip::new(vec![1.0, 2.0, 3.0, 4.0, 5.0], 8000, 1)?;
    /// let segments: Vec<&[f32]> = clip.segments(3, 2)?.collect();
    /// assert_eq!(segments, [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]);
    /// # Ok::<(), timbral_audio::Error>(())
    /// ```
    pub fn segments(&self, length: usize, stride: usize) -> Result<impl Iterator<Item = &[f32]>> {
        let channels = usize::from(self.channels());
        let starts = segment_starts(self.frames(), length, stride)?;
        Ok(starts.map(move |s| &self.samples()[s * channels..(s + length) * channels]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_follow_the_definition() {
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
    fn zero_length_and_zero_stride_are_refused() {
        assert!(segment_starts(10, 0, 1).is_err());
        assert!(segment_starts(10, 1, 0).is_err());
        assert_eq!(segment_starts(10, usize::MAX, 1).unwrap().count(), 0);
        assert_eq!(segment_starts(10, 10, usize::MAX).unwrap().count(), 1);
    }
}
