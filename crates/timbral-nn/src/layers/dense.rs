use timbral_core::parallel;

use crate::kernels::matmul::{Product, rows_per_thread};
use crate::kernels::matrix::Matrix;
use crate::layers::chain::{Back, Layer, Mode};
pub(crate) use crate::layers::dense_unit::DenseOptions;
use crate::layers::dense_unit::{Gradient, Unit, multiply, sum_rows};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Rows of a gradient that a thread computes at a time.
const GRADIENT_ROWS: usize = 48;

/// Dense layers, one after the other, on the channels of every position: each is a product with its weights, batch
/// normalisation, bias, activation and dropout.
///
/// Each thread takes a part of the rows through all layers, so that the threads wait for each other only a few times
/// per batch. Layer by layer they would wait dozens of times, which costs as much time as the products.
pub(crate) struct Dense {
    input: Shape,
    units: Vec<Unit>,
    /// The outputs of all layers but the last, and the gradients with respect to them.
    outputs: Vec<Vec<f32>>,
    deltas: Vec<Vec<f32>>,
    /// The derivative of the outputs with respect to the sums, including dropout.
    slopes: Vec<Vec<f32>>,
}

impl Dense {
    pub(crate) fn new(plan: &mut Plan, input: Shape, units: usize, options: DenseOptions) -> Self {
        let mut dense = Self {
            input,
            units: Vec::new(),
            outputs: Vec::new(),
            deltas: Vec::new(),
            slopes: Vec::new(),
        };
        dense.push(plan, units, options);
        dense
    }

    /// Adds a layer. None of them may have a batch normalisation.
    pub(crate) fn push(&mut self, plan: &mut Plan, units: usize, options: DenseOptions) {
        let unit = Unit::new(plan, self.output().channels, units, options);
        self.units.push(unit);
        self.outputs.resize(self.units.len() - 1, Vec::new());
        self.deltas.resize(self.units.len() - 1, Vec::new());
        self.slopes.resize(self.units.len(), Vec::new());
        debug_assert!(self.units.len() == 1 || self.units.iter().all(|unit| unit.norm.is_none()));
    }

    /// Rows that a thread takes through all layers.
    fn rows_per_thread(&self, n: usize) -> usize {
        let work = self.units.iter().map(|unit| unit.n_in * unit.n_out);
        rows_per_thread(n, work.sum())
    }
}

impl Layer for Dense {
    fn output(&self) -> Shape {
        let channels = self.units.last().map(|unit| unit.n_out);
        Shape {
            channels: channels.unwrap_or(self.input.channels),
            ..self.input
        }
    }

    fn n_layers(&self) -> usize {
        self.units.len()
    }

    fn forward(&mut self, parameters: &[f32], mut mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let n_in = self.input.channels;
        let n = input.len() / n_in;
        let rows = self.rows_per_thread(n);
        let Self {
            units,
            outputs,
            slopes,
            ..
        } = self;
        Product::pack_all(units.iter_mut().map(|unit| {
            let weights = unit.weights(parameters);
            (&mut unit.forward, weights)
        }));
        if let [unit] = &mut units[..]
            && let Some(norm) = &mut unit.norm
        {
            (unit.forward).multiply(Matrix::new(input, n, n_in), unit.n_out, out);
            norm.forward(parameters, &mut mode, out);
        }
        let keys = match mode {
            Mode::Predict(_) => None,
            Mode::Train(_, keys) => Some(keys),
        };
        let units = &units[..];
        for (out, unit) in outputs.iter_mut().zip(units) {
            out.resize(n * unit.n_out, 0.0);
        }
        for (slope, unit) in slopes.iter_mut().zip(units) {
            slope.resize(n * unit.n_out, 0.0);
        }
        let widths = || units.iter().map(|unit| unit.n_out);
        let outputs = outputs.iter_mut().map(Vec::as_mut_slice).chain([out]);
        let outputs = parts(outputs.zip(widths()), rows);
        let slopes = parts(slopes.iter_mut().map(Vec::as_mut_slice).zip(widths()), rows);
        let all = outputs.into_iter().zip(slopes);
        parallel::for_each(all, 1, &|i, (outputs, slopes)| {
            let first = i * rows;
            let mut input = &input[first * n_in..];
            let both = outputs.into_iter().zip(slopes);
            for (j, (unit, (out, slope))) in units.iter().zip(both).enumerate() {
                let n = out.len() / unit.n_out;
                if unit.norm.is_none() {
                    let input = Matrix::new(&input[..n * unit.n_in], n, unit.n_in);
                    unit.forward.multiply_rows(input, 0, unit.n_out, out);
                }
                let bias = &parameters[unit.bias.clone()];
                unit.activate(bias, keys.map(|keys| keys.after(j)), first, out, slope);
                input = out;
            }
        });
    }

    fn backward(&mut self, back: Back<'_>) {
        let n = back.input.len() / self.input.channels;
        let rows = self.rows_per_thread(n);
        let Self {
            units,
            outputs,
            deltas,
            slopes,
            ..
        } = self;
        let parameters = back.parameters;
        let skipped = usize::from(back.input_delta.is_none());
        Product::pack_all(units.iter_mut().skip(skipped).map(|unit| {
            let weights = unit.weights(parameters);
            (&mut unit.backward, weights.t())
        }));
        if let [unit] = &mut units[..]
            && let Some(norm) = &mut unit.norm
        {
            multiply(back.delta, &slopes[0]);
            sum_rows(back.delta, &mut back.gradient[unit.bias.clone()]);
            norm.backward(parameters, &unit.bias, back.delta, back.gradient);
        }
        for (delta, out) in deltas.iter_mut().zip(&*outputs) {
            delta.resize(out.len(), 0.0);
        }
        let inner = deltas.iter_mut().map(Vec::as_mut_slice);
        let all = inner.chain([&mut *back.delta]).zip(&*units);
        let all = all.map(|(delta, unit)| (delta, unit.n_out));
        let input = back.input_delta.map(|delta| (delta, self.input.channels));
        let all = parts(input.into_iter().chain(all), rows);
        parallel::for_each(all, 1, &|i, mut deltas: Vec<&mut [f32]>| {
            for (unit, slope) in units.iter().zip(&*slopes).rev() {
                let Some(delta) = deltas.pop() else {
                    return;
                };
                if unit.norm.is_none() && unit.has_slope() {
                    multiply(delta, &slope[i * rows * unit.n_out..]);
                }
                if let Some(before) = deltas.last_mut() {
                    let delta = Matrix::new(delta, delta.len() / unit.n_out, unit.n_out);
                    unit.backward.multiply_rows(delta, 0, unit.n_in, before);
                }
            }
        });
        let deltas = || deltas.iter().map(Vec::as_slice).chain([&*back.delta]);
        Product::pack_all(
            units
                .iter_mut()
                .zip(deltas())
                .map(|(unit, delta)| (&mut unit.outer, Matrix::new(delta, n, unit.n_out))),
        );
        let inputs = [back.input]
            .into_iter()
            .chain(outputs.iter().map(Vec::as_slice));
        let mut gradients = Vec::new();
        let (mut rest, mut start) = (back.gradient, 0);
        for ((unit, input), delta) in units.iter().zip(inputs).zip(deltas()) {
            let [weight, bias] = [&unit.weight, &unit.bias].map(|range| {
                let (own, after) =
                    std::mem::take(&mut rest)[range.start - start..].split_at_mut(range.len());
                (rest, start) = (after, range.end);
                own
            });
            let input = Matrix::new(input, n, unit.n_in).t();
            let parts = weight.chunks_mut(GRADIENT_ROWS * unit.n_out).enumerate();
            gradients.extend(parts.map(|(i, out)| {
                let first = i * GRADIENT_ROWS;
                Gradient::Weight {
                    unit,
                    input,
                    first,
                    out,
                }
            }));
            if unit.norm.is_none() {
                gradients.push(Gradient::Bias { delta, out: bias });
            }
        }
        let min_len = if rows < n { 1 } else { gradients.len() };
        parallel::for_each(gradients, min_len, &|_, gradient| gradient.compute());
    }
}

/// The rows of each thread in some matrices that are given with their columns.
fn parts<'a>(
    matrices: impl IntoIterator<Item = (&'a mut [f32], usize)>,
    rows: usize,
) -> Vec<Vec<&'a mut [f32]>> {
    let mut parts: Vec<Vec<&mut [f32]>> = Vec::new();
    for (matrix, columns) in matrices {
        for (i, rows) in matrix.chunks_mut(rows * columns).enumerate() {
            parts.resize_with(parts.len().max(i + 1), Vec::new);
            parts[i].push(rows);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::activation::Activation;
    use crate::layers::chain::{Chain, Keys};
    use crate::random::Key;

    /// Outputs, gradients with respect to the input and to the parameters of a batch.
    fn results(mut chain: Chain, plan: &Plan, n: usize) -> [Vec<f32>; 3] {
        let [parameters, mut statistics] = plan.start(1);
        let mut rng = Key::new(2).rng();
        let input: Vec<f32> = (0..n * 30).map(|_| rng.unit_f32() - 0.5).collect();
        let mode = Mode::Train(&mut statistics, Keys::new(Key::new(3)));
        let out = chain.forward(&parameters, mode, n, &input).to_vec();
        let mut delta: Vec<f32> = out.iter().map(|_| rng.unit_f32() - 0.5).collect();
        let mut gradient = vec![f32::NAN; parameters.len()];
        let mut input_delta = vec![f32::NAN; input.len()];
        chain.backward(Back {
            parameters: &parameters,
            input: &input,
            delta: &mut delta,
            input_delta: Some(&mut input_delta),
            gradient: &mut gradient,
        });
        [out, input_delta, gradient]
    }

    #[test]
    fn layers_in_one_give_the_bits_of_layers_apart_at_any_number_of_threads() {
        let options = DenseOptions {
            activation: Some(Activation::Relu),
            dropout: 0.3,
            ..DenseOptions::default()
        };
        let widths = [130, 70, 9];
        let apart = |n| {
            let (mut plan, mut chain) = (Plan::default(), Chain::default());
            let mut shape = Shape::row(30);
            for units in widths {
                let dense = Dense::new(&mut plan, shape, units, options);
                shape = dense.output();
                chain.push(dense);
            }
            results(chain, &plan, n)
        };
        let in_one = |n| {
            let (mut plan, mut chain) = (Plan::default(), Chain::default());
            let mut dense = Dense::new(&mut plan, Shape::row(30), widths[0], options);
            for units in &widths[1..] {
                dense.push(&mut plan, *units, options);
            }
            chain.push(dense);
            results(chain, &plan, n)
        };
        for n in [1, 50, 131] {
            let expected = apart(n);
            assert!(expected.iter().flatten().all(|x| x.is_finite()));
            for threads in [1, 2, 5] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let pool = pool.expect("threads");
                assert_eq!(
                    pool.install(|| in_one(n)),
                    expected,
                    "{n} rows, {threads} threads"
                );
            }
        }
    }
}
