//! Devices other than the CPU.

use timbral_nn::{Dataset, Device, Error, MlpParams, TrainParams, Training};

fn table() -> (ndarray::Array2<f32>, Vec<usize>) {
    let features =
        ndarray::Array2::from_shape_fn((12, 2), |(i, j)| (i * 2 + j) as f32 / 12.0 - 1.0);
    (features, (0..12).map(|i| i / 4).collect())
}

#[test]
fn a_device_without_its_feature_is_an_error_that_names_the_feature() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels, 3).expect("valid");
    let params = TrainParams {
        epochs: 1,
        ..TrainParams::default()
    };
    let classifier = Training::new(MlpParams::default(), &params, &data)
        .run()
        .expect("trains")
        .model;
    for (device, has_feature, expected) in [
        (
            Device::CandleCpu,
            cfg!(feature = "candle"),
            "candle: this build has no feature candle",
        ),
        (
            Device::Cuda(1),
            cfg!(feature = "cuda"),
            "cuda:1: this build has no feature cuda",
        ),
        (
            Device::Metal(0),
            cfg!(feature = "metal"),
            "metal:0: this build has no feature metal",
        ),
    ] {
        if has_feature {
            continue;
        }
        let training = Training::new(MlpParams::default(), &params, &data).device(device);
        for error in [
            training.run().expect_err(expected),
            classifier.clone().on(device).expect_err(expected),
        ] {
            assert!(matches!(error, Error::Device { .. }), "{error:?}");
            assert_eq!(error.to_string(), expected);
        }
    }
}

#[cfg(feature = "candle")]
mod candle {
    use ndarray::Array3;
    use timbral_nn::{
        Architecture, Augment, ConvBlockParams, ConvNetParams, CrnnParams, Optimiser,
    };

    use super::*;

    /// Every step adds the rounding of some hundred sums to the weights of later steps.
    const TOLERANCE: f64 = 1e-3;

    fn compare(net: impl Into<Architecture>, params: &TrainParams, data: &Dataset) {
        let net = net.into();
        let train = |device| {
            let training = Training::new(net.clone(), params, data).validate(data);
            training.device(device).run().expect("trains")
        };
        let (own, candle) = (train(Device::Cpu), train(Device::CandleCpu));
        assert_eq!(own.history.epochs.len(), params.epochs);
        let epochs = own.history.epochs.iter().zip(&candle.history.epochs);
        for (i, (own, candle)) in epochs.enumerate() {
            let validation = [own, candle].map(|e| e.validation_loss.expect("validated"));
            for [own, candle] in [[own.loss, candle.loss], validation] {
                let off = (own - candle).abs();
                assert!(off < TOLERANCE * own, "{net:?}, epoch {i}: {own} {candle}");
            }
        }
        let [first, last] = [0, params.epochs - 1].map(|i| own.history.epochs[i].loss);
        assert!(last < first, "{first} {last}");
    }

    #[test]
    fn candle_trains_the_same_on_tables() {
        let (features, labels) = table();
        let data = Dataset::new(features.view(), &labels, 3).expect("valid");
        let net = MlpParams {
            units: vec![16, 8],
            batch_norm: true,
            ..MlpParams::default()
        };
        let params = TrainParams {
            epochs: 8,
            batch_size: 5,
            ema_decay: Some(0.9),
            ..TrainParams::default()
        };
        compare(net, &params, &data);
    }

    #[test]
    fn candle_trains_and_predicts_the_same_on_images() {
        // Waves of three lengths across bands and frames.
        let labels: Vec<usize> = (0..30).map(|i| i % 3).collect();
        let images = Array3::from_shape_fn((30, 9, 14), |(i, band, frame)| {
            let phase = (band + frame) as f32 * (1.0 + (i % 3) as f32) * 0.4 + i as f32;
            phase.sin() + ((i * 7 + band * 5 + frame * 3) % 11) as f32 * 0.05
        });
        let data = Dataset::images(images.view(), &labels, 3).expect("valid");
        let params = TrainParams {
            epochs: 4,
            batch_size: 8,
            // Adam would make full steps of gradients that are only rounding errors.
            optimiser: Optimiser::Sgd { momentum: 0.9 },
            learning_rate: 0.02,
            augment: Augment {
                frames: Some(11),
                mixup: 0.3,
                ..Augment::default()
            },
            ..TrainParams::default()
        };
        let blocks = vec![
            ConvBlockParams {
                channels: 6,
                ..ConvBlockParams::default()
            },
            ConvBlockParams {
                channels: 10,
                pool: [2, 1],
                ..ConvBlockParams::default()
            },
        ];
        let conv = ConvNetParams {
            blocks: blocks.clone(),
            ..ConvNetParams::default()
        };
        compare(conv.clone(), &params, &data);
        let crnn = CrnnParams {
            blocks,
            units: 6,
            dropout: 0.3,
            ..CrnnParams::default()
        };
        compare(crnn, &params, &data);

        let own = Training::new(conv, &params, &data).run().expect("trains");
        let candle = own.model.clone().on(Device::CandleCpu).expect("built");
        assert_eq!(candle, own.model);
        let expected = own.model.image_probabilities(images.view());
        let got = candle.image_probabilities(images.view()).expect("valid");
        for (got, expected) in got.iter().zip(&expected.expect("valid")) {
            assert!((got - expected).abs() < 1e-5, "{got}, not {expected}");
        }
    }
}
