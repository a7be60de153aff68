//! A network of the crate candle-nn as a recipe of your own, judged by the same experiments as the models of timbral.
//!
//! `cargo run --release --features candle --example bring_your_own -- features.csv` prints the accuracy of the network, of
//! boosted trees and of the dense network, by row and by recording, on random rows and on whole recordings. Any other
//! function that fits a model goes in its place; for smartcore and linfa there are `TableRecipe::smartcore` and
//! `TableRecipe::linfa`.

#![allow(clippy::print_stdout)]

use serde_json::json;
use timbral::boost::BoostParams;
use timbral::data::{FeatureTable, SplitMethod};
use timbral::ndarray::Array2;
use timbral::nn::candle_core::{Device::Cpu, Result as CandleResult, Tensor, Var};
use timbral::nn::candle_nn::{AdamW, Linear, Module, Optimizer, loss, ops};
use timbral::{DenseParams, Runner, TableRecipe};
use timbral_core::Rng;

const UNITS: usize = 64;
const STEPS: usize = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1);
    let table = FeatureTable::read(path.ok_or("usage: bring_your_own TABLE")?)?;

    let parameters = json!({ "units": UNITS, "steps": STEPS });
    let theirs = TableRecipe::new("candle-nn", parameters, |rows, seed, _monitor| {
        let tensor = |x: &Array2<f32>| Tensor::from_iter(x.iter().copied(), &Cpu)?.reshape(x.dim());
        // candle has no seed on the CPU: the weights are drawn here.
        let (mut rng, mut vars) = (Rng::new(seed), Vec::new());
        let mut layer = |n_in: usize, n_out: usize| -> CandleResult<Linear> {
            let limit = (6.0 / (n_in + n_out) as f32).sqrt();
            let weights = (0..n_in * n_out).map(|_| (2.0 * rng.unit_f32() - 1.0) * limit);
            let weight = Var::from_vec(weights.collect(), (n_out, n_in), &Cpu)?;
            let bias = Var::from_vec(vec![0.0_f32; n_out], n_out, &Cpu)?;
            vars.extend([weight.clone(), bias.clone()]);
            Ok(Linear::new(weight.into_inner(), Some(bias.into_inner())))
        };
        let (hidden, output) = (layer(rows.x.ncols(), UNITS)?, layer(UNITS, rows.n_classes)?);
        let logits = move |x: &Tensor| output.forward(&hidden.forward(x)?.relu()?);

        let x = tensor(&rows.x)?;
        let y = Tensor::from_iter(rows.y.iter().map(|class| *class as u32), &Cpu)?;
        let mut adam = AdamW::new_lr(vars, 0.01)?;
        for _ in 0..STEPS {
            adam.backward_step(&loss::cross_entropy(&logits(&x)?, &y)?)?;
        }
        let n_classes = rows.n_classes;
        Ok(move |x: &Array2<f32>| {
            let p = ops::softmax(&logits(&tensor(x)?)?, 1)?;
            let p = p.flatten_all()?.to_vec1()?;
            Ok(Array2::from_shape_vec((x.nrows(), n_classes), p)?)
        })
    });

    let (trees, dense) = (BoostParams::default(), DenseParams::default());
    let runner = Runner::new(&table)
        .recipe(&theirs)
        .recipe(&trees)
        .recipe(&dense);
    let splits = [SplitMethod::Random, SplitMethod::Grouped];
    for run in runner.splits(splits).run(&mut ())? {
        let scores = run.evaluate()?;
        println!(
            "{:<14} {:<8} {}",
            run.model,
            run.split.to_string(),
            scores.by_row
        );
    }
    Ok(())
}
