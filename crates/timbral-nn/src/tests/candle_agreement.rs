//! The passes of candle on the CPU against those of this crate.

use crate::device::{Device, Opened};
use crate::kernels::geometry::Padding;
use crate::layers::activation::Activation;
use crate::nets::architecture::Architecture;
use crate::nets::attention_net::AttentionNetParams;
use crate::nets::conv_net::{ConvNetParams, Pooling};
use crate::nets::crnn::CrnnParams;
use crate::nets::mlp::MlpParams;
use crate::nets::stem::ConvBlockParams;
use crate::random::Key;
use crate::shape::Shape;
use crate::tests::gradients::{IMAGE, blocks, moved};
use crate::training::loss::{CrossEntropy, Target};
use crate::workspace::Workspace;

/// Relative to the largest number. Both round to 24 bits in sums of some hundred products, in different
/// orders, through up to ten layers; the differences seen are about ten times smaller.
const TOLERANCE: f32 = 2e-5;

fn assert_near(got: &[f32], expected: &[f32], largest: f32, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let off = (got - expected).abs();
        assert!(
            off <= TOLERANCE * largest,
            "{what} [{i}]: {got}, not {expected}"
        );
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |max, x| max.max(x.abs()))
}

/// Compares logits, gradients and statistics of a step, and the prediction after it.
fn check(architecture: impl Into<Architecture>, input: Shape) {
    const N: usize = 5;
    let architecture = architecture.into();
    let candle = Device::CandleCpu.open().expect("built");
    let mut rng = Key::new(2).rng();
    let mut own = moved(&architecture, input, &mut rng);
    let mut other = own.clone();
    let mut own_pass = Workspace::new(&own, &Opened::Own).expect("valid");
    let mut other_pass = Workspace::new(&other, &candle).expect("valid");
    own_pass.input = (0..N * input.len())
        .map(|_| rng.unit_f32() * 2.0 - 1.0)
        .collect();
    other_pass.input = own_pass.input.clone();
    let targets: Vec<Target> = (0..N)
        .map(|i| Target {
            label: i % 3,
            other: (i + 1) % 3,
            fraction: 0.75,
        })
        .collect();
    let cross_entropy = CrossEntropy {
        smoothing: 0.1,
        class_weights: &[],
    };

    let mut by_logits = own_pass
        .forward(&mut own, Key::new(3))
        .expect("runs")
        .to_vec();
    let logits = other_pass.forward(&mut other, Key::new(3)).expect("runs");
    assert_near(logits, &by_logits, largest(&by_logits), "logits");
    // Both get the same gradient of the logits.
    cross_entropy.gradient(&mut by_logits, &targets, 3);
    let mut again = by_logits.clone();
    own_pass.backward(&own, &mut by_logits).expect("runs");
    other_pass.backward(&other, &mut again).expect("runs");
    let (expected, got) = (&own_pass.gradient, &other_pass.gradient);
    assert!(largest(expected) > 0.05);
    for tensor in own.plan.tensors.iter() {
        let (name, range) = (&tensor.name, tensor.range.clone());
        match tensor.is_statistic() {
            true => {
                let expected = &own.statistics[range.clone()];
                assert_near(&other.statistics[range], expected, largest(expected), name);
            }
            false => {
                let most = largest(expected);
                assert_near(&got[range.clone()], &expected[range], most, name);
            }
        }
    }

    let expected = own_pass.predict(&own).expect("runs");
    let got = other_pass.predict(&own).expect("runs");
    assert_near(got, expected, largest(expected), "prediction");

    // Dropout is on.
    let [one, two] = [3, 4].map(|key| {
        let logits = other_pass.forward(&mut other, Key::new(key));
        logits.expect("runs").to_vec()
    });
    assert_ne!(one, two);
}

#[test]
fn dense_nets() {
    for (batch_norm, activation) in [(false, Activation::Relu), (true, Activation::Tanh)] {
        let params = MlpParams {
            units: vec![11, 7],
            batch_norm,
            activation,
            dropout: 0.4,
            ..MlpParams::default()
        };
        check(params, Shape::row(6));
    }
}

#[test]
fn conv_nets() {
    for pooling in [Pooling::Mean, Pooling::MeanMax] {
        let params = ConvNetParams {
            blocks: blocks(),
            pooling,
            dropout: 0.4,
            ..ConvNetParams::default()
        };
        check(params, IMAGE);
    }
}

#[test]
fn strides_longer_than_kernels_and_uneven_padding() {
    for padding in [Padding::Same, Padding::Valid] {
        for (kernel, stride) in [
            ([1, 2], [2, 3]),
            ([2, 4], [1, 3]),
            ([4, 3], [2, 2]),
            ([5, 1], [3, 1]),
        ] {
            let blocks = vec![
                ConvBlockParams {
                    channels: 4,
                    kernel,
                    stride,
                    padding,
                    pool: [2, 1],
                    ..ConvBlockParams::default()
                },
                ConvBlockParams {
                    channels: 3,
                    kernel: [2, 2],
                    pool: [1, 2],
                    ..ConvBlockParams::default()
                },
            ];
            let params = ConvNetParams {
                blocks,
                ..ConvNetParams::default()
            };
            check(params, IMAGE);
        }
    }
}

#[test]
fn recurrent_nets() {
    let params = CrnnParams {
        blocks: blocks(),
        units: 5,
        dropout: 0.4,
        ..CrnnParams::default()
    };
    check(params, IMAGE);
}

#[test]
fn attention_nets() {
    let params = AttentionNetParams {
        blocks: blocks(),
        units: 6,
        heads: 2,
        encoders: 2,
        dropout: 0.4,
        ..AttentionNetParams::default()
    };
    check(params, IMAGE);
}
