use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::prelude::*;

use super::RATE;
use super::render::render;
use super::style::STYLES;
use crate::error::{Error, Result, at};
use crate::journal::write_whole;

/// Raised whenever the same parameters give other samples, so that files of before are not taken
/// for those of now.
const RECIPE: u32 = 1;

/// The file that says what a folder holds.
const MANIFEST: &str = "corpus.json";

/// Longest recording in seconds: 53 MB of samples, held twice while it is made.
const LONGEST: f64 = 600.0;

/// Shortest recording in seconds.
const SHORTEST: f64 = 0.1;

/// As many as the numbers of the file names tell apart.
const MOST: usize = 100_000;

/// Which synthetic recordings a [`SynthCorpus`] has.
///
/// The default, 300 recordings of 30 s (400 MB as files), is the corpus to compare models on; a
/// smaller one shows the tools at work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynthParams {
    /// Recordings of each of the ten genres, 1 to 100 000; default 30.
    pub recordings_per_genre: usize,
    /// Length of a recording in seconds, 0.1 to 600; default 30.
    pub seconds: f64,
    /// Other seeds give other recordings; default 0.
    pub seed: u64,
}

impl Default for SynthParams {
    fn default() -> Self {
        Self {
            recordings_per_genre: 30,
            seconds: 30.0,
            seed: 0,
        }
    }
}

/// A synthetic recording.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthRecording {
    /// The style it was made in, such as `synth-pulse`.
    pub genre: &'static str,
    /// Its name, such as `synth-pulse.00003`.
    pub name: String,
    /// Mono samples at 22 050 Hz, none above 1.
    pub samples: Vec<f32>,
}

/// A corpus of synthetic recordings in ten made-up genres, computed from a seed.
///
/// The genres are styles of their own: tempo, drums, bass lines, chords, instruments and mix are
/// drawn from ranges that overlap, now and then a trait from another style. Every recording has
/// its own key, tuning, tempo, instruments, tone, room and noise, so that pieces of one recording
/// resemble each other more than those of another recording of the genre, as in real music. Models
/// can be tried on it and evaluations checked; it says nothing about real genres.
///
/// A recording depends on the seed, its genre, its number and its length alone, to the last bit on
/// every machine.
///
/// ```
/// use timbral_data::{SynthCorpus, SynthParams};
/// let corpus = SynthCorpus::new(SynthParams { recordings_per_genre: 2, seconds: 1.0, seed: 7 })?;
/// assert_eq!((SynthCorpus::genres().len(), corpus.len()), (10, 20));
/// let recording = corpus.recording(9).unwrap();
/// assert_eq!((recording.genre, recording.name.as_str()), ("synth-pulse", "synth-pulse.00001"));
/// assert_eq!(recording.samples.len(), 22_050);
/// # Ok::<(), timbral_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynthCorpus {
    params: SynthParams,
    n_samples: usize,
}

impl SynthCorpus {
    /// Samples a second of all recordings.
    pub const SAMPLE_RATE: u32 = RATE;

    /// Checks the parameters; nothing is computed yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] where a parameter is out of its range.
    pub fn new(params: SynthParams) -> Result<Self> {
        let (n, seconds) = (params.recordings_per_genre, params.seconds);
        if !(1..=MOST).contains(&n) {
            return Err(Error::InvalidParameter {
                name: "recordings_per_genre",
                value: n.to_string(),
                reason: "must be 1 to 100000",
            });
        }
        if !(SHORTEST..=LONGEST).contains(&seconds) {
            return Err(Error::InvalidParameter {
                name: "seconds",
                value: seconds.to_string(),
                reason: "must be 0.1 to 600",
            });
        }
        let n_samples = (seconds * f64::from(RATE)) as usize;
        Ok(Self { params, n_samples })
    }

    /// The names of the genres, sorted.
    pub fn genres() -> [&'static str; STYLES.len()] {
        std::array::from_fn(|i| STYLES[i].name)
    }

    /// Number of recordings, at least ten.
    #[expect(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        STYLES.len() * self.params.recordings_per_genre
    }

    /// Computes recording `index`, genre by genre; `None` from [`len`](Self::len) on.
    pub fn recording(&self, index: usize) -> Option<SynthRecording> {
        let (genre, number) = self.place(index);
        (genre < STYLES.len()).then(|| SynthRecording {
            genre: STYLES[genre].name,
            name: name(genre, number),
            samples: render(self.params.seed, genre, number, self.n_samples),
        })
    }

    /// Writes the recordings as 16-bit WAV files `folder/genre/genre.NNNNN.wav`, on a number of
    /// threads (0: one a core), and gives the number of those that are there.
    ///
    /// `corpus.json` in the folder tells the parameters. Files that an earlier run with the same
    /// parameters has written are kept. `progress` is told how many files are there after each.
    /// Set `stop` to end early: files under way are finished.
    ///
    /// # Errors
    ///
    /// [`Error::OtherCorpus`] where the folder holds another corpus, [`Error::Io`] where it cannot
    /// be written.
    pub fn write(
        &self,
        folder: &Path,
        threads: usize,
        stop: &AtomicBool,
        mut progress: impl FnMut(usize),
    ) -> Result<usize> {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        let known = self.claim(folder)?;
        for style in &STYLES {
            let folder = folder.join(style.name);
            std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        // More threads than recordings have nothing to do.
        let threads = threads.min(self.len());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| at(folder)(std::io::Error::other(e)))?;
        let failed = AtomicBool::new(false);
        let (sender, results) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                pool.install(|| {
                    let all = (0..self.len()).into_par_iter().with_max_len(1);
                    all.for_each_with(sender, |sender, index| {
                        if !stop.load(Ordering::Relaxed) && !failed.load(Ordering::Relaxed) {
                            let result = self.write_one(index, folder, known);
                            failed.fetch_or(result.is_err(), Ordering::Relaxed);
                            // The receiver outlives the threads.
                            let _ = sender.send(result);
                        }
                    });
                });
            });
            let mut written = 0;
            let mut outcome = Ok(());
            for result in results {
                match result {
                    Ok(()) => {
                        written += 1;
                        progress(written);
                    }
                    Err(error) => outcome = Err(error),
                }
            }
            outcome.map(|()| written)
        })
    }

    /// Genre and number of a recording.
    fn place(&self, index: usize) -> (usize, usize) {
        let each = self.params.recordings_per_genre;
        (index / each, index % each)
    }

    /// Says what the folder holds; whether it did already.
    fn claim(&self, folder: &Path) -> Result<bool> {
        let path = folder.join(MANIFEST);
        let expected = self.manifest();
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                write_whole(&path, |file| file.write_all(expected.as_bytes()))?;
                return Ok(false);
            }
            Err(e) => return Err(at(&path)(e)),
        };
        let mut found = Vec::new();
        file.take(1024).read_to_end(&mut found).map_err(at(&path))?;
        if found == expected.as_bytes() {
            return Ok(true);
        }
        let found = String::from_utf8_lossy(&found).trim_end().to_owned();
        let expected = expected.trim_end().to_owned();
        Err(Error::OtherCorpus {
            path,
            found,
            expected,
        })
    }

    fn manifest(&self) -> String {
        let SynthParams {
            recordings_per_genre,
            seconds,
            seed,
        } = self.params;
        format!(
            "{{\"synthetic\":true,\"recipe\":{RECIPE},\"recordings_per_genre\":{recordings_per_genre},\
             \"seconds\":{seconds:?},\"seed\":{seed},\"sample_rate\":{RATE}}}\n"
        )
    }

    /// Writes one recording, unless it is `known` that a file of its length is the recording.
    fn write_one(&self, index: usize, folder: &Path, known: bool) -> Result<()> {
        let (genre, number) = self.place(index);
        let file = format!("{}.wav", name(genre, number));
        let path = folder.join(STYLES[genre].name).join(file);
        let bytes = 44 + 2 * self.n_samples as u64;
        if known && std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() == bytes) {
            return Ok(());
        }
        let samples = render(self.params.seed, genre, number, self.n_samples);
        write_whole(&path, |file| {
            file.write_all(&encode(&samples).map_err(std::io::Error::other)?)
        })
    }
}

fn name(genre: usize, number: usize) -> String {
    format!("{}.{number:05}", STYLES[genre].name)
}

/// A mono 16-bit WAV file.
fn encode(samples: &[f32]) -> std::result::Result<Vec<u8>, hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::with_capacity(44 + 2 * samples.len()));
    let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
    for sample in samples {
        writer.write_sample((sample * 32_767.0).round_ties_even() as i16)?;
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}
