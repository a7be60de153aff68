//! Trains boosted trees on a synthetic table, saves the model for XGBoost, and predicts classes and
//! probabilities: `cargo run --example classify`.

#![allow(clippy::print_stdout)]

use ndarray::{Array2, Axis};
use timbral_boost::{BoostParams, Dataset, ImportanceKind, Model, Objective};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The class depends on the first two of four columns.
    let features = Array2::from_shape_fn((600, 4), |(i, j)| {
        ((i * i * [37, 91, 53, 71][j]) % 1009) as f32
    });
    let class = |row: usize| match (features[[row, 0]] < 400.0, features[[row, 1]] < 500.0) {
        (true, true) => 0.0,
        (true, false) => 1.0,
        (false, _) => 2.0,
    };
    let labels: Vec<f32> = (0..600).map(class).collect();
    let (train, test) = features.view().split_at(Axis(0), 450);

    let params = BoostParams {
        objective: Objective::Softprob { n_classes: 3 },
        n_rounds: 20,
        ..Default::default()
    };
    let model = params.fit(&Dataset::new(train, &labels[..450])?)?;
    let path = std::env::temp_dir().join("timbral_boost_classify.json");
    model.save(&path)?;

    let predictor = Model::load(&path)?.compile();
    let classes = predictor.classes(test)?;
    let correct = classes
        .iter()
        .zip(&labels[450..])
        .filter(|(class, label)| **class as f32 == **label);
    println!(
        "accuracy on 150 test rows: {:.3}",
        correct.count() as f64 / 150.0
    );
    println!(
        "probabilities of the first: {:.3}",
        predictor.probabilities(test)?.row(0)
    );
    println!(
        "gain by feature: {:.1?}",
        model.importance(ImportanceKind::TotalGain)
    );
    Ok(std::fs::remove_file(&path)?)
}
