//! Convolutions of 3 x 3 with stride 1 by [`winograd`], and the gradients of their weights.
//!
//! An image is divided into squares of 4 x 4 outputs. Some rows of squares are a block: the inputs of its
//! squares are transformed to 36 matrices `[squares, channels in]`, each is multiplied with its matrix
//! `[channels in, channels out]` of the transformed kernel, and the products are transformed to outputs. A
//! block and its products stay in the second cache. Sums over channels are chains of fused multiply-adds
//! in the order of the channels, so that the bits do not depend on the width of the machine's registers.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::kernels::conv::{Packed, ROWS, Tile, load, panels, store, tiles};
use crate::kernels::geometry::Geometry;
use crate::kernels::winograd::{self, PATCH, PRODUCTS, TILE};
use crate::shape::Shape;

/// Squares that a block has at least, if the image has them.
const SQUARES: usize = 24;

/// As many for the gradient of the weights: more, as its sums are loaded and stored once per block.
const GRADIENT_SQUARES: usize = 64;

/// Numbers between two matrices, so that their first numbers are not in the same set of a cache.
const GAP: usize = 16;

/// A register's worth of transforming, in fused multiply-adds: the operations of [`winograd::input`] and
/// [`winograd::output`], and as many for loading and storing.
const TRANSFORM: usize = 2 * 150;

/// Whether the products that are saved are worth the transforms. Depends on the sizes only, so that every
/// machine computes in the same way.
pub(crate) fn suits(geometry: &Geometry) -> bool {
    let (n_in, n_out) = (geometry.input.channels, geometry.output.channels);
    let [rows, columns] = squares(geometry.output);
    let direct = geometry.output.height as f64 * geometry.output.width as f64 * 9.0;
    let products = (rows * columns) as f64 * PRODUCTS as f64;
    let transforms = (rows * columns) as f64 * (TRANSFORM * (n_in + n_out)) as f64;
    geometry.kernel == [3, 3]
        && geometry.stride == [1, 1]
        && products * (n_in * n_out) as f64 + transforms < direct * (n_in * n_out) as f64
}

/// Rows and columns of squares.
fn squares(output: Shape) -> [usize; 2] {
    [output.height.div_ceil(TILE), output.width.div_ceil(TILE)]
}

/// The blocks of an image, as rows of squares.
fn blocks(output: Shape, n_squares: usize) -> impl Iterator<Item = Range<usize>> {
    let [rows, columns] = squares(output);
    let step = n_squares.div_ceil(columns);
    (0..rows)
        .step_by(step)
        .map(move |first| first..(first + step).min(rows))
}

/// The matrices of a block.
#[derive(Default)]
pub(crate) struct Buffers {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
}

/// The convolution of an image, with the packed transformed kernel. `each` gets the lines of every block
/// when they are there.
pub(crate) fn convolve(
    geometry: &Geometry,
    image: &[f32],
    kernel: &Packed,
    buffers: &mut Buffers,
    out: &mut [f32],
    mut each: impl FnMut(&mut [f32]),
) {
    let line = geometry.output.width * geometry.output.channels;
    for rows in blocks(geometry.output, SQUARES) {
        let end = (rows.end * TILE).min(geometry.output.height);
        pulp::Arch::new().dispatch(Convolve {
            geometry,
            image,
            kernel: kernel.weights(),
            rows: rows.clone(),
            buffers,
            out,
        });
        each(&mut out[rows.start * TILE * line..end * line]);
    }
}

/// Adds the gradient of the transformed kernel, `[6, 6, channels in, channels out]`, for one image to
/// `gradient`; `delta` is the gradient with respect to the output.
pub(crate) fn kernel_gradient(
    geometry: &Geometry,
    image: &[f32],
    delta: &[f32],
    buffers: &mut Buffers,
    gradient: &mut [f32],
) {
    for rows in blocks(geometry.output, GRADIENT_SQUARES) {
        pulp::Arch::new().dispatch(Gradient {
            geometry,
            image,
            delta,
            rows,
            buffers,
            gradient,
        });
    }
}

struct Convolve<'a> {
    geometry: &'a Geometry,
    image: &'a [f32],
    kernel: &'a [f32],
    rows: Range<usize>,
    buffers: &'a mut Buffers,
    out: &'a mut [f32],
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            geometry,
            image,
            kernel,
            rows,
            buffers,
            out,
        } = self;
        let (n_in, n_out) = (geometry.input.channels, geometry.output.channels);
        let columns = squares(geometry.output)[1];
        let n = rows.len() * columns;
        transform_inputs(simd, geometry, image, &rows, &mut buffers.inputs);
        let width = 2 * S::F32_LANES;
        let plane = n * width + GAP;
        grow(&mut buffers.outputs, PRODUCTS * plane);
        let mut packed = kernel;
        for (channel, width) in panels(n_out, S::F32_LANES) {
            let (weights, rest) = packed.split_at(PRODUCTS * n_in * width);
            packed = rest;
            let matrices = buffers.inputs.chunks_exact(n * n_in + GAP);
            let products = buffers.outputs.chunks_exact_mut(plane);
            let weights = weights.chunks_exact(n_in * width);
            for ((inputs, products), weights) in matrices.zip(products).zip(weights) {
                for (first, end) in tiles(n) {
                    let tile = Tile {
                        lines: inputs,
                        line: inputs.len(),
                        start: first * n_in,
                        step: n_in,
                        len: n_in,
                        weights,
                    };
                    let out = &mut products[first * width..end * width];
                    tile.store_columns(simd, width, out, width, 0, end - first);
                }
            }
            let end = (channel + width).min(n_out);
            for (i, corner) in corners(&rows, columns).enumerate() {
                for c in (channel..end).step_by(S::F32_LANES) {
                    let from = i * width + c - channel;
                    let products = load_planes(simd, &buffers.outputs, plane, from);
                    let used = S::F32_LANES.min(end - c);
                    let square = winograd::output(simd, products);
                    let shape = geometry.output;
                    store_square(simd, square, shape, corner, c, used, out);
                }
            }
        }
    }
}

struct Gradient<'a> {
    geometry: &'a Geometry,
    image: &'a [f32],
    delta: &'a [f32],
    rows: Range<usize>,
    buffers: &'a mut Buffers,
    gradient: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            geometry,
            image,
            delta,
            rows,
            buffers,
            gradient,
        } = self;
        let (n_in, n_out) = (geometry.input.channels, geometry.output.channels);
        let columns = squares(geometry.output)[1];
        let n = rows.len() * columns;
        transform_inputs(simd, geometry, image, &rows, &mut buffers.inputs);
        let plane = n * 2 * S::F32_LANES + GAP;
        grow(&mut buffers.outputs, PRODUCTS * plane);
        for (channel, width) in panels(n_out, S::F32_LANES) {
            for (i, corner) in corners(&rows, columns).enumerate() {
                let corner = corner.map(|x| x as isize);
                for c in (0..width).step_by(S::F32_LANES) {
                    let square = load_square(simd, delta, geometry.output, corner, channel + c);
                    let square = winograd::delta(simd, square);
                    let to = i * width + c;
                    let planes = &mut buffers.outputs;
                    store_planes(simd, square, planes, plane, to, S::F32_LANES);
                }
            }
            let matrices = buffers.inputs.chunks_exact(n * n_in + GAP);
            let deltas = buffers.outputs.chunks_exact(plane);
            let gradients = gradient.chunks_exact_mut(n_in * n_out);
            for ((inputs, deltas), gradient) in matrices.zip(deltas).zip(gradients) {
                let sums = OuterProducts {
                    inputs: &inputs[..n * n_in],
                    deltas: &deltas[..n * width],
                    n_in,
                    n_out,
                };
                for (first, end) in tiles(n_in) {
                    let gradient = &mut gradient[first * n_out..end * n_out];
                    let places = [first, end, channel];
                    if width > S::F32_LANES {
                        sums.add_rows::<S, 2>(simd, places, gradient);
                    } else {
                        sums.add_rows::<S, 1>(simd, places, gradient);
                    }
                }
            }
        }
    }
}

/// The sums over squares of the products of an input and a delta.
struct OuterProducts<'a> {
    /// `[squares, channels in]`.
    inputs: &'a [f32],
    /// `[squares, panel of channels out]`.
    deltas: &'a [f32],
    n_in: usize,
    n_out: usize,
}

impl OuterProducts<'_> {
    /// Adds to the rows `first..end` of the gradient, from `channel` on.
    #[inline(always)]
    fn add_rows<S: Simd, const C: usize>(
        &self,
        simd: S,
        [first, end, channel]: [usize; 3],
        gradient: &mut [f32],
    ) {
        match end - first {
            1 => self.add::<S, 1, C>(simd, first, channel, gradient),
            2 => self.add::<S, 2, C>(simd, first, channel, gradient),
            3 => self.add::<S, 3, C>(simd, first, channel, gradient),
            4 => self.add::<S, 4, C>(simd, first, channel, gradient),
            5 => self.add::<S, 5, C>(simd, first, channel, gradient),
            _ => self.add::<S, ROWS, C>(simd, first, channel, gradient),
        }
    }

    #[inline(always)]
    fn add<S: Simd, const R: usize, const C: usize>(
        &self,
        simd: S,
        first: usize,
        channel: usize,
        gradient: &mut [f32],
    ) {
        let width = (C * S::F32_LANES).min(self.n_out - channel);
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        for (sums, row) in sums.iter_mut().zip(gradient.chunks_exact(self.n_out)) {
            *sums = load(simd, &row[channel..][..width]);
        }
        let (deltas, _) = S::as_simd_f32s(self.deltas).0.as_chunks::<C>();
        let inputs = self.inputs[first..].chunks(self.n_in);
        for (inputs, deltas) in inputs.zip(deltas) {
            let Some(inputs) = inputs.first_chunk::<R>() else {
                break;
            };
            for (sums, input) in sums.iter_mut().zip(inputs) {
                let input = simd.splat_f32s(*input);
                for (sum, delta) in sums.iter_mut().zip(deltas) {
                    *sum = simd.mul_add_f32s(input, *delta, *sum);
                }
            }
        }
        for (sums, row) in sums.into_iter().zip(gradient.chunks_exact_mut(self.n_out)) {
            store(simd, &mut row[channel..][..width], sums);
        }
    }
}

/// The corners of the squares of a block in the output, as row and column.
#[inline(always)]
fn corners(rows: &Range<usize>, columns: usize) -> impl Iterator<Item = [usize; 2]> {
    (rows.clone()).flat_map(move |y| (0..columns).map(move |x| [y * TILE, x * TILE]))
}

/// Allocates the buffers of a block. Buffers of larger blocks are kept, so that nothing is filled with zeros again.
fn grow(matrices: &mut Vec<f32>, len: usize) {
    matrices.resize(matrices.len().max(len), 0.0);
}

/// The transformed inputs of a block.
#[inline(always)]
fn transform_inputs<S: Simd>(
    simd: S,
    geometry: &Geometry,
    image: &[f32],
    rows: &Range<usize>,
    inputs: &mut Vec<f32>,
) {
    let n_in = geometry.input.channels;
    let columns = squares(geometry.output)[1];
    let plane = rows.len() * columns * n_in + GAP;
    grow(inputs, PRODUCTS * plane);
    for (i, corner) in corners(rows, columns).enumerate() {
        let corner = [0, 1].map(|k| corner[k] as isize - geometry.before[k] as isize);
        for c in (0..n_in).step_by(S::F32_LANES) {
            let square = load_square(simd, image, geometry.input, corner, c);
            let square = winograd::input(simd, square);
            let used = S::F32_LANES.min(n_in - c);
            let to = i * n_in + c;
            store_planes(simd, square, inputs, plane, to, used);
        }
    }
}

/// A square that lies in the image, and a whole register of its channels.
#[inline(always)]
fn load_inside<S: Simd, const P: usize>(
    simd: S,
    image: &[f32],
    shape: Shape,
    [top, left]: [usize; 2],
    channel: usize,
) -> [[S::f32s; P]; P] {
    let mut square = [[simd.splat_f32s(0.0); P]; P];
    let line = shape.width * shape.channels;
    let first = top * line + left * shape.channels + channel;
    for (y, row) in square.iter_mut().enumerate() {
        let places = &image[first + y * line..][..(P - 1) * shape.channels + S::F32_LANES];
        for (x, value) in row.iter_mut().enumerate() {
            *value = S::as_simd_f32s(&places[x * shape.channels..][..S::F32_LANES]).0[0];
        }
    }
    square
}

/// A square of an image from `corner`, with zeros outside the image.
#[inline(always)]
fn load_square<S: Simd, const P: usize>(
    simd: S,
    image: &[f32],
    shape: Shape,
    corner: [isize; 2],
    channel: usize,
) -> [[S::f32s; P]; P] {
    let mut square = [[simd.splat_f32s(0.0); P]; P];
    let used = S::F32_LANES.min(shape.channels - channel);
    let [height, width] = [shape.height as isize, shape.width as isize];
    if used == S::F32_LANES
        && corner.iter().all(|x| *x >= 0)
        && corner[0] + P as isize <= height
        && corner[1] + P as isize <= width
    {
        return load_inside(simd, image, shape, corner.map(|x| x as usize), channel);
    }
    for (y, row) in (corner[0]..).zip(&mut square) {
        if y < 0 || y >= shape.height as isize {
            continue;
        }
        let line = &image[y as usize * shape.width * shape.channels..];
        for (x, value) in (corner[1]..).zip(row) {
            if x >= 0 && x < shape.width as isize {
                let from = x as usize * shape.channels + channel;
                [*value] = load(simd, &line[from..from + used]);
            }
        }
    }
    square
}

/// Stores a square of an image, as far as it lies in the image.
#[inline(always)]
fn store_square<S: Simd>(
    simd: S,
    square: [[S::f32s; TILE]; TILE],
    shape: Shape,
    [top, left]: [usize; 2],
    channel: usize,
    used: usize,
    image: &mut [f32],
) {
    for (y, row) in (top..shape.height).zip(square) {
        for (x, value) in (left..shape.width).zip(row) {
            let to = (y * shape.width + x) * shape.channels + channel;
            store(simd, &mut image[to..to + used], [value]);
        }
    }
}

#[inline(always)]
fn load_planes<S: Simd>(
    simd: S,
    planes: &[f32],
    plane: usize,
    from: usize,
) -> [[S::f32s; PATCH]; PATCH] {
    let mut square = [[simd.splat_f32s(0.0); PATCH]; PATCH];
    for (value, plane) in square.iter_mut().flatten().zip(planes.chunks_exact(plane)) {
        [*value] = load(simd, &plane[from..from + S::F32_LANES]);
    }
    square
}

#[inline(always)]
fn store_planes<S: Simd>(
    simd: S,
    square: [[S::f32s; PATCH]; PATCH],
    planes: &mut [f32],
    plane: usize,
    to: usize,
    used: usize,
) {
    for (value, plane) in square.iter().flatten().zip(planes.chunks_exact_mut(plane)) {
        store(simd, &mut plane[to..to + used], [*value]);
    }
}
