use super::composed::ComposedScratch;
use super::feature_params::FeatureParams;
use super::separation::Separation;
use crate::error::Result;
use crate::frames::{FrameBuffer, Framing};
use crate::rhythm::{OnsetParams, Tempo};
use crate::separation::{Hpss, HpssParams};
use crate::simd::{LANES, Lane, Tiles, ZERO, dispatch, magnitudes, multiply};
use crate::spectral::{Chroma, DbParams, MelBank, Mfcc, Pitch, fft_frequencies, to_db};
use crate::transform::{Stft, StftScratch};

/// The plans behind a feature set.
#[derive(Debug, Clone)]
pub(crate) struct Analysis {
    pub(super) frequencies: Vec<f64>,
    pub(super) stft: Stft,
    pub(super) mel: MelBank,
    pub(super) mfcc: Mfcc,
    pub(super) chroma: Chroma,
    pub(super) hpss: Hpss,
    pub(super) tempo: Tempo,
    pub(super) onset: OnsetParams,
    pub(super) whole_waveforms: bool,
}

/// Working memory of one thread for a [`FeatureSet`](crate::FeatureSet). With the default parameters it takes
/// about 50 MB, and 1 MB more per minute of sound. See [`FeatureStream`](crate::FeatureStream) for other sets.
#[derive(Debug, Clone, Default)]
pub struct FeatureScratch {
    pub(super) signal: FrameBuffer,
    pub(super) stft: StftScratch,
    /// Spectra of some tiles.
    pub(super) re: Tiles,
    pub(super) im: Tiles,
    pub(super) magnitude: Tiles,
    /// Power spectra and mel bands in decibels: of one tile, or of all tiles of a short signal.
    pub(super) power: Tiles,
    pub(super) mel: Tiles,
    pub(super) separation: Separation,
    pub(super) pitches: Vec<Pitch>,
    pub(super) rows: Vec<Lane>,
    /// That of sets other than the 57 columns.
    pub(super) composed: ComposedScratch,
}

impl Analysis {
    pub(crate) fn new(params: &FeatureParams) -> Result<Self> {
        params.validate()?;
        Ok(Self {
            frequencies: fft_frequencies(params.sample_rate, params.n_fft),
            stft: Stft::new(params.stft())?,
            mel: MelBank::new(params.mel())?,
            mfcc: Mfcc::new(params.mfcc())?,
            chroma: Chroma::new(params.chroma())?,
            hpss: Hpss::new(HpssParams::default())?,
            tempo: Tempo::new(params.tempo())?,
            onset: params.onset(),
            whole_waveforms: params.whole_waveforms,
        })
    }

    pub(super) fn framing(&self) -> Framing {
        self.stft.framing()
    }

    /// Resizes the working memory to this plan: it may be that of another one.
    pub(super) fn fit(&self, scratch: &mut FeatureScratch) {
        scratch.separation.fit(self.stft.n_bins());
        let n_rows = self.mfcc.params().n_mfcc.max(self.chroma.params().n_chroma);
        scratch.rows.resize(n_rows, ZERO);
    }

    /// Transforms `used` frames from frame `first` on into tile `at` of the spectra, and their powers and mel
    /// bands into tile `slot`.
    pub(super) fn transform(
        &self,
        (first, used): (usize, usize),
        at: usize,
        slot: usize,
        scratch: &mut FeatureScratch,
    ) {
        let FeatureScratch {
            signal,
            stft,
            re,
            im,
            magnitude,
            power,
            mel,
            ..
        } = scratch;
        for tiles in [&mut *re, &mut *im, &mut *magnitude] {
            tiles.reshape(self.stft.n_bins(), at * LANES + used);
        }
        power.reshape(self.stft.n_bins(), slot * LANES + used);
        mel.reshape(self.mel.params().n_mels, slot * LANES + used);
        let (re, im, magnitude) = (re.tile_mut(at), im.tile_mut(at), magnitude.tile_mut(at));
        let samples = signal.frames(first, used);
        self.stft.forward_samples(samples, used, re, im, stft);
        magnitudes(re, im, magnitude);
        multiply(magnitude, magnitude, power.tile_mut(slot));
        let bands = mel.tile_mut(slot);
        dispatch(
            #[inline(always)]
            || self.mel.bank().apply(power.tile(slot), bands),
        );
        to_db(bands, DbParams::default().amin, 1.0);
    }
}
