//! The samples that soxr loses at the start of a signal: the output of one stage before time 0 does not reach
//! the next stage.

use super::kaiser::KaiserSinc;

/// The correction of the first outputs of two stages that are computed as one.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// For every sample between the stages before time 0: its weights of the inputs, and those of the outputs for it.
    lost: Vec<[Vec<f64>; 2]>,
}

impl Head {
    /// For a stage with the sharp kernel and one with the other. Between them samples are `between` apart, beyond the
    /// sharp one `every` such, and beyond the other `step`.
    pub(super) fn new(
        sharp: &KaiserSinc,
        other: &KaiserSinc,
        (every, between, step): (usize, f64, f64),
        is_sharp_first: bool,
    ) -> Self {
        let times = |kernel: KaiserSinc, first: f64, step: f64| {
            (0..)
                .map(move |i| first + f64::from(i) * step)
                .take_while(move |t| *t < kernel.half())
                .map(move |t| kernel.at(t))
        };
        // The distances of the inputs of both stages.
        let scale = match is_sharp_first {
            true => [every as f64 * between, between],
            false => [between, step],
        };
        let all: Vec<f64> = times(*sharp, 0.0, between).collect();
        let n = (other.half() / between).ceil() as usize;
        let lost = (1..n).map(|j| {
            let sharp = all.iter().skip(j).step_by(every);
            let sharp = sharp.map(|h| scale[0] * h).collect();
            let other = times(*other, j as f64 * between, step);
            let other = other.map(|h| scale[1] * h).collect();
            match is_sharp_first {
                true => [sharp, other],
                false => [other, sharp],
            }
        });
        Self {
            lost: lost.collect(),
        }
    }

    /// Takes what soxr loses from the first outputs; `x` are the first inputs, zeros after the end of the signal.
    pub(super) fn lose(&self, x: &[f32], out: &mut [f32]) {
        let mut all = vec![0.0; self.lost.iter().map(|l| l[1].len()).max().unwrap_or(0)];
        for [inputs, outputs] in &self.lost {
            let terms = inputs.iter().zip(x).map(|(w, x)| w * f64::from(*x));
            let value: f64 = terms.sum();
            for (all, w) in all.iter_mut().zip(outputs) {
                *all += value * w;
            }
        }
        for (y, lost) in out.iter_mut().zip(all) {
            *y -= lost as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both orders, against the sums over all samples between the stages before time 0.
    #[test]
    fn what_is_lost_is_what_the_second_stage_makes_of_the_samples_before_time_0() {
        let sharp = KaiserSinc::new(0.9, 8.0, 20.0);
        let other = KaiserSinc::new(1.5, 8.0, 3.0);
        let x = [1.0f32, -0.5, 0.25, 0.75, -1.0];
        let sum = |kernel: &KaiserSinc, t: f64, step: f64| -> f64 {
            let terms = x.iter().enumerate();
            let terms = terms.map(|(i, x)| f64::from(*x) * step * kernel.at(t - i as f64 * step));
            terms.sum()
        };
        let (every, between, step) = (2, 0.5, 1.3);
        for is_sharp_first in [true, false] {
            let head = Head::new(&sharp, &other, (every, between, step), is_sharp_first);
            let (first, second, input, output) = match is_sharp_first {
                true => (&sharp, &other, 1.0, step),
                false => (&other, &sharp, step, 1.0),
            };
            let mut out = [0.0f32; 30];
            head.lose(&x, &mut out);
            for (k, y) in out.iter().enumerate() {
                let terms = (1..100).map(|j| {
                    let t = -between * f64::from(j);
                    sum(first, t, input) * between * second.at(k as f64 * output - t)
                });
                let exact: f64 = terms.sum();
                // Rounding to f32.
                assert!((f64::from(*y) + exact).abs() < 1e-7, "{is_sharp_first} {k}");
            }
        }
    }
}
