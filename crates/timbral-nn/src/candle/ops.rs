//! Operations that candle lacks, defines in another way or differentiates wrongly.

use candle_core::{D, DType, Result, Tensor};

use crate::kernels::geometry::Geometry;
use crate::layers::batch_norm::EPSILON;

/// max(0, x) with the derivative 0 at 0; candle's is 1 there.
pub(crate) fn relu(x: &Tensor) -> Result<Tensor> {
    x.mul(&x.gt(0_f32)?.to_dtype(DType::F32)?)
}

/// 1 / (1 + e⁻ˣ), without overflow.
pub(crate) fn sigmoid(x: &Tensor) -> Result<Tensor> {
    (x * 0.5)?.tanh()?.affine(0.5, 0.5)
}

/// The softmax over the last axis.
pub(crate) fn softmax(x: &Tensor) -> Result<Tensor> {
    let largest = x.max_keepdim(D::Minus1)?.detach();
    let powers = x.broadcast_sub(&largest)?.exp()?;
    powers.broadcast_div(&powers.sum_keepdim(D::Minus1)?)
}

/// x - mean, 1 / √(variance + ε), and mean and variance, over the last axis, which is kept with
/// length 1.
pub(crate) fn centre(x: &Tensor) -> Result<(Tensor, Tensor, [Tensor; 2])> {
    let mean = x.mean_keepdim(D::Minus1)?;
    let centred = x.broadcast_sub(&mean)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let inverse_std = (&variance + f64::from(EPSILON))?.sqrt()?.recip()?;
    Ok((centred, inverse_std, [mean, variance]))
}

/// The largest value over the last axis, which is removed. Of equal values the first gets the gradient;
/// candle's `max` gives it to all of them.
pub(crate) fn largest(x: &Tensor) -> Result<Tensor> {
    let first = x.detach().argmax_keepdim(D::Minus1)?;
    x.gather(&first, D::Minus1)?.squeeze(D::Minus1)
}

/// The largest values of windows of an image `[channels, n, height, width]`.
pub(crate) fn max_pool(x: &Tensor, [high, wide]: [usize; 2]) -> Result<Tensor> {
    if [high, wide] == [1, 1] {
        return Ok(x.clone());
    }
    let (channels, n, height, width) = x.dims4()?;
    let (rows, columns) = (height / high, width / wide);
    let whole = x.narrow(2, 0, rows * high)?.narrow(3, 0, columns * wide)?;
    let windows = whole
        .reshape((channels * n, rows, high, columns, wide))?
        .permute((0, 1, 3, 2, 4))?
        .reshape((channels * n * rows * columns, high * wide))?;
    largest(&windows)?.reshape((channels, n, rows, columns))
}

/// A convolution of images `[channels in, n, height, width]` with weights `[kernel height, kernel
/// width, channels in, channels out]`, as the product with a copy of every patch: candle's gradient
/// of its own convolution fails with some strides.
pub(crate) fn convolve(x: &Tensor, weight: &Tensor, geometry: &Geometry) -> Result<Tensor> {
    let (n_in, n) = (x.dim(0)?, x.dim(1)?);
    let (height, width) = (geometry.output.height, geometry.output.width);
    let [kernel_height, kernel_width] = geometry.kernel;
    let rows = phases(x, geometry, 0)?;
    let mut patches = Vec::with_capacity(kernel_height * kernel_width);
    for y in 0..kernel_height {
        let row = reach(&rows, geometry, 0, y)?;
        let columns = phases(&row, geometry, 1)?;
        for x in 0..kernel_width {
            patches.push(reach(&columns, geometry, 1, x)?);
        }
    }
    let n_weights = patches.len() * n_in;
    let patches = Tensor::cat(&patches, 0)?.reshape((n_weights, n * height * width))?;
    let n_out = geometry.output.channels;
    let weight = weight.reshape((n_weights, n_out))?.t()?;
    weight.matmul(&patches)?.reshape((n_out, n, height, width))
}

/// Pads an axis of an image, rows (0) or columns (1), to a multiple of the stride and splits it into
/// two axes: strides, and positions within a stride.
fn phases(x: &Tensor, geometry: &Geometry, i: usize) -> Result<Tensor> {
    let (axis, stride) = (2 + i, geometry.stride[i]);
    let n_strides = geometry.padded()[i].div_ceil(stride);
    let mut dims = x.dims().to_vec();
    let before = geometry.before[i];
    let behind = (n_strides * stride).saturating_sub(before + dims[axis]);
    let padded = x.pad_with_zeros(axis, before, behind)?;
    let padded = padded.narrow(axis, 0, n_strides * stride)?;
    dims[axis] = n_strides;
    dims.insert(axis + 1, stride);
    padded.reshape(dims)
}

/// The values that the position `k` of the kernel is multiplied with, of an axis split by [`phases`].
fn reach(x: &Tensor, geometry: &Geometry, i: usize, k: usize) -> Result<Tensor> {
    let (axis, stride) = (2 + i, geometry.stride[i]);
    let sizes = [geometry.output.height, geometry.output.width];
    x.narrow(axis + 1, k % stride, 1)?
        .squeeze(axis + 1)?
        .narrow(axis, k / stride, sizes[i])
}
