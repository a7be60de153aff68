use serde::{Deserialize, Serialize};
use timbral_core::Rng;
use timbral_core::check;

use crate::dataset::Dataset;
use crate::error::Result;
use crate::random::{Key, Stream};
use crate::shape::Shape;
use crate::training::loss::Target;

/// Data augmentation: random changes of the examples before every step. The default changes nothing.
///
/// It is applied in this order: a crop of the frames of every spectrogram, mixup, masks.
///
/// ```
/// let augment: timbral_nn::Augment = serde_json::from_str(r#"{"mixup": 0.2, "frames": 96}"#)?;
/// assert_eq!((augment.frames, augment.frame_masks), (Some(96), 0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Frames of a random crop of every spectrogram; `None`, the default, keeps all frames. It is the width of the
    /// network, which predicts longer spectrograms by averaging over crops of this width.
    pub frames: Option<usize>,
    /// α of mixup (Zhang et al. 2018), from 0 (no mixup, the default) to 1: with λ ~ Beta(α, α), an example x becomes
    /// λ x + (1 - λ) x′, where x′ is another example of the step; labels are mixed in the same way.
    pub mixup: f32,
    /// Number of masks over bands per spectrogram (SpecAugment, Park et al. 2019), at most 100, default 0:
    /// neighbouring bands are set to their means.
    pub band_masks: usize,
    /// Largest number of bands that a mask covers, drawn at random from 0 to this number; default 0.
    pub band_mask: usize,
    /// Number of masks over frames per spectrogram, at most 100, default 0: all bands of neighbouring frames are set
    /// to their means.
    pub frame_masks: usize,
    /// Largest number of frames that a mask covers, drawn at random from 0 to this number; default 0.
    pub frame_mask: usize,
    #[doc(hidden)]
    #[serde(skip)]
    pub _non_exhaustive: (),
}

impl Augment {
    pub(crate) fn validate(&self, shape: Shape) -> Result<()> {
        check(
            (0.0..=1.0).contains(&self.mixup),
            "mixup",
            self.mixup,
            "must be from 0 to 1",
        )?;
        let masks = self.band_masks.max(self.frame_masks);
        check(masks <= 100, "masks", masks, "must be at most 100")?;
        let Some(frames) = self.frames else {
            return Ok(());
        };
        let good = frames > 0 && frames <= shape.width;
        let rule = "must be from 1 to the number of frames of the spectrograms";
        Ok(check(good, "frames", frames, rule)?)
    }

    /// Writes the examples of a step to `batch` and their targets to `targets`; `means` are the means
    /// of the bands.
    pub(crate) fn fill(
        &self,
        data: &Dataset,
        rows: &[usize],
        means: &[f32],
        key: Key,
        batch: &mut Vec<f32>,
        targets: &mut Vec<Target>,
    ) {
        let shape = Shape {
            width: self.frames.unwrap_or(data.shape().width),
            ..data.shape()
        };
        batch.clear();
        targets.clear();
        for (i, &row) in rows.iter().enumerate() {
            let mut rng = key.of(Stream::Crop).with(i as u64).rng();
            let start = rng.below(data.shape().width - shape.width + 1);
            data.crop(row, start, shape.width, batch);
            targets.push(Target::from(data.labels()[row]));
        }
        if self.mixup > 0.0 {
            self.mix(shape.len(), key.of(Stream::Mixup), batch, targets);
        }
        if self.band_masks + self.frame_masks > 0 {
            for (i, example) in batch.chunks_exact_mut(shape.len()).enumerate() {
                let mut rng = key.of(Stream::Masks).with(i as u64).rng();
                self.mask(example, shape, means, &mut rng);
            }
        }
    }

    fn mix(&self, len: usize, key: Key, batch: &mut [f32], targets: &mut [Target]) {
        let mut partners: Vec<usize> = (0..targets.len()).collect();
        key.of(Stream::Partners).rng().shuffle(&mut partners);
        let (original, labels) = (batch.to_vec(), targets.to_vec());
        for (i, (example, target)) in batch.chunks_exact_mut(len).zip(targets).enumerate() {
            let fraction = beta(
                self.mixup,
                &mut key.of(Stream::Fractions).with(i as u64).rng(),
            );
            let partner = partners[i];
            target.other = labels[partner].label;
            target.fraction = fraction;
            let other = &original[partner * len..][..len];
            for (x, other) in example.iter_mut().zip(other) {
                *x = fraction * *x + (1.0 - fraction) * other;
            }
        }
    }

    fn mask(&self, example: &mut [f32], shape: Shape, means: &[f32], rng: &mut Rng) {
        let row = shape.width * shape.channels;
        let mut span = |most: usize, size: usize| {
            let len = rng.below(most.min(size) + 1);
            let start = rng.below(size - len + 1);
            start..start + len
        };
        for _ in 0..self.band_masks {
            for band in span(self.band_mask, shape.height) {
                example[band * row..][..row].fill(means.get(band).copied().unwrap_or(0.0));
            }
        }
        for _ in 0..self.frame_masks {
            let frames = span(self.frame_mask, shape.width);
            for (band, line) in example.chunks_exact_mut(row).enumerate() {
                line[frames.start * shape.channels..frames.end * shape.channels]
                    .fill(means.get(band).copied().unwrap_or(0.0));
            }
        }
    }
}

/// A random number from Beta(α, α), for α up to 1 (Jöhnk 1964).
fn beta(alpha: f32, rng: &mut Rng) -> f32 {
    let power = 1.0 / f64::from(alpha);
    loop {
        let mut draw = || libm::log(f64::from(rng.unit_f32()).max(1e-12)) * power;
        // Logarithms of u^(1/α): for small α the powers themselves are 0.
        let (x, y) = (draw(), draw());
        let largest = x.max(y);
        let sum = largest + libm::log(libm::exp(x - largest) + libm::exp(y - largest));
        if sum <= 0.0 {
            return libm::exp(x - sum) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_have_the_mean_and_variance_of_the_beta_distribution() {
        for alpha in [0.2_f32, 1.0] {
            let mut rng = Key::new(1).rng();
            let draws: Vec<f64> = (0..20_000).map(|_| beta(alpha, &mut rng).into()).collect();
            let n = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / n;
            let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            // Beta(α, α): 1 / 2 and 1 / (4 (2 α + 1)); standard errors are below 0.004 and 0.001.
            assert!((mean - 0.5).abs() < 0.015, "{mean}");
            let expected = 0.25 / (2.0 * f64::from(alpha) + 1.0);
            assert!((variance - expected).abs() < 0.004, "{variance} {expected}");
        }
    }

    #[test]
    fn crops_mixes_and_masks_are_those_of_the_definition() {
        let images = ndarray::Array3::from_shape_fn((6, 4, 9), |(i, band, frame)| {
            (i * 100 + band * 10 + frame) as f32
        });
        let data = Dataset::images(images.view(), &[0, 1, 2, 0, 1, 2], 3).expect("valid");
        let (mut batch, mut targets) = (Vec::new(), Vec::new());
        let mut fill = |augment: Augment, means: &[f32]| {
            let key = Key::new(5);
            augment.fill(&data, &[3, 1], means, key, &mut batch, &mut targets);
            (batch.clone(), targets.clone())
        };
        let (crop, _) = fill(
            Augment {
                frames: Some(5),
                ..Augment::default()
            },
            &[],
        );
        // Band 2 of example 3 from some frame on.
        let start = crop[0] - 300.0;
        assert!((0.0..=4.0).contains(&start));
        assert_eq!(
            crop[10..15],
            [0.0, 1.0, 2.0, 3.0, 4.0].map(|x| 320.0 + start + x)
        );
        let (mixed, targets_mixed) = fill(
            Augment {
                mixup: 1.0,
                ..Augment::default()
            },
            &[],
        );
        for (i, target) in targets_mixed.iter().enumerate() {
            let (own, other) = ([300.0, 100.0][i], [[300.0, 100.0], [100.0, 300.0]][i]);
            let other = other[usize::from(target.other != target.label)];
            let expected = target.fraction * own + (1.0 - target.fraction) * other;
            assert!((mixed[i * 36] - expected).abs() < 1e-3);
        }
        let means = [-1.0, -2.0, -3.0, -4.0];
        let (masked, _) = fill(
            Augment {
                band_masks: 1,
                band_mask: 4,
                frame_masks: 2,
                frame_mask: 9,
                ..Augment::default()
            },
            &means,
        );
        let set = masked.iter().enumerate().filter(|(_, x)| **x < 0.0);
        assert!(set.clone().count() > 0);
        for (i, x) in set {
            assert_eq!(*x, means[i % 36 / 9]);
        }
    }
}
