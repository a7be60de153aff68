//! Stops training when validation rows no longer improve, and prints the progress:
//! `cargo run --example early_stopping`.

#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;

use ndarray::{Array2, Axis};
use timbral_boost::{BoostParams, Dataset, Progress, Training};

fn main() -> timbral_boost::Result<()> {
    // A wave of the first column, plus noise.
    let features =
        Array2::from_shape_fn((400, 3), |(i, j)| ((i * i * [37, 91, 53][j]) % 1009) as f32);
    let noise = |row: usize| ((row * row * 7919) % 1009) as f32 / 1009.0 - 0.5;
    let labels: Vec<f32> = (0..400)
        .map(|row| (features[[row, 0]] / 150.0).sin() + noise(row))
        .collect();
    let (train, held_out) = features.view().split_at(Axis(0), 300);
    let train = Dataset::new(train, &labels[..300])?;
    let held_out = Dataset::new(held_out, &labels[300..])?;

    let params = BoostParams {
        n_rounds: 1000,
        learning_rate: 0.05,
        max_depth: 3,
        early_stopping_rounds: Some(20),
        ..Default::default()
    };
    let mut monitor = |progress: &Progress| {
        if progress.done.is_multiple_of(20) {
            println!("{progress}");
        }
        ControlFlow::Continue(())
    };
    let trained = Training::new(&params, &train)
        .evaluate("train", &train)
        .validate(&held_out)
        .monitor(&mut monitor)
        .run()?;
    if let Some(best) = trained.best_round {
        println!("best round: {best} of {}", trained.model.n_rounds());
        for (name, scores) in &trained.history.sets {
            println!("{name}: {} {:.4}", trained.history.metric, scores[best]);
        }
    }
    Ok(())
}
