//! The parts of XGBoost's model files that are read; other keys are ignored. `F` is the type of their
//! numbers: `f32`, or [`AnyNumber`](super::non_finite::AnyNumber).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::non_finite::AnyNumber;

/// The attribute that holds the names of the classes, as a JSON array of strings.
pub(super) const CLASS_NAMES: &str = "timbral.class_names";

/// The attribute that holds the name of a loss of the user's own.
pub(super) const LOSS: &str = "timbral.loss";

#[derive(Deserialize)]
pub(super) struct Document<F> {
    pub(super) learner: Learner<F>,
}

#[derive(Deserialize)]
pub(super) struct Learner<F> {
    #[serde(default, deserialize_with = "unique")]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    #[serde(default)]
    pub(super) feature_types: Vec<String>,
    pub(super) gradient_booster: Booster<F>,
    pub(super) learner_model_param: LearnerParam,
    #[serde(deserialize_with = "unique")]
    pub(super) objective: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
pub(super) struct LearnerParam {
    pub(super) base_score: String,
    pub(super) num_class: String,
    pub(super) num_feature: String,
    /// Missing before XGBoost 1.6.
    pub(super) num_target: Option<String>,
}

/// `gbtree` has a `model` of trees, `dart` a `gbtree` and the weights of its trees (before XGBoost 3.4),
/// `gblinear` a `model` without trees.
#[derive(Deserialize)]
pub(super) struct Booster<F> {
    pub(super) name: String,
    pub(super) model: Option<Forest<F>>,
    pub(super) gbtree: Option<Box<Booster<F>>>,
    pub(super) weight_drop: Option<Vec<F>>,
}

#[derive(Deserialize)]
pub(super) struct Forest<F> {
    /// The values of the categories, since XGBoost 3.1.
    pub(super) cats: Option<Cats>,
    pub(super) gbtree_model_param: Option<ForestParam>,
    /// Missing before XGBoost 1.7.
    pub(super) iteration_indptr: Option<Vec<i64>>,
    pub(super) tree_info: Option<Vec<i64>>,
    pub(super) trees: Option<Vec<Tree<F>>>,
    /// The factors of the leaves after training with dropout, since XGBoost 3.4.
    pub(super) weight_drop: Option<Vec<F>>,
}

/// The categories of all features; feature `f` has the entries `feature_segments[f]..feature_segments[f + 1]` of
/// `sorted_idx`.
#[derive(Deserialize)]
pub(super) struct Cats {
    pub(super) enc: Vec<CatsOfFeature>,
    pub(super) feature_segments: Vec<i32>,
    pub(super) sorted_idx: Vec<i32>,
}

/// Strings, whose bytes are in `values`, string `i` from `offsets[i]` to `offsets[i + 1]`; or integers of a type.
#[derive(Deserialize)]
pub(super) struct CatsOfFeature {
    pub(super) offsets: Option<Vec<i32>>,
    pub(super) values: Vec<i64>,
    #[serde(rename = "type")]
    pub(super) kind: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct ForestParam {
    pub(super) num_parallel_tree: Option<String>,
    pub(super) num_trees: String,
}

#[derive(Deserialize)]
pub(super) struct Tree<F> {
    pub(super) base_weights: Vec<F>,
    /// The categories of the categorical splits, one after the other; missing before XGBoost 1.3.
    #[serde(default)]
    pub(super) categories: Vec<i64>,
    /// The nodes with categorical splits, ascending; where the categories of each start, and how many there are.
    #[serde(default)]
    pub(super) categories_nodes: Vec<i64>,
    #[serde(default)]
    pub(super) categories_segments: Vec<i64>,
    #[serde(default)]
    pub(super) categories_sizes: Vec<i64>,
    pub(super) default_left: Vec<Flag>,
    /// The leaves that are vectors, since XGBoost 3.2.
    pub(super) leaf_weights: Option<Vec<F>>,
    pub(super) left_children: Vec<i32>,
    pub(super) loss_changes: Vec<F>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_conditions: Vec<F>,
    pub(super) split_indices: Vec<i64>,
    /// Missing before XGBoost 1.3.
    pub(super) split_type: Option<Vec<u8>>,
    pub(super) sum_hessian: Vec<F>,
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

/// A value below `objective`: the name, a block of parameters, or an array; one with anything but numbers is empty.
pub(super) enum Entry {
    Text(String),
    Block(BTreeMap<String, String>),
    Numbers(Vec<f32>),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, an object of strings or an array")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Entry, E> {
                Ok(Entry::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                UniqueVisitor(PhantomData).visit_map(map).map(Entry::Block)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Entry, A::Error> {
                let (mut numbers, mut are_all) = (Vec::new(), true);
                while let Some(element) = array.next_element()? {
                    match element {
                        Element::Number(number) => numbers.push(f32::from(number)),
                        Element::Other(_) => are_all = false,
                    }
                }
                if !are_all {
                    numbers.clear();
                }
                Ok(Entry::Numbers(numbers))
            }
        }
        deserializer.deserialize_any(EntryVisitor)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Element {
    Number(AnyNumber),
    Other(IgnoredAny),
}

/// An object in which no key appears twice.
fn unique<'de, D, V>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(UniqueVisitor(PhantomData))
}

struct UniqueVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for UniqueVisitor<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            values.insert(key, value);
        }
        Ok(values)
    }
}
