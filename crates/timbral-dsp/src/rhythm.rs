//! Onsets, tempo and beats.

mod autocorrelation;
mod band_rises;
mod beat;
mod beat_path;
mod hybrid_tempogram;
mod mean_tempogram;
mod onset;
mod onset_detect;
mod onset_tiles;
mod peak_pick;
mod plp;
mod tempo;
mod tempogram;
mod tempogram_ratio;
mod window_lags;

pub(crate) use autocorrelation::Autocorrelation;
pub use autocorrelation::autocorrelate;
pub use beat::{BeatParams, BeatTracker, Beats};
pub use hybrid_tempogram::{hybrid_tempogram, metrogram};
pub use onset::{Aggregate, OnsetParams, onset_strength, onset_strength_multi};
pub use onset_detect::{OnsetDetectParams, onset_backtrack, onset_detect};
pub(crate) use onset_tiles::OnsetTiles;
pub use peak_pick::{PeakPickParams, peak_pick};
pub use plp::{PlpParams, plp};
pub use tempo::{Tempo, TempoParams, tempo_frequencies};
pub use tempogram::{Tempogram, TempogramParams, fourier_tempogram};
pub use tempogram_ratio::{TempogramRatioParams, tempogram_ratio};
