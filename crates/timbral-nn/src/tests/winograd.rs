//! Winograd's convolution and its gradients against sums in f64, beside the direct way.

use timbral_core::Rng;

use crate::kernels::convolution::{Buffers, Convolution};
use crate::kernels::geometry::{Geometry, Padding};
use crate::kernels::winograd_conv::suits;
use crate::random::Key;
use crate::shape::Shape;

/// The results of a convolution and of its gradients: output, input gradient, weight gradient.
type Results<T> = [Vec<T>; 3];

struct Problem {
    geometry: Geometry,
    image: Vec<f32>,
    weights: Vec<f32>,
    delta: Vec<f32>,
}

impl Problem {
    fn new(input: Shape, channels: usize, padding: Padding, rng: &mut Rng) -> Self {
        let geometry = Geometry::new(input, channels, [3, 3], [1, 1], padding).expect("fits");
        let mut draw = |n: usize| (0..n).map(|_| rng.unit_f32() * 2.0 - 1.0).collect();
        Self {
            geometry,
            image: draw(input.len()),
            weights: draw(9 * input.channels * channels),
            delta: draw(geometry.output.len()),
        }
    }

    /// The definition, in f64.
    fn exact(&self) -> Results<f64> {
        let Geometry {
            input,
            output,
            before,
            ..
        } = self.geometry;
        let mut out = vec![0.0; output.len()];
        let mut back = vec![0.0; input.len()];
        let mut gradient = vec![0.0; self.weights.len()];
        for y in 0..output.height * output.width {
            let (y, x) = (y / output.width, y % output.width);
            for k in 0..9 {
                let at = [y + k / 3, x + k % 3];
                let inside = at[0] >= before[0]
                    && at[1] >= before[1]
                    && at[0] < before[0] + input.height
                    && at[1] < before[1] + input.width;
                if !inside {
                    continue;
                }
                let from = ((at[0] - before[0]) * input.width + at[1] - before[1]) * input.channels;
                let to = (y * output.width + x) * output.channels;
                for i in 0..input.channels {
                    for o in 0..output.channels {
                        let w = (k * input.channels + i) * output.channels + o;
                        let value = f64::from(self.image[from + i]);
                        let delta = f64::from(self.delta[to + o]);
                        out[to + o] += value * f64::from(self.weights[w]);
                        back[from + i] += delta * f64::from(self.weights[w]);
                        gradient[w] += value * delta;
                    }
                }
            }
        }
        [out, back, gradient]
    }

    fn computed(&self) -> Results<f32> {
        let mut convolution = Convolution::new(self.geometry);
        let mut adjoint = convolution.adjoint();
        convolution.pack(&self.weights);
        let mut turned = Vec::new();
        adjoint.geometry.turn(&self.weights, &mut turned);
        adjoint.pack(&turned);
        let mut buffers = Buffers::default();
        let mut out = vec![f32::NAN; self.geometry.output.len()];
        let mut n_lines = 0;
        convolution.apply(&self.image, &mut buffers, &mut out, |lines| {
            n_lines += lines.len()
        });
        assert_eq!(n_lines, out.len());
        let mut back = vec![f32::NAN; self.geometry.input.len()];
        adjoint.apply(&self.delta, &mut buffers, &mut back, |_| {});
        let mut sums = vec![0.0; convolution.n_sums()];
        convolution.add_gradient(&self.image, &self.delta, &mut buffers, &mut sums);
        let mut gradient = vec![f32::NAN; self.weights.len()];
        convolution.gradient(&sums, &mut gradient);
        [out, back, gradient]
    }
}

/// The largest difference, relative to the standard deviation of the exact numbers.
fn error(got: &[f32], exact: &[f64]) -> f64 {
    let square = exact.iter().map(|x| x * x).sum::<f64>() / exact.len() as f64;
    let off = got
        .iter()
        .zip(exact)
        .map(|(got, exact)| (f64::from(*got) - exact).abs());
    off.fold(0.0, f64::max) / square.sqrt()
}

/// Rounding is 6e-8 a step. The transforms multiply by up to 27/8 twice and add up to 36 products, and
/// sums run over up to 64 channels or 300 squares; measured at most 9e-6.
const TOLERANCE: f64 = 2e-5;

#[test]
fn any_size_equals_the_definition() {
    let mut rng = Key::new(7).rng();
    let mut n_fast = 0;
    // Odd channels and sides that are no multiples of 4; one and several blocks; no padding.
    for (height, width, n_in, n_out) in [
        (4, 4, 16, 16),
        (5, 9, 33, 31),
        (13, 6, 17, 40),
        (16, 16, 64, 64),
        (23, 50, 19, 24),
        (3, 100, 40, 40),
        (64, 65, 16, 32),
    ] {
        for padding in [Padding::Same, Padding::Valid] {
            let input = Shape::new(height, width, n_in);
            let problem = Problem::new(input, n_out, padding, &mut rng);
            n_fast += usize::from(suits(&problem.geometry));
            let results = problem.computed().into_iter().zip(problem.exact());
            for (what, (got, exact)) in ["output", "input", "weights"].iter().zip(results) {
                let error = error(&got, &exact);
                assert!(
                    error < TOLERANCE,
                    "{height} x {width}, {n_in} -> {n_out}, {what}: {error:e}"
                );
            }
        }
    }
    assert!(n_fast >= 8, "{n_fast} of 14 by Winograd's way");
}

#[test]
fn other_shapes_are_computed_directly() {
    let suits = |input: Shape, channels, kernel, stride| {
        suits(&Geometry::new(input, channels, kernel, stride, Padding::Same).expect("fits"))
    };
    assert!(suits(Shape::new(64, 65, 16), 32, [3, 3], [1, 1]));
    assert!(!suits(Shape::new(128, 130, 1), 16, [3, 3], [1, 1]));
    assert!(!suits(Shape::new(64, 65, 16), 32, [3, 3], [2, 1]));
    assert!(!suits(Shape::new(64, 65, 16), 32, [5, 3], [1, 1]));
    // Of the 16 positions of a square 14 would be outside.
    assert!(!suits(Shape::new(2, 1, 64), 64, [3, 3], [1, 1]));
}
