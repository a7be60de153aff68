//! A convolutional network learns to tell three kinds of synthetic spectrograms apart.
#![allow(clippy::print_stdout)]

use timbral_nn::ndarray::{Array3, ArrayView1};
use timbral_nn::{
    Augment, ConvBlockParams, ConvNetParams, Dataset, EarlyStopping, TrainParams, Training,
};

/// `n` waves of three lengths across 16 bands and 24 frames, with their labels.
fn waves(first: usize, n: usize) -> (Array3<f32>, Vec<usize>) {
    let images = Array3::from_shape_fn((n, 16, 24), |(i, band, frame)| {
        let i = first + i;
        let phase = (band + frame) as f32 * (1.0 + (i % 3) as f32) * 0.4 + i as f32;
        phase.sin() + ((i * 7 + band * 5 + frame * 3) % 11) as f32 * 0.05
    });
    (images, (first..first + n).map(|i| i % 3).collect())
}

fn main() -> Result<(), timbral_nn::Error> {
    let (images, labels) = waves(0, 150);
    let data = Dataset::images(images.view(), &labels, 3)?;
    let (held_out, expected) = waves(150, 60);
    let validation = Dataset::images(held_out.view(), &expected, 3)?;

    let net = ConvNetParams {
        blocks: ConvBlockParams::stack(&[8, 16], &[[2, 2], [2, 2]]),
        ..Default::default()
    };
    let params = TrainParams {
        epochs: 30,
        batch_size: 16,
        early_stopping: Some(EarlyStopping {
            patience: 5,
            ..Default::default()
        }),
        augment: Augment {
            frames: Some(16),
            ..Default::default()
        },
        ..Default::default()
    };
    let trained = Training::new(net, &params, &data)
        .validate(&validation)
        .run()?;
    for (epoch, scores) in trained.history.epochs.iter().enumerate().step_by(5) {
        println!("epoch {epoch}: training loss {:.3}", scores.loss);
    }
    println!("best epoch: {:?}", trained.best_epoch);

    let probabilities = trained.model.image_probabilities(held_out.view())?;
    let class = |row: ArrayView1<'_, f32>| (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let found = probabilities.rows().into_iter().map(class);
    let correct = found
        .zip(&expected)
        .filter(|(a, b)| *a == Some(**b))
        .count();
    println!("{correct} of {} classified correctly", expected.len());
    Ok(())
}
