use super::analysis::{Analysis, FeatureScratch};
use super::separation::Separation;
use crate::frames::{crossing_rates, frame_rms};
use crate::simd::{LANES, dispatch};
use crate::spectral::{find_peaks, largest, shapes};

/// Fraction of the spectrum below the rolloff frequency.
const ROLL_PERCENT: f32 = 0.85;

/// Tiles that are separated together, plus one on each side for the medians along time: 6 MB, so
/// that two threads do not evict each other from the cache.
const CHUNK: usize = 16;

/// Most tiles of a signal whose power spectra are kept until the tuning is known; a 30-s clip has 81.
/// Longer signals are transformed twice, which takes a fifth of their time.
pub(super) const KEPT: usize = 96;

/// The first pass over a signal: everything but the features that need the tuning or the loudest band of the
/// whole signal.
#[derive(Debug)]
pub(super) struct FirstPass {
    /// Tiles and frames transformed so far.
    tiles: usize,
    frames: usize,
    /// Tiles whose harmonic part is in the waveform.
    separated: usize,
    /// The tile of the signal that is tile 0 of the spectra.
    held: usize,
    /// The largest value of the mel bands, in decibels.
    pub(super) loudest: f32,
    pub(super) rms: Vec<f32>,
    pub(super) zero_crossing_rate: Vec<f64>,
    pub(super) centroid: Vec<f64>,
    pub(super) bandwidth: Vec<f64>,
    pub(super) rolloff: Vec<f64>,
}

impl FirstPass {
    pub(super) fn start(analysis: &Analysis, scratch: &mut FeatureScratch) -> Self {
        analysis.fit(scratch);
        scratch.pitches.clear();
        let separation = &mut scratch.separation;
        analysis.stft.start_inverse(&mut separation.waveform);
        separation.n = 0;
        separation.harmonic.start();
        separation.percussive.start();
        Self {
            tiles: 0,
            frames: 0,
            separated: 0,
            held: 0,
            loudest: f32::NEG_INFINITY,
            rms: Vec::new(),
            zero_crossing_rate: Vec::new(),
            centroid: Vec::new(),
            bandwidth: Vec::new(),
            rolloff: Vec::new(),
        }
    }

    /// Whether the power spectra of all tiles so far are in memory.
    pub(super) fn keeps_all(&self) -> bool {
        self.tiles <= KEPT
    }

    /// Takes the next `used` frames: 16, or fewer at the end.
    pub(super) fn tile(&mut self, used: usize, analysis: &Analysis, scratch: &mut FeatureScratch) {
        let at = self.tiles - self.held;
        let slot = if self.tiles < KEPT { self.tiles } else { 0 };
        analysis.transform((self.frames, used), at, slot, scratch);
        self.measure(used, (at, slot), analysis, scratch);
        self.tiles += 1;
        self.frames += used;
        // The 16 frames of the next tile cover the 15 that the median along time needs.
        if self.tiles - self.separated > CHUNK {
            self.separate(CHUNK, analysis, scratch);
        }
    }

    /// Computes all features of one tile while it is in the cache.
    fn measure(
        &mut self,
        used: usize,
        (at, slot): (usize, usize),
        analysis: &Analysis,
        scratch: &mut FeatureScratch,
    ) {
        let framing = analysis.framing();
        let samples = scratch.signal.frames(self.frames, used);
        frame_rms(samples, &framing, used, &mut self.rms);
        let (samples, start) = scratch.signal.signal_in_frames(self.frames, used);
        crossing_rates(samples, start, &framing, used, &mut self.zero_crossing_rate);
        let tile = scratch.magnitude.tile(at);
        let f = &analysis.frequencies;
        let [centroid, bandwidth, rolloff] = dispatch(
            #[inline(always)]
            || {
                let sums = shapes::sums(tile);
                let centroid = shapes::centroid(tile, f, &sums);
                let bandwidth = shapes::bandwidth(tile, f, &sums, &centroid, 2.0);
                [centroid, bandwidth, shapes::rolloff(tile, f, ROLL_PERCENT)]
            },
        );
        self.centroid.extend_from_slice(&centroid[..used]);
        self.bandwidth.extend_from_slice(&bandwidth[..used]);
        self.rolloff.extend_from_slice(&rolloff[..used]);
        self.loudest = self.loudest.max(largest(scratch.mel.tile(slot), used));
        let pitches = &mut scratch.pitches;
        find_peaks(
            scratch.power.tile(slot),
            self.frames,
            used,
            &analysis.chroma.piptrack_params(),
            |peak| pitches.push(peak.into()),
        );
    }

    /// Separates the next `n` tiles.
    fn separate(&mut self, n: usize, analysis: &Analysis, scratch: &mut FeatureScratch) {
        let FeatureScratch {
            magnitude,
            separation,
            ..
        } = scratch;
        analysis.hpss.medians(magnitude, &mut separation.hpss);
        for t in self.separated..self.separated + n {
            self.resynthesise(t, analysis, scratch);
        }
        self.separated += n;
        // One tile stays as the neighbour of the next ones.
        let unused = self.separated - 1 - self.held;
        for tiles in [&mut scratch.re, &mut scratch.im, &mut scratch.magnitude] {
            tiles.drop_front(unused);
        }
        self.held += unused;
    }

    /// Adds the harmonic part of tile `t` to the waveform.
    fn resynthesise(&self, t: usize, analysis: &Analysis, scratch: &mut FeatureScratch) {
        let at = t - self.held;
        let used = scratch.magnitude.used(at);
        let Separation {
            hpss,
            masked: [re, im],
            waveform,
            ..
        } = &mut scratch.separation;
        analysis.hpss.mask_tile(
            [hpss.harm.tile(at), hpss.perc.tile(at)],
            1.0,
            [scratch.re.tile(at), scratch.im.tile(at)],
            [&mut re[..], &mut im[..]],
        );
        let stft = &mut scratch.stft;
        analysis
            .stft
            .inverse_tile(t * LANES, used, re, im, stft, waveform);
        Self::take_waveform(scratch);
    }

    fn take_waveform(scratch: &mut FeatureScratch) {
        let separation = &mut scratch.separation;
        let n = separation.waveform.samples.len();
        separation.take(scratch.signal.signal(separation.n, n));
    }

    /// The first sample of the signal that is still needed.
    pub(super) fn needs_from(&self, scratch: &FeatureScratch) -> usize {
        scratch.separation.n
    }

    /// Completes the waveforms after the last tile.
    pub(super) fn finish(&mut self, analysis: &Analysis, scratch: &mut FeatureScratch) {
        while self.separated < self.tiles {
            let n = (self.tiles - self.separated).min(CHUNK);
            self.separate(n, analysis, scratch);
        }
        let n = scratch.signal.len();
        let length = analysis.whole_waveforms.then_some(n);
        let waveform = &mut scratch.separation.waveform;
        analysis.stft.finish_inverse(waveform, self.frames, length);
        Self::take_waveform(scratch);
        // Both are zero after the end of the resynthesis.
        scratch.separation.pad(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::signals::{noise, small};
    use crate::features::stats::mean_var;

    #[test]
    fn the_result_does_not_depend_on_chunks() {
        let analysis = Analysis::new(&small()).unwrap();
        let y = noise(4 * LANES * CHUNK * 2 + 777);
        let mut scratch = FeatureScratch::default();
        scratch.signal.start(analysis.framing());
        scratch.signal.push(&y);
        scratch.signal.finish();
        let mut first = FirstPass::start(&analysis, &mut scratch);
        let n_frames = scratch.signal.n_frames();
        for t in (0..n_frames).step_by(LANES) {
            first.tile((n_frames - t).min(LANES), &analysis, &mut scratch);
        }
        first.finish(&analysis, &mut scratch);
        // The same by the public plans, in one piece.
        let spectrum = analysis.stft.process(&y).unwrap();
        let (harmonic, percussive) = analysis.hpss.process(spectrum.view());
        let separation = &mut scratch.separation;
        for (got, want) in [
            (&mut separation.harmonic, harmonic),
            (&mut separation.percussive, percussive),
        ] {
            let want = analysis.stft.inverse(want.view(), Some(y.len())).unwrap();
            assert_eq!(got.block.len(), want.len());
            for (i, (got, want)) in got.block.iter().zip(&want).enumerate() {
                // Roundings of samples of size 1 in different orders.
                assert!((got - want).abs() < 2e-6, "sample {i}: {got} for {want}");
            }
            let (mean, var) = got.finish();
            let want = mean_var(&want);
            // The errors of thousands of samples, averaged.
            assert!((mean - want.0).abs() < 1e-8 && (var - want.1).abs() < 1e-7 * want.1);
        }
        let magnitude = analysis.stft.magnitude(&y).unwrap();
        let centroid = shapes::spectral_centroid(magnitude.view(), &analysis.frequencies);
        assert_eq!(first.centroid, centroid.unwrap());
        let rms = crate::frames::rms(&y, &analysis.framing()).unwrap();
        assert_eq!(first.rms, rms);
        let rate = crate::frames::zero_crossing_rate(&y, &analysis.framing()).unwrap();
        assert_eq!(first.zero_crossing_rate, rate);
    }
}
