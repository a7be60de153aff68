use timbral::dsp::FeatureSetParams;

use crate::engine::Form::{Json, Text};
use crate::engine::Seed;

const TEXTS: [&str; 3] = [
    "mfcc(n_mfcc=13),chroma_cqt:mean,std;tempo",
    "spectral_contrast(n_bands=5,fmin=200):q0.25,skew;rms(spectrum=true):delta_var",
    "tempogram(win_length=64),tonnetz(chroma=cens,bins_per_octave=24):median",
];

pub(crate) fn texts() -> Vec<Seed> {
    let seed = |text: &&str| Seed::new(Text, text.as_bytes().to_vec());
    TEXTS.iter().map(seed).collect()
}

pub(crate) fn files() -> Vec<Seed> {
    let sets = TEXTS.iter().map(|text| text.parse().unwrap());
    let presets = [FeatureSetParams::gtzan(), FeatureSetParams::fma()];
    sets.chain(presets)
        .map(|params: FeatureSetParams| Seed::new(Json, serde_json::to_vec(&params).unwrap()))
        .collect()
}
