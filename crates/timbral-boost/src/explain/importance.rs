use std::collections::BTreeMap;

use crate::model::Model;

/// Definitions of the importance of a feature, with XGBoost's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportanceKind {
    /// Number of splits of the feature.
    Weight,
    /// Mean gain ([`Node::loss_change`](crate::Node::loss_change)) of its splits.
    Gain,
    /// Mean cover ([`Node::sum_hessian`](crate::Node::sum_hessian)) of its splits.
    Cover,
    /// Sum of the gains of its splits.
    TotalGain,
    /// Sum of the covers of its splits.
    TotalCover,
}

impl Model {
    /// The importance of each feature over all trees; 0 for a feature that no tree uses.
    ///
    /// The result has a value per feature, 8 bytes each. [`importance_of_used`](Self::importance_of_used)
    /// returns the same values, but only for features that a tree splits on.
    ///
    /// ```
    /// use timbral_boost::{ImportanceKind, Model};
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/golden/3.2/softprob.json");
    /// let model = Model::load(path)?;
    /// assert_eq!(model.importance(ImportanceKind::Weight), [13.0, 12.0, 0.0, 2.0]);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    pub fn importance(&self, kind: ImportanceKind) -> Vec<f64> {
        let mut all = vec![0.0; self.n_features];
        for (feature, value) in self.importance_of_used(kind) {
            all[feature] = value;
        }
        all
    }

    /// The importance of each feature that a tree splits on; the key is its column, from 0. Equals XGBoost's
    /// `Booster.get_score`.
    ///
    /// It takes memory only for the features in use, however many columns the model has.
    ///
    /// ```
    /// use timbral_boost::{ImportanceKind, Model};
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/golden/3.2/softprob.json");
    /// let model = Model::load(path)?;
    /// let used = model.importance_of_used(ImportanceKind::Weight);
    /// assert_eq!(used, [(0, 13.0), (1, 12.0), (3, 2.0)].into());
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    pub fn importance_of_used(&self, kind: ImportanceKind) -> BTreeMap<usize, f64> {
        use ImportanceKind::{Cover, Gain, TotalCover, TotalGain, Weight};
        let mut used = BTreeMap::<usize, (f64, f64)>::new();
        for node in self.trees.iter().flat_map(|tree| tree.nodes()) {
            if let Some(split) = node.children {
                let (count, sum) = used.entry(split.feature as usize).or_default();
                *count += 1.0;
                *sum += f64::from(match kind {
                    Weight => 1.0,
                    Gain | TotalGain => node.loss_change,
                    Cover | TotalCover => node.sum_hessian,
                });
            }
        }
        let value = |(count, sum)| match kind {
            Gain | Cover => sum / count,
            _ => sum,
        };
        let values = used
            .into_iter()
            .map(|(feature, both)| (feature, value(both)));
        values.collect()
    }
}
