//! Layers against Keras: the cases of `tests/golden/layers.json`, written by `tests/golden/layers.py`.

use std::collections::HashMap;

use serde::Deserialize;

use crate::kernels::convolution::{Buffers, Convolution};
use crate::kernels::geometry::{Geometry, Padding};
use crate::layers::activation::Activation;
use crate::layers::attention_pool::AttentionPool;
use crate::layers::chain::{Back, Keys, Layer, Mode};
use crate::layers::conv_block::ConvBlock;
use crate::layers::dense::{Dense, DenseOptions};
use crate::layers::gru::{BiGru, Gru};
use crate::layers::layer_norm::LayerNorm;
use crate::layers::plan::Plan;
use crate::layers::pool::GlobalPool;
use crate::layers::self_attention::SelfAttention;
use crate::random::Key;
use crate::shape::Shape;
use crate::training::loss::{CrossEntropy, Target};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    layer: String,
    name: String,
    options: Options,
    input_shape: Vec<usize>,
    input: Vec<f32>,
    weights: HashMap<String, Values>,
    output_shape: Vec<usize>,
    output: Vec<f32>,
    output_gradient: Vec<f32>,
    input_gradient: Vec<f32>,
    weight_gradients: HashMap<String, Values>,
    #[serde(default)]
    statistics: HashMap<String, Values>,
    #[serde(default)]
    inference_statistics: HashMap<String, Values>,
    #[serde(default)]
    inference_output: Vec<f32>,
    targets: Option<Values>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Options {
    kernel: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
    pool: [usize; 2],
    units: usize,
    go_backwards: bool,
    heads: usize,
    key_dim: usize,
    batch_norm: bool,
    label_smoothing: f32,
    class_weights: Vec<f32>,
}

#[derive(Deserialize)]
struct Values {
    values: Vec<f32>,
}

fn cases(layer: &str) -> Vec<Case> {
    let golden = include_str!("../../tests/golden/layers.json");
    let golden: Golden = serde_json::from_str(golden).expect("golden values");
    let cases: Vec<Case> = golden.cases.into_iter().collect();
    let cases: Vec<Case> = cases
        .into_iter()
        .filter(|case| case.layer == layer)
        .collect();
    assert!(!cases.is_empty(), "{layer}");
    cases
}

/// Sums of some hundred products in f32: 24 bits of the largest number, a few of them lost.
const TOLERANCE: f32 = 2e-6;

fn assert_near(got: &[f32], expected: &[f32], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f32, |max, x| max.max(x.abs()));
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let off = (got - expected).abs();
        assert!(
            off <= TOLERANCE * largest,
            "{what} [{i}]: {got}, not {expected}"
        );
    }
}

/// The shape of an example of Keras's `[batch, …]`.
fn shape(of: &[usize]) -> Shape {
    match *of {
        [_, height, width, channels] => Shape::new(height, width, channels),
        [_, steps, features] => Shape::new(1, steps, features),
        _ => Shape::row(of[1]),
    }
}

/// What Keras calls a tensor of ours.
fn keras_name(layer: &str, name: &str) -> String {
    let name = name.trim_start_matches('.');
    match (layer, name) {
        ("attention_pool", _) => return name.to_owned(),
        ("dense", "bias") => return "bias".into(),
        _ => {}
    }
    let (scope, name) = name.rsplit_once('.').unwrap_or(("", name));
    let name = match name {
        "weight" => "kernel",
        "recurrent" => "recurrent_kernel",
        "scale" => "gamma",
        "shift" => "beta",
        name => name,
    };
    match scope {
        "" | "norm" => name.to_owned(),
        scope => format!("{scope}_{name}"),
    }
}

/// Compares a layer with a case forward, backward and, if it measures anything, in prediction.
fn check(case: &Case, mut plan: Plan, mut layer: impl Layer) {
    let what = format!("{} {}", case.layer, case.name);
    assert_eq!(layer.output(), shape(&case.output_shape), "{what}");
    let [mut parameters, mut statistics] = plan.start(0);
    // Keras calls the shift of batch normalisation beta; a dense layer of ours calls it its bias.
    let keras = |name: &str| match keras_name(&case.layer, name) {
        name if name == "bias" && !case.weights.contains_key("bias") => "beta".to_owned(),
        name => name,
    };
    plan.tensors.sort_by_key(|tensor| tensor.is_statistic());
    let (measured, trained): (Vec<_>, Vec<_>) = plan
        .tensors
        .iter()
        .partition(|tensor| tensor.is_statistic());
    assert_eq!(trained.len(), case.weights.len(), "{what}");
    for tensor in &trained {
        let values = &case.weights[&keras(&tensor.name)].values;
        parameters[tensor.range.clone()].copy_from_slice(values);
    }

    let mut out = vec![f32::NAN; case.output.len()];
    let mode = Mode::Train(&mut statistics, Keys::new(Key::new(0)));
    layer.forward(&parameters, mode, &case.input, &mut out);
    assert_near(&out, &case.output, &format!("{what}: output"));
    let mut gradient = vec![f32::NAN; parameters.len()];
    let mut input_delta = vec![f32::NAN; case.input.len()];
    layer.backward(Back {
        parameters: &parameters,
        input: &case.input,
        delta: &mut case.output_gradient.clone(),
        input_delta: Some(&mut input_delta),
        gradient: &mut gradient,
    });
    assert_near(
        &input_delta,
        &case.input_gradient,
        &format!("{what}: input"),
    );
    for tensor in &trained {
        let name = keras(&tensor.name);
        let expected = &case.weight_gradients[&name].values;
        let got = &gradient[tensor.range.clone()];
        assert_near(got, expected, &format!("{what}: gradient of {name}"));
    }

    let moving = |tensor: &str| match tensor.ends_with("mean") {
        true => "moving_mean",
        false => "moving_variance",
    };
    for tensor in &measured {
        let name = moving(&tensor.name);
        let got = &statistics[tensor.range.clone()];
        assert_near(
            got,
            &case.statistics[name].values,
            &format!("{what}: {name}"),
        );
        let values = &case.inference_statistics[name].values;
        statistics[tensor.range.clone()].copy_from_slice(values);
    }
    if !measured.is_empty() {
        layer.forward(
            &parameters,
            Mode::Predict(&statistics),
            &case.input,
            &mut out,
        );
        assert_near(&out, &case.inference_output, &format!("{what}: prediction"));
    }
}

/// Checks all cases of a layer.
fn check_all<L: Layer>(layer: &str, build: impl Fn(&mut Plan, Shape, &Options) -> L) {
    for case in cases(layer) {
        let mut plan = Plan::default();
        let built = build(&mut plan, shape(&case.input_shape), &case.options);
        check(&case, plan, built);
    }
}

#[test]
fn convolutions_equal_keras() {
    for case in cases("conv2d") {
        let Options {
            kernel,
            strides,
            padding,
            ..
        } = case.options;
        let (input, output) = (shape(&case.input_shape), shape(&case.output_shape));
        let geometry = Geometry::new(input, output.channels, kernel, strides, padding);
        let geometry = geometry.expect("fits");
        assert_eq!(geometry.output, output, "{}", case.name);
        let mut convolution = Convolution::new(geometry);
        let mut adjoint = convolution.adjoint();
        let weights = &case.weights["kernel"].values;
        convolution.pack(weights);
        let mut exchanged = Vec::new();
        adjoint.geometry.turn(weights, &mut exchanged);
        adjoint.pack(&exchanged);
        let mut sums = vec![0.0; convolution.n_sums()];
        let mut gradient = vec![f32::NAN; weights.len()];
        let mut out = vec![f32::NAN; case.output.len()];
        let mut input_delta = vec![f32::NAN; case.input.len()];
        let mut buffers = Buffers::default();
        let images = (case.input.chunks_exact(input.len()))
            .zip(case.output_gradient.chunks_exact(output.len()))
            .zip(out.chunks_exact_mut(output.len()))
            .zip(input_delta.chunks_exact_mut(input.len()));
        for (((image, delta), out), input_delta) in images {
            convolution.apply(image, &mut buffers, out, |_| {});
            convolution.add_gradient(image, delta, &mut buffers, &mut sums);
            adjoint.apply(delta, &mut buffers, input_delta, |_| {});
        }
        convolution.gradient(&sums, &mut gradient);
        assert_near(&out, &case.output, &case.name);
        assert_near(&input_delta, &case.input_gradient, &case.name);
        assert_near(
            &gradient,
            &case.weight_gradients["kernel"].values,
            &case.name,
        );
    }
}

#[test]
fn blocks_equal_keras() {
    check_all("conv_block", |plan, input, options| {
        let Options {
            kernel,
            strides,
            padding,
            pool,
            ..
        } = *options;
        let channels = match input.channels {
            8 => 10,
            _ if pool == [3, 2] || kernel == [5, 3] => 5,
            _ => 4,
        };
        ConvBlock::new(plan, input, channels, kernel, strides, padding, pool).expect("fits")
    });
}

#[test]
fn recurrent_layers_equal_keras() {
    check_all("gru", |plan, input, options| {
        Gru::new(plan, input, options.units, options.go_backwards)
    });
    check_all("bidirectional_gru", |plan, input, options| {
        BiGru::new(plan, input, options.units)
    });
}

#[test]
fn attention_equals_keras() {
    check_all("attention", |plan, input, options| {
        SelfAttention::new(plan, input, options.heads, options.key_dim)
    });
    check_all("layer_norm", |plan, input, _| LayerNorm::new(plan, input));
    check_all("attention_pool", |plan, input, _| {
        AttentionPool::new(plan, input)
    });
}

#[test]
fn pools_equal_keras() {
    check_all("mean_pool", |_, input, _| GlobalPool::new(input, false));
    check_all("mean_max_pool", |_, input, _| GlobalPool::new(input, true));
}

#[test]
fn dense_layers_equal_keras() {
    check_all("dense", |plan, input, options| {
        let options = DenseOptions {
            batch_norm: options.batch_norm,
            activation: Some(Activation::Relu),
            ..DenseOptions::default()
        };
        Dense::new(plan, input, if options.batch_norm { 4 } else { 5 }, options)
    });
}

#[test]
fn losses_equal_keras() {
    for case in cases("cross_entropy") {
        let loss = CrossEntropy {
            smoothing: case.options.label_smoothing,
            class_weights: &case.options.class_weights,
        };
        let n_classes = case.input_shape[1];
        let rows = case
            .targets
            .as_ref()
            .expect("targets")
            .values
            .chunks_exact(n_classes);
        let targets: Vec<Target> = rows
            .map(|row| {
                let mut labels = (0..n_classes).filter(|j| row[*j] > 0.0);
                let label = labels.next().expect("a label");
                Target {
                    label,
                    other: labels.next().unwrap_or(label),
                    fraction: row[label],
                }
            })
            .collect();
        let mut logits = case.input.clone();
        let score = loss.gradient(&mut logits, &targets, n_classes);
        let mean = score.loss / targets.len() as f64;
        assert_near(&[mean as f32], &case.output, &case.name);
        assert_near(&logits, &case.input_gradient, &case.name);
    }
}
