//! Features, columns and sets from and to text.

use std::fmt;
use std::str::FromStr;

use super::feature::{Feature, Slot, TonalChroma};
use super::feature_columns::FeatureColumns;
use super::set_params::FeatureSetParams;
use super::statistic::Statistic;
use crate::error::{Error, InvalidParameter, Result};
use crate::rhythm::Aggregate;

/// Statistics where none are given: those of the published GTZAN tables.
pub(super) const DEFAULT_STATISTICS: [Statistic; 2] = [Statistic::Mean, Statistic::Var];

/// A name, or a name and parameters: `mfcc(n_mfcc=13,n_mels=64)`.
impl FromStr for Feature {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Self::named(text);
        };
        let mut feature = Self::named(name.trim())?;
        let rule = "must be name(parameter=value,...)";
        let bad = || InvalidParameter::new("feature", text, rule);
        let parameters = rest.strip_suffix(')').ok_or_else(bad)?;
        for parameter in parameters.split(',') {
            let (key, value) = parameter.split_once('=').ok_or_else(bad)?;
            feature.set(key.trim(), value.trim())?;
        }
        Ok(feature)
    }
}

impl fmt::Display for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(v) => write!(f, "{v}"),
            Self::Number(v) => write!(f, "{v}"),
            Self::Flag(v) => write!(f, "{v}"),
            Self::Aggregate(Aggregate::Mean) => f.write_str("mean"),
            Self::Aggregate(Aggregate::Median) => f.write_str("median"),
            Self::Chroma(TonalChroma::Cqt) => f.write_str("cqt"),
            Self::Chroma(TonalChroma::Cens) => f.write_str("cens"),
        }
    }
}

/// One feature, and after a colon its statistics: `mfcc(n_mfcc=13):mean,std`.
impl FromStr for FeatureColumns {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut columns = group(text)?;
        match (columns.pop(), columns.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => Err(InvalidParameter::new("feature", text, "must be one feature").into()),
        }
    }
}

/// A preset (`gtzan`, `librosa`, `fma`, `librosa-all`), or groups of features and their statistics:
/// `mfcc,chroma_cqt:mean,std;tempo`.
impl FromStr for FeatureSetParams {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "gtzan" => return Ok(Self::gtzan()),
            "librosa" => return Ok(Self::librosa()),
            "fma" => return Ok(Self::fma()),
            "librosa-all" => return Ok(Self::librosa_all()),
            _ => {}
        }
        let mut features = Vec::new();
        for text in text.split(';').filter(|group| !group.trim().is_empty()) {
            features.extend(group(text)?);
        }
        let params = Self::new(features);
        params.validate()?;
        Ok(params)
    }
}

/// Features with the same statistics.
fn group(text: &str) -> Result<Vec<FeatureColumns>> {
    let (features, statistics) = match text.rsplit_once(':') {
        None => (text, DEFAULT_STATISTICS.to_vec()),
        Some((features, statistics)) => {
            let statistics = statistics.split(',').map(|s| s.trim().parse());
            (features, statistics.collect::<Result<Vec<_>>>()?)
        }
    };
    let items = outside_brackets(features).into_iter();
    items
        .map(|item| Ok(FeatureColumns::new(item.parse()?, &statistics)))
        .collect()
}

/// The parts between commas that are in no brackets.
fn outside_brackets(text: &str) -> Vec<&str> {
    let (mut depth, mut parts, mut start) = (0i64, Vec::new(), 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
