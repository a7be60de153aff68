//! Networks as modules of candle-nn against those of this crate.

use candle_core::{Device, Tensor};
use candle_nn::Module;

use crate::candle::modules::CandleNet;
use crate::classifier::Classifier;
use crate::device::Opened;
use crate::error::{Error, Result};
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
use crate::workspace::Workspace;

/// Relative to the largest logit. Both round to 24 bits in sums of some hundred products, in different orders, through
/// up to ten layers; the differences seen are about ten times smaller.
const TOLERANCE: f32 = 2e-5;

/// The network with random weights and statistics, from its file.
fn saved(architecture: &Architecture, input: Shape) -> Classifier {
    let mut rng = Key::new(2).rng();
    let mut network = moved(architecture, input, &mut rng);
    for x in &mut network.statistics {
        *x = rng.unit_f32() + 0.2;
    }
    let bytes = Classifier::new(network).to_safetensors().expect("encoded");
    Classifier::from_slice(&bytes).expect("decoded")
}

fn to_candle(architecture: impl Into<Architecture>, input: Shape) -> Result<CandleNet> {
    saved(&architecture.into(), input).to_candle(&Device::Cpu)
}

/// Compares the logits.
fn check(architecture: impl Into<Architecture>, input: Shape) {
    const N: usize = 5;
    let classifier = saved(&architecture.into(), input);
    let mut rng = Key::new(3).rng();
    let values = (0..N * input.len()).map(|_| rng.unit_f32() * 2.0 - 1.0);
    let values: Vec<f32> = values.collect();
    let mut own = Workspace::new(classifier.network(), &Opened::Own).expect("valid");
    own.input = values.clone();
    let expected = own.predict(classifier.network()).expect("runs");
    let largest = expected.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    assert!(largest > 0.05, "{largest}");

    let net = classifier.to_candle(&Device::Cpu).expect("covered");
    let x = match input.height {
        1 => Tensor::from_vec(values, (N, input.len()), &Device::Cpu),
        bands => Tensor::from_vec(values, (N, bands, input.width), &Device::Cpu),
    };
    let logits = x.and_then(|x| net.forward(&x)).expect("runs");
    assert_eq!(logits.dims(), [N, classifier.n_classes()]);
    let got: Vec<f32> = logits
        .flatten_all()
        .and_then(|x| x.to_vec1())
        .expect("read");
    for (i, (got, expected)) in got.iter().zip(expected.iter()).enumerate() {
        let off = (got - expected).abs();
        assert!(off <= TOLERANCE * largest, "[{i}]: {got}, not {expected}");
    }
}

#[test]
fn dense_nets_have_the_same_logits() {
    for (batch_norm, activation, units) in [
        (false, Activation::Relu, vec![11, 7]),
        (true, Activation::Tanh, vec![11, 7]),
        (true, Activation::Relu, vec![]),
    ] {
        let params = MlpParams {
            units,
            batch_norm,
            activation,
            ..MlpParams::default()
        };
        check(params, Shape::row(6));
    }
}

#[test]
fn conv_nets_have_the_same_logits() {
    for pooling in [Pooling::Mean, Pooling::MeanMax] {
        for padding in [Padding::Same, Padding::Valid] {
            // Kernels smaller and larger than the stride, uneven padding, windows that do not fill the image.
            for (kernel, stride) in [([3, 3], 1), ([2, 4], 2), ([1, 1], 3), ([5, 2], 2)] {
                let first = ConvBlockParams {
                    channels: 5,
                    kernel,
                    stride: [stride; 2],
                    padding,
                    pool: [2, 1],
                    ..ConvBlockParams::default()
                };
                let second = ConvBlockParams {
                    channels: 3,
                    kernel: [2, 2],
                    pool: [1, 1],
                    ..ConvBlockParams::default()
                };
                let params = ConvNetParams {
                    blocks: vec![first, second],
                    pooling,
                    ..ConvNetParams::default()
                };
                check(params, IMAGE);
            }
        }
    }
    check(ConvNetParams::default(), Shape::new(33, 47, 1));
}

#[test]
fn what_is_not_covered_is_refused_by_name() {
    let refused = |net: Result<CandleNet>| match net {
        Err(Error::InvalidParameter(found)) => found.to_string(),
        other => panic!("{other:?}"),
    };
    let crnn = CrnnParams {
        blocks: blocks(),
        ..CrnnParams::default()
    };
    assert!(refused(to_candle(crnn, IMAGE)).starts_with("architecture = crnn"));
    let attention = AttentionNetParams {
        blocks: blocks(),
        ..AttentionNetParams::default()
    };
    assert!(refused(to_candle(attention, IMAGE)).starts_with("architecture = attention_net"));
    let strides = ConvNetParams {
        blocks: blocks(),
        ..ConvNetParams::default()
    };
    assert!(refused(to_candle(strides, IMAGE)).starts_with("stride = [2, 1]"));
}

#[test]
fn inputs_of_another_shape_are_refused() {
    let dense = to_candle(MlpParams::default(), Shape::row(6)).expect("covered");
    let conv = to_candle(ConvNetParams::default(), Shape::new(32, 40, 1)).expect("covered");
    for (net, shape) in [
        (&dense, vec![2, 5]),
        (&dense, vec![6]),
        (&conv, vec![2, 32, 41]),
        (&conv, vec![2, 31, 40]),
        (&conv, vec![2, 1, 32, 40]),
    ] {
        let x = Tensor::zeros(shape.clone(), candle_core::DType::F32, &Device::Cpu);
        assert!(net.forward(&x.expect("made")).is_err(), "{shape:?}");
    }
}
