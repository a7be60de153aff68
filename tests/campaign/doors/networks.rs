use timbral_nn::Classifier;
use timbral_nn::ndarray::{Array2, Array3};

/// Most numbers of an example that is made.
const MOST_NUMBERS: usize = 1 << 14;

/// A network that is read predicts probabilities, and is written and read again without a change.
pub(crate) fn classifier(bytes: &[u8]) {
    let Ok(classifier) = Classifier::from_slice(bytes) else {
        return;
    };
    let shape = classifier.input();
    let n = shape
        .height
        .saturating_mul(shape.width)
        .saturating_mul(shape.channels);
    if n <= MOST_NUMBERS {
        let probabilities = match (shape.height, shape.width, shape.channels) {
            (1, 1, n) => classifier.probabilities(Array2::from_elem((2, n), 0.5).view()),
            (height, width, _) => {
                classifier.image_probabilities(Array3::zeros((2, height, width)).view())
            }
        };
        if let Ok(probabilities) = probabilities {
            for row in probabilities.rows() {
                // Of f32, rounded at each of few classes.
                assert!((row.sum() - 1.0).abs() < 1e-3, "{row}");
            }
        }
    }
    let written = classifier
        .to_safetensors()
        .unwrap_or_else(|e| panic!("not written: {e}"));
    let read = Classifier::from_slice(&written).unwrap_or_else(|e| panic!("not read again: {e}"));
    assert!(read == classifier, "read again it is another");
}
