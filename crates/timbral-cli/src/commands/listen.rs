use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, ensure};
use timbral::Classifier;
use timbral::audio::{Clip, ResampleParams, Resampler};
use timbral::dsp::{FeatureSet, LiveColumns, LiveFeatures, LiveParams};

use crate::command::Command;
use crate::options::FeatureArgs;
use crate::session::{Session, ThreadArgs};
use crate::status::Status;

/// The most bytes that are read at once, and the most blocks that wait to be processed: 1 MiB of sound.
const BLOCK: usize = 1 << 16;
const WAITING: usize = 16;

/// How samples are written.
#[derive(Clone, Copy, clap::ValueEnum)]
enum SampleFormat {
    /// Floats of 32 bits, little-endian
    F32le,
    /// Integers of 16 bits, little-endian
    S16le,
}

/// `listen`: prints features, or genres, of sound that arrives on standard input.
#[derive(clap::Args)]
pub struct Listen {
    /// Format of the samples
    #[arg(long, value_enum, default_value_t = SampleFormat::S16le)]
    format: SampleFormat,
    /// Samples per second of each channel
    #[arg(long, value_name = "HERTZ", default_value_t = 44_100, value_parser = clap::value_parser!(u32).range(1000..=768_000))]
    rate: u32,
    /// Number of interleaved channels
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    channels: u16,
    /// Classifier that `train` wrote; prints genres in place of features
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "features"])]
    model: Option<PathBuf>,
    /// Seconds of sound that each line describes, the last ones [default: 3, or the longest segment of the classifier]
    #[arg(long, value_name = "SECONDS")]
    window: Option<f64>,
    /// Seconds of sound from one line to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    every: f64,
    #[command(flatten)]
    features: FeatureArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Command for Listen {
    const NAME: &'static str = "listen";
    const ABOUT: &'static str =
        "Print features, or genres, of sound that arrives on standard input";
    const DETAILS: &'static str = "Reads samples without a header (PCM). Every second it prints a line about the last \
        three seconds, as soon as they have arrived: comma-separated features below a line of their names, or with \
        `--model` the three most probable genres. It ends with the sound or with Ctrl-C.";
    const EXAMPLE: &'static str = "--rate 44100 --channels 2 --model genres.timbral";

    fn run(self) -> anyhow::Result<Status> {
        let session = self.threads.start()?;
        let classifier = self.model.as_ref().map(Classifier::load).transpose()?;
        let set = match classifier {
            // The classifier computes its own features; the set that is fastest to compute cuts the windows.
            Some(_) => FeatureSet::new("rms:mean".parse::<timbral::dsp::FeatureSetParams>()?)?,
            None => FeatureSet::new(self.features.params()?)?,
        };
        let rate = set.params().sample_rate;
        let needed = classifier.as_ref().map_or(3.0, Classifier::segment_seconds);
        let window = self.window.unwrap_or(needed);
        ensure!(
            window >= needed || classifier.is_none(),
            "--window {window}: the classifier needs {needed} seconds"
        );
        let samples = |name: &str, seconds: f64| {
            let n = (seconds * f64::from(rate)).ceil();
            ensure!(
                (1.0..=600.0 * f64::from(rate)).contains(&n),
                "{name} {seconds}: must be above 0 and at most 600 seconds"
            );
            Ok(n as usize)
        };
        let window_length = samples("--window", window)?;
        let params = LiveParams {
            window_length,
            hop_length: samples("--every", self.every)?,
            ..LiveParams::default()
        };
        let mut out = std::io::stdout().lock();
        if classifier.is_none() {
            writeln!(out, "seconds,{}", set.names().join(","))?;
        }
        let live = LiveFeatures::new(set, params)?;
        let mut heard = 0;
        let mut sound = PcmSound::new(self.format, self.channels, (self.rate, rate))?;
        let mut lines = Lines {
            live,
            classifier,
            rate,
            out,
        };
        let blocks = read_blocks();
        while let Some(block) = next_block(&blocks, &session)? {
            let mono = sound.push(&block)?;
            heard += mono.len();
            lines.push(&mono)?;
        }
        if !session.is_stopped() {
            let mono = sound.finish()?;
            heard += mono.len();
            lines.push(&mono)?;
            let seconds = heard as f64 / f64::from(rate);
            ensure!(
                heard >= window_length,
                "standard input: it ended after {seconds:.3} s of sound, a line needs {window:.3} s; \
                 check the program that sends it, and --rate"
            );
        }
        Ok(session.status())
    }
}

/// Reads standard input on a thread of its own, because a read that waits cannot be stopped.
fn read_blocks() -> Receiver<std::io::Result<Vec<u8>>> {
    let (send, receive) = sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut block = vec![0; BLOCK];
            let result = match input.read(&mut block) {
                Ok(0) => break,
                Ok(n) => {
                    block.truncate(n);
                    Ok(block)
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => Err(e),
            };
            let ends = result.is_err();
            if send.send(result).is_err() || ends {
                break;
            }
        }
    });
    receive
}

/// The next block; `None` at the end of the input and after Ctrl-C.
fn next_block(
    blocks: &Receiver<std::io::Result<Vec<u8>>>,
    session: &Session,
) -> anyhow::Result<Option<Vec<u8>>> {
    while !session.is_stopped() {
        match blocks.recv_timeout(Duration::from_millis(100)) {
            Ok(block) => return block.map(Some).context("standard input"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(None)
}

/// Bytes to mono samples at another rate.
struct PcmSound {
    format: SampleFormat,
    channels: usize,
    /// The bytes of an incomplete frame: samples of one time whose other channels have not arrived.
    rest: Vec<u8>,
    resampler: Option<Resampler>,
}

impl PcmSound {
    fn new(format: SampleFormat, channels: u16, (from, to): (u32, u32)) -> anyhow::Result<Self> {
        let resampler = match from == to {
            true => None,
            false => Some(Resampler::new(from, to, &ResampleParams::default())?),
        };
        Ok(Self {
            format,
            channels: usize::from(channels),
            rest: Vec::new(),
            resampler,
        })
    }

    /// The samples that these bytes complete.
    fn push(&mut self, bytes: &[u8]) -> anyhow::Result<Vec<f32>> {
        self.rest.extend_from_slice(bytes);
        let size = match self.format {
            SampleFormat::F32le => 4,
            SampleFormat::S16le => 2,
        };
        let moment = size * self.channels;
        let whole = self.rest.len() / moment * moment;
        let n = self.channels as f32;
        let mean = |bytes: &[u8]| match self.format {
            SampleFormat::F32le => {
                let samples = bytes.as_chunks::<4>().0.iter();
                samples.map(|b| f32::from_le_bytes(*b)).sum::<f32>() / n
            }
            SampleFormat::S16le => {
                let samples = bytes.as_chunks::<2>().0.iter();
                let sum: f32 = samples.map(|b| f32::from(i16::from_le_bytes(*b))).sum();
                sum / (32_768.0 * n)
            }
        };
        let mono: Vec<f32> = self.rest[..whole].chunks_exact(moment).map(mean).collect();
        self.rest.drain(..whole);
        if let Some(i) = mono.iter().position(|v| !v.is_finite()) {
            anyhow::bail!("standard input: {} is no sample; check --format", mono[i]);
        }
        self.at_rate(mono)
    }

    /// The samples that are left.
    fn finish(&mut self) -> anyhow::Result<Vec<f32>> {
        let mut out = Vec::new();
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut out)?;
        }
        Ok(out)
    }

    fn at_rate(&mut self, mono: Vec<f32>) -> anyhow::Result<Vec<f32>> {
        let Some(resampler) = &mut self.resampler else {
            return Ok(mono);
        };
        let mut out = Vec::new();
        resampler.push(&mono, &mut out)?;
        Ok(out)
    }
}

/// Prints a line per window.
struct Lines<W> {
    live: LiveFeatures,
    classifier: Option<Classifier>,
    rate: u32,
    out: W,
}

impl<W: Write> Lines<W> {
    fn push(&mut self, mono: &[f32]) -> anyhow::Result<()> {
        let Self {
            live,
            classifier,
            rate,
            out,
        } = self;
        let mut printed = Ok(());
        let mut print = |columns: LiveColumns<'_>| {
            if printed.is_ok() {
                printed = line(&columns, classifier.as_ref(), *rate, out);
            }
        };
        live.push(mono, &mut print)?;
        printed
    }
}

/// One line: the time of the end of the window, then features, or the three most probable genres.
fn line(
    columns: &LiveColumns<'_>,
    classifier: Option<&Classifier>,
    rate: u32,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let end = columns.start as f64 + columns.samples.len() as f64;
    let seconds = end / f64::from(rate);
    let Some(classifier) = classifier else {
        let values: Vec<String> = columns.values.iter().map(f64::to_string).collect();
        writeln!(out, "{seconds},{}", values.join(","))?;
        return Ok(out.flush()?);
    };
    let clip = Clip::new(columns.samples.to_vec(), rate, 1)?;
    let prediction = classifier.predict_samples(&clip)?;
    writeln!(out, "{seconds:9.1} s  {prediction}")?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of the input by blocks of a size, as printed.
    fn printed(bytes: &[u8], size: usize, format: SampleFormat) -> String {
        let set: timbral::dsp::FeatureSetParams = "rms,zero_crossing_rate:mean".parse().unwrap();
        let set = FeatureSet::new(set).unwrap();
        let params = LiveParams {
            window_length: 4000,
            hop_length: 3000,
            ..LiveParams::default()
        };
        let mut sound = PcmSound::new(format, 2, (11_025, 22_050)).unwrap();
        let live = LiveFeatures::new(set, params).unwrap();
        let (classifier, rate, out) = (None, 22_050, Vec::new());
        let mut lines = Lines {
            live,
            classifier,
            rate,
            out,
        };
        for block in bytes.chunks(size) {
            lines.push(&sound.push(block).unwrap()).unwrap();
        }
        lines.push(&sound.finish().unwrap()).unwrap();
        String::from_utf8(lines.out).unwrap()
    }

    #[test]
    fn blocks_of_any_size_print_the_same() {
        let samples: Vec<i16> = (0..20_000i32)
            .map(|i| (i * 7919 % 20_011 - 10_000) as i16)
            .collect();
        let integers: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let floats = samples.iter().map(|s| f32::from(*s) / 32_768.0);
        let floats: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
        let whole = printed(&integers, integers.len(), SampleFormat::S16le);
        // 10 000 moments are 20 000 samples at twice the rate: windows end at 4000, 7000, ..., 19 000.
        assert_eq!(whole.lines().count(), 6);
        assert!(whole.starts_with(&format!("{},", 4000.0 / 22_050.0)));
        for size in [1, 3, 4, 1000, 4097] {
            assert_eq!(
                printed(&integers, size, SampleFormat::S16le),
                whole,
                "{size}"
            );
        }
        assert_eq!(printed(&floats, 777, SampleFormat::F32le), whole);
    }

    #[test]
    fn bytes_that_are_no_samples_are_named() {
        let mut sound = PcmSound::new(SampleFormat::F32le, 1, (22_050, 22_050)).unwrap();
        let error = sound.push(&f32::NAN.to_le_bytes()).unwrap_err();
        assert!(error.to_string().contains("NaN is no sample"), "{error}");
    }
}
