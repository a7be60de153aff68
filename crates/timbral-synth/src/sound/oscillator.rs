use std::sync::LazyLock;

use super::voice::Timbre;
use super::{RATE, decay_factor};
use crate::random::Rng;

/// Entries of a wave table, `2^BITS`.
const SIZE: usize = 1 << BITS;
const BITS: u32 = 10;

/// Samples over which envelope and vibrato are interpolated.
const BLOCK: usize = 32;

/// Highest partial in Hz.
const HIGHEST: f64 = 10_000.0;

/// Number of wave tables, one per octave, the lowest below 32.7 Hz.
const OCTAVES: usize = 9;

/// Loudness at which a note has ended.
const SILENCE: f64 = 1e-3;

/// One period of a sine.
static SINE: LazyLock<Box<[f32]>> = LazyLock::new(|| {
    let turn = std::f64::consts::TAU / SIZE as f64;
    (0..SIZE)
        .map(|i| libm::sin(turn * i as f64) as f32)
        .collect()
});

/// A note of a part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    /// First sample.
    pub(crate) start: usize,
    /// Samples until its end, where the release begins.
    pub(crate) length: usize,
    /// Semitones; 69 is 440 Hz.
    pub(crate) pitch: f64,
    /// Loudness.
    pub(crate) velocity: f64,
}

/// Frequency of a pitch in semitones.
pub(crate) fn hertz(pitch: f64) -> f64 {
    440.0 * libm::exp2((pitch - 69.0) / 12.0)
}

/// Phase increment per sample; a period is `2^32`.
pub(crate) fn phase_step(hertz: f64) -> u32 {
    (hertz / f64::from(RATE) * 4_294_967_296.0) as u32
}

/// The sine of a phase, where `2^32` is a period.
pub(crate) fn sine(phase: u32) -> f32 {
    SINE[(phase >> (32 - BITS)) as usize]
}

/// The table entry at or below a phase, and the weight of the next one.
fn entry(phase: u32) -> (usize, f32) {
    let weight = phase << BITS >> 8;
    (
        (phase >> (32 - BITS)) as usize,
        weight as f32 / (1 << 24) as f32,
    )
}

/// One period of a bright and of a dull wave, between which a note moves. The first entry is repeated
/// at the end.
type Table = [[f32; 2]; SIZE + 1];

/// Two detuned oscillators with an envelope.
#[derive(Debug)]
pub(crate) struct Instrument {
    timbre: Timbre,
    tables: [Option<Box<Table>>; OCTAVES],
}

impl Instrument {
    pub(crate) fn new(timbre: Timbre) -> Self {
        Self {
            timbre,
            tables: Default::default(),
        }
    }

    pub(crate) fn drive(&self) -> f64 {
        self.timbre.drive
    }

    /// Adds a note to `out`.
    pub(crate) fn play(&mut self, note: &Note, rng: &mut Rng, out: &mut [f32]) {
        let timbre = self.timbre;
        let frequency = hertz(note.pitch).min(HIGHEST);
        let octave = (0..OCTAVES - 1)
            .find(|&o| frequency < top(o))
            .unwrap_or(OCTAVES - 1);
        let table = self.tables[octave].get_or_insert_with(|| wave(&timbre, top(octave)));
        let spread = libm::exp2(timbre.detune / 2400.0);
        let frequencies = [frequency * spread, frequency / spread];
        let mut phases = [rng.next() as u32, rng.next() as u32];
        let depth = timbre.vibrato / 1200.0 * std::f64::consts::LN_2;
        let mut wobble = rng.next() as u32;
        let wobble_step = phase_step(timbre.vibrato_rate).wrapping_mul(BLOCK as u32);
        let mut envelope = Envelope::new(&timbre, note.length);
        let breath = timbre.breath as f32;
        let (mut gain, mut bright) = (0.0, 1.0);
        let out = out.get_mut(note.start..).unwrap_or_default();
        for block in out.chunks_mut(BLOCK) {
            let Some(end) = envelope.next() else { break };
            let next_gain = (end.gain * note.velocity) as f32;
            let gain_step = (next_gain - gain) / BLOCK as f32;
            let bright_step = (end.bright as f32 - bright) / BLOCK as f32;
            wobble = wobble.wrapping_add(wobble_step);
            let bend = 1.0 + depth * f64::from(sine(wobble));
            let steps = frequencies.map(|f| phase_step(f * bend));
            for sample in &mut *block {
                gain += gain_step;
                bright += bright_step;
                let mut sum = 0.0;
                for (phase, step) in phases.iter_mut().zip(steps) {
                    let (i, weight) = entry(*phase);
                    let (low, high) = (table[i], table[i + 1]);
                    let clear = low[0] + (high[0] - low[0]) * weight;
                    let dull = low[1] + (high[1] - low[1]) * weight;
                    sum += dull + (clear - dull) * bright;
                    *phase = phase.wrapping_add(step);
                }
                *sample += sum * gain;
            }
            if breath > 0.0 {
                for sample in block {
                    *sample += rng.noise() * breath * next_gain;
                }
            }
            (gain, bright) = (next_gain, end.bright as f32);
        }
    }
}

/// Highest frequency of an octave's table.
fn top(octave: usize) -> f64 {
    32.7 * (1u32 << octave) as f64
}

/// The waves for notes up to `top` Hz, each with mean square 1/4.
fn wave(timbre: &Timbre, top: f64) -> Box<Table> {
    let mut table = Box::new([[0.0; 2]; SIZE + 1]);
    let highest = timbre.partials.min((HIGHEST / top) as u32).max(1);
    for (side, slope) in [timbre.slope, timbre.dull_slope].into_iter().enumerate() {
        let amplitude = |k: u32| {
            let even = if k.is_multiple_of(2) { timbre.odd } else { 0.0 };
            let (centre, gain) = timbre.body;
            // The frequency in the middle of the octave.
            let off = (f64::from(k) * top * 0.75 - centre) / (0.4 * centre);
            let body = 1.0 + gain / (1.0 + off * off);
            libm::exp2(-slope * libm::log2(f64::from(k))) * (1.0 - even) * body
        };
        let amplitudes: Vec<f64> = (1..=highest).map(amplitude).collect();
        let power: f64 = amplitudes.iter().map(|a| a * a / 2.0).sum();
        let scale = 0.5 / power.sqrt();
        for (k, a) in (1usize..).zip(amplitudes) {
            let a = (a * scale) as f32;
            for (i, entry) in table.iter_mut().enumerate() {
                entry[side] += a * SINE[i * k % SIZE];
            }
        }
    }
    table
}

/// Loudness and brightness at the end of each block of a note.
struct Envelope {
    /// Blocks to full loudness.
    attack: f64,
    /// Blocks until the end of the note.
    length: f64,
    sustain: f64,
    block: f64,
    decaying: f64,
    decay: f64,
    releasing: f64,
    release: f64,
    bright: f64,
    dulling: f64,
}

/// The state of a note.
struct Level {
    gain: f64,
    bright: f64,
}

impl Envelope {
    fn new(timbre: &Timbre, length: usize) -> Self {
        Self {
            attack: timbre.attack * f64::from(RATE) / BLOCK as f64,
            length: length as f64 / BLOCK as f64,
            sustain: timbre.sustain,
            block: 0.0,
            decaying: 1.0,
            decay: decay_factor(timbre.decay, BLOCK),
            releasing: 1.0,
            release: decay_factor(timbre.release, BLOCK),
            bright: 1.0,
            dulling: decay_factor(0.7 * timbre.decay, BLOCK),
        }
    }
}

impl Iterator for Envelope {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        self.block += 1.0;
        let rise = (self.block / self.attack).min(1.0);
        if rise == 1.0 {
            self.decaying *= self.decay;
            self.bright *= self.dulling;
        }
        if self.block > self.length {
            self.releasing *= self.release;
        }
        let held = self.sustain + (1.0 - self.sustain) * self.decaying;
        let gain = rise * held * self.releasing;
        let ended = rise == 1.0 && gain < SILENCE;
        (!ended && self.releasing > SILENCE).then_some(Level {
            gain,
            bright: self.bright,
        })
    }
}
