use serde::{Deserialize, Serialize};

use crate::shape::Shape;

/// The padding of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Padding {
    /// Zeros, so that the output has ⌈input / stride⌉ positions. With an odd number of zeros the extra
    /// one is at the end, as in TensorFlow.
    #[default]
    Same,
    /// No padding.
    Valid,
}

/// The sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Geometry {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Zeros above and to the left.
    pub(crate) before: [usize; 2],
}

impl Geometry {
    /// `None` if the image is smaller than the kernel, or a size is 0.
    pub(crate) fn new(
        input: Shape,
        channels: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: Padding,
    ) -> Option<Self> {
        let axis = |size: usize, i: usize| {
            let (kernel, stride) = (kernel[i], stride[i]);
            if size == 0 || kernel == 0 || stride == 0 {
                return None;
            }
            match padding {
                Padding::Valid => Some((size.checked_sub(kernel)? / stride + 1, 0)),
                Padding::Same => {
                    let out = size.div_ceil(stride);
                    let covered = (out - 1).checked_mul(stride)?.checked_add(kernel)?;
                    Some((out, covered.saturating_sub(size) / 2))
                }
            }
        };
        let (height, above) = axis(input.height, 0)?;
        let (width, left) = axis(input.width, 1)?;
        Some(Self {
            input,
            output: Shape::new(height, width, channels),
            kernel,
            stride,
            before: [above, left],
        })
    }

    /// Height and width of the padded image, as far as the kernel reaches.
    pub(crate) fn padded(&self) -> [usize; 2] {
        let reach = |n: usize, i: usize| (n - 1) * self.stride[i] + self.kernel[i];
        [reach(self.output.height, 0), reach(self.output.width, 1)]
    }

    /// The length of a line of the kernel.
    pub(crate) fn len(&self) -> usize {
        self.kernel[1] * self.input.channels
    }

    /// Pads an image.
    pub(crate) fn pad(&self, image: &[f32], padded: &mut Vec<f32>) {
        let channels = self.input.channels;
        let [height, width] = self.padded();
        padded.clear();
        padded.resize(height * width * channels, 0.0);
        let left = self.before[1] * channels;
        let used = (self.input.width * channels).min(width * channels - left);
        let lines = padded.chunks_exact_mut(width * channels);
        let image = image.chunks_exact(self.input.width * channels);
        for (line, from) in lines.skip(self.before[0]).zip(image) {
            line[left..left + used].copy_from_slice(&from[..used]);
        }
    }

    /// The convolution that gives the gradient with respect to the input from that with respect to the
    /// output: of the dilated gradient with the rotated kernel.
    pub(crate) fn adjoint(&self) -> Self {
        Self {
            input: self.output,
            output: self.input,
            kernel: self.kernel,
            stride: [1, 1],
            before: [0, 1].map(|i| self.kernel[i] - 1 - self.before[i]),
        }
    }

    /// Dilates and pads a gradient with respect to the output; `self` is the adjoint.
    pub(crate) fn dilate(&self, stride: [usize; 2], delta: &[f32], padded: &mut Vec<f32>) {
        if stride == [1, 1] {
            return self.pad(delta, padded);
        }
        let channels = self.input.channels;
        let [height, width] = self.padded();
        padded.clear();
        padded.resize(height * width * channels, 0.0);
        let places = delta.chunks_exact(channels);
        for (i, place) in places.enumerate() {
            let y = i / self.input.width * stride[0] + self.before[0];
            let x = i % self.input.width * stride[1] + self.before[1];
            padded[(y * width + x) * channels..][..channels].copy_from_slice(place);
        }
    }

    /// The weights of the adjoint `self`, from those of its convolution: the kernel rotated by 180°, the
    /// channels exchanged.
    pub(crate) fn turn(&self, weights: &[f32], turned: &mut Vec<f32>) {
        let (n_in, n_out) = (self.output.channels, self.input.channels);
        turned.clear();
        turned.resize(weights.len(), 0.0);
        let places = weights.chunks_exact(n_in * n_out).rev();
        for (to, from) in turned.chunks_exact_mut(n_in * n_out).zip(places) {
            for (i, row) in from.chunks_exact(n_out).enumerate() {
                for (o, &weight) in row.iter().enumerate() {
                    to[o * n_in + i] = weight;
                }
            }
        }
    }
}
