use crate::dataset::Dataset;
use crate::device::Opened;
use crate::error::Result;
use crate::nets::network::Network;
use crate::training::loss::{CrossEntropy, Score, Target};
use crate::workspace::logits;

/// The loss without label smoothing, and the correct predictions, summed over examples.
pub(crate) fn evaluate(
    network: &Network,
    device: &Opened,
    data: &Dataset,
    class_weights: &[f32],
) -> Result<Score> {
    let loss = CrossEntropy {
        smoothing: 0.0,
        class_weights,
    };
    let n_classes = network.n_classes;
    let mut score = Score::default();
    logits(
        network,
        device,
        data.values(),
        data.shape(),
        |first, logits| {
            let labels = &data.labels()[first..first + logits.len() / n_classes];
            let targets: Vec<Target> = labels.iter().map(|label| (*label).into()).collect();
            let part = loss.gradient(logits, &targets, n_classes);
            score.loss += part.loss;
            score.correct += part.correct;
        },
    )?;
    Ok(score)
}
