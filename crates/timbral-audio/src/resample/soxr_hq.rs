//! The plan of the quality `SoxrHq`: the stages of [`SoxrStages`], made of our own filters.
//!
//! No resampling library is used here, since those in Rust have filters of their own and take no frequency
//! response. The sharp low-pass is a fast convolution with any response. Between rates whose ratio has no prime factor
//! above 7 it also changes the rate, by transforms of two lengths, and the interpolation needs no stage of its own.

use super::halve::Halve;
use super::head::Head;
use super::interpolator;
use super::kaiser::{KaiserSinc, WIDTH};
use super::polyphase::Polyphase;
use super::sharp::Sharp;
use super::soxr_stages::{SoxrStages, gcd, stopband};

/// Samples that pass through several stages at a time.
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
}

impl SoxrHq {
    /// For different rates in the accepted range; `None` for other ones.
    pub(super) fn new(from: u32, to: u32) -> Option<Self> {
        let design = SoxrStages::new(from, to);
        let halve = Stage::Halve(Halve::new(design.halving_taps));
        let mut stages = vec![halve; design.halvings as usize];
        let (from, to) = design.ratio;
        match one(&design) {
            Some(one) => stages.push(one),
            None => stages.extend(two(&design)?),
        }
        if let Some((factor, kernel)) = design.last {
            let rate = (to as f64 / from as f64) * factor as f64;
            stages.push(sharp(&kernel, rate, (1, factor))?);
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
            }
        }
    }

    /// Appends the outputs that `x` completes.
    pub(super) fn push(&mut self, x: &[f32], out: &mut Vec<f32>) {
        // Pieces whose intermediate signals stay in the cache, if there are such.
        let piece = match self.stages.len() {
            1 => x.len().max(1),
            _ => PIECE,
        };
        for piece in x.chunks(piece) {
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

/// The rates before, between and after the sharp low-pass and the interpolation, in units of the lower one of the
/// first and the last, and whether the interpolation comes first.
fn rates(design: &SoxrStages) -> ([f64; 3], bool) {
    let (from, to) = design.ratio;
    let ratio = from as f64 / to as f64;
    let low = ratio.min(1.0);
    let first = from < 2 * to && 2 * from > 3 * to;
    let between = if first {
        2.0
    } else if from < 2 * to {
        2.0 * ratio
    } else {
        ratio
    };
    ([ratio / low, between / low, 1.0 / low], first)
}

/// The sharp low-pass and the interpolation in one stage, if there are transforms for their ratio.
fn one(design: &SoxrStages) -> Option<Stage> {
    let (from, to) = design.ratio;
    let ([before, between, after], interpolated_first) = rates(design);
    let Some(kernel) = &design.interpolator else {
        return sharp(&design.sharp, before.max(after), (from, to));
    };
    let (every, step) = match interpolated_first {
        true => (2, before),
        false if from < 2 * to => (2, after),
        false => (1, after),
    };
    let times = (every, 1.0 / between, 1.0 / step);
    let head = Head::new(&design.sharp, kernel, times, !interpolated_first);
    // The steps between the weights of a table in soxr are far smaller.
    let response = kernel.response(0.0625);
    sharp_with(
        (&design.sharp, kernel.half()),
        before.max(after),
        (from, to),
        Some(head),
        |u| response.at_all(u),
    )
}

/// Each of them in its own stage.
fn two(design: &SoxrStages) -> Option<[Stage; 2]> {
    let (from, to) = design.ratio;
    let ([before, between, _], interpolated_first) = rates(design);
    let kernel = design.interpolator.as_ref()?;
    let reduced = |a: u64, b: u64| (a / gcd(a, b), b / gcd(a, b));
    let plan = |rate, ratio| Stage::Interpolate(interpolator::plan(kernel, rate, ratio));
    if interpolated_first {
        let plan = plan(before, reduced(from, 2 * to));
        return Some([plan, sharp(&design.sharp, between, (2, 1))?]);
    }
    let factor = if from < 2 * to { 2 } else { 1 };
    let plan = plan(between, reduced(factor * from, to));
    Some([sharp(&design.sharp, between, (1, factor))?, plan])
}

/// A stage with the response of `kernel`; it changes the rate by `to / from` and its higher rate is `rate` times the
/// lower rate of all stages.
fn sharp(kernel: &KaiserSinc, rate: f64, ratio: (u64, u64)) -> Option<Stage> {
    sharp_with((kernel, 0.0), rate, ratio, None, |_| [1.0; WIDTH])
}

/// The same with the response of another kernel of this half length, too.
fn sharp_with(
    (kernel, half): (&KaiserSinc, f64),
    rate: f64,
    (from, to): (u64, u64),
    head: Option<Head>,
    other: impl Fn([f64; WIDTH]) -> [f64; WIDTH],
) -> Option<Stage> {
    let response = kernel.response(0.5 / stopband(kernel));
    let end = END * stopband(kernel);
    let sharp = Sharp::new(
        (usize::try_from(from).ok()?, usize::try_from(to).ok()?),
        (kernel.half() + half + 1.0) * rate,
        head,
        |f| {
            let u = f.map(|f| 2.0 * f * rate);
            if u[0] > end {
                return [0.0; WIDTH];
            }
            let (all, other) = (response.at_all(u), other(u));
            std::array::from_fn(|i| if u[i] > end { 0.0 } else { all[i] * other[i] })
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
        }
    }

    /// The number of inputs that the first `n` outputs need.
    fn inputs(&self, n: u64) -> u64 {
        match self {
            Self::Halve(halve) => halve.inputs(n),
            Self::Sharp(sharp) => sharp.inputs(n),
            Self::Interpolate(plan) => plan.inputs(n),
        }
    }

    /// Appends the missing ones of the first `n` outputs, as if zeros followed.
    fn finish(&mut self, n: u64, out: &mut Vec<f32>) {
        match self {
            Self::Halve(_) => self.push(&[0.0; 64], out),
            Self::Sharp(sharp) => sharp.finish(n, out),
            Self::Interpolate(plan) => plan.finish(interpolator::TAPS, out),
        }
    }
}
