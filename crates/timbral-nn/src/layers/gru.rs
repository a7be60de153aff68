use std::ops::Range;

use timbral_core::parallel;

use crate::kernels::matmul::Product;
use crate::kernels::matrix::Matrix;
use crate::layers::chain::{Back, Layer, Mode};
use crate::layers::init::{Init, limit};
use crate::layers::plan::Plan;
use crate::shape::Shape;

/// Sequences that a thread processes at a time.
const SEQUENCES: usize = 8;

/// Gated recurrent units over the steps of a sequence (Cho et al. 2014; Keras's `GRU` with
/// `reset_after`); the output is the state after every step, `[steps, units]`.
///
/// With a = x W + b from the input and s = h U + c from the state, for update z, reset r and candidate
/// g: z = σ(a_z + s_z), r = σ(a_r + s_r), g = tanh(a_g + r s_g), h ← z h + (1 - z) g.
pub(crate) struct Gru {
    input: Shape,
    units: usize,
    reverse: bool,
    weight: Range<usize>,
    recurrent: Range<usize>,
    bias: Range<usize>,
    product: Product,
    transposed: Product,
    /// z, r and g of every step, `[n, steps, 3, units]`; before that a.
    gates: Vec<f32>,
    /// s_g, `[n, steps, units]`.
    candidates: Vec<f32>,
    /// The state before every step, `[n, steps, units]`.
    before: Vec<f32>,
}

impl Gru {
    /// From the last step to the first if `reverse`.
    pub(crate) fn new(plan: &mut Plan, input: Shape, units: usize, reverse: bool) -> Self {
        let (n_in, wide) = (input.channels, units.saturating_mul(3));
        let fill = |n_in| limit(Init::GlorotUniform, n_in, units);
        Self {
            input,
            units,
            reverse,
            weight: plan.weight("weight", &[n_in, wide], fill(n_in)),
            recurrent: plan.weight("recurrent", &[units, wide], fill(units)),
            bias: plan.vector("bias", &[2, wide], 0.0),
            product: Product::default(),
            transposed: Product::default(),
            gates: Vec::new(),
            candidates: Vec::new(),
            before: Vec::new(),
        }
    }

    fn steps(&self) -> usize {
        self.input.height * self.input.width
    }

    /// The steps in the order in which they are processed.
    fn order(steps: usize, reverse: bool) -> impl DoubleEndedIterator<Item = usize> {
        (0..steps).map(move |t| if reverse { steps - 1 - t } else { t })
    }
}

impl Layer for Gru {
    fn output(&self) -> Shape {
        Shape::new(1, self.steps(), self.units)
    }

    fn forward(&mut self, parameters: &[f32], _: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let (steps, units, reverse) = (self.steps(), self.units, self.reverse);
        let (wide, n_in) = (3 * units, self.input.channels);
        let n_steps = input.len() / n_in;
        let (bias, state_bias) = parameters[self.bias.clone()].split_at(wide);
        self.gates.resize(n_steps * wide, 0.0);
        self.candidates.resize(n_steps * units, 0.0);
        self.before.resize(n_steps * units, 0.0);
        self.product.matmul(
            Matrix::new(input, n_steps, n_in),
            Matrix::new(&parameters[self.weight.clone()], n_in, wide),
            &mut self.gates,
        );
        let recurrent = &parameters[self.recurrent.clone()];
        self.product.pack(Matrix::new(recurrent, units, wide));
        let product = &self.product;
        let chunk = SEQUENCES * steps * units;
        let chunks = out
            .chunks_mut(chunk)
            .zip(self.gates.chunks_mut(3 * chunk))
            .zip(self.candidates.chunks_mut(chunk))
            .zip(self.before.chunks_mut(chunk));
        parallel::for_each(chunks, 1, &|_, (((out, gates), candidates), before)| {
            let n = out.len() / (steps * units);
            let mut state = vec![0.0; n * units];
            let mut sums = vec![0.0; n * wide];
            for t in Self::order(steps, reverse) {
                product.multiply(Matrix::new(&state, n, units), wide, &mut sums);
                for i in 0..n {
                    let at = (i * steps + t) * units;
                    let state = &mut state[i * units..][..units];
                    before[at..at + units].copy_from_slice(state);
                    let gates = &mut gates[3 * at..3 * at + wide];
                    let sums = &sums[i * wide..][..wide];
                    for j in 0..wide {
                        gates[j] += bias[j];
                    }
                    for u in 0..units {
                        let (r, g) = (units + u, 2 * units + u);
                        let candidate = sums[g] + state_bias[g];
                        gates[u] = sigmoid(gates[u] + (sums[u] + state_bias[u]));
                        gates[r] = sigmoid(gates[r] + (sums[r] + state_bias[r]));
                        gates[g] = libm::tanhf(gates[g] + gates[r] * candidate);
                        candidates[at + u] = candidate;
                        state[u] = gates[u] * state[u] + (1.0 - gates[u]) * gates[g];
                    }
                    out[at..at + units].copy_from_slice(state);
                }
            }
        });
    }

    fn backward(&mut self, back: Back<'_>) {
        let (steps, units, reverse) = (self.steps(), self.units, self.reverse);
        let (wide, n_in) = (3 * units, self.input.channels);
        let n_steps = back.input.len() / n_in;
        let recurrent = &back.parameters[self.recurrent.clone()];
        self.transposed
            .pack(Matrix::new(recurrent, units, wide).t());
        // The gradients with respect to a and to s.
        let mut by_input = vec![0.0; n_steps * wide];
        let mut by_state = vec![0.0; n_steps * wide];
        let transposed = &self.transposed;
        let chunk = SEQUENCES * steps * units;
        let chunks = by_input
            .chunks_mut(3 * chunk)
            .zip(by_state.chunks_mut(3 * chunk))
            .zip(back.delta.chunks(chunk))
            .zip(self.gates.chunks(3 * chunk))
            .zip(self.candidates.chunks(chunk))
            .zip(self.before.chunks(chunk));
        parallel::for_each(chunks, 1, &|_,
                                        (
            ((((by_input, by_state), delta), gates), candidates),
            before,
        )| {
            let n = delta.len() / (steps * units);
            let mut carried = vec![0.0; n * units];
            let mut through = vec![0.0; n * units];
            let mut now = vec![0.0; n * wide];
            for t in Self::order(steps, reverse).rev() {
                for i in 0..n {
                    let at = (i * steps + t) * units;
                    let carried = &mut carried[i * units..][..units];
                    let now = &mut now[i * wide..][..wide];
                    let gates = &gates[3 * at..3 * at + wide];
                    for u in 0..units {
                        let (z, r, g) = (gates[u], gates[units + u], gates[2 * units + u]);
                        let by_out = delta[at + u] + carried[u];
                        let by_z = by_out * (before[at + u] - g) * z * (1.0 - z);
                        let by_g = by_out * (1.0 - z) * (1.0 - g * g);
                        let by_r = by_g * candidates[at + u] * r * (1.0 - r);
                        now[u] = by_z;
                        now[units + u] = by_r;
                        now[2 * units + u] = by_g * r;
                        by_input[3 * at + u] = by_z;
                        by_input[3 * at + units + u] = by_r;
                        by_input[3 * at + 2 * units + u] = by_g;
                        carried[u] = by_out * z;
                    }
                    by_state[3 * at..3 * at + wide].copy_from_slice(now);
                }
                transposed.multiply(Matrix::new(&now, n, wide), units, &mut through);
                carried
                    .iter_mut()
                    .zip(&through)
                    .for_each(|(sum, x)| *sum += x);
            }
        });
        let bias = &mut back.gradient[self.bias.clone()];
        bias.fill(0.0);
        let (bias, state_bias) = bias.split_at_mut(wide);
        for (sums, rows) in [(bias, &by_input), (state_bias, &by_state)] {
            for row in rows.chunks_exact(wide) {
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        }
        let by_input = Matrix::new(&by_input, n_steps, wide);
        let by_state = Matrix::new(&by_state, n_steps, wide);
        let gradient = &mut back.gradient[self.recurrent.clone()];
        let before = Matrix::new(&self.before, n_steps, units);
        self.product.matmul(before.t(), by_state, gradient);
        let gradient = &mut back.gradient[self.weight.clone()];
        let input = Matrix::new(back.input, n_steps, n_in);
        self.product.matmul(input.t(), by_input, gradient);
        if let Some(input_delta) = back.input_delta {
            let weight = Matrix::new(&back.parameters[self.weight.clone()], n_in, wide);
            self.product.matmul(by_input, weight.t(), input_delta);
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// A [`Gru`] in each direction; their states are concatenated to `[steps, 2 units]`.
pub(crate) struct BiGru {
    directions: [Gru; 2],
    outs: [Vec<f32>; 2],
    deltas: [Vec<f32>; 2],
}

impl BiGru {
    pub(crate) fn new(plan: &mut Plan, input: Shape, units: usize) -> Self {
        let forward = plan.within("forward", |plan| Gru::new(plan, input, units, false));
        let backward = plan.within("backward", |plan| Gru::new(plan, input, units, true));
        Self {
            directions: [forward, backward],
            outs: Default::default(),
            deltas: Default::default(),
        }
    }
}

impl Layer for BiGru {
    fn output(&self) -> Shape {
        let Shape {
            height,
            width,
            channels,
        } = self.directions[0].output();
        Shape::new(height, width, channels.saturating_mul(2))
    }

    fn forward(&mut self, parameters: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        let mut mode = mode;
        let units = self.directions[0].units;
        for (i, (direction, own)) in self.directions.iter_mut().zip(&mut self.outs).enumerate() {
            own.resize(out.len() / 2, 0.0);
            direction.forward(parameters, mode.of(i), input, own);
            let steps = out.chunks_exact_mut(2 * units).zip(own.chunks_exact(units));
            for (out, own) in steps {
                out[i * units..][..units].copy_from_slice(own);
            }
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        let units = self.directions[0].units;
        let mut input_delta = back.input_delta;
        let mut part = vec![0.0; back.input.len()];
        for (i, (direction, own)) in self.directions.iter_mut().zip(&mut self.deltas).enumerate() {
            own.clear();
            for delta in back.delta.chunks_exact(2 * units) {
                own.extend_from_slice(&delta[i * units..][..units]);
            }
            direction.backward(Back {
                parameters: back.parameters,
                input: back.input,
                delta: own,
                input_delta: input_delta.is_some().then_some(&mut part[..]),
                gradient: back.gradient,
            });
            match &mut input_delta {
                Some(to) if i == 0 => to.copy_from_slice(&part),
                Some(to) => to.iter_mut().zip(&part).for_each(|(to, x)| *to += x),
                None => {}
            }
        }
    }
}
