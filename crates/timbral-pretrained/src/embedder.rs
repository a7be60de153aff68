use std::path::Path;

use candle_core::Tensor;
use timbral_audio::{AudioReader, Clip, Gaps, ResampleParams, ResampleQuality};
use timbral_core::{InvalidParameter, check};

use crate::error::{Error, Result, candle_error};
use crate::front_end::frames::FrameStream;
use crate::front_end::window_cutter::WindowCutter;
use crate::front_end::{LogMel, LogMelParams};
use crate::network::{Network, Output};

/// Parameters of an [`Embedder`].
///
/// ```
/// use timbral_pretrained::EmbedderParams;
///
/// let params = EmbedderParams { hop: Some(1.0), ..Default::default() };
/// assert!(params.validate().is_ok());
/// assert!(EmbedderParams { batch: 0, ..params }.validate().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbedderParams {
    /// Seconds from the start of a window to that of the next, `0.01..=3600`; default the length of a window. Starts
    /// are rounded to a frame.
    pub hop: Option<f64>,
    /// The filter of the resampler; default `KaiserBest`, that of the published networks.
    pub quality: ResampleQuality,
    /// Windows that the network takes at a time, `1..=1024`; default 8. It does not change the results.
    pub batch: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for EmbedderParams {
    fn default() -> Self {
        Self {
            hop: None,
            quality: ResampleQuality::KaiserBest,
            batch: 8,
            _non_exhaustive: (),
        }
    }
}

impl EmbedderParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `hop` outside `0.01..=3600`, `batch` outside `1..=1024`.
    pub fn validate(&self) -> Result<()> {
        let (hop, batch) = (self.hop.unwrap_or(1.0), self.batch);
        let holds = (0.01..=3600.0).contains(&hop);
        check(holds, "hop", hop, "must be in 0.01..=3600")?;
        check(
            (1..=1024).contains(&batch),
            "batch",
            batch,
            "must be in 1..=1024",
        )?;
        Ok(())
    }
}

/// The outputs of a network for a window of a sound.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Window {
    /// The start, in seconds.
    pub start: f64,
    /// The end, in seconds.
    pub end: f64,
    /// The values of every output, in the order of [`Network::outputs`].
    pub values: Vec<Vec<f32>>,
}

/// Computes the outputs of a network for a sound, window after window.
///
/// The sound is mixed to mono and resampled, and a log-mel spectrogram is computed; the network gets windows of its
/// frames. Frames after the last complete window are dropped. Memory does not grow with the length of the sound.
///
/// An embedder can be used by several threads; it computes on the threads of the current rayon pool.
#[derive(Debug)]
pub struct Embedder {
    network: Box<dyn Network>,
    params: EmbedderParams,
    log_mel: LogMel,
}

impl Embedder {
    /// An embedder by a network.
    ///
    /// # Errors
    ///
    /// Those of [`EmbedderParams::validate`]; a network whose front end is not valid.
    pub fn new(network: Box<dyn Network>, params: EmbedderParams) -> Result<Self> {
        params.validate()?;
        let log_mel = LogMel::new(network.front_end()).map_err(|e| Error::Network {
            network: network.name().to_owned(),
            reason: e.to_string(),
        })?;
        Ok(Self {
            network,
            params,
            log_mel,
        })
    }

    /// The network.
    pub fn network(&self) -> &dyn Network {
        &*self.network
    }

    /// The parameters.
    pub fn params(&self) -> &EmbedderParams {
        &self.params
    }

    /// Length of a window in seconds: the number of its frames times the time between frames.
    pub fn window_seconds(&self) -> f64 {
        self.network.window_frames() as f64 * self.front_end().seconds_per_frame()
    }

    /// The place of an output among the values of a [`Window`], and its length.
    ///
    /// # Errors
    ///
    /// The network has no output of that name.
    pub fn output(&self, name: &str) -> Result<(usize, Output)> {
        let outputs = self.network.outputs();
        let place = outputs.iter().position(|output| output.name == name);
        let unknown = || InvalidParameter::new("output", name, "the network has no such output");
        let place = place.ok_or_else(unknown)?;
        Ok((place, outputs[place]))
    }

    /// The windows of a file.
    ///
    /// # Errors
    ///
    /// The file cannot be decoded, or is shorter than one window.
    pub fn file(&self, path: impl AsRef<Path>) -> Result<Vec<Window>> {
        self.embed(path.as_ref())
    }

    fn embed(&self, path: &Path) -> Result<Vec<Window>> {
        let mut windows = Vec::new();
        let reader = AudioReader::open(path)?;
        self.for_each_batch(reader, |batch| {
            windows.extend(batch);
            Ok::<_, Error>(())
        })?;
        Ok(windows)
    }

    /// The windows of a sound in memory.
    ///
    /// # Errors
    ///
    /// A sample is not finite; the sound is shorter than one window.
    pub fn clip(&self, clip: &Clip) -> Result<Vec<Window>> {
        let rate = self.front_end().mel.sample_rate;
        let resample = ResampleParams {
            quality: self.params.quality,
            ..ResampleParams::default()
        };
        let mono = clip.to_mono();
        let mut resampler = timbral_audio::Resampler::new(mono.sample_rate(), rate, &resample)?;
        let mut samples = Some(resampler.resample(mono.samples())?);
        let read = |out: &mut Vec<f32>| {
            *out = samples.take().unwrap_or_default();
            Ok(out.len())
        };
        let mut windows = Vec::new();
        self.run("the samples", read, |batch| {
            windows.extend(batch);
            Ok::<_, Error>(())
        })?;
        Ok(windows)
    }

    /// Calls `take` with the windows of a file, in order and in batches, in bounded memory. Returns what is missing
    /// of the file, if it was opened so that it may be damaged.
    ///
    /// # Errors
    ///
    /// Those of [`file`](Self::file) and of `take`.
    pub fn for_each_batch<E: From<Error>>(
        &self,
        reader: AudioReader,
        take: impl FnMut(Vec<Window>) -> std::result::Result<(), E>,
    ) -> std::result::Result<Gaps, E> {
        let label = reader.label().to_owned();
        let resample = ResampleParams {
            quality: self.params.quality,
            ..ResampleParams::default()
        };
        let rate = self.front_end().mel.sample_rate;
        let mono = reader.into_mono_with(Some(rate), &resample);
        let mut mono = mono.map_err(Error::from)?;
        self.run(&label, |out| Ok(mono.read(out)?), take)?;
        Ok(mono.gaps())
    }

    fn front_end(&self) -> &LogMelParams {
        self.log_mel.params()
    }

    /// `read` puts the next samples into an empty vector and returns their number, 0 at the end.
    fn run<E: From<Error>>(
        &self,
        label: &str,
        mut read: impl FnMut(&mut Vec<f32>) -> Result<usize>,
        mut take: impl FnMut(Vec<Window>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let n_frames = self.network.window_frames();
        let per_frame = self.front_end().seconds_per_frame();
        let hop = self
            .params
            .hop
            .map_or(n_frames as f64, |hop| hop / per_frame);
        let mut cutter = WindowCutter::new(self.front_end().mel.n_mels, n_frames, hop.max(1.0));
        let mut stream = Some(FrameStream::new(&self.log_mel));
        let (mut samples, mut batch) = (Vec::new(), Batch::default());
        let mut n_samples = 0;
        let in_signal = |reason| Error::Signal {
            label: label.to_owned(),
            reason,
        };
        while let Some(mut current) = stream.take() {
            samples.clear();
            if read(&mut samples)? > 0 {
                current.push(&samples, cutter.frames()).map_err(in_signal)?;
                n_samples = current.n_samples();
                stream = Some(current);
            } else {
                current.finish(cutter.frames()).map_err(in_signal)?;
            }
            while let Some(start) = cutter.next(&mut batch.frames) {
                batch.starts.push(start as f64 * per_frame);
                if batch.starts.len() == self.params.batch {
                    take(self.compute(label, &mut batch)?)?;
                }
            }
        }
        if !batch.starts.is_empty() {
            take(self.compute(label, &mut batch)?)?;
        }
        match cutter.n_windows() {
            0 => Err(E::from(Error::TooShort {
                label: label.to_owned(),
                needed: self.window_seconds(),
                got: n_samples as f64 / f64::from(self.front_end().mel.sample_rate),
            })),
            _ => Ok(()),
        }
    }

    /// The outputs of a batch, which is empty afterwards.
    fn compute(&self, label: &str, batch: &mut Batch) -> Result<Vec<Window>> {
        let (starts, frames) = (
            std::mem::take(&mut batch.starts),
            std::mem::take(&mut batch.frames),
        );
        let shape = (
            starts.len(),
            self.network.window_frames(),
            self.front_end().mel.n_mels,
        );
        let compute = || -> candle_core::Result<Vec<Vec<Vec<f32>>>> {
            let windows = Tensor::from_vec(frames, shape, self.network.device())?;
            let outputs = self.network.forward(&windows)?;
            outputs.iter().map(Tensor::to_vec2).collect()
        };
        let outputs = compute().map_err(|e| candle_error(self.network.name(), &e))?;
        let mut outputs: Vec<_> = outputs.into_iter().map(Vec::into_iter).collect();
        let mut windows = Vec::with_capacity(starts.len());
        for start in starts {
            let values: Vec<Vec<f32>> = outputs.iter_mut().filter_map(Iterator::next).collect();
            for (values, output) in values.iter().zip(self.network.outputs()) {
                if values.iter().any(|x| !x.is_finite()) {
                    return Err(Error::NotFinite {
                        label: label.to_owned(),
                        output: output.name,
                        start,
                    });
                }
            }
            windows.push(Window {
                start,
                end: start + self.window_seconds(),
                values,
            });
        }
        Ok(windows)
    }
}

/// Windows that the network gets together.
#[derive(Debug, Default)]
struct Batch {
    /// The starts, in seconds.
    starts: Vec<f64>,
    /// The frames of all, one window after the other.
    frames: Vec<f32>,
}
