/// Semitones of the seven degrees of a scale above its tonic.
pub(crate) type Scale = [u8; 7];

pub(crate) const IONIAN: Scale = [0, 2, 4, 5, 7, 9, 11];
pub(crate) const DORIAN: Scale = [0, 2, 3, 5, 7, 9, 10];
pub(crate) const PHRYGIAN: Scale = [0, 1, 3, 5, 7, 8, 10];
pub(crate) const MIXOLYDIAN: Scale = [0, 2, 4, 5, 7, 9, 10];
pub(crate) const AEOLIAN: Scale = [0, 2, 3, 5, 7, 8, 10];

/// Degree of the root of each bar's chord.
pub(crate) type Progression = &'static [i32];

pub(crate) const STATIC: Progression = &[0];
pub(crate) const SWAY: Progression = &[0, 3];
pub(crate) const CADENCE: Progression = &[0, 3, 4, 0];
pub(crate) const TURNAROUND: Progression = &[1, 4, 0, 5];
pub(crate) const DESCENT: Progression = &[0, 6, 5, 4];
pub(crate) const LOOP: Progression = &[0, 4, 5, 3];
pub(crate) const TWELVE_BARS: Progression = &[0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4];
pub(crate) const FIFTHS: Progression = &[0, 3, 6, 2, 5, 1, 4, 0];
pub(crate) const HALF_STEP: Progression = &[0, 0, 1, 0];

/// Degrees of a chord above its root.
pub(crate) type Chord = &'static [i32];

pub(crate) const TRIAD: Chord = &[0, 2, 4];
pub(crate) const SEVENTH: Chord = &[0, 2, 4, 6];
pub(crate) const NINTH: Chord = &[0, 2, 6, 8];
pub(crate) const POWER: Chord = &[0, 4, 7];

/// Semitones of a degree, which may be below the tonic or above the octave.
pub(crate) fn semitones(scale: &Scale, degree: i32) -> f64 {
    let (octave, step) = (degree.div_euclid(7), degree.rem_euclid(7));
    f64::from(12 * octave + i32::from(scale[step as usize]))
}

/// One bar of a part: first sixteenth, length in sixteenths, tone. In the bass, the tone is a degree
/// above the root; in the chords, 0 is the whole chord, 1 its first note, and so on.
pub(crate) type Pattern = &'static [(usize, usize, i32)];

pub(crate) const WHOLE: Pattern = &[(0, 16, 0)];
pub(crate) const HALVES: Pattern = &[(0, 8, 0), (8, 8, 0)];
pub(crate) const QUARTERS: Pattern = &[(0, 3, 0), (4, 3, 0), (8, 3, 0), (12, 3, 0)];
pub(crate) const BACKBEATS: Pattern = &[(4, 3, 0), (12, 3, 0)];
pub(crate) const OFFBEATS: Pattern = &[(2, 1, 0), (6, 1, 0), (10, 1, 0), (14, 1, 0)];
pub(crate) const PUSHED: Pattern = &[(0, 5, 0), (6, 4, 0), (10, 5, 0)];
pub(crate) const CHUGS: Pattern = &[
    (0, 2, 0),
    (2, 1, 0),
    (4, 2, 0),
    (6, 1, 0),
    (8, 2, 0),
    (10, 1, 0),
    (12, 2, 0),
    (14, 1, 0),
];
pub(crate) const GALLOP: Pattern = &[
    (0, 2, 0),
    (2, 1, 0),
    (3, 1, 0),
    (4, 2, 0),
    (6, 1, 0),
    (7, 1, 0),
    (8, 2, 0),
    (10, 1, 0),
    (11, 1, 0),
    (12, 2, 0),
    (14, 2, 0),
];
pub(crate) const ARPEGGIO: Pattern = &[
    (0, 3, 1),
    (2, 3, 2),
    (4, 3, 3),
    (6, 3, 2),
    (8, 3, 1),
    (10, 3, 2),
    (12, 3, 3),
    (14, 3, 2),
];
pub(crate) const BOOM_CHICK: Pattern = &[(0, 4, 0), (8, 4, 4)];
pub(crate) const WALKING: Pattern = &[(0, 4, 0), (4, 4, 2), (8, 4, 4), (12, 4, 5)];
pub(crate) const OCTAVES: Pattern = &[
    (0, 2, 0),
    (2, 2, 7),
    (4, 2, 0),
    (6, 2, 7),
    (8, 2, 0),
    (10, 2, 7),
    (12, 2, 0),
    (14, 2, 7),
];
pub(crate) const SYNCOPATED: Pattern = &[(0, 3, 0), (3, 2, 0), (6, 3, 4), (10, 2, 2), (12, 4, 0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_continue_below_the_tonic_and_above_the_octave() {
        let of = |degree| semitones(&IONIAN, degree);
        assert_eq!(
            [-7, -1, 0, 4, 7, 9].map(of),
            [-12.0, -1.0, 0.0, 7.0, 12.0, 16.0]
        );
    }
}
