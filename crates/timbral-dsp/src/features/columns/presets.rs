use super::feature::{Feature, TonalChroma};
use super::feature_columns::FeatureColumns;
use super::set_params::{ColumnLayout, FeatureSetParams};
use super::statistic::Statistic;

impl FeatureSetParams {
    /// The 518 columns of the FMA data set (Defferrard and others 2017): kurtosis, maximum, mean, median, minimum, skew
    /// and standard deviation of eleven features, sorted by name.
    ///
    /// The header of the published file has three lines: feature, statistic and number. Here they are joined by
    /// `_`, from `chroma_cens_kurtosis_01` to `zcr_std_01`.
    ///
    /// As in the program that made the published values, chroma and CENS come from one constant-Q transform
    /// with 12 bins per octave. The tonal centroids come from CENS, and `rmse` and the spectral shapes from the
    /// spectrogram. The published values were made by librosa 0.5, from MP3 at the rate of each file, and with
    /// reflection at the ends. These columns are those of librosa 1.0.0 at the rate of the set.
    ///
    /// ```
    /// let set = timbral_dsp::FeatureSet::new(timbral_dsp::FeatureSetParams::fma())?;
    /// assert_eq!(set.names().len(), 518);
    /// assert_eq!((set.names()[0].as_str(), set.names()[517].as_str()), ("chroma_cens_kurtosis_01", "zcr_std_01"));
    /// # Ok::<(), timbral_dsp::Error>(())
    /// ```
    pub fn fma() -> Self {
        let statistics = [
            Statistic::Kurtosis,
            Statistic::Max,
            Statistic::Mean,
            Statistic::Median,
            Statistic::Min,
            Statistic::Skew,
            Statistic::Std,
        ];
        let seven = |feature| FeatureColumns::new(feature, &statistics);
        let (n_chroma, bins_per_octave, n_octaves, win_len_smooth) = (12, 12, 7, 41);
        let features = vec![
            seven(Feature::ChromaCens {
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            }),
            seven(Feature::ChromaCqt {
                n_chroma,
                bins_per_octave,
                n_octaves,
            }),
            seven(Feature::ChromaStft { n_chroma }),
            seven(Feature::Mfcc {
                n_mfcc: 20,
                n_mels: 128,
            }),
            seven(Feature::Rms { spectrum: true }).named("rmse"),
            seven(Feature::SpectralBandwidth { p: 2.0 }),
            seven(Feature::SpectralCentroid),
            seven(Feature::SpectralContrast {
                n_bands: 6,
                fmin: 200.0,
                quantile: 0.02,
            }),
            seven(Feature::SpectralRolloff { roll_percent: 0.85 }),
            seven(Feature::Tonnetz {
                chroma: TonalChroma::Cens,
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            }),
            seven(Feature::ZeroCrossingRate).named("zcr"),
        ];
        Self {
            layout: ColumnLayout::ByStatistic,
            ..Self::new(features)
        }
    }

    /// Mean and standard deviation of every [`Feature`] with its defaults, and the tempo: all functions of
    /// librosa that have a value per frame.
    ///
    /// ```
    /// let set = timbral_dsp::FeatureSet::new(timbral_dsp::FeatureSetParams::librosa_all())?;
    /// assert_eq!(set.names().len(), 2023);
    /// # Ok::<(), timbral_dsp::Error>(())
    /// ```
    pub fn librosa_all() -> Self {
        let pair = |feature| FeatureColumns::new(feature, &[Statistic::Mean, Statistic::Std]);
        Self::new(Feature::all().into_iter().map(pair).collect())
    }
}
