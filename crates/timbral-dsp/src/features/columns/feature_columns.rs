use super::feature::Feature;
use super::statistic::Statistic;
use crate::error::{InvalidParameter, Result, check};

/// A feature, and its statistics that are columns of a [`FeatureSet`](crate::FeatureSet).
///
/// ```
/// use timbral_dsp::{FeatureColumns, Statistic};
///
/// let columns: FeatureColumns = "mfcc(n_mfcc=13):mean,std".parse()?;
/// assert_eq!(columns.statistics, [Statistic::Mean, Statistic::Std]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureColumns {
    /// The feature.
    pub feature: Feature,
    /// The statistics of each row of the feature; empty if and only if it is one number per signal.
    pub statistics: Vec<Statistic>,
    /// Whether each statistic is over all rows together, as for the chroma of the published GTZAN tables;
    /// default false.
    pub pooled: bool,
    /// The name in the columns, of letters, digits, `_`, `-` and `.`; default that of the feature.
    pub name: Option<String>,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl FeatureColumns {
    /// The columns of a feature under its own name. For a feature with one number per signal, `statistics` is
    /// ignored.
    pub fn new(feature: Feature, statistics: &[Statistic]) -> Self {
        let statistics = if feature.is_scalar() { &[] } else { statistics };
        Self {
            feature,
            statistics: statistics.to_vec(),
            pooled: false,
            name: None,
            _non_exhaustive: (),
        }
    }

    /// The same columns with another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// The name in the columns.
    pub(super) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(self.feature.name())
    }

    /// Rows that have statistics.
    pub(super) fn n_rows(&self) -> usize {
        if self.pooled {
            1
        } else {
            self.feature.n_rows()
        }
    }

    /// Whether the columns of the rows are numbered.
    pub(super) fn is_numbered(&self) -> bool {
        !self.pooled && !self.feature.is_single()
    }

    pub(super) fn n_columns(&self) -> usize {
        self.n_rows().saturating_mul(self.statistics.len().max(1))
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.feature.validate()?;
        let scalar = self.feature.is_scalar();
        let name = self.feature.name();
        let rule = match scalar {
            true => "is one number per signal and has no statistics",
            false => "needs at least one statistic",
        };
        check(scalar == self.statistics.is_empty(), "feature", name, rule)?;
        for statistic in &self.statistics {
            statistic.validate()?;
        }
        let known = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let label = self.label();
        if label.is_empty() || label.len() > 64 || !label.chars().all(known) {
            let rule = "must be 1 to 64 letters, digits, `_`, `-` and `.`";
            return Err(InvalidParameter::new("name", format!("{label:.80}"), rule).into());
        }
        Ok(())
    }
}
