//! The parts of XGBoost's model files that are read; any other keys are passed over.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default, deserialize_with = "strings")]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    pub(super) gradient_booster: Booster,
    pub(super) learner_model_param: LearnerParam,
    pub(super) objective: Objective,
}

#[derive(Deserialize)]
pub(super) struct LearnerParam {
    pub(super) base_score: String,
    pub(super) num_class: String,
    pub(super) num_feature: String,
    /// Missing before XGBoost 1.6.
    pub(super) num_target: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, serde_json::Value>,
}

/// `gbtree` has a `model` of trees, `dart` a whole `gbtree` and the weights of its trees,
/// `gblinear` a `model` without trees.
#[derive(Deserialize)]
pub(super) struct Booster {
    pub(super) name: String,
    pub(super) model: Option<Forest>,
    pub(super) gbtree: Option<Box<Booster>>,
    pub(super) weight_drop: Option<Vec<f32>>,
}

#[derive(Deserialize)]
pub(super) struct Forest {
    pub(super) gbtree_model_param: Option<ForestParam>,
    /// Missing before XGBoost 1.7.
    pub(super) iteration_indptr: Option<Vec<i64>>,
    pub(super) tree_info: Option<Vec<i64>>,
    pub(super) trees: Option<Vec<Tree>>,
}

#[derive(Deserialize)]
pub(super) struct ForestParam {
    pub(super) num_parallel_tree: Option<String>,
    pub(super) num_trees: String,
}

#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) base_weights: Vec<f32>,
    pub(super) default_left: Vec<Flag>,
    pub(super) left_children: Vec<i32>,
    pub(super) loss_changes: Vec<f32>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_conditions: Vec<f32>,
    pub(super) split_indices: Vec<i64>,
    /// Missing before XGBoost 1.3.
    pub(super) split_type: Option<Vec<u8>>,
    pub(super) sum_hessian: Vec<f32>,
    pub(super) tree_param: TreeParam,
}

#[derive(Deserialize)]
pub(super) struct TreeParam {
    pub(super) num_deleted: String,
    pub(super) num_nodes: String,
    pub(super) size_leaf_vector: String,
}

/// A boolean, or 0 or 1.
#[derive(Clone, Copy)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;
        impl Visitor<'_> for FlagVisitor {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean, 0 or 1")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Flag, E> {
                match value {
                    0 => Ok(Flag(false)),
                    1 => Ok(Flag(true)),
                    _ => Err(E::custom(format!("expected 0 or 1, got {value}"))),
                }
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Flag, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }
        }
        deserializer.deserialize_any(FlagVisitor)
    }
}

/// Strings by name, each name once.
fn strings<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct StringsVisitor;
    impl<'de> Visitor<'de> for StringsVisitor {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of strings")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut strings = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if strings.contains_key(&key) {
                    return Err(A::Error::custom(format!("duplicate key `{key}`")));
                }
                strings.insert(key, value);
            }
            Ok(strings)
        }
    }
    deserializer.deserialize_map(StringsVisitor)
}
