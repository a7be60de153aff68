//! Features of spectra: mel bands, cepstra, pitch classes, shapes, peaks and tuning.

mod chroma;
mod contrast;
mod decibel;
mod harmonics;
mod mel_bank;
mod mfcc;
mod pcen;
mod peaks;
mod poly;
mod scales;
pub(crate) mod shapes;
mod tuning;
mod weighting;

pub use chroma::{Chroma, ChromaParams};
pub(crate) use chroma::{TUNING_RESOLUTION, chroma_tile};
pub(crate) use contrast::{ContrastBands, contrast_of};
pub use contrast::{ContrastParams, spectral_contrast};
pub use decibel::{
    DbParams, Reference, amplitude_to_db, db_to_amplitude, db_to_power, power_to_db,
};
pub(crate) use decibel::{largest, raise, to_db};
pub use harmonics::{SalienceParams, f0_harmonics, interp_harmonics, salience};
pub use mel_bank::{MelBank, MelNorm, MelParams};
pub use mfcc::{Mfcc, MfccParams};
pub use pcen::{PcenParams, pcen};
pub(crate) use peaks::find_peaks;
pub use peaks::{Peak, PiptrackParams, piptrack};
pub use poly::poly_features;
pub(crate) use poly::poly_weights;
pub use scales::{MelScale, fft_frequencies};
pub use shapes::{spectral_bandwidth, spectral_centroid, spectral_flatness, spectral_rolloff};
pub(crate) use tuning::{Pitch, tuning_of_peaks};
pub use tuning::{estimate_tuning, pitch_tuning};
pub use weighting::{Weighting, frequency_weighting, perceptual_weighting};
