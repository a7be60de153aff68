use std::fmt;

use ndarray::{Array2, s};

use super::bands::Bands;
use super::cqt::Cqt;
use super::cqt_params::{CqtParams, debug_plan};
use super::pseudo::PseudoCqt;
use crate::error::Result;

/// A planned hybrid constant-Q transform; equals `librosa.hybrid_cqt`.
///
/// If the filter of a bin, rounded up to a power of two, is shorter than `2 hop_length`, the bin is that of
/// [`PseudoCqt`], which uses all samples between two frames. The lower bins are the magnitudes of [`Cqt`].
/// `gamma` is ignored and counts as 0.
///
/// ```
/// use timbral_dsp::{CqtParams, HybridCqt};
///
/// let y: Vec<f32> = (0..22050).map(|n| (n as f32 * 0.1).sin()).collect();
/// let hybrid = HybridCqt::new(CqtParams::default())?;
/// assert_eq!(hybrid.n_full(), 55);
/// assert_eq!(hybrid.process(&y)?.dim(), (84, 44));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Clone)]
pub struct HybridCqt {
    params: CqtParams,
    full: Option<Cqt>,
    pseudo: Option<PseudoCqt>,
}

impl fmt::Debug for HybridCqt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_plan(f, "HybridCqt", &self.params)
    }
}

impl HybridCqt {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`Cqt::new`].
    pub fn new(params: CqtParams) -> Result<Self> {
        let (params, bands) = Bands::without_gamma(params)?;
        let lengths = bands.lengths(&params, f64::from(params.sample_rate));
        let is_short =
            |length: &f64| (length.ceil() as usize).next_power_of_two() < 2 * params.hop_length;
        // Lengths fall from bin to bin.
        let n_full = lengths.iter().take_while(|l| !is_short(l)).count();
        let pseudo = match n_full < params.n_bins {
            true => Some(PseudoCqt::of_rows(params.clone(), &bands, n_full)?),
            false => None,
        };
        let full = match n_full {
            0 => None,
            _ => Some(Cqt::new(CqtParams {
                n_bins: n_full,
                ..params.clone()
            })?),
        };
        Ok(Self {
            params,
            full,
            pseudo,
        })
    }

    /// The parameters the plan was made with; `gamma` is 0.
    pub fn params(&self) -> &CqtParams {
        &self.params
    }

    /// Number of bins, from the lowest, that are those of [`Cqt`].
    pub fn n_full(&self) -> usize {
        self.full.as_ref().map_or(0, |full| full.params().n_bins)
    }

    /// The magnitudes of `y`, shape `(n_bins, n_frames)`.
    ///
    /// # Errors
    ///
    /// Those of [`Cqt::process`].
    pub fn process(&self, y: &[f32]) -> Result<Array2<f32>> {
        let full = match &self.full {
            Some(full) => Some(full.magnitude(y)?),
            None => None,
        };
        let pseudo = match &self.pseudo {
            Some(pseudo) => Some(pseudo.process(y)?),
            None => None,
        };
        let (full, pseudo) = match (full, pseudo) {
            (Some(full), Some(pseudo)) => (full, pseudo),
            (Some(one), None) | (None, Some(one)) => return Ok(one),
            (None, None) => return Ok(Array2::zeros((0, 0))),
        };
        let n_frames = full.ncols().min(pseudo.ncols());
        let mut out = Array2::zeros((self.params.n_bins, n_frames));
        let mut rows = out.slice_mut(s![..full.nrows(), ..]);
        rows.assign(&full.slice(s![.., ..n_frames]));
        let mut rows = out.slice_mut(s![full.nrows().., ..]);
        rows.assign(&pseudo.slice(s![.., ..n_frames]));
        Ok(out)
    }
}
