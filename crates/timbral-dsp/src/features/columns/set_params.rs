use std::collections::BTreeSet;

use super::feature_columns::FeatureColumns;
use crate::error::{InvalidParameter, Result, check, check_sample_rate};
use crate::frames::PadMode;
use crate::transform::StftParams;

/// Most columns of a set.
const MAX_COLUMNS: usize = 1 << 16;

/// Order and names of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ColumnLayout {
    /// Row by row; numbered if a feature can have several rows: `mfcc1_mean`, `mfcc1_var`, `mfcc2_mean`,
    /// `rms_mean`. The published GTZAN tables have this layout; it is the default.
    #[default]
    ByRow,
    /// Statistic by statistic, always numbered: `mfcc_mean_01`, `mfcc_mean_02`, `mfcc_var_01`. The FMA data set
    /// has this layout; the three levels of its header are joined by `_`.
    ByStatistic,
}

/// The columns of a [`FeatureSet`](crate::FeatureSet): features with parameters and statistics, in order.
///
/// | preset | columns |
/// |---|---|
/// | [`gtzan`](Self::gtzan), [`librosa`](Self::librosa) (the default) | the 57 of the published GTZAN tables, see [`FeatureParams`](crate::FeatureParams) |
/// | [`fma`](Self::fma) | the 518 of the FMA data set |
/// | [`librosa_all`](Self::librosa_all) | mean and standard deviation of every [`Feature`](crate::Feature) |
///
/// As text (`FromStr`) a set is the name of a preset, or a list of features and statistics in groups that are
/// separated by `;`: `mfcc,chroma_cqt:mean,std;tempo`. Parameters are in brackets: `mfcc(n_mfcc=13)`. A group
/// without statistics gets `mean` and `var`.
///
/// As data (feature `serde`) it is an object with the fields below. A feature is its name, or an object with
/// `feature`, its parameters, `statistics`, `pooled` and `name`. The `statistics` of the set are those of
/// features without their own. The parameters of [`FeatureParams`](crate::FeatureParams), which older files
/// have, are also read.
///
/// ```
/// use timbral_dsp::{FeatureSet, FeatureSetParams};
///
/// let params: FeatureSetParams = "mfcc(n_mfcc=2),spectral_contrast(n_bands=1):mean,std;tempo".parse()?;
/// let set = FeatureSet::new(params)?;
/// assert_eq!(set.names()[..4], ["mfcc1_mean", "mfcc1_std", "mfcc2_mean", "mfcc2_std"]);
/// assert_eq!(set.names()[8], "tempo");
/// assert_eq!(FeatureSet::new(FeatureSetParams::fma())?.names().len(), 518);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSetParams {
    /// Samples per second, at least 1; default 22050.
    pub sample_rate: u32,
    /// Length of frames and transforms in samples, `2..=2^17`; default 2048.
    pub n_fft: usize,
    /// Samples between frames, `1..=2^18`; default 512.
    pub hop_length: usize,
    /// The samples that centred frames have beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    /// Order and names of the columns; default row by row.
    pub layout: ColumnLayout,
    /// The features and their statistics, from 1 to 1024 features; default the 57 columns.
    pub features: Vec<FeatureColumns>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl FeatureSetParams {
    /// A set of these features, with the defaults of librosa for the other fields.
    pub fn new(features: Vec<FeatureColumns>) -> Self {
        Self {
            sample_rate: 22050,
            n_fft: 2048,
            hop_length: 512,
            pad_mode: PadMode::Zero,
            layout: ColumnLayout::ByRow,
            features,
            _non_exhaustive: (),
        }
    }

    /// Checks the ranges of all parameters of the set. [`FeatureSet::new`](crate::FeatureSet::new) checks those
    /// of each feature.
    ///
    /// # Errors
    ///
    /// - a parameter outside its range;
    /// - no features, more than 1024 features, more than 65 536 columns, or two columns with the same name;
    /// - a feature without statistics, or statistics of one number per signal;
    /// - a name with other characters than letters, digits, `_`, `-` and `.`.
    pub fn validate(&self) -> Result<()> {
        check_sample_rate(self.sample_rate)?;
        self.stft().validate()?;
        let n = self.features.len();
        check((1..=1024).contains(&n), "features", n, "must be 1 to 1024")?;
        let mut columns = 0usize;
        for item in &self.features {
            item.validate()?;
            columns = columns.saturating_add(item.n_columns());
        }
        let rule = "is the number of columns, which must be at most 65536";
        check(columns <= MAX_COLUMNS, "features", columns, rule)?;
        let names = self.names();
        let mut seen = BTreeSet::new();
        if let Some(name) = names.iter().find(|name| !seen.insert(*name)) {
            let rule = "would be the name of two columns; give one of the features another `name`";
            return Err(InvalidParameter::new("features", name, rule).into());
        }
        Ok(())
    }

    /// The names of the columns, in order. The parameters must be valid.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for item in &self.features {
            let (label, rows) = (item.label(), item.n_rows());
            if item.statistics.is_empty() {
                names.push(label.to_owned());
                continue;
            }
            match self.layout {
                ColumnLayout::ByRow => {
                    for row in 1..=rows {
                        let row = match item.is_numbered() {
                            true => row.to_string(),
                            false => String::new(),
                        };
                        let column = item.statistics.iter().map(|s| format!("{label}{row}_{s}"));
                        names.extend(column);
                    }
                }
                ColumnLayout::ByStatistic => {
                    for s in &item.statistics {
                        names.extend((1..=rows).map(|row| format!("{label}_{s}_{row:02}")));
                    }
                }
            }
        }
        names
    }

    pub(crate) fn stft(&self) -> StftParams {
        StftParams {
            n_fft: self.n_fft,
            hop_length: self.hop_length,
            pad_mode: self.pad_mode,
            ..StftParams::default()
        }
    }
}
