//! Features back to spectra and signals.

mod cepstrum;
mod least_squares;
mod mel;

pub use cepstrum::{mfcc_to_audio, mfcc_to_mel};
pub use mel::{mel_to_audio, mel_to_stft};
