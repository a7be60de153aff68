//! Sets as JSON or TOML.

use std::fmt;

use serde::de::{self, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::feature::{Feature, Slot};
use super::feature_columns::FeatureColumns;
use super::set_params::{ColumnLayout, FeatureSetParams};
use super::statistic::Statistic;
use super::text::DEFAULT_STATISTICS;
use crate::features::feature_params::FeatureParams;
use crate::frames::PadMode;
use crate::rhythm::Aggregate;

impl Serialize for Statistic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Statistic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

impl Serialize for FeatureColumns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("feature", self.feature.name())?;
        let mut feature = self.feature;
        for (key, slot) in feature.slots() {
            match slot {
                Slot::Count(v) => map.serialize_entry(key, v)?,
                Slot::Number(v) => map.serialize_entry(key, v)?,
                Slot::Flag(v) => map.serialize_entry(key, v)?,
                word => map.serialize_entry(key, &word.to_string())?,
            }
        }
        map.serialize_entry("statistics", &self.statistics)?;
        if self.pooled {
            map.serialize_entry("pooled", &true)?;
        }
        if let Some(name) = &self.name {
            map.serialize_entry("name", name)?;
        }
        map.end()
    }
}

/// The value of a parameter.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Count(u64),
    Number(f64),
    Word(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(v) => write!(f, "{v}"),
            Self::Count(v) => write!(f, "{v}"),
            Self::Number(v) => write!(f, "{v}"),
            Self::Word(v) => f.write_str(v),
        }
    }
}

/// A feature as it is written, with statistics or those of the set.
struct Item {
    columns: FeatureColumns,
    has_statistics: bool,
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feature: its name, or an object with `feature`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Item, E> {
        let columns: FeatureColumns = text.parse().map_err(E::custom)?;
        let has_statistics = text.contains(':');
        Ok(Item {
            columns,
            has_statistics,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let (mut feature, mut statistics, mut pooled, mut name) = (None, None, false, None);
        let mut parameters: Vec<(String, String)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "feature" => feature = Some(map.next_value::<String>()?),
                "statistics" => statistics = Some(map.next_value::<Vec<Statistic>>()?),
                "pooled" => pooled = map.next_value()?,
                "name" => name = Some(map.next_value::<String>()?),
                _ => parameters.push((key, map.next_value::<Scalar>()?.to_string())),
            }
        }
        let feature = feature.ok_or_else(|| A::Error::missing_field("feature"))?;
        let mut feature = Feature::named(&feature).map_err(A::Error::custom)?;
        for (key, value) in &parameters {
            feature.set(key, value).map_err(A::Error::custom)?;
        }
        let has_statistics = statistics.is_some() || feature.is_scalar();
        let statistics = statistics.unwrap_or_default();
        let columns = FeatureColumns {
            feature,
            statistics,
            pooled,
            name,
            _non_exhaustive: (),
        };
        Ok(Item {
            columns,
            has_statistics,
        })
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

/// One feature with its statistics; `mean` and `var` if it has none.
impl<'de> Deserialize<'de> for FeatureColumns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Item::deserialize(deserializer)?.with(&DEFAULT_STATISTICS))
    }
}

impl Item {
    fn with(mut self, statistics: &[Statistic]) -> FeatureColumns {
        if !self.has_statistics && !self.columns.feature.is_scalar() {
            self.columns.statistics = statistics.to_vec();
        }
        self.columns
    }
}

/// All fields that a set may have; those of the 57 columns without `features`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    sample_rate: Option<u32>,
    n_fft: Option<usize>,
    hop_length: Option<usize>,
    pad_mode: Option<PadMode>,
    n_mels: Option<usize>,
    n_mfcc: Option<usize>,
    tempo_aggregate: Option<Aggregate>,
    whole_waveforms: Option<bool>,
    layout: Option<ColumnLayout>,
    statistics: Option<Vec<Statistic>>,
    features: Option<Vec<Item>>,
}

impl<'de> Deserialize<'de> for FeatureSetParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let default = FeatureParams::default();
        let vector = FeatureParams {
            sample_rate: fields.sample_rate.unwrap_or(default.sample_rate),
            n_fft: fields.n_fft.unwrap_or(default.n_fft),
            hop_length: fields.hop_length.unwrap_or(default.hop_length),
            pad_mode: fields.pad_mode.unwrap_or(default.pad_mode),
            n_mels: fields.n_mels.unwrap_or(default.n_mels),
            n_mfcc: fields.n_mfcc.unwrap_or(default.n_mfcc),
            tempo_aggregate: fields.tempo_aggregate.unwrap_or(default.tempo_aggregate),
            whole_waveforms: fields.whole_waveforms.unwrap_or(default.whole_waveforms),
            ..default
        };
        let Some(items) = fields.features else {
            if fields.layout.is_some() || fields.statistics.is_some() {
                return Err(D::Error::missing_field("features"));
            }
            return Ok(vector.into());
        };
        let of_vector = [
            ("n_mels", fields.n_mels.is_some()),
            ("n_mfcc", fields.n_mfcc.is_some()),
            ("tempo_aggregate", fields.tempo_aggregate.is_some()),
            ("whole_waveforms", fields.whole_waveforms.is_some()),
        ];
        if let Some((name, _)) = of_vector.iter().find(|(_, given)| *given) {
            let text =
                format!("`{name}` is no field of a set; give it as a parameter of a feature");
            return Err(D::Error::custom(text));
        }
        let statistics = fields.statistics.unwrap_or(DEFAULT_STATISTICS.to_vec());
        let features = items.into_iter().map(|item| item.with(&statistics));
        Ok(Self {
            sample_rate: vector.sample_rate,
            n_fft: vector.n_fft,
            hop_length: vector.hop_length,
            pad_mode: vector.pad_mode,
            layout: fields.layout.unwrap_or_default(),
            ..Self::new(features.collect())
        })
    }
}

/// The 57 columns are written as [`FeatureParams`], so that older programs can read them; other sets are
/// written with all fields.
impl Serialize for FeatureSetParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(vector) = self.vector() {
            return vector.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("sample_rate", &self.sample_rate)?;
        map.serialize_entry("n_fft", &self.n_fft)?;
        map.serialize_entry("hop_length", &self.hop_length)?;
        map.serialize_entry("pad_mode", &self.pad_mode)?;
        map.serialize_entry("layout", &self.layout)?;
        map.serialize_entry("features", &self.features)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_comes_back() {
        let text = "mfcc(n_mfcc=13):mean,q0.25;tempo;tonnetz(chroma=cens),rms(spectrum=true):skew";
        for params in [
            FeatureSetParams::gtzan(),
            FeatureSetParams::librosa(),
            FeatureSetParams::fma(),
            FeatureSetParams::librosa_all(),
            text.parse().unwrap(),
        ] {
            let text = serde_json::to_string(&params).unwrap();
            let back: FeatureSetParams = serde_json::from_str(&text).unwrap();
            assert_eq!(back, params, "{text}");
        }
    }

    #[test]
    fn the_57_columns_are_written_as_before() {
        let params = FeatureParams::gtzan();
        let old = serde_json::to_string(&params).unwrap();
        assert_eq!(
            serde_json::to_string(&FeatureSetParams::gtzan()).unwrap(),
            old
        );
        assert_eq!(
            serde_json::from_str::<FeatureSetParams>(&old).unwrap(),
            params.into()
        );
        let some: FeatureSetParams = serde_json::from_str(r#"{"n_mfcc": 13}"#).unwrap();
        assert_eq!(some.names().len(), 43);
    }
}
