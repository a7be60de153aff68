use timbral_core::Rng;

use crate::layers::chain::{Back, Layer, Mode};
use crate::shape::Shape;

/// Random numbers that are drawn before any is used, so that the compiler vectorises both loops.
const DRAWS: usize = 64;

/// Sets each number of a row to 0 with the probability `rate` and divides the rest by 1 - `rate`.
#[inline(always)]
pub(crate) fn drop_out(rate: f32, mut rng: Rng, out: &mut [f32], slope: &mut [f32]) {
    let dropped = (f64::from(rate) * (1_u64 << 32) as f64) as u32;
    let scale = 1.0 / (1.0 - rate);
    let mut draws = [0_u32; DRAWS];
    for (out, slope) in out.chunks_mut(DRAWS).zip(slope.chunks_mut(DRAWS)) {
        for pair in draws[..out.len().next_multiple_of(2)].as_chunks_mut().0 {
            let draw = rng.next_u64();
            *pair = [(draw >> 32) as u32, draw as u32];
        }
        for ((x, slope), draw) in out.iter_mut().zip(slope).zip(&draws) {
            let factor = if *draw < dropped { 0.0 } else { scale };
            *x *= factor;
            *slope *= factor;
        }
    }
}

/// Dropout (Srivastava et al. 2014) of every number.
pub(crate) struct Dropout {
    shape: Shape,
    rate: f32,
    slope: Vec<f32>,
}

impl Dropout {
    pub(crate) fn new(shape: Shape, rate: f32) -> Self {
        Self {
            shape,
            rate,
            slope: Vec::new(),
        }
    }
}

impl Layer for Dropout {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward(&mut self, _: &[f32], mode: Mode<'_>, input: &[f32], out: &mut [f32]) {
        out.copy_from_slice(input);
        self.slope.clear();
        self.slope.resize(out.len(), 1.0);
        if let Mode::Train(_, keys) = mode
            && self.rate > 0.0
        {
            drop_out(self.rate, keys.own().rng(), out, &mut self.slope);
        }
    }

    fn backward(&mut self, back: Back<'_>) {
        if let Some(input_delta) = back.input_delta {
            for ((to, delta), slope) in input_delta.iter_mut().zip(back.delta).zip(&self.slope) {
                *to = *delta * slope;
            }
        }
    }

    fn is_trained(&self) -> bool {
        false
    }
}
