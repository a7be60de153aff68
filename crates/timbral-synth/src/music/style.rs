use super::harmony::{Chord, Pattern, Progression, Scale};
use crate::random::Range;
use crate::sound::drums::{Kit, Steps};
use crate::sound::room::Mix;
use crate::sound::voice::Voice;

/// The ranges and sets from which a recording of a genre is drawn. The ranges of the styles overlap.
#[derive(Debug)]
pub(crate) struct Style {
    pub(crate) name: &'static str,
    pub(crate) rhythm: Rhythm,
    pub(crate) harmony: Harmony,
    pub(crate) bass: Part,
    pub(crate) chords: Part,
    pub(crate) lead: Lead,
    pub(crate) mix: Mix,
}

#[derive(Debug)]
pub(crate) struct Rhythm {
    /// Beats per minute.
    pub(crate) tempo: Range,
    /// Where in a beat the second eighth is: 0.5 for straight eighths, 0.67 for triplets.
    pub(crate) swing: Range,
    pub(crate) kits: &'static [Kit],
    pub(crate) kick: Steps,
    pub(crate) snare: Steps,
    pub(crate) hat: Steps,
    pub(crate) tom: Steps,
    /// Loudness in dB.
    pub(crate) level: Range,
}

#[derive(Debug)]
pub(crate) struct Harmony {
    pub(crate) scales: &'static [Scale],
    pub(crate) progressions: &'static [Progression],
    pub(crate) chords: &'static [Chord],
}

/// Bass or chords.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) voices: &'static [Voice],
    pub(crate) patterns: &'static [Pattern],
    /// Loudness in dB.
    pub(crate) level: Range,
}

#[derive(Debug)]
pub(crate) struct Lead {
    pub(crate) voices: &'static [Voice],
    /// Probability that a step of the melody has a note.
    pub(crate) density: Range,
    /// Centre of the lead in semitones; 69 is 440 Hz.
    pub(crate) register: Range,
    /// Loudness in dB.
    pub(crate) level: Range,
}
