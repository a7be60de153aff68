use super::wavelets::Wavelets;
use crate::error::Result;
use crate::frames::Framing;
use crate::simd::Lane;
use crate::transform::{SpectraF32, SpectraF32Scratch, Stft, StftParams, StftScratch};

/// The spectra that filters are applied to.
#[derive(Clone)]
pub(super) enum FilterSpectra {
    /// In f32, without the bins that no filter needs.
    F32(Box<SpectraF32>),
    /// Shorter or longer ones, in f64.
    F64(Box<Stft>),
}

/// Working memory of one thread.
#[derive(Debug, Clone, Default)]
pub(super) struct FilterSpectraScratch {
    f32: SpectraF32Scratch,
    f64: StftScratch,
}

impl FilterSpectra {
    pub(super) fn new(params: StftParams, wavelets: &Wavelets) -> Result<Self> {
        Ok(match SpectraF32::new(&params, wavelets.end()) {
            Some(plan) => Self::F32(Box::new(plan)),
            None => Self::F64(Box::new(Stft::new(params)?)),
        })
    }

    pub(super) fn framing(&self) -> Framing {
        match self {
            Self::F32(plan) => *plan.framing(),
            Self::F64(stft) => stft.framing(),
        }
    }

    pub(super) fn n_bins(&self) -> usize {
        match self {
            Self::F32(plan) => plan.n_bins(),
            Self::F64(stft) => stft.n_bins(),
        }
    }

    /// Fills `re` and `im`, `n_bins()` long, with the spectra of the `used` frames from frame `first` on.
    pub(super) fn tile(
        &self,
        y: &[f32],
        first: usize,
        used: usize,
        [re, im]: [&mut [Lane]; 2],
        scratch: &mut FilterSpectraScratch,
    ) {
        match self {
            Self::F32(plan) => plan.tile(y, first, used, [re, im], &mut scratch.f32),
            Self::F64(stft) => stft.forward_tile(y, first, used, re, im, &mut scratch.f64),
        }
    }
}
