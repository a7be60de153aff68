//! Onsets, tempo and beats.

mod autocorrelation;
mod band_rises;
mod beat;
mod beat_path;
mod mean_tempogram;
mod onset;
mod onset_tiles;
mod tempo;
mod tempogram;

pub use autocorrelation::autocorrelate;
pub use beat::{BeatParams, BeatTracker, Beats};
pub use onset::{Aggregate, OnsetParams, onset_strength};
pub(crate) use onset_tiles::OnsetTiles;
pub use tempo::{Tempo, TempoParams, tempo_frequencies};
pub use tempogram::{Tempogram, TempogramParams, fourier_tempogram};
