use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use timbral_core::{
    InvalidParameter, Monitor, Progress, SharedMonitor, check, parallel, write_atomic,
};

use crate::error::{Error, Result, at};
use crate::music::{STYLES, render};
use crate::sound::RATE;

/// The version of the samples. It is increased whenever the same parameters give other samples, so that files of an
/// earlier version are not kept.
const RECIPE: u32 = 1;

/// The file that describes the corpus in a folder.
const MANIFEST: &str = "corpus.json";

/// Longest recording in seconds: 53 MB of samples, of which two copies exist while it is made.
const LONGEST: f64 = 600.0;

/// Shortest recording in seconds.
const SHORTEST: f64 = 0.1;

/// Most recordings per genre: file names number them with five digits.
const MOST: usize = 100_000;

/// Size and seed of a [`SynthCorpus`].
///
/// The default, 300 recordings of 30 s (400 MB as files), is large enough to compare models; a smaller
/// one is enough to try the tools.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynthParams {
    /// Recordings of each of the ten genres, 1 to 100 000; default 30.
    pub recordings_per_genre: usize,
    /// Length of a recording in seconds, 0.1 to 600; default 30.
    pub seconds: f64,
    /// Random seed; default 0.
    pub seed: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for SynthParams {
    fn default() -> Self {
        Self {
            recordings_per_genre: 30,
            seconds: 30.0,
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl SynthParams {
    /// Checks that every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`] with the name of the first that is not.
    pub fn validate(&self) -> std::result::Result<(), InvalidParameter> {
        let (n, seconds) = (self.recordings_per_genre, self.seconds);
        check(
            (1..=MOST).contains(&n),
            "recordings_per_genre",
            n,
            "must be 1 to 100000",
        )?;
        let in_range = (SHORTEST..=LONGEST).contains(&seconds);
        check(in_range, "seconds", seconds, "must be 0.1 to 600")
    }
}

/// A synthetic recording.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthRecording {
    /// Its genre, such as `synth-pulse`.
    pub genre: &'static str,
    /// Its name, such as `synth-pulse.00003`.
    pub name: String,
    /// Mono samples in -1..1 at 22 050 Hz.
    pub samples: Vec<f32>,
}

/// A corpus of synthetic recordings in ten made-up genres, computed from a seed.
///
/// Tempo, drums, bass lines, chords, instruments and mix of a genre are drawn from ranges that overlap with those of
/// other genres. With a small probability, a property is taken from another genre. Every recording has its own key,
/// tuning, tempo, instruments, equaliser, reverberation and noise. As in real music, segments of one recording
/// therefore resemble each other more than segments of two recordings of one genre. Models and evaluations can be
/// tried on the corpus; the scores do not predict scores on real genres.
///
/// A recording depends only on the random seed, its genre, its number and its length. It has the same bits
/// on every machine.
///
/// ```
/// use timbral_synth::{SynthCorpus, SynthParams};
///
/// let corpus = SynthCorpus::new(SynthParams {
///     recordings_per_genre: 2,
///     seconds: 1.0,
///     seed: 7,
///     ..SynthParams::default()
/// })?;
/// assert_eq!((SynthCorpus::genres().len(), corpus.len()), (10, 20));
/// let recording = corpus.recording(9).unwrap();
/// assert_eq!((recording.genre, recording.name.as_str()), ("synth-pulse", "synth-pulse.00001"));
/// assert_eq!(recording.samples.len(), 22_050);
/// # Ok::<(), timbral_synth::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynthCorpus {
    params: SynthParams,
    n_samples: usize,
}

impl SynthCorpus {
    /// Sample rate of all recordings in Hz.
    pub const SAMPLE_RATE: u32 = RATE;

    /// Makes a corpus from checked parameters. Recordings are computed later, one by one.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if a parameter is out of its range.
    pub fn new(params: SynthParams) -> Result<Self> {
        params.validate()?;
        let n_samples = (params.seconds * f64::from(RATE)) as usize;
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

    /// Computes recording `index`; the recordings are in order of genre and number. `None` if `index` is
    /// not below [`len`](Self::len).
    pub fn recording(&self, index: usize) -> Option<SynthRecording> {
        let (genre, number) = self.place(index);
        (genre < STYLES.len()).then(|| SynthRecording {
            genre: STYLES[genre].name,
            name: name(genre, number),
            samples: render(self.params.seed, genre, number, self.n_samples),
        })
    }

    /// Writes all recordings as 16-bit WAV files `folder/genre/genre.NNNNN.wav`, in parallel in the
    /// current rayon pool.
    ///
    /// `corpus.json` in the folder has the parameters. Files that an earlier, stopped run with the
    /// same parameters has written are kept. The monitor is called after each recording; the unit is
    /// `recordings`.
    ///
    /// # Errors
    ///
    /// [`Error::OtherCorpus`] if the folder has another corpus, [`Error::Io`] if it cannot be written,
    /// [`Error::Stopped`] if the monitor returns `Break`; files that are being written are finished, others are not
    /// started.
    pub fn write(&self, folder: impl AsRef<Path>, monitor: &mut dyn Monitor) -> Result<()> {
        self.write_to(folder.as_ref(), monitor)
    }

    fn write_to(&self, folder: &Path, monitor: &mut dyn Monitor) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        let known = self.claim(folder)?;
        for style in &STYLES {
            let folder = folder.join(style.name);
            std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        let monitor = SharedMonitor::new(monitor);
        // Locked while the monitor is called, so that the calls are in order.
        let done = Mutex::new(0);
        let write = |index| -> Result<()> {
            if monitor.is_stopped() {
                return Ok(());
            }
            (self.write_one(index, folder, known)).inspect_err(|_| monitor.stop())?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            let progress = Progress::new(*done, self.len(), "recordings");
            let _ = monitor.report(&progress);
            Ok(())
        };
        parallel::try_map(self.len(), 1, &write)?;
        match monitor.is_stopped() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }

    /// Genre and number of a recording.
    fn place(&self, index: usize) -> (usize, usize) {
        let each = self.params.recordings_per_genre;
        (index / each, index % each)
    }

    /// Makes sure that the manifest in the folder is that of this corpus. Returns whether it was there
    /// before.
    fn claim(&self, folder: &Path) -> Result<bool> {
        let path = folder.join(MANIFEST);
        let expected = self.manifest();
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let write = write_atomic(&path, |file| file.write_all(expected.as_bytes()));
                write.map_err(at(&path))?;
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
            ..
        } = self.params;
        format!(
            "{{\"synthetic\":true,\"recipe\":{RECIPE},\"recordings_per_genre\":{recordings_per_genre},\
             \"seconds\":{seconds:?},\"seed\":{seed},\"sample_rate\":{RATE}}}\n"
        )
    }

    /// Writes one recording. If the corpus is `known`, a file of the right length is kept.
    fn write_one(&self, index: usize, folder: &Path, known: bool) -> Result<()> {
        let (genre, number) = self.place(index);
        let file = format!("{}.wav", name(genre, number));
        let path = folder.join(STYLES[genre].name).join(file);
        let bytes = 44 + 2 * self.n_samples as u64;
        if known && std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() == bytes) {
            return Ok(());
        }
        let samples = render(self.params.seed, genre, number, self.n_samples);
        let write = write_atomic(&path, |file| {
            file.write_all(&encode(&samples).map_err(std::io::Error::other)?)
        });
        write.map_err(at(&path))
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
