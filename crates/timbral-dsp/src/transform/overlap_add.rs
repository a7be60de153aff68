use super::stft_params::StftParams;
use crate::error::{Error, InvalidParameter, Result};
use crate::simd::LANES;

/// A signal being summed from windowed frames.
///
/// A sample is complete as soon as no later frame overlaps it. It is then divided by the sum of the squared
/// windows at its position, so that only the sums of the last frames are kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct OverlapAdd {
    /// The complete samples that the caller has not taken.
    pub(crate) samples: Vec<f32>,
    /// Samples completed so far.
    n_complete: usize,
    /// The signal has no more samples than this, and no more frames.
    length: usize,
    n_frames: usize,
    n_fft: usize,
    hop: usize,
    pad: usize,
    /// Sums from position `first` of the padded signal on.
    sums: Vec<f32>,
    first: usize,
    squares: Vec<f32>,
    /// The sum of the squares over a hop in which as many frames overlap as there can be, and in any other.
    full: Vec<f32>,
    edge: Vec<f32>,
}

impl OverlapAdd {
    /// Starts a signal whose length is not known yet, reusing the memory.
    pub(super) fn start(&mut self, params: &StftParams, window: &[f64]) {
        (self.n_fft, self.hop) = (params.n_fft, params.hop_length);
        self.pad = params.framing().pad();
        (self.n_complete, self.first) = (0, 0);
        (self.length, self.n_frames) = (usize::MAX, usize::MAX);
        self.samples.clear();
        self.sums.clear();
        self.squares.clear();
        self.squares.extend(window.iter().map(|w| (w * w) as f32));
        let mut full = std::mem::take(&mut self.full);
        self.weigh(self.overlap() - 1, usize::MAX, &mut full);
        self.full = full;
    }

    /// Starts a signal of `n_frames` frames.
    pub(super) fn start_whole(
        &mut self,
        params: &StftParams,
        window: &[f64],
        n_frames: usize,
        length: Option<usize>,
    ) -> Result<()> {
        if n_frames == 0 {
            return Err(Error::TooShort {
                name: "spectrum columns",
                needed: 1,
                got: 0,
            });
        }
        self.start(params, window);
        self.length = length.unwrap_or_else(|| self.natural_length(n_frames));
        // Frames that start after the last wanted sample are left out, also of the sum of squares.
        let padded = self.length.saturating_add(2 * self.pad);
        self.n_frames = n_frames.min(padded.div_ceil(self.hop));
        // The caller chooses the length, which may exceed the memory of the machine.
        self.samples.try_reserve_exact(self.length).map_err(|_| {
            InvalidParameter::new("length", self.length, "does not fit into memory")
        })?;
        Ok(())
    }

    /// Samples of the signal of `n_frames` frames, without padding.
    pub(super) fn natural_length(&self, n_frames: usize) -> usize {
        self.n_fft + self.hop * (n_frames - 1) - 2 * self.pad
    }

    /// Of `n` frames from `first` on, those that the signal takes.
    pub(super) fn used(&self, first: usize, n: usize) -> usize {
        self.n_frames.saturating_sub(first).min(n).min(LANES)
    }

    /// Adds the overlapped `n > 0` frames from `first` on, and completes what no later frame reaches.
    pub(super) fn add(&mut self, first: usize, n: usize, sums: &[f32]) {
        let at = first * self.hop - self.first;
        if self.sums.len() < at + sums.len() {
            self.sums.resize(at + sums.len(), 0.0);
        }
        for (y, x) in self.sums[at..].iter_mut().zip(sums) {
            *y += x;
        }
        let complete = ((first + n) * self.hop).saturating_sub(self.pad);
        // No more than there is if these are the last frames.
        let until = complete.min(self.natural_length(first + n));
        self.complete(until.min(self.length), usize::MAX);
    }

    /// Completes the signal of `n_frames` frames: `length` samples.
    pub(super) fn finish(&mut self, n_frames: usize, length: usize) {
        let length = length.min(self.length);
        let positions = (length + self.pad).saturating_sub(self.first);
        self.sums.resize(positions.max(self.sums.len()), 0.0);
        self.complete(length, n_frames.min(self.n_frames));
    }

    /// The length of a whole signal.
    pub(super) fn finish_whole(&mut self) {
        self.finish(self.n_frames, self.length);
    }

    /// Completes the samples before sample `until`, if there are `n_frames` frames.
    fn complete(&mut self, until: usize, n_frames: usize) {
        if until <= self.n_complete {
            return;
        }
        let inner = self.overlap() - 1..n_frames;
        let mut edge = std::mem::take(&mut self.edge);
        while self.n_complete < until {
            let position = self.n_complete + self.pad;
            let (block, skip) = (position / self.hop, position % self.hop);
            let n = (self.hop - skip).min(until - self.n_complete);
            let weight = if inner.contains(&block) {
                &self.full
            } else {
                self.weigh(block, n_frames, &mut edge);
                &edge
            };
            let sums = self.sums[position - self.first..][..n].iter();
            let divided = sums
                .zip(&weight[skip..])
                .map(|(y, w)| if *w > f32::MIN_POSITIVE { y / w } else { *y });
            self.samples.extend(divided);
            self.n_complete += n;
        }
        self.edge = edge;
        let done = self.n_complete + self.pad - self.first;
        self.sums.drain(..done);
        self.first += done;
    }

    /// The largest number of frames that reach a sample.
    fn overlap(&self) -> usize {
        self.n_fft.div_ceil(self.hop)
    }

    /// The sum of the squared windows of those of `n_frames` frames that reach hop `block`.
    fn weigh(&self, block: usize, n_frames: usize, weight: &mut Vec<f32>) {
        weight.clear();
        weight.resize(self.hop, 0.0);
        for t in (block + 1).saturating_sub(self.overlap())..(block + 1).min(n_frames) {
            let part = self.squares[(block - t) * self.hop..].iter().take(self.hop);
            weight.iter_mut().zip(part).for_each(|(w, s)| *w += s);
        }
    }
}
