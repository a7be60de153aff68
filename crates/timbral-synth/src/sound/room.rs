use super::{RATE, decibels};
use crate::random::{Range, Rng};

/// Delays of the late reverberation in samples in the largest room; primes, so that echoes do not coincide.
const LATE: [usize; 4] = [1049, 1327, 1601, 1871];

/// Early reflections.
const EARLY: usize = 6;

/// Peaks and dips of the equaliser.
const PEAKS: usize = 3;

/// The ranges from which the mix of a recording is drawn.
#[derive(Debug)]
pub(crate) struct Mix {
    /// Largest drop in loudness of a phrase in dB.
    pub(crate) dynamics: Range,
    /// Gain into the soft clipper at the end.
    pub(crate) drive: Range,
    /// Reverberation time: seconds for a fall of 60 dB.
    pub(crate) reverberation: Range,
    /// Amplitude of the reverberation.
    pub(crate) wet: Range,
    /// Treble relative to bass in dB.
    pub(crate) tilt: Range,
}

/// Noise, equaliser and reverberation of one recording.
#[derive(Debug)]
pub(crate) struct Room {
    noise: f32,
    /// Coefficient of a one-pole low-pass, and gains below and above its cutoff.
    split: f32,
    low: f32,
    high: f32,
    peaks: [Peak; PEAKS],
    /// Delay in samples, and gain.
    early: [(usize, f32); EARLY],
    late: [usize; LATE.len()],
    feedback: [f32; LATE.len()],
    /// Coefficient of the low-pass of the walls: 1 keeps the treble.
    bright: f32,
    wet: f32,
}

impl Room {
    pub(crate) fn draw(mix: &Mix, rng: &mut Rng) -> Self {
        let tilt = rng.within(mix.tilt) / 2.0;
        let wet = rng.within(mix.wet);
        let size = rng.within((0.4, 1.0));
        let late = LATE.map(|delay| (delay as f64 * size) as usize);
        let samples = rng.within(mix.reverberation) * f64::from(RATE);
        let mut early = [(0, 0.0); EARLY];
        for (delay, gain) in &mut early {
            let seconds = size * rng.within((0.004, 0.05));
            *delay = (seconds * f64::from(RATE)) as usize;
            let sign = if rng.chance(0.5) { 1.0 } else { -1.0 };
            *gain = (sign * wet * rng.within((0.1, 0.5))) as f32;
        }
        Self {
            noise: decibels(rng.within((-75.0, -42.0))) as f32,
            split: rng.within((0.08, 0.3)) as f32,
            low: decibels(-tilt) as f32,
            high: decibels(tilt) as f32,
            peaks: std::array::from_fn(|_| Peak::draw(rng)),
            early,
            late,
            feedback: late.map(|delay| decibels(-60.0 * delay as f64 / samples) as f32),
            bright: rng.within((0.3, 0.9)) as f32,
            wet: wet as f32,
        }
    }

    /// Adds noise, filters, and adds early reflections and the late reverberation of a network of four
    /// delays (Jot and Chaigne 1991), in place.
    pub(crate) fn apply(&self, rng: &mut Rng, samples: &mut [f32]) {
        let mut below = 0.0;
        for sample in &mut *samples {
            let dry = *sample + self.noise * rng.noise();
            below += self.split * (dry - below);
            *sample = self.low * below + self.high * (dry - below);
        }
        for peak in &self.peaks {
            peak.apply(samples);
        }
        let longest = self
            .early
            .iter()
            .map(|&(delay, _)| delay)
            .max()
            .unwrap_or(0);
        let mut past = Ring::new(longest);
        let mut lines = self.late.map(Ring::new);
        let mut walls = [0.0f32; LATE.len()];
        for sample in samples {
            let dry = *sample;
            past.push(dry);
            let early: f32 = self
                .early
                .iter()
                .map(|&(d, gain)| gain * past.back(d))
                .sum();
            for (i, wall) in walls.iter_mut().enumerate() {
                *wall += self.bright * (self.feedback[i] * lines[i].back(self.late[i] - 1) - *wall);
            }
            let [a, b, c, d] = walls;
            // A Hadamard matrix over 2 keeps the energy.
            let (p, q, r, s) = (a + b, a - b, c + d, c - d);
            for (line, back) in lines.iter_mut().zip([p + r, q + s, p - r, q - s]) {
                line.push(0.5 * (dry + early) + 0.5 * back);
            }
            *sample = dry + early + self.wet * (a + c - b - d);
        }
    }
}

/// A second-order filter that raises or lowers a band (the peaking filter of Bristow-Johnson's
/// "Cookbook formulae for audio equalizer biquad filter coefficients").
#[derive(Debug)]
struct Peak {
    forward: [f32; 3],
    backward: [f32; 2],
}

impl Peak {
    fn draw(rng: &mut Rng) -> Self {
        let hertz = 120.0 * libm::exp2(rng.within((0.0, 6.0)));
        let root = decibels(rng.within((-6.0, 6.0)) / 2.0);
        let turn = std::f64::consts::TAU * hertz / f64::from(RATE);
        let width = libm::sin(turn) / (2.0 * rng.within((0.6, 2.0)));
        let middle = -2.0 * libm::cos(turn);
        let scale = 1.0 + width / root;
        let over = |v: f64| (v / scale) as f32;
        Self {
            forward: [1.0 + width * root, middle, 1.0 - width * root].map(over),
            backward: [middle, 1.0 - width / root].map(over),
        }
    }

    fn apply(&self, samples: &mut [f32]) {
        let ([b0, b1, b2], [a1, a2]) = (self.forward, self.backward);
        let (mut one, mut two) = (0.0, 0.0);
        for sample in samples {
            let x = *sample;
            let y = b0 * x + one;
            one = b1 * x - a1 * y + two;
            two = b2 * x - a2 * y;
            *sample = y;
        }
    }
}

/// A delay line.
struct Ring {
    samples: Vec<f32>,
    next: usize,
}

impl Ring {
    fn new(delay: usize) -> Self {
        Self {
            samples: vec![0.0; (delay + 1).next_power_of_two()],
            next: 0,
        }
    }

    fn push(&mut self, sample: f32) {
        let mask = self.samples.len() - 1;
        self.samples[self.next & mask] = sample;
        self.next = self.next.wrapping_add(1);
    }

    /// The sample that was pushed `delay` samples before the last.
    fn back(&self, delay: usize) -> f32 {
        let mask = self.samples.len() - 1;
        self.samples[self.next.wrapping_sub(1 + delay) & mask]
    }
}
