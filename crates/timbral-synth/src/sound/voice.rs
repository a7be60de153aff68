use crate::random::{Range, Rng};

/// The ranges from which an instrument is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    /// Number of partials of a note.
    partials: Range,
    /// Partial `k` has amplitude `k^-slope`.
    slope: Range,
    /// Attenuation of the even partials: 0 none, 1 silent.
    odd: Range,
    /// Seconds to full loudness.
    attack: Range,
    /// Seconds in which the part above the sustained loudness falls by `e`.
    decay: Range,
    /// Loudness of a held note.
    sustain: Range,
    /// Depth of the vibrato in cents.
    vibrato: Range,
    /// Cents between the two oscillators.
    detune: Range,
    /// Loudness of the noise in a note.
    breath: Range,
    /// Gain into the soft clipper; 0 for none.
    drive: Range,
}

pub(crate) const BOWED: Voice = Voice {
    partials: (8.0, 24.0),
    slope: (1.1, 2.0),
    odd: (0.0, 0.3),
    attack: (0.04, 0.2),
    decay: (1.0, 4.0),
    sustain: (0.5, 0.9),
    vibrato: (4.0, 22.0),
    detune: (2.0, 12.0),
    breath: (0.0, 0.04),
    drive: (0.0, 0.0),
};

pub(crate) const PLUCKED: Voice = Voice {
    partials: (12.0, 32.0),
    slope: (0.8, 1.7),
    odd: (0.0, 0.4),
    attack: (0.001, 0.006),
    decay: (0.15, 0.8),
    sustain: (0.0, 0.1),
    vibrato: (0.0, 6.0),
    detune: (0.0, 8.0),
    breath: (0.0, 0.02),
    drive: (0.0, 1.0),
};

pub(crate) const STRUCK: Voice = Voice {
    partials: (6.0, 22.0),
    slope: (1.2, 2.3),
    odd: (0.0, 0.4),
    attack: (0.002, 0.01),
    decay: (0.3, 1.4),
    sustain: (0.0, 0.2),
    vibrato: (0.0, 4.0),
    detune: (0.0, 6.0),
    breath: (0.0, 0.01),
    drive: (0.0, 0.5),
};

pub(crate) const REED: Voice = Voice {
    partials: (8.0, 26.0),
    slope: (0.9, 1.8),
    odd: (0.1, 0.8),
    attack: (0.015, 0.07),
    decay: (0.5, 2.0),
    sustain: (0.6, 0.9),
    vibrato: (5.0, 30.0),
    detune: (0.0, 5.0),
    breath: (0.01, 0.1),
    drive: (0.0, 1.0),
};

pub(crate) const ORGAN: Voice = Voice {
    partials: (4.0, 14.0),
    slope: (0.9, 2.0),
    odd: (0.0, 0.9),
    attack: (0.004, 0.03),
    decay: (1.0, 3.0),
    sustain: (0.7, 1.0),
    vibrato: (0.0, 12.0),
    detune: (1.0, 10.0),
    breath: (0.0, 0.02),
    drive: (0.0, 1.5),
};

pub(crate) const SAW: Voice = Voice {
    partials: (16.0, 40.0),
    slope: (0.8, 1.3),
    odd: (0.0, 0.6),
    attack: (0.003, 0.04),
    decay: (0.3, 2.0),
    sustain: (0.3, 0.9),
    vibrato: (0.0, 8.0),
    detune: (4.0, 22.0),
    breath: (0.0, 0.02),
    drive: (0.0, 1.0),
};

pub(crate) const DRIVEN: Voice = Voice {
    partials: (14.0, 40.0),
    slope: (0.8, 1.5),
    odd: (0.0, 0.5),
    attack: (0.002, 0.012),
    decay: (0.6, 2.5),
    sustain: (0.3, 0.8),
    vibrato: (0.0, 10.0),
    detune: (1.0, 12.0),
    breath: (0.0, 0.03),
    drive: (1.0, 8.0),
};

pub(crate) const SUB: Voice = Voice {
    partials: (1.0, 6.0),
    slope: (1.5, 2.8),
    odd: (0.0, 0.8),
    attack: (0.003, 0.02),
    decay: (0.4, 2.0),
    sustain: (0.2, 0.9),
    vibrato: (0.0, 2.0),
    detune: (0.0, 5.0),
    breath: (0.0, 0.0),
    drive: (0.0, 1.5),
};

pub(crate) const FINGERED: Voice = Voice {
    partials: (4.0, 14.0),
    slope: (1.2, 2.2),
    odd: (0.0, 0.4),
    attack: (0.003, 0.015),
    decay: (0.3, 1.2),
    sustain: (0.0, 0.3),
    vibrato: (0.0, 3.0),
    detune: (0.0, 3.0),
    breath: (0.0, 0.01),
    drive: (0.0, 1.0),
};

pub(crate) const PICKED: Voice = Voice {
    partials: (8.0, 26.0),
    slope: (0.9, 1.6),
    odd: (0.0, 0.5),
    attack: (0.001, 0.006),
    decay: (0.2, 1.2),
    sustain: (0.0, 0.4),
    vibrato: (0.0, 2.0),
    detune: (0.0, 6.0),
    breath: (0.0, 0.02),
    drive: (0.0, 4.0),
};

/// The instrument of one recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timbre {
    pub(crate) partials: u32,
    pub(crate) slope: f64,
    /// Slope late in a note, when the high partials have faded.
    pub(crate) dull_slope: f64,
    pub(crate) odd: f64,
    pub(crate) attack: f64,
    pub(crate) decay: f64,
    pub(crate) sustain: f64,
    /// Seconds in which a note falls by `e` after its end.
    pub(crate) release: f64,
    pub(crate) vibrato: f64,
    /// Rate of the vibrato in Hz.
    pub(crate) vibrato_rate: f64,
    pub(crate) detune: f64,
    pub(crate) breath: f64,
    pub(crate) drive: f64,
    /// Resonance of the body: frequency in Hz, and gain of the partials there.
    pub(crate) body: (f64, f64),
}

impl Timbre {
    pub(crate) fn draw(voice: &Voice, rng: &mut Rng) -> Self {
        let slope = rng.within(voice.slope);
        let attack = rng.within(voice.attack);
        Self {
            partials: rng.within(voice.partials) as u32,
            slope,
            dull_slope: slope + rng.within((0.1, 1.0)),
            odd: rng.within(voice.odd),
            attack,
            decay: rng.within(voice.decay),
            sustain: rng.within(voice.sustain),
            release: attack + rng.within((0.02, 0.12)),
            vibrato: rng.within(voice.vibrato),
            vibrato_rate: rng.within((4.0, 7.0)),
            detune: rng.within(voice.detune),
            breath: rng.within(voice.breath),
            drive: rng.within(voice.drive),
            body: (rng.within((300.0, 3500.0)), rng.within((0.0, 4.0))),
        }
    }
}
