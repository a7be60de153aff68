use crate::error::{Error, Result, check};

/// The values of a signal before its first and after its last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum PadMode {
    /// Zeros (`constant` in librosa; its default since 0.10).
    #[default]
    Zero,
    /// Mirror about the end samples, which are not repeated (`reflect`; librosa's default before 0.10).
    Reflect,
    /// The end sample repeated (`edge`).
    Edge,
}

impl PadMode {
    /// The index of the sample at `position` of the continued signal of `n` samples; `None` for a
    /// zero.
    ///
    /// ```
    /// use timbral_dsp::PadMode;
    ///
    /// assert_eq!(PadMode::Reflect.source(-1, 4), Some(1));
    /// assert_eq!(PadMode::Edge.source(7, 4), Some(3));
    /// assert_eq!(PadMode::Zero.source(4, 4), None);
    /// ```
    pub fn source(self, position: isize, n: usize) -> Option<usize> {
        if n == 0 {
            return None;
        }
        let last = n as isize - 1;
        if (0..=last).contains(&position) {
            return Some(position as usize);
        }
        match self {
            Self::Zero => None,
            Self::Edge => Some(position.clamp(0, last) as usize),
            Self::Reflect if last == 0 => Some(0),
            Self::Reflect => {
                let folded = position.rem_euclid(2 * last);
                Some(folded.min(2 * last - folded) as usize)
            }
        }
    }
}

/// Longest frame, transform or hop, in samples: five minutes at 48 kHz. The limit prevents sums of positions
/// from overflowing, and plans from allocating extreme amounts of memory.
const MAX_LENGTH: usize = 1 << 24;

/// The rule for the length of a transform.
pub(crate) fn check_n_fft(n_fft: usize) -> Result<()> {
    let holds = (2..=MAX_LENGTH).contains(&n_fft);
    check(holds, "n_fft", n_fft, "must be in 2..=2^24")?;
    Ok(())
}

/// The rule for the samples between frames.
pub(crate) fn check_hop_length(hop_length: usize) -> Result<()> {
    let holds = (1..=MAX_LENGTH).contains(&hop_length);
    check(holds, "hop_length", hop_length, "must be in 1..=2^24")?;
    Ok(())
}

/// How a signal is cut into overlapping frames: `librosa.util.frame` after `np.pad`.
///
/// Frame `t` holds samples `t * hop_length - p .. t * hop_length - p + frame_length`, with
/// `p = frame_length / 2` if `center` holds, else 0. For `n` samples there are
/// `1 + (n + 2 p - frame_length) / hop_length` frames.
///
/// ```
/// use timbral_dsp::{Framing, PadMode};
///
/// let framing = Framing {
///     frame_length: 4,
///     hop_length: 2,
///     pad_mode: PadMode::Reflect,
///     ..Framing::default()
/// };
/// let y = [1.0, 2.0, 3.0, 4.0, 5.0];
/// assert_eq!(framing.n_frames(y.len())?, 3);
/// let mut frame = [0.0; 4];
/// framing.copy_frame(&y, 0, &mut frame);
/// assert_eq!(frame, [3.0, 2.0, 1.0, 2.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Framing {
    /// Samples in a frame, `1..=2^24`; default 2048.
    pub frame_length: usize,
    /// Samples from the start of a frame to the start of the next, `1..=2^24`; default 512.
    pub hop_length: usize,
    /// Whether frame `t` is centred on sample `t * hop_length`; default true.
    pub center: bool,
    /// The samples that a centred frame has beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            frame_length: 2048,
            hop_length: 512,
            center: true,
            pad_mode: PadMode::Zero,
            _non_exhaustive: (),
        }
    }
}

impl Framing {
    /// Checks the ranges of both lengths.
    ///
    /// # Errors
    ///
    /// `frame_length` or `hop_length` outside `1..=2^24`.
    pub fn validate(&self) -> Result<()> {
        let length = self.frame_length;
        let holds = (1..=MAX_LENGTH).contains(&length);
        check(holds, "frame_length", length, "must be in 1..=2^24")?;
        check_hop_length(self.hop_length)?;
        Ok(())
    }

    /// Padding on each side, in samples.
    pub(crate) fn pad(&self) -> usize {
        if self.center {
            self.frame_length / 2
        } else {
            0
        }
    }

    /// Number of frames of `n` samples.
    ///
    /// # Errors
    ///
    /// - a `frame_length` or `hop_length` outside `1..=2^24`;
    /// - no samples, or fewer than fill one frame.
    pub fn n_frames(&self, n: usize) -> Result<usize> {
        self.validate()?;
        let padded = n.saturating_add(2 * self.pad());
        if n == 0 || padded < self.frame_length {
            let needed = self.frame_length.saturating_sub(2 * self.pad()).max(1);
            return Err(Error::TooShort {
                name: "signal",
                needed,
                got: n,
            });
        }
        Ok(1 + (padded - self.frame_length) / self.hop_length)
    }

    /// Copies frame `index` of `y` into `frame`, whose length is `frame_length`.
    pub fn copy_frame(&self, y: &[f32], index: usize, frame: &mut [f32]) {
        self.copy_samples(y, index, frame);
    }

    /// The samples of the `n_frames` frames from frame `first` on; `memory` holds them where they are padded.
    pub(crate) fn samples<'a>(
        &self,
        y: &'a [f32],
        first: usize,
        n_frames: usize,
        memory: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        let n = (n_frames - 1) * self.hop_length + self.frame_length;
        let start = (first * self.hop_length).checked_sub(self.pad());
        if let Some(inside) = start.and_then(|start| y.get(start..start + n)) {
            return inside;
        }
        memory.resize(n, 0.0);
        self.copy_samples(y, first, memory);
        memory
    }

    /// Copies the samples from the start of frame `index` on, padded beyond the ends of `y`.
    pub(crate) fn copy_samples(&self, y: &[f32], index: usize, out: &mut [f32]) {
        let start = (index * self.hop_length) as isize - self.pad() as isize;
        let end = start + out.len() as isize;
        let n = y.len() as isize;
        let (from, to) = (start.clamp(0, n), end.clamp(0, n));
        if from < to {
            let (skip, take) = ((from - start) as usize, (to - from) as usize);
            out[skip..skip + take].copy_from_slice(&y[from as usize..to as usize]);
        }
        let outside = (start..from.max(start).min(end)).chain(to.max(start).min(end)..end);
        for position in outside {
            let source = self.pad_mode.source(position, y.len());
            out[(position - start) as usize] = source.map_or(0.0, |s| y[s]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reflection_is_repeated_for_far_positions() {
        let y = [0usize, 1, 2];
        let expected = [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2];
        for (i, want) in expected.iter().enumerate() {
            let got = PadMode::Reflect.source(i as isize - 4, 3).map(|s| y[s]);
            assert_eq!(got, Some(*want), "position {}", i as isize - 4);
        }
        assert_eq!(PadMode::Reflect.source(-9, 1), Some(0));
        assert_eq!(PadMode::Edge.source(0, 0), None);
    }

    #[test]
    fn frame_counts_follow_the_formula() {
        let centred = Framing::default();
        assert_eq!(centred.n_frames(661_794), Ok(1293));
        assert_eq!(centred.n_frames(66_149), Ok(130));
        assert_eq!(centred.n_frames(1), Ok(1));
        assert!(centred.n_frames(0).is_err());
        let plain = Framing {
            center: false,
            ..centred
        };
        assert_eq!(plain.n_frames(2048), Ok(1));
        assert_eq!(plain.n_frames(2560), Ok(2));
        assert!(plain.n_frames(2047).is_err());
        assert!(
            Framing {
                hop_length: 0,
                ..centred
            }
            .n_frames(10)
            .is_err()
        );
        assert!(
            Framing {
                frame_length: 0,
                ..centred
            }
            .n_frames(10)
            .is_err()
        );
    }
}
