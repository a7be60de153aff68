use super::harmony::*;
use super::style::{Harmony, Lead, Part, Rhythm, Style};
use crate::sound::drums::{ACOUSTIC, BRUSHED, HEAVY, MACHINE};
use crate::sound::room::Mix;
use crate::sound::voice::*;

/// The genres, sorted by name.
pub(crate) const STYLES: [Style; 10] = [
    Style {
        name: "synth-drift",
        rhythm: Rhythm {
            tempo: (58.0, 112.0),
            swing: (0.5, 0.54),
            kits: &[BRUSHED],
            kick: b"2...............",
            snare: b"................",
            hat: b"2.......1.......",
            tom: b"1.......1.......",
            level: (-22.0, -10.0),
        },
        harmony: Harmony {
            scales: &[IONIAN, AEOLIAN, DORIAN],
            progressions: &[CADENCE, FIFTHS, TURNAROUND],
            chords: &[TRIAD],
        },
        bass: Part {
            voices: &[BOWED, BOWED, SUB],
            patterns: &[WHOLE, HALVES, WALKING],
            level: (-10.0, -3.0),
        },
        chords: Part {
            voices: &[BOWED, BOWED, STRUCK],
            patterns: &[WHOLE, HALVES, ARPEGGIO],
            level: (-4.0, 0.0),
        },
        lead: Lead {
            voices: &[BOWED, REED, STRUCK],
            density: (0.25, 0.7),
            register: (64.0, 80.0),
            level: (-5.0, 2.0),
        },
        mix: Mix {
            dynamics: (4.0, 14.0),
            drive: (0.4, 1.0),
            reverberation: (0.8, 2.6),
            wet: (0.2, 0.5),
            tilt: (-5.0, 1.0),
        },
    },
    Style {
        name: "synth-glow",
        rhythm: Rhythm {
            tempo: (88.0, 132.0),
            swing: (0.5, 0.54),
            kits: &[MACHINE, ACOUSTIC],
            kick: b"9.....4.8..2..1.",
            snare: b"....9.......9..1",
            hat: b"8.8.8.8.8.8.8.8.",
            tom: b"...............1",
            level: (-6.0, 1.0),
        },
        harmony: Harmony {
            scales: &[IONIAN, IONIAN, AEOLIAN],
            progressions: &[LOOP, CADENCE, SWAY],
            chords: &[TRIAD, TRIAD, SEVENTH],
        },
        bass: Part {
            voices: &[SUB, FINGERED, SAW],
            patterns: &[CHUGS, PUSHED, HALVES],
            level: (-8.0, -2.0),
        },
        chords: Part {
            voices: &[SAW, PLUCKED, STRUCK],
            patterns: &[QUARTERS, WHOLE, ARPEGGIO],
            level: (-7.0, -1.0),
        },
        lead: Lead {
            voices: &[SAW, REED, PLUCKED],
            density: (0.45, 0.85),
            register: (66.0, 80.0),
            level: (-4.0, 2.0),
        },
        mix: Mix {
            dynamics: (1.0, 5.0),
            drive: (0.9, 2.0),
            reverberation: (0.4, 1.4),
            wet: (0.1, 0.35),
            tilt: (1.0, 6.0),
        },
    },
    Style {
        name: "synth-grind",
        rhythm: Rhythm {
            tempo: (104.0, 190.0),
            swing: (0.5, 0.52),
            kits: &[HEAVY],
            kick: b"9.647.649.647.64",
            snare: b"....9.......9...",
            hat: b"8...8...8...8...",
            tom: b"...........1.122",
            level: (-7.0, 0.0),
        },
        harmony: Harmony {
            scales: &[AEOLIAN, PHRYGIAN],
            progressions: &[STATIC, HALF_STEP, DESCENT],
            chords: &[POWER],
        },
        bass: Part {
            voices: &[PICKED, DRIVEN],
            patterns: &[CHUGS, GALLOP],
            level: (-9.0, -2.0),
        },
        chords: Part {
            voices: &[DRIVEN],
            patterns: &[GALLOP, CHUGS, HALVES],
            level: (-2.0, 2.0),
        },
        lead: Lead {
            voices: &[DRIVEN, DRIVEN, REED],
            density: (0.2, 0.8),
            register: (62.0, 82.0),
            level: (-10.0, -2.0),
        },
        mix: Mix {
            dynamics: (0.0, 3.0),
            drive: (1.4, 3.5),
            reverberation: (0.3, 1.0),
            wet: (0.03, 0.2),
            tilt: (-1.0, 6.0),
        },
    },
    Style {
        name: "synth-lope",
        rhythm: Rhythm {
            tempo: (64.0, 100.0),
            swing: (0.5, 0.6),
            kits: &[ACOUSTIC, MACHINE],
            kick: b"3.......9.......",
            snare: b"........8..1....",
            hat: b"5.7.5.7.5.7.5.7.",
            tom: b"..........1..2..",
            level: (-9.0, -2.0),
        },
        harmony: Harmony {
            scales: &[AEOLIAN, DORIAN, IONIAN],
            progressions: &[SWAY, LOOP, STATIC],
            chords: &[TRIAD, SEVENTH],
        },
        bass: Part {
            voices: &[SUB, FINGERED],
            patterns: &[SYNCOPATED, PUSHED],
            level: (0.0, 5.0),
        },
        chords: Part {
            voices: &[ORGAN, PLUCKED],
            patterns: &[OFFBEATS, OFFBEATS, BACKBEATS],
            level: (-8.0, -2.0),
        },
        lead: Lead {
            voices: &[REED, ORGAN, PLUCKED],
            density: (0.2, 0.6),
            register: (60.0, 76.0),
            level: (-7.0, 1.0),
        },
        mix: Mix {
            dynamics: (2.0, 7.0),
            drive: (0.6, 1.5),
            reverberation: (0.5, 2.0),
            wet: (0.1, 0.4),
            tilt: (-6.0, 0.0),
        },
    },
    Style {
        name: "synth-pulse",
        rhythm: Rhythm {
            tempo: (104.0, 136.0),
            swing: (0.5, 0.53),
            kits: &[MACHINE, MACHINE, ACOUSTIC],
            kick: b"9...9...9...9...",
            snare: b"....7.......7..1",
            hat: b"3.9.3.9.3.9.3.9.",
            tom: b"..............1.",
            level: (-4.0, 3.0),
        },
        harmony: Harmony {
            scales: &[AEOLIAN, DORIAN, IONIAN],
            progressions: &[LOOP, SWAY, FIFTHS],
            chords: &[TRIAD, SEVENTH, NINTH],
        },
        bass: Part {
            voices: &[SUB, FINGERED, SAW],
            patterns: &[OCTAVES, CHUGS, SYNCOPATED],
            level: (-4.0, 2.0),
        },
        chords: Part {
            voices: &[SAW, PLUCKED, BOWED],
            patterns: &[OFFBEATS, PUSHED, WHOLE],
            level: (-8.0, -1.0),
        },
        lead: Lead {
            voices: &[SAW, BOWED, REED],
            density: (0.2, 0.6),
            register: (66.0, 82.0),
            level: (-8.0, 0.0),
        },
        mix: Mix {
            dynamics: (0.5, 4.0),
            drive: (0.9, 2.0),
            reverberation: (0.3, 1.3),
            wet: (0.05, 0.3),
            tilt: (-1.0, 5.0),
        },
    },
    Style {
        name: "synth-riff",
        rhythm: Rhythm {
            tempo: (90.0, 152.0),
            swing: (0.5, 0.56),
            kits: &[ACOUSTIC, HEAVY],
            kick: b"9.....5.8.4...2.",
            snare: b"....9.......9...",
            hat: b"7.6.7.6.7.6.7.6.",
            tom: b".............112",
            level: (-6.0, 1.0),
        },
        harmony: Harmony {
            scales: &[MIXOLYDIAN, AEOLIAN, IONIAN],
            progressions: &[CADENCE, LOOP, DESCENT, SWAY],
            chords: &[POWER, TRIAD],
        },
        bass: Part {
            voices: &[PICKED, FINGERED],
            patterns: &[CHUGS, PUSHED],
            level: (-7.0, 0.0),
        },
        chords: Part {
            voices: &[DRIVEN, DRIVEN, PLUCKED],
            patterns: &[CHUGS, PUSHED, QUARTERS],
            level: (-5.0, 1.0),
        },
        lead: Lead {
            voices: &[REED, DRIVEN],
            density: (0.25, 0.7),
            register: (60.0, 78.0),
            level: (-6.0, 1.0),
        },
        mix: Mix {
            dynamics: (1.0, 6.0),
            drive: (0.8, 2.4),
            reverberation: (0.3, 1.4),
            wet: (0.05, 0.3),
            tilt: (-2.0, 4.0),
        },
    },
    Style {
        name: "synth-snap",
        rhythm: Rhythm {
            tempo: (74.0, 112.0),
            swing: (0.5, 0.62),
            kits: &[MACHINE],
            kick: b"9..3..2.2.73..1.",
            snare: b"....9..1....9..1",
            hat: b"8484848484848484",
            tom: b"................",
            level: (0.0, 6.0),
        },
        harmony: Harmony {
            scales: &[AEOLIAN, PHRYGIAN, DORIAN],
            progressions: &[STATIC, SWAY, HALF_STEP],
            chords: &[TRIAD, SEVENTH, NINTH],
        },
        bass: Part {
            voices: &[SUB, SUB, FINGERED],
            patterns: &[SYNCOPATED, HALVES, PUSHED],
            level: (-2.0, 5.0),
        },
        chords: Part {
            voices: &[STRUCK, SAW, PLUCKED],
            patterns: &[WHOLE, BACKBEATS, ARPEGGIO],
            level: (-12.0, -4.0),
        },
        lead: Lead {
            voices: &[REED, STRUCK, SAW],
            density: (0.3, 0.9),
            register: (56.0, 72.0),
            level: (-10.0, -1.0),
        },
        mix: Mix {
            dynamics: (0.5, 5.0),
            drive: (0.9, 2.6),
            reverberation: (0.2, 0.9),
            wet: (0.02, 0.2),
            tilt: (-4.0, 3.0),
        },
    },
    Style {
        name: "synth-stride",
        rhythm: Rhythm {
            tempo: (100.0, 184.0),
            swing: (0.57, 0.68),
            kits: &[BRUSHED],
            kick: b"4...2...3...2..1",
            snare: b"..1.3.1...1.3.2.",
            hat: b"8...9.7.8...9.7.",
            tom: b"..............1.",
            level: (-14.0, -4.0),
        },
        harmony: Harmony {
            scales: &[IONIAN, DORIAN, MIXOLYDIAN],
            progressions: &[TURNAROUND, FIFTHS, TWELVE_BARS],
            chords: &[SEVENTH, NINTH],
        },
        bass: Part {
            voices: &[FINGERED, FINGERED, BOWED],
            patterns: &[WALKING],
            level: (-6.0, 1.0),
        },
        chords: Part {
            voices: &[STRUCK, STRUCK, PLUCKED],
            patterns: &[BACKBEATS, PUSHED, HALVES],
            level: (-8.0, -1.0),
        },
        lead: Lead {
            voices: &[REED, REED, STRUCK],
            density: (0.4, 0.9),
            register: (58.0, 78.0),
            level: (-2.0, 4.0),
        },
        mix: Mix {
            dynamics: (2.0, 9.0),
            drive: (0.4, 1.2),
            reverberation: (0.4, 1.6),
            wet: (0.1, 0.35),
            tilt: (-4.0, 2.0),
        },
    },
    Style {
        name: "synth-strum",
        rhythm: Rhythm {
            tempo: (76.0, 140.0),
            swing: (0.5, 0.6),
            kits: &[ACOUSTIC, BRUSHED],
            kick: b"8.......8.....1.",
            snare: b"....7..1....7..1",
            hat: b"4.5.4.5.4.5.4.5.",
            tom: b"................",
            level: (-12.0, -3.0),
        },
        harmony: Harmony {
            scales: &[IONIAN, IONIAN, MIXOLYDIAN],
            progressions: &[CADENCE, SWAY, LOOP],
            chords: &[TRIAD],
        },
        bass: Part {
            voices: &[FINGERED, PICKED],
            patterns: &[BOOM_CHICK, BOOM_CHICK, HALVES],
            level: (-6.0, 0.0),
        },
        chords: Part {
            voices: &[PLUCKED],
            patterns: &[BACKBEATS, QUARTERS, CHUGS, ARPEGGIO],
            level: (-5.0, 1.0),
        },
        lead: Lead {
            voices: &[PLUCKED, REED, BOWED],
            density: (0.3, 0.8),
            register: (62.0, 78.0),
            level: (-4.0, 3.0),
        },
        mix: Mix {
            dynamics: (1.5, 7.0),
            drive: (0.5, 1.4),
            reverberation: (0.3, 1.2),
            wet: (0.05, 0.25),
            tilt: (0.0, 6.0),
        },
    },
    Style {
        name: "synth-wail",
        rhythm: Rhythm {
            tempo: (60.0, 112.0),
            swing: (0.56, 0.68),
            kits: &[ACOUSTIC, BRUSHED],
            kick: b"8.....2.7.....2.",
            snare: b"....8.......8...",
            hat: b"7.6.7.6.7.6.7.6.",
            tom: b"..............1.",
            level: (-11.0, -3.0),
        },
        harmony: Harmony {
            scales: &[MIXOLYDIAN, DORIAN],
            progressions: &[TWELVE_BARS, TWELVE_BARS, SWAY],
            chords: &[SEVENTH, TRIAD],
        },
        bass: Part {
            voices: &[FINGERED, PICKED],
            patterns: &[WALKING, QUARTERS, CHUGS],
            level: (-6.0, 1.0),
        },
        chords: Part {
            voices: &[PLUCKED, ORGAN, STRUCK],
            patterns: &[CHUGS, BACKBEATS, QUARTERS],
            level: (-7.0, -1.0),
        },
        lead: Lead {
            voices: &[DRIVEN, DRIVEN, REED],
            density: (0.25, 0.7),
            register: (58.0, 76.0),
            level: (-1.0, 4.0),
        },
        mix: Mix {
            dynamics: (2.0, 8.0),
            drive: (0.5, 1.6),
            reverberation: (0.3, 1.3),
            wet: (0.05, 0.3),
            tilt: (-3.0, 2.0),
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::drums::STEPS;

    #[test]
    fn names_are_sorted_and_say_that_they_are_synthetic() {
        assert!(STYLES.is_sorted_by(|a, b| a.name < b.name));
        assert!(STYLES.iter().all(|s| s.name.starts_with("synth-")));
    }

    #[test]
    fn tables_are_well_formed() {
        for style in &STYLES {
            let rhythm = &style.rhythm;
            for steps in [rhythm.kick, rhythm.snare, rhythm.hat, rhythm.tom] {
                assert!(steps.iter().all(|s| matches!(s, b'.' | b'1'..=b'9')));
            }
            for &(step, length, _) in [style.bass.patterns, style.chords.patterns]
                .concat()
                .concat()
                .iter()
            {
                assert!(
                    step < STEPS && (1..=STEPS).contains(&length),
                    "{}",
                    style.name
                );
            }
        }
    }

    /// The tempo alone does not determine a style: its range overlaps with those of others.
    #[test]
    fn tempos_overlap() {
        for style in &STYLES {
            let (low, high) = style.rhythm.tempo;
            let others = STYLES.iter().filter(|other| {
                let (from, to) = other.rhythm.tempo;
                other.name != style.name && from < high && low < to
            });
            assert!(others.count() >= 5, "{}", style.name);
        }
    }
}
