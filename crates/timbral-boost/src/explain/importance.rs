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
    /// The importance of each feature over all trees, as XGBoost's `Booster.get_score`; 0 for a
    /// feature that no tree uses.
    ///
    /// ```
    /// use timbral_boost::{ImportanceKind, Model};
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/golden/3.2/softprob.json");
    /// let model = Model::load(path)?;
    /// assert_eq!(model.importance(ImportanceKind::Weight), [13.0, 12.0, 0.0, 2.0]);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    pub fn importance(&self, kind: ImportanceKind) -> Vec<f64> {
        use ImportanceKind::{Cover, Gain, TotalCover, TotalGain, Weight};
        let mut counts = vec![0.0; self.n_features];
        let mut sums = vec![0.0; self.n_features];
        for node in self.trees.iter().flat_map(|tree| tree.nodes()) {
            if let Some(split) = node.children {
                let feature = split.feature as usize;
                counts[feature] += 1.0;
                sums[feature] += f64::from(match kind {
                    Weight => 1.0,
                    Gain | TotalGain => node.loss_change,
                    Cover | TotalCover => node.sum_hessian,
                });
            }
        }
        if matches!(kind, Gain | Cover) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum /= f64::max(count, 1.0);
            }
        }
        sums
    }
}
