//! A recipe of your own: the class of the nearest mean, compared with boosted trees under two splits.
//!
//! `cargo run --release -p timbral --example custom_recipe`

#![allow(clippy::print_stdout)]

use serde_json::{Value, json};
use timbral::boost::BoostParams;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::ndarray::{Array2, ArrayView1};
use timbral::{Error, Experiment, FittedModel, Monitor, Recipe, Result, Runner};

/// Probabilities fall with the squared distance to the mean of a class, over `width`.
#[derive(Debug)]
struct NearestMean {
    width: f32,
}

impl Recipe for NearestMean {
    fn name(&self) -> String {
        "nearest-mean".to_owned()
    }

    fn parameters(&self) -> Value {
        json!({ "width": self.width })
    }

    fn fit(
        &self,
        data: &Experiment,
        _: u64,
        _: &mut dyn Monitor,
    ) -> Result<Box<dyn FittedModel + '_>> {
        let (x, labels) = (
            data.train.features(),
            data.train.labels().ok_or(Error::NoLabels)?,
        );
        let n_classes = data.train.classes().len();
        let (mut means, mut counts) = (Array2::zeros((n_classes, x.ncols())), vec![0.0; n_classes]);
        for (row, label) in x.rows().into_iter().zip(labels) {
            counts[*label] += 1.0;
            means
                .row_mut(*label)
                .zip_mut_with(&row, |mean, x| *mean += x);
        }
        for (mut mean, count) in means.rows_mut().into_iter().zip(counts) {
            if count == 0.0 {
                return Err(Error::Recipe("a class has no training row".into()));
            }
            mean /= count;
        }
        Ok(Box::new(Means {
            means,
            width: self.width,
        }))
    }
}

struct Means {
    means: Array2<f32>,
    width: f32,
}

impl FittedModel for Means {
    fn probabilities(&self, rows: &FeatureTable) -> Result<Array2<f32>> {
        let distance = |row: ArrayView1<'_, f32>, mean: ArrayView1<'_, f32>| -> f32 {
            row.iter().zip(mean).map(|(x, m)| (x - m).powi(2)).sum()
        };
        let mut p = Array2::from_shape_fn((rows.n_rows(), self.means.nrows()), |(row, class)| {
            (-distance(rows.features().row(row), self.means.row(class)) / self.width).exp()
        });
        for mut row in p.rows_mut() {
            let sum = row.sum();
            row /= sum;
        }
        Ok(p)
    }
}

fn main() -> Result<()> {
    // Forty recordings of three segments, two genres that overlap.
    let x = Array2::from_shape_fn((120, 2), |(row, j)| {
        (row / 3 % 2) as f32 + (row / 3 * (7 + j) % 20) as f32 / 10.0 + (row % 3) as f32 / 100.0
    });
    let ids = (0..120)
        .map(|row| format!("song{}.{}.wav", row / 3, row % 3))
        .collect();
    let table = FeatureTable::new(vec!["tempo".into(), "rms".into()], x, ids)?
        .with_groups((0..120).map(|row| format!("song{}", row / 3)))?
        .with_labels((0..120).map(|row| ["jazz", "rock"][row / 3 % 2]))?;
    let (mean, trees) = (NearestMean { width: 0.5 }, BoostParams::default());
    let runner = Runner::new(&table).recipe(&mean).recipe(&trees);
    for run in runner
        .splits([SplitMethod::Random, SplitMethod::Grouped])
        .run(&mut ())?
    {
        println!("{}, {}: {}", run.model, run.split, run.evaluate()?.by_row);
    }
    Ok(())
}
