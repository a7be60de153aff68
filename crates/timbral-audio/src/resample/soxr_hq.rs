//! The plan of the quality `SoxrHq`: the stages of [`SoxrStages`], made of our own filters.
//!
//! No resampling library is used here, since those in Rust have filters of their own and take no frequency
//! response. The sharp low-pass is a fast convolution with any response, so it takes over what differs:
//! for ratios of small integers, where soxr needs no interpolation, it undoes the loss of ours.

use super::halve::Halve;
use super::interpolator::{self, LEAD};
use super::kaiser::{KaiserSinc, WIDTH};
use super::polyphase::Polyphase;
use super::sharp::Sharp;
use super::soxr_stages::{SoxrStages, gcd, stopband};

/// Samples at the lower rate by which undoing a loss makes the sharp filter longer on each side.
const MORE: f64 = 12.0;

/// Samples that pass through all stages at a time.
const PIECE: usize = 1 << 14;

/// Responses are zero beyond this multiple of the start of the stopband: they are below -125 dB there.
const END: f64 = 1.03;

/// A planned change of rate with the signal so far.
#[derive(Debug, Clone)]
pub(super) struct SoxrHq {
    stages: Vec<Stage>,
    /// The outputs of the stages, alternately.
    buffers: [Vec<f32>; 2],
}

#[derive(Debug, Clone)]
enum Stage {
    Halve(Halve),
    Sharp(Box<Sharp>),
    Interpolate(Polyphase),
    /// Every n-th sample; how many to skip before the next.
    Keep(usize, usize),
}

impl SoxrHq {
    /// For different rates in the accepted range; `None` for other ones.
    pub(super) fn new(from: u32, to: u32) -> Option<Self> {
        let design = SoxrStages::new(from, to);
        let halve = Stage::Halve(Halve::new(design.halving_taps));
        let mut stages = vec![halve; design.halvings as usize];
        let (from, to) = design.ratio;
        // The rate of the input in units of the lower one.
        let rate = (from as f64 / to as f64).max(1.0);
        let reduced = |a: u64, b: u64| (a / gcd(a, b), b / gcd(a, b));
        match design.interpolator {
            Some(kernel) if from < 2 * to && 2 * from > 3 * to => {
                let plan = interpolator::plan(&kernel, rate, reduced(from, 2 * to), 0);
                stages.push(Stage::Interpolate(plan));
                stages.push(sharp(&design.sharp, None, 2.0, (2, 1), 0)?);
            }
            None if from == 2 * to => stages.push(sharp(&design.sharp, None, 2.0, (2, 1), 0)?),
            other => {
                let factor = if from < 2 * to { 2 } else { 1 };
                let rate = rate * factor as f64;
                let step = reduced(factor * from, to);
                let ours = interpolator::kernel(rate.max(2.0));
                match other {
                    _ if step.1 == 1 && other.is_none() => {
                        stages.push(sharp(&design.sharp, None, rate, (1, factor), 0)?);
                        stages.push(Stage::Keep(step.0 as usize, 0));
                    }
                    None => {
                        // What the sharp low-pass answers before the signal is not lost, as soxr needs
                        // no other stage.
                        stages.push(sharp(&design.sharp, Some(&ours), rate, (1, factor), LEAD)?);
                        let plan = interpolator::plan(&ours, rate, step, LEAD);
                        stages.push(Stage::Interpolate(plan));
                    }
                    Some(kernel) => {
                        stages.push(sharp(&design.sharp, None, rate, (1, factor), 0)?);
                        let plan = interpolator::plan(&kernel, rate, step, 0);
                        stages.push(Stage::Interpolate(plan));
                    }
                }
            }
        }
        if let Some((factor, kernel)) = design.last {
            let rate = (to as f64 / from as f64) * factor as f64;
            stages.push(sharp(&kernel, None, rate, (1, factor), 0)?);
        }
        Some(Self {
            stages,
            buffers: [Vec::new(), Vec::new()],
        })
    }

    pub(super) fn reset(&mut self) {
        for stage in &mut self.stages {
            match stage {
                Stage::Halve(halve) => halve.reset(),
                Stage::Sharp(sharp) => sharp.reset(),
                Stage::Interpolate(plan) => plan.reset(),
                Stage::Keep(_, skip) => *skip = 0,
            }
        }
    }

    /// Appends the outputs that `x` completes.
    pub(super) fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        // Pieces whose intermediate signals stay in the cache.
        for piece in x.chunks(PIECE) {
            self.run(piece, out, |_, _, _| ());
        }
    }

    /// Appends the outputs up to number `n`, perhaps more, as if zeros followed.
    pub(super) fn finish(&mut self, n: u64, out: &mut Vec<f32>) {
        // How many outputs of each stage are needed, from the last to the first.
        let mut needed = vec![n; self.stages.len()];
        for i in (1..needed.len()).rev() {
            needed[i - 1] = self.stages[i].inputs(needed[i]);
        }
        self.run(&[], out, |i, stage, out| stage.finish(needed[i], out));
        self.reset();
    }

    /// Passes `x` through all stages; `after` is called with the number of a stage, the stage and its
    /// outputs.
    fn run(
        &mut self,
        x: &[f32],
        out: &mut Vec<f32>,
        after: impl Fn(usize, &mut Stage, &mut Vec<f32>),
    ) {
        let [a, b] = &mut self.buffers;
        let end = self.stages.len() - 1;
        for (i, stage) in self.stages.iter_mut().enumerate() {
            let x = if i == 0 { x } else { &*a };
            if i == end {
                stage.push(x, out);
                after(i, stage, out);
            } else {
                b.clear();
                stage.push(x, b);
                after(i, stage, b);
                std::mem::swap(a, b);
            }
        }
    }
}

/// A stage with the response of `kernel`, divided by that of `undo`; it changes the rate by `to / from` and
/// its higher rate is `rate` times the lower rate of all stages.
fn sharp(
    kernel: &KaiserSinc,
    undo: Option<&KaiserSinc>,
    rate: f64,
    (from, to): (u64, u64),
    lead: usize,
) -> Option<Stage> {
    let response = kernel.response(0.5 / stopband(kernel));
    let undo = undo.map(|kernel| kernel.response(0.125));
    let more = if undo.is_some() { MORE } else { 1.0 };
    let end = END * stopband(kernel);
    let sharp = Sharp::new(
        (from as usize, to as usize),
        (kernel.half() + more) * rate,
        lead,
        |f| {
            let u = f.map(|f| 2.0 * f * rate);
            if u[0] > end {
                return [0.0; WIDTH];
            }
            let undo = undo.as_ref().map_or([1.0; WIDTH], |r| r.at_all(u));
            let all = response.at_all(u);
            std::array::from_fn(|i| if u[i] > end { 0.0 } else { all[i] / undo[i] })
        },
    )?;
    Some(Stage::Sharp(Box::new(sharp)))
}

impl Stage {
    fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        match self {
            Self::Halve(halve) => halve.push(x, out),
            Self::Sharp(sharp) => sharp.push(x, out),
            Self::Interpolate(plan) => plan.push(x, out),
            Self::Keep(1, _) => out.extend_from_slice(x),
            Self::Keep(step, skip) => {
                out.extend(x.iter().skip(*skip).step_by(*step));
                // The next multiple of `step` at or after the end, relative to it.
                let past = x.len() as i64 - *skip as i64;
                *skip = (-past).rem_euclid(*step as i64) as usize;
            }
        }
    }

    /// The number of inputs that the first `n` outputs need.
    fn inputs(&self, n: u64) -> u64 {
        match self {
            Self::Halve(halve) => halve.inputs(n),
            Self::Sharp(sharp) => sharp.inputs(n),
            Self::Interpolate(plan) => plan.inputs(n),
            Self::Keep(step, _) => n * *step as u64,
        }
    }

    /// Appends the missing ones of the first `n` outputs, as if zeros followed.
    fn finish(&mut self, n: u64, out: &mut Vec<f32>) {
        match self {
            Self::Halve(_) => self.push(&[0.0; 64], out),
            Self::Sharp(sharp) => sharp.finish(n, out),
            Self::Interpolate(plan) => plan.finish(interpolator::TAPS, out),
            Self::Keep(..) => {}
        }
    }
}
