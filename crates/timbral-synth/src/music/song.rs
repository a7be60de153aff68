use super::genres::STYLES;
use super::harmony::{Chord, Pattern, Progression, Scale, semitones};
use super::style::{Lead, Part, Rhythm, Style};
use crate::random::{Range, Rng};
use crate::sound::drums::{Drums, STEPS, Steps, probability};
use crate::sound::oscillator::{Instrument, Note};
use crate::sound::room::Room;
use crate::sound::voice::Timbre;
use crate::sound::{RATE, decibels};

/// Probability that a property of a recording is taken from any style, so that genres overlap like real
/// ones.
const BORROWED: f64 = 0.03;

/// Bars after which the bass and the lead repeat.
const MOTIF: usize = 2;

/// Bars with the same parts and loudness.
const PHRASE: usize = 2;

/// Probability that a part plays in a phrase.
const PRESENCE: f64 = 0.92;

/// Probability that a step of the drums is drawn again in a bar.
const FILL: f64 = 0.12;

/// Root mean square of the parts together before the soft clipper.
const LOUDNESS: f64 = 0.25;

/// Renders recording `number` of `STYLES[genre]`.
pub(crate) fn render(seed: u64, genre: usize, number: usize, n_samples: usize) -> Vec<f32> {
    let mut rng = Rng::keyed(&[seed, genre as u64, number as u64]);
    let song = Song::draw(genre, &mut rng);
    let mut out = vec![0.0; n_samples];
    let mut part = vec![0.0; n_samples];
    song.drums(&mut rng.split(), &mut part);
    mix_in(&mut out, &mut part, song.levels[0], 0.0);
    for (i, voice) in song.voices.iter().enumerate() {
        let mut instrument = Instrument::new(*voice);
        let mut random = rng.split();
        for note in song.notes(i, &mut rng.split(), n_samples) {
            instrument.play(&note, &mut random, &mut part);
        }
        mix_in(&mut out, &mut part, song.levels[1 + i], instrument.drive());
    }
    song.room.apply(&mut rng, &mut out);
    let gain = (song.drive * LOUDNESS / root_mean_square(&out)) as f32;
    out.iter_mut().for_each(|v| *v = soft(*v * gain));
    let peak = out.iter().fold(0.0f32, |peak, v| peak.max(v.abs()));
    let gain = song.peak / peak;
    out.iter_mut().for_each(|v| *v *= gain);
    out
}

/// Drives a part, adds it at a level in dB, and clears it.
fn mix_in(out: &mut [f32], part: &mut [f32], level: f64, drive: f64) {
    let loudness = root_mean_square(part);
    if loudness > 0.0 {
        if drive > 0.0 {
            let gain = (drive / loudness) as f32;
            part.iter_mut().for_each(|v| *v = soft(*v * gain));
        }
        let gain = (decibels(level) / root_mean_square(part)) as f32;
        out.iter_mut().zip(&*part).for_each(|(o, p)| *o += gain * p);
    }
    part.fill(0.0);
}

fn root_mean_square(samples: &[f32]) -> f64 {
    let square = |v: &f32| f64::from(*v) * f64::from(*v);
    (samples.iter().map(square).sum::<f64>() / samples.len() as f64).sqrt()
}

/// `tanh` by its Padé approximant, 1 from 3 on.
fn soft(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    let square = x * x;
    x * (27.0 + square) / (27.0 + 9.0 * square)
}

/// The random choices of one recording.
struct Song {
    seconds_per_beat: f64,
    swing: f64,
    /// Largest deviation of strokes and notes from the beat in seconds.
    loose: f64,
    kit: Drums,
    /// Kick, snare, hat, tom.
    steps: [Steps; 4],
    scale: Scale,
    tonic: f64,
    progression: Progression,
    chord: Chord,
    bass: Pattern,
    comping: Pattern,
    density: f64,
    register: f64,
    /// Bass, chords, lead.
    voices: [Timbre; 3],
    /// Levels of drums, bass, chords, lead in dB.
    levels: [f64; 4],
    /// Largest drop in loudness of a phrase in dB.
    dynamics: f64,
    /// The stream of choices that all parts have in common.
    phrases: Rng,
    room: Room,
    drive: f64,
    peak: f32,
}

impl Song {
    fn draw(genre: usize, rng: &mut Rng) -> Self {
        let style = |rng: &mut Rng| -> &'static Style {
            let any = (rng.next() % STYLES.len() as u64) as usize;
            &STYLES[if rng.chance(BORROWED) { any } else { genre }]
        };
        let rhythm: &Rhythm = &style(rng).rhythm;
        let drums: &Rhythm = &style(rng).rhythm;
        let harmony = &style(rng).harmony;
        let [bass, chords]: [&Part; 2] = [&style(rng).bass, &style(rng).chords];
        let lead: &Lead = &style(rng).lead;
        let mix = &style(rng).mix;
        let mut voice = |voices: &[_]| Timbre::draw(&rng.pick(voices), rng);
        let voices = [bass.voices, chords.voices, lead.voices].map(&mut voice);
        let mut within = |range: Range| rng.within(range);
        Self {
            seconds_per_beat: 60.0 / within(rhythm.tempo),
            swing: within(rhythm.swing),
            loose: within((0.0, 0.012)),
            levels: [drums.level, bass.level, chords.level, lead.level].map(&mut within),
            density: within(lead.density),
            register: within(lead.register),
            dynamics: within(mix.dynamics),
            drive: within(mix.drive),
            peak: within((0.5, 0.98)) as f32,
            // The key, and the deviation of the tuning from 440 Hz.
            tonic: within((0.0, 12.0)).floor() + within((-0.3, 0.3)),
            kit: Drums::draw(&rng.pick(drums.kits), rng),
            steps: [drums.kick, drums.snare, drums.hat, drums.tom],
            scale: rng.pick(harmony.scales),
            progression: rng.pick(harmony.progressions),
            chord: rng.pick(harmony.chords),
            bass: rng.pick(bass.patterns),
            comping: rng.pick(chords.patterns),
            voices,
            room: Room::draw(mix, rng),
            phrases: rng.split(),
        }
    }

    /// The sample at which a sixteenth of a bar begins.
    fn sample(&self, bar: usize, step: usize) -> f64 {
        let in_beat = [0.0, 0.5 * self.swing, self.swing, 0.5 + 0.5 * self.swing][step % 4];
        let beats = (4 * bar + step / 4) as f64 + in_beat;
        beats * self.seconds_per_beat * f64::from(RATE)
    }

    /// The same with the random deviation of the player.
    fn played(&self, bar: usize, step: usize, rng: &mut Rng) -> usize {
        let late = self.loose * rng.within((-1.0, 1.0)) * f64::from(RATE);
        (self.sample(bar, step) + late).max(0.0) as usize
    }

    /// Loudness of a part (0 drums, 1 bass, 2 chords, 3 lead) in a bar.
    fn loudness(&self, part: usize, bar: usize) -> f64 {
        let mut rng = self.phrases.clone();
        let mut phrase = Rng::keyed(&[rng.next(), (bar / PHRASE) as u64]);
        let level = decibels(-self.dynamics * phrase.unit());
        let silent = [(); 4].map(|()| !phrase.chance(PRESENCE))[part];
        // The chords never rest.
        if silent && part != 2 { 0.0 } else { level }
    }

    /// The bars that begin before the end and are not silent, with their loudness.
    fn bars(&self, part: usize, n_samples: usize) -> impl Iterator<Item = (usize, f64)> {
        (0..)
            .take_while(move |&bar| self.sample(bar, 0) < n_samples as f64)
            .map(move |bar| (bar, self.loudness(part, bar)))
            .filter(|&(_, loudness)| loudness > 0.0)
    }

    fn drums(&self, rng: &mut Rng, out: &mut [f32]) {
        let strokes = [
            &self.kit.kick,
            &self.kit.snare,
            &self.kit.hat,
            &self.kit.tom,
        ];
        for (steps, stroke) in self.steps.into_iter().zip(strokes) {
            let mut drawn = |step: usize| rng.chance(probability(steps[step]));
            let pattern: [bool; STEPS] = std::array::from_fn(&mut drawn);
            for (bar, loudness) in self.bars(0, out.len()) {
                for (step, &usual) in pattern.iter().enumerate() {
                    let fill = rng.chance(FILL);
                    let struck = if fill {
                        rng.chance(probability(steps[step]))
                    } else {
                        usual
                    };
                    if !struck {
                        continue;
                    }
                    let accent = if step % 4 == 0 { 1.0 } else { 0.75 };
                    let gain = (loudness * accent * rng.within((0.75, 1.0))) as f32;
                    let start = self.played(bar, step, rng);
                    let out = out.get_mut(start..).unwrap_or_default();
                    out.iter_mut().zip(stroke).for_each(|(o, s)| *o += gain * s);
                }
            }
        }
    }

    /// The notes of the bass (0), the chords (1) or the lead (2).
    fn notes(&self, part: usize, rng: &mut Rng, n_samples: usize) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut degree = 0;
        let motif = rng.next();
        for (bar, loudness) in self.bars(1 + part, n_samples) {
            let rng = &mut Rng::keyed(&[motif, (bar % MOTIF) as u64]);
            if bar.is_multiple_of(MOTIF) {
                degree = 0;
            }
            let root = self.progression[bar % self.progression.len()];
            let mut note = |step: usize, steps: usize, pitch: f64, rng: &mut Rng| {
                let end = self.sample(bar, step + steps);
                let start = self.played(bar, step, rng);
                notes.push(Note {
                    start,
                    length: (0.95 * (end - start as f64)).max(1.0) as usize,
                    pitch: self.tonic + pitch,
                    velocity: loudness * rng.within((0.6, 1.0)),
                });
            };
            match part {
                0 => {
                    for &(step, steps, tone) in self.bass {
                        let passing = i32::from(tone > 0 && rng.chance(0.3));
                        let pitch = 28.0 + semitones(&self.scale, root + tone - passing);
                        note(step, steps, pitch, rng);
                    }
                }
                1 => {
                    for &(step, steps, tone) in self.comping {
                        for (i, &above) in (1..).zip(self.chord) {
                            if tone == 0 || tone == i {
                                let pitch = semitones(&self.scale, root + above);
                                // Kept within an octave and a half, as a hand on a keyboard would.
                                let fold = if pitch > 14.0 { 12.0 } else { 0.0 };
                                note(step, steps, 52.0 + pitch - fold, rng);
                            }
                        }
                    }
                }
                _ => {
                    let mut step = 0;
                    while step < STEPS {
                        let steps = rng.pick(&[2, 2, 2, 4, 4, 6]).min(STEPS - step);
                        if rng.chance(self.density) {
                            let chord_tone = root + rng.pick(self.chord);
                            degree += rng.pick(&[-2, -1, -1, 0, 1, 1, 2]);
                            if (degree - chord_tone).abs() > 5 {
                                degree = chord_tone;
                            }
                            let pitch =
                                self.register.floor() - 6.0 + semitones(&self.scale, degree);
                            note(step, steps, pitch, rng);
                        }
                        step += steps;
                    }
                }
            }
        }
        notes
    }
}
