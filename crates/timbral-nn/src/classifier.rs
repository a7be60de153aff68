use std::path::Path;

use ndarray::{Array2, ArrayView2};

use crate::dataset::finite;
use crate::error::{Error, Result};
use crate::format::{self, Contents};
use crate::loss::{CrossEntropy, Score, softmax};
use crate::mlp::MlpParams;
use crate::network::Network;
use crate::pass::Workspace;

/// Rows of a table that go through the network together.
const ROWS: usize = 1024;

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    network: Network,
}

impl Classifier {
    pub(crate) fn new(network: Network) -> Self {
        Self { network }
    }

    /// The network's shape.
    pub fn params(&self) -> &MlpParams {
        &self.network.params
    }

    /// Columns of a table.
    pub fn n_features(&self) -> usize {
        self.network.n_features()
    }

    /// Classes.
    pub fn n_classes(&self) -> usize {
        self.network.n_classes()
    }

    /// The probabilities `[rows, n_classes]` of a table `[rows, n_features]`. A row's do not depend
    /// on the other rows, nor on the number of threads.
    ///
    /// # Errors
    ///
    /// [`Error::Features`] for another number of columns, [`Error::InvalidValue`] for a feature
    /// that is not finite.
    pub fn probabilities(&self, features: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let expected = self.n_features();
        if features.ncols() != expected {
            return Err(Error::Features {
                expected,
                got: features.ncols(),
            });
        }
        let features_read = finite(features)?;
        let mut probabilities = Vec::with_capacity(features.nrows() * self.n_classes());
        logits(&self.network, &features_read, |_, logits| {
            softmax(logits, self.network.n_classes());
            probabilities.extend_from_slice(logits);
        });
        let shape = (features.nrows(), self.n_classes());
        Array2::from_shape_vec(shape, probabilities).map_err(|_| Error::Length {
            name: "features",
            expected: features.nrows(),
            got: 0,
        })
    }

    /// The most probable class of every row; of equals the first.
    ///
    /// # Errors
    ///
    /// Those of [`Classifier::probabilities`].
    pub fn classes(&self, features: ArrayView2<'_, f32>) -> Result<Vec<usize>> {
        let probabilities = self.probabilities(features)?;
        let best = |row: ndarray::ArrayView1<'_, f32>| {
            (1..row.len()).fold(0, |best, j| if row[j] > row[best] { j } else { best })
        };
        Ok(probabilities.rows().into_iter().map(best).collect())
    }

    /// Writes the model, whole or not at all: a safetensors file with the tensors
    /// `layers.0.weight` `[n_in, n_out]`, `layers.0.bias` `[n_out]` and so on, and the shape as JSON
    /// in the metadata `timbral`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        format::write(path, &Contents::model(&self.network))
    }

    /// Reads what [`Classifier::save`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Format`] for another file, a damaged one, or one whose tensors are
    /// not those of its shape.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Self::new(format::read(path, format::MODEL)?.network))
    }
}

/// Gives the logits of a table in parts, with the index of the first row.
fn logits(network: &Network, features: &[f32], mut take: impl FnMut(usize, &mut [f32])) {
    let mut workspace = Workspace::default();
    for (i, rows) in features.chunks(ROWS * network.n_features()).enumerate() {
        workspace.input.clear();
        workspace.input.extend_from_slice(rows);
        take(i * ROWS, workspace.predict(network));
    }
}

/// The unsmoothed loss and the hits on a table.
pub(crate) fn evaluate(
    network: &Network,
    features: &[f32],
    labels: &[usize],
    class_weights: &[f32],
) -> Score {
    let loss = CrossEntropy {
        smoothing: 0.0,
        class_weights,
    };
    let n_classes = network.n_classes();
    let mut score = Score::default();
    logits(network, features, |first, logits| {
        let labels = &labels[first..first + logits.len() / n_classes];
        let part = loss.gradient(logits, labels, n_classes);
        score.loss += part.loss;
        score.correct += part.correct;
    });
    score
}
