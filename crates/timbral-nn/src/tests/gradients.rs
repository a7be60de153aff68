//! The losses of networks against the reference, and their gradients against its finite differences.

use timbral_core::Rng;

use crate::device::Opened;
use crate::kernels::geometry::Padding;
use crate::layers::activation::Activation;
use crate::nets::architecture::Architecture;
use crate::nets::attention_net::AttentionNetParams;
use crate::nets::conv_net::{ConvNetParams, Pooling};
use crate::nets::crnn::CrnnParams;
use crate::nets::mlp::MlpParams;
use crate::nets::network::Network;
use crate::nets::stem::ConvBlockParams;
use crate::random::Key;
use crate::shape::Shape;
use crate::tests::reference::{Batch, Reference, loss};
use crate::training::loss::{CrossEntropy, Target};
use crate::workspace::Workspace;

/// A network of three classes whose scales and shifts are not the initial ones; some scales are
/// negative.
pub(crate) fn moved(architecture: &Architecture, input: Shape, rng: &mut Rng) -> Network {
    let mut network = Network::new(architecture, input, 3, 1).expect("valid");
    for x in &mut network.parameters {
        *x += rng.unit_f32() * 0.4 - 0.2;
    }
    for tensor in network
        .plan
        .tensors
        .iter()
        .filter(|t| t.name.ends_with("scale"))
    {
        network.parameters[tensor.range.start] = -0.7;
    }
    let n_bands = network.bands().len();
    network.statistics[..n_bands].fill(0.1);
    network
}

/// Compares a network's loss and gradient with the reference.
fn check(architecture: impl Into<Architecture>, input: Shape) {
    /// Relative to the largest number of the gradient: f32 has 24 bits, in sums of some hundred
    /// products.
    const TOLERANCE: f64 = 2e-5;
    const STEP: f64 = 1e-7;
    let mut rng = Key::new(2).rng();
    let mut network = moved(&architecture.into(), input, &mut rng);
    let n = 5;
    let mut workspace = Workspace::new(&network, &Opened::Own).expect("valid");
    workspace.input = (0..n * input.len())
        .map(|_| rng.unit_f32() * 2.0 - 1.0)
        .collect();
    let targets: Vec<Target> = (0..n)
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
    let logits = workspace.forward(&mut network, Key::new(3));
    let mut logits = logits.expect("computed").to_vec();
    let score = cross_entropy.gradient(&mut logits, &targets, 3);
    let done = workspace.backward(&network, &mut logits);
    done.expect("computed");

    let examples = workspace.input.chunks(input.len());
    let batch: Batch = examples
        .map(|x| x.iter().map(|x| f64::from(*x)).collect())
        .collect();
    let mut parameters: Vec<f64> = network.parameters.iter().map(|x| f64::from(*x)).collect();
    let at = |parameters: &[f64]| {
        let reference = Reference {
            network: &network,
            parameters,
        };
        loss(
            &reference.logits(batch.clone()),
            &targets,
            f64::from(0.1_f32),
        )
    };
    assert!((score.loss / n as f64 - at(&parameters)).abs() < TOLERANCE);
    let largest = workspace
        .gradient
        .iter()
        .fold(0.0_f32, |max, g| max.max(g.abs()));
    assert!(largest > 0.05);
    for tensor in network.plan.tensors.iter().filter(|t| !t.is_statistic()) {
        // All of a vector, some of a weight.
        for i in tensor
            .range
            .clone()
            .step_by(tensor.range.len().div_ceil(40))
        {
            let kept = parameters[i];
            parameters[i] = kept + STEP;
            let above = at(&parameters);
            parameters[i] = kept - STEP;
            let below = at(&parameters);
            parameters[i] = kept;
            let expected = (above - below) / (2.0 * STEP);
            let got = f64::from(workspace.gradient[i]);
            let off = (got - expected).abs();
            let name = &tensor.name;
            assert!(
                off < TOLERANCE * f64::from(largest).max(1.0),
                "{name}[{i}]: {got}, not {expected}"
            );
        }
    }
}

pub(crate) fn blocks() -> Vec<ConvBlockParams> {
    let first = ConvBlockParams {
        channels: 5,
        kernel: [3, 5],
        stride: [2, 1],
        pool: [2, 2],
        ..ConvBlockParams::default()
    };
    let second = ConvBlockParams {
        channels: 9,
        kernel: [2, 3],
        padding: Padding::Valid,
        pool: [1, 1],
        ..ConvBlockParams::default()
    };
    vec![first, second]
}

pub(crate) const IMAGE: Shape = Shape::new(17, 14, 1);

#[test]
fn dense_nets() {
    for (batch_norm, activation) in [(false, Activation::Relu), (true, Activation::Tanh)] {
        let params = MlpParams {
            units: vec![11, 7],
            batch_norm,
            activation,
            dropout: 0.0,
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
            dropout: 0.0,
            ..ConvNetParams::default()
        };
        check(params, IMAGE);
    }
}

#[test]
fn recurrent_nets() {
    let params = CrnnParams {
        blocks: blocks(),
        units: 5,
        dropout: 0.0,
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
        dropout: 0.0,
        ..AttentionNetParams::default()
    };
    check(params, IMAGE);
}
