//! What the tests of the feature streams have in common.

use super::FeatureParams;

pub(super) fn noise(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Frames of 16 samples, 4 apart, at a rate at which the window of the tempo is short.
pub(super) fn small() -> FeatureParams {
    FeatureParams {
        sample_rate: 1000,
        n_fft: 16,
        hop_length: 4,
        n_mels: 4,
        n_mfcc: 4,
        ..FeatureParams::default()
    }
}
