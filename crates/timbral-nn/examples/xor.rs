//! A dense network learns exclusive or; its model is saved and loaded.
#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;

use timbral_nn::{Classifier, Dataset, MlpParams, Progress, TrainParams, Training, ndarray::array};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let features = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let data = Dataset::new(features.view(), &[0, 1, 1, 0], 2)?;
    let net = MlpParams {
        units: vec![16],
        dropout: 0.0,
        ..Default::default()
    };
    let params = TrainParams {
        epochs: 200,
        learning_rate: 0.02,
        ..Default::default()
    };
    let mut print = |progress: &Progress| {
        if progress.done.is_multiple_of(50) {
            println!("{progress}");
        }
        ControlFlow::Continue(())
    };
    let trained = Training::new(net, &params, &data)
        .monitor(&mut print)
        .run()?;

    let path = std::env::temp_dir().join("timbral-nn-xor.safetensors");
    trained.model.save(&path)?;
    let model = Classifier::load(&path)?;
    std::fs::remove_file(&path)?;
    println!(
        "probabilities:\n{:.3}",
        model.probabilities(features.view())?
    );
    println!("classes: {:?}", model.classes(features.view())?);
    Ok(())
}
