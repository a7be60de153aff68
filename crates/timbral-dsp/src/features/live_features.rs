use super::analysis::FeatureScratch;
use super::feature_set::FeatureSet;
use crate::error::{Result, check, check_finite_from};

/// Parameters of [`LiveFeatures`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LiveParams {
    /// Samples in each window, `1..=2^24`; default 66150, three seconds at 22 050 Hz.
    pub window_length: usize,
    /// Samples from the start of a window to the start of the next, `1..=2^24`; default 22050, one second at 22
    /// 050 Hz.
    pub hop_length: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for LiveParams {
    fn default() -> Self {
        Self {
            window_length: 66_150,
            hop_length: 22_050,
            _non_exhaustive: (),
        }
    }
}

impl LiveParams {
    /// Checks the ranges of both lengths.
    ///
    /// # Errors
    ///
    /// `window_length` or `hop_length` outside `1..=2^24`.
    pub fn validate(&self) -> Result<()> {
        let lengths = [
            ("window_length", self.window_length),
            ("hop_length", self.hop_length),
        ];
        for (name, length) in lengths {
            let holds = (1..=1 << 24).contains(&length);
            check(holds, name, length, "must be in 1..=2^24")?;
        }
        Ok(())
    }
}

/// The columns of one window of a sound that arrives live.
#[derive(Debug)]
#[non_exhaustive]
pub struct LiveColumns<'a> {
    /// The first sample of the window, counted from the start of the sound.
    pub start: u64,
    /// The samples of the window.
    pub samples: &'a [f32],
    /// The values, in the order of [`FeatureSet::names`].
    pub values: &'a [f64],
}

/// Computes the columns of a [`FeatureSet`] for windows of a sound while it arrives.
///
/// Window `k` has the samples `k hop_length .. k hop_length + window_length`. Its columns are computed in the
/// call of [`push`](Self::push) that brings its last sample. There is no further delay, and no later sample
/// changes them.
///
/// The columns have the bits of [`FeatureSet::process`] of the window, whatever the sizes of the blocks. So a
/// model that was trained on segments of this length gets the same numbers. Memory does not grow with the
/// length of the sound.
///
/// ```
/// use timbral_dsp::{FeatureSet, FeatureSetParams, LiveFeatures, LiveParams};
///
/// let set = FeatureSet::new("rms,zero_crossing_rate:mean".parse::<FeatureSetParams>()?)?;
/// let mut live = LiveFeatures::new(set, LiveParams::default())?;
/// let sound: Vec<f32> = (0..110_250).map(|n| (n as f32 * 0.05).sin()).collect();
/// let mut starts = Vec::new();
/// for block in sound.chunks(1000) {
///     live.push(block, |columns| starts.push(columns.start))?;
/// }
/// assert_eq!(starts, [0, 22_050, 44_100]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LiveFeatures {
    set: FeatureSet,
    params: LiveParams,
    scratch: FeatureScratch,
    /// The samples of the window so far.
    window: Vec<f32>,
    /// The first sample of the window.
    start: u64,
    /// Samples before the next window that are left to pass over.
    skip: usize,
}

impl LiveFeatures {
    /// Starts before the first sample of a sound.
    ///
    /// # Errors
    ///
    /// Those of [`LiveParams::validate`].
    pub fn new(set: FeatureSet, params: LiveParams) -> Result<Self> {
        params.validate()?;
        Ok(Self {
            scratch: set.make_scratch(),
            set,
            params,
            window: Vec::new(),
            start: 0,
            skip: 0,
        })
    }

    /// The set.
    pub fn set(&self) -> &FeatureSet {
        &self.set
    }

    /// The parameters it was made with.
    pub fn params(&self) -> &LiveParams {
        &self.params
    }

    /// Takes the next mono samples, at the sample rate of the set. Calls `take` with the columns of every
    /// window that is complete, in order.
    ///
    /// # Errors
    ///
    /// - A sample that is NaN or infinite, whose index counts from the start of the window. The whole block is
    ///   then ignored.
    /// - The errors of [`FeatureSet::process`] for a window. The window is then left out, and the rest of the
    ///   block is ignored.
    pub fn push(&mut self, block: &[f32], mut take: impl FnMut(LiveColumns<'_>)) -> Result<()> {
        check_finite_from("signal", self.window.len(), block)?;
        let mut rest = block;
        while !rest.is_empty() {
            let skipped = self.skip.min(rest.len());
            self.skip -= skipped;
            rest = &rest[skipped..];
            let missing = self.params.window_length - self.window.len();
            let (now, later) = rest.split_at(missing.min(rest.len()));
            self.window.extend_from_slice(now);
            rest = later;
            if self.window.len() < self.params.window_length {
                continue;
            }
            let (window, scratch) = (&self.window, &mut self.scratch);
            let values = self.set.process_with_scratch(window, scratch);
            if let Ok(values) = &values {
                take(LiveColumns {
                    start: self.start,
                    samples: window,
                    values,
                });
            }
            let hop = self.params.hop_length;
            self.start += hop as u64;
            self.skip = hop.saturating_sub(self.window.len());
            self.window.drain(..hop.min(self.window.len()));
            values?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::signals::{noise, small};

    #[test]
    fn pieces_of_any_size_give_the_bits_of_every_window() {
        let y = noise(5000);
        for (window_length, hop_length) in [(900, 300), (700, 700), (512, 1100), (64, 1)] {
            let params = LiveParams {
                window_length,
                hop_length,
                ..LiveParams::default()
            };
            let y = if hop_length == 1 { &y[..200] } else { &y };
            let set = FeatureSet::new(small()).unwrap();
            let starts = (0..).map(|k| k * hop_length);
            let starts = starts.take_while(|start| start + window_length <= y.len());
            let expected: Vec<(u64, Vec<f64>)> = starts
                .map(|at| (at as u64, set.process(&y[at..at + window_length]).unwrap()))
                .collect();
            for size in [1, 7, 299, 300, 301, 899, 900, 4096, 5000] {
                let mut live = LiveFeatures::new(set.clone(), params).unwrap();
                let (mut got, mut taken) = (Vec::new(), 0);
                for block in y.chunks(size) {
                    let before = got.len();
                    live.push(block, |c| got.push((c.start, c.values.to_vec())))
                        .unwrap();
                    taken += block.len();
                    // As soon as the last sample is there, and not before.
                    for (start, _) in &got[before..] {
                        let end = *start as usize + window_length;
                        assert!(end <= taken && end > taken - block.len());
                    }
                }
                assert_eq!(got, expected, "{window_length} {hop_length} {size}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_left_out() {
        let params = LiveParams {
            window_length: 100,
            hop_length: 100,
            ..LiveParams::default()
        };
        let set = FeatureSet::new(small()).unwrap();
        let mut live = LiveFeatures::new(set, params).unwrap();
        let y = noise(100);
        let mut bad = y.clone();
        bad[30] = f32::NAN;
        assert!(live.push(&bad, |_| panic!("of NaN")).is_err());
        assert!(
            live.push(&[f32::MAX; 100], |_| panic!("too large"))
                .is_err()
        );
        let mut starts = Vec::new();
        live.push(&y, |c| starts.push(c.start)).unwrap();
        assert_eq!(starts, [100]);
        for (window_length, hop_length) in [(0, 1), (1, 0), (1 << 25, 1)] {
            let params = LiveParams {
                window_length,
                hop_length,
                ..params
            };
            assert!(params.validate().is_err());
        }
    }
}
