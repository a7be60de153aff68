//! A small network against NumPy.

use timbral_audio::Clip;
use timbral_pretrained::candle_core::DType;
use timbral_pretrained::{
    Device, Embedder, EmbedderParams, Error, Musicnn, MusicnnParams, Network, Tensor, VarBuilder,
};

use crate::support::{floats, golden, network, numbers, params, tensors};

/// The greatest difference, in units of `1 + |expected|`.
fn difference(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let each = got.iter().zip(expected);
    each.map(|(a, b)| (a - b).abs() / (1.0 + b.abs()))
        .fold(0.0, f32::max)
}

#[test]
fn the_outputs_of_a_window_are_those_of_numpy() {
    let (network, golden) = (network(), golden());
    let window = numbers(187 * 96, 1000)
        .iter()
        .map(|x| x.abs() * 4.0)
        .collect();
    let window = Tensor::from_vec(window, (1, 187, 96), &Device::Cpu).unwrap();
    let outputs = network.forward(&window).unwrap();
    for ((output, info), expected) in outputs
        .iter()
        .zip(network.outputs())
        .zip(golden["window"].as_array().unwrap())
    {
        let got = output.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(got.len(), info.len);
        let greatest = difference(&got, &floats(expected));
        // f32 against f64 in six layers.
        assert!(greatest < 1e-4, "{}: {greatest}", info.name);
    }
}

#[test]
fn windows_of_samples_are_those_of_numpy() {
    let golden = golden();
    let samples = numbers(60_000, 2000).iter().map(|x| x * 0.3).collect();
    let clip = Clip::new(samples, 16_000, 1).unwrap();
    let params = EmbedderParams {
        // 31.25 frames, rounded to 31.
        hop: Some(0.5),
        batch: 1,
        ..EmbedderParams::default()
    };
    let embedder = Embedder::new(Box::new(network()), params).unwrap();
    let windows = embedder.clip(&clip).unwrap();
    let expected = golden["windows"].as_array().unwrap();
    assert_eq!(windows.len(), expected.len());
    for ((window, expected), start) in windows.iter().zip(expected).zip(floats(&golden["starts"])) {
        assert_eq!(window.start, f64::from(start) * 0.016);
        assert!((window.end - window.start - 2.992).abs() < 1e-9);
        for (i, values) in window.values.iter().enumerate() {
            let greatest = difference(values, &floats(&expected[i]));
            // A power on the edge between two 16-bit numbers may be rounded to the other: .0002 of the logarithm.
            assert!(greatest < 2e-3, "output {i} at {start}: {greatest}");
        }
    }
    // The number of windows at a time does not change a bit.
    let params = EmbedderParams { batch: 2, ..params };
    let embedder = Embedder::new(Box::new(network()), params).unwrap();
    assert_eq!(embedder.clip(&clip).unwrap(), windows);
}

#[test]
fn threads_do_not_change_a_bit() {
    let samples = numbers(100_000, 7);
    let clip = Clip::new(samples, 16_000, 1).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let embedder = Embedder::new(Box::new(network()), EmbedderParams::default()).unwrap();
            embedder.clip(&clip).unwrap()
        })
    };
    assert_eq!(run(1).len(), 2);
    assert_eq!(run(1), run(3));
}

#[test]
fn bad_sounds_and_networks_are_named() {
    let embedder = Embedder::new(Box::new(network()), EmbedderParams::default()).unwrap();
    for n in [1, 1000, 186 * 256 - 1] {
        let clip = Clip::new(vec![0.1; n], 16_000, 1).unwrap();
        let error = embedder.clip(&clip).unwrap_err();
        assert!(matches!(error, Error::TooShort { .. }), "{error}");
    }
    let clip = Clip::new(vec![0.1; 186 * 256], 16_000, 1).unwrap();
    assert_eq!(embedder.clip(&clip).unwrap().len(), 1);
    let clip = Clip::new(vec![f32::NAN; 60_000], 16_000, 1).unwrap();
    let error = embedder.clip(&clip).unwrap_err().to_string();
    assert!(
        error.starts_with("the samples: signal[") && error.contains("NaN"),
        "{error}"
    );
    // Far beyond full scale, as in a file of floats that are not scaled.
    let clip = Clip::new(
        numbers(60_000, 3).iter().map(|x| x * 1e6).collect(),
        16_000,
        1,
    )
    .unwrap();
    assert_eq!(embedder.clip(&clip).unwrap().len(), 1);
    assert!(
        embedder
            .output("max_pool")
            .is_ok_and(|(place, output)| (place, output.len) == (1, 31))
    );
    let error = embedder.output("logits").unwrap_err().to_string();
    assert_eq!(error, "output = logits: the network has no such output");

    let vb = || VarBuilder::from_tensors(tensors(), DType::F32, &Device::Cpu);
    let tags = ["a", "b", "c", "d", "e", "f"];
    let large = MusicnnParams {
        units: 8,
        ..params()
    };
    let error = Musicnn::new("tiny", &large, &tags, vb())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("tiny: ") && error.contains("dense.linear.weight"),
        "{error}"
    );
    assert!(Musicnn::new("tiny", &params(), &tags[1..], vb()).is_err());
    let none = MusicnnParams {
        units: 0,
        ..params()
    };
    assert!(Musicnn::new("tiny", &none, &tags, vb()).is_err());
}
