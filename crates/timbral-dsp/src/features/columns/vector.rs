//! The 57 columns of the published tables as a list of features, and the check whether a list is that one.

use super::feature::Feature;
use super::feature_columns::FeatureColumns;
use super::set_params::FeatureSetParams;
use super::statistic::Statistic;
use crate::features::feature_params::FeatureParams;

/// The columns of [`FeatureParams`] as a list.
impl From<FeatureParams> for FeatureSetParams {
    fn from(params: FeatureParams) -> Self {
        let whole = params.whole_waveforms;
        let pair = |feature| FeatureColumns::new(feature, &[Statistic::Mean, Statistic::Var]);
        let chroma = FeatureColumns {
            pooled: true,
            ..pair(Feature::ChromaStft { n_chroma: 12 })
        };
        let features = vec![
            chroma,
            pair(Feature::Rms { spectrum: false }),
            pair(Feature::SpectralCentroid),
            pair(Feature::SpectralBandwidth { p: 2.0 }),
            pair(Feature::SpectralRolloff { roll_percent: 0.85 }).named("rolloff"),
            pair(Feature::ZeroCrossingRate),
            pair(Feature::Harmonic { whole }).named("harmony"),
            pair(Feature::Percussive { whole }).named("perceptr"),
            pair(Feature::Tempo {
                aggregate: params.tempo_aggregate,
                n_mels: params.n_mels,
            }),
            pair(Feature::Mfcc {
                n_mfcc: params.n_mfcc,
                n_mels: params.n_mels,
            }),
        ];
        Self {
            sample_rate: params.sample_rate,
            n_fft: params.n_fft,
            hop_length: params.hop_length,
            pad_mode: params.pad_mode,
            ..Self::new(features)
        }
    }
}

impl FeatureSetParams {
    /// The parameters of the 57 columns, if that is what the list is: they have a faster plan.
    pub(crate) fn vector(&self) -> Option<FeatureParams> {
        let mut params = FeatureParams {
            sample_rate: self.sample_rate,
            n_fft: self.n_fft,
            hop_length: self.hop_length,
            pad_mode: self.pad_mode,
            ..FeatureParams::default()
        };
        for item in &self.features {
            match item.feature {
                Feature::Harmonic { whole } => params.whole_waveforms = whole,
                Feature::Tempo { aggregate, .. } => params.tempo_aggregate = aggregate,
                Feature::Mfcc { n_mfcc, n_mels } => {
                    (params.n_mfcc, params.n_mels) = (n_mfcc, n_mels);
                }
                _ => {}
            }
        }
        (*self == params.into()).then_some(params)
    }
}

impl Default for FeatureSetParams {
    fn default() -> Self {
        Self::librosa()
    }
}

impl FeatureSetParams {
    /// The 57 columns with the defaults of librosa 1.0.0, [`FeatureParams::librosa`].
    pub fn librosa() -> Self {
        FeatureParams::librosa().into()
    }

    /// The 57 columns of the published GTZAN tables, [`FeatureParams::gtzan`].
    pub fn gtzan() -> Self {
        FeatureParams::gtzan().into()
    }
}
