use super::oscillator::{phase_step, sine};
use super::{RATE, decay_factor};
use crate::random::{Range, Rng};

/// Probability of a stroke at each sixteenth of a bar: `.` is 0, `1` to `9` are ninths.
pub(crate) type Steps = &'static [u8; STEPS];

/// Sixteenths of a bar.
pub(crate) const STEPS: usize = 16;

pub(crate) fn probability(digit: u8) -> f64 {
    f64::from(digit.saturating_sub(b'0').min(9)) / 9.0
}

/// The ranges from which a drum kit is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kit {
    /// Lowest frequency of a kick in Hz.
    kick: Range,
    /// Seconds in which a kick falls by `e`.
    kick_decay: Range,
    /// Loudness of the click at the start of a kick.
    click: Range,
    /// Frequency of the snare drum in Hz.
    snare: Range,
    /// Seconds in which a snare falls by `e`.
    snare_decay: Range,
    /// Proportion of noise in a snare.
    wires: Range,
    /// Seconds in which a hat falls by `e`.
    hat_decay: Range,
    /// Loudness of the hat.
    hat: Range,
}

pub(crate) const BRUSHED: Kit = Kit {
    kick: (50.0, 75.0),
    kick_decay: (0.05, 0.12),
    click: (0.0, 0.1),
    snare: (170.0, 260.0),
    snare_decay: (0.03, 0.12),
    wires: (0.6, 0.95),
    hat_decay: (0.03, 0.15),
    hat: (0.25, 0.7),
};

pub(crate) const ACOUSTIC: Kit = Kit {
    kick: (45.0, 70.0),
    kick_decay: (0.06, 0.15),
    click: (0.05, 0.3),
    snare: (160.0, 240.0),
    snare_decay: (0.05, 0.14),
    wires: (0.4, 0.85),
    hat_decay: (0.02, 0.1),
    hat: (0.15, 0.5),
};

pub(crate) const MACHINE: Kit = Kit {
    kick: (38.0, 60.0),
    kick_decay: (0.1, 0.3),
    click: (0.0, 0.25),
    snare: (170.0, 300.0),
    snare_decay: (0.04, 0.16),
    wires: (0.5, 0.95),
    hat_decay: (0.015, 0.07),
    hat: (0.15, 0.6),
};

pub(crate) const HEAVY: Kit = Kit {
    kick: (48.0, 72.0),
    kick_decay: (0.04, 0.12),
    click: (0.15, 0.6),
    snare: (150.0, 230.0),
    snare_decay: (0.06, 0.18),
    wires: (0.4, 0.8),
    hat_decay: (0.05, 0.25),
    hat: (0.2, 0.6),
};

/// The samples of one stroke of each drum of a recording.
#[derive(Debug)]
pub(crate) struct Drums {
    pub(crate) kick: Vec<f32>,
    pub(crate) snare: Vec<f32>,
    pub(crate) hat: Vec<f32>,
    pub(crate) tom: Vec<f32>,
}

impl Drums {
    pub(crate) fn draw(kit: &Kit, rng: &mut Rng) -> Self {
        let (kick, decay) = (rng.within(kit.kick), rng.within(kit.kick_decay));
        let (snare, snare_decay) = (rng.within(kit.snare), rng.within(kit.snare_decay));
        let (wires, hat) = (rng.within(kit.wires), rng.within(kit.hat));
        let tone = |low, decay, click, rng: &mut Rng| {
            let mut out = skin(low, decay);
            let (mut gain, fall) = (click as f32, decay_factor(0.004, 1) as f32);
            for sample in &mut out {
                *sample += gain * rng.noise();
                gain *= fall;
            }
            out
        };
        let click = rng.within(kit.click);
        let mut snare = skin(snare, 0.7 * snare_decay);
        let rattle = rustle(snare_decay, rng.within((0.0, 0.6)), rng);
        snare.resize(rattle.len().max(snare.len()), 0.0);
        for (sample, rattle) in snare.iter_mut().zip(rattle) {
            *sample += (rattle - *sample) * wires as f32;
        }
        let mut cymbal = rustle(rng.within(kit.hat_decay), rng.within((0.7, 1.0)), rng);
        cymbal.iter_mut().for_each(|v| *v *= hat as f32);
        Self {
            kick: tone(kick, decay, click, rng),
            snare,
            hat: cymbal,
            tom: tone(kick * rng.within((1.6, 2.6)), decay, 0.5 * click, rng),
        }
    }
}

/// Samples of a stroke: five decay times.
fn length(decay: f64) -> usize {
    (5.0 * decay * f64::from(RATE)) as usize
}

/// A sine whose frequency falls from three times `low` Hz to `low`.
fn skin(low: f64, decay: f64) -> Vec<f32> {
    let (mut gain, fall) = (1.0, decay_factor(decay, 1));
    let (mut above, drop) = (2.0 * low, decay_factor(0.3 * decay, 1));
    let mut phase = 0u32;
    let sample = |_| {
        phase = phase.wrapping_add(phase_step(low + above));
        let value = gain * f64::from(sine(phase));
        gain *= fall;
        above *= drop;
        value as f32
    };
    (0..length(decay)).map(sample).collect()
}

/// Decaying noise; `high` from 0 (white) to 1 (its first difference).
fn rustle(decay: f64, high: f64, rng: &mut Rng) -> Vec<f32> {
    let (mut gain, fall, high) = (1.0f32, decay_factor(decay, 1) as f32, high as f32);
    let mut last = 0.0;
    let sample = |_| {
        let noise = rng.noise();
        let value = gain * (noise - high * last);
        last = noise;
        gain *= fall;
        value
    };
    (0..length(decay)).map(sample).collect()
}
