//! The timbral side of `dsp.py`: executes commands from standard input, one per line.
//!
//! | command | answer |
//! |---|---|
//! | `clip N`, then N little-endian f32 | `ok` |
//! | `time NAME SECONDS` | seconds of the fastest of the calls that fit into SECONDS, at least one call |
//! | `result NAME` | the number of results, then the results as little-endian f64 |
//!
//! Everything that does not depend on the samples is prepared beforehand.

#[path = "../dsp/bare.rs"]
#[allow(clippy::unwrap_used)]
mod bare;

use std::hint::black_box;
use std::io::{BufRead, Read, Write};
use std::time::Instant;

use anyhow::bail;
use ndarray::{Array2, s};
use realfft::num_complex::Complex;
use timbral::dsp::{
    Aggregate, BeatParams, BeatTracker, CensParams, Chroma, ChromaCqt, ChromaCqtParams,
    ChromaParams, Cqt, CqtParams, DbParams, DtwParams, EmphasisParams, FeatureParams,
    FeatureScratch, FeatureSet, FeatureSetParams, Framing, Hpss, HpssParams, HybridCqt, MelBank,
    MelParams, Mfcc, MfccParams, Norm, OnsetDetectParams, OnsetParams, PcenParams, PlpParams,
    PseudoCqt, Pyin, PyinParams, SilenceParams, Stft, StftParams, Tempo, TempoParams, Tempogram,
    TempogramParams, TempogramRatioParams, Yin, YinParams, chroma_cens, deemphasis, dtw,
    fft_frequencies, hybrid_tempogram, onset_detect, onset_strength, onset_strength_multi, pcen,
    plp, poly_features, power_to_db, preemphasis, rms, spectral_bandwidth, spectral_centroid,
    spectral_rolloff, split, tempogram_ratio, time_stretch, tonnetz, trim, zero_crossing_rate,
};

use bare::BareFfts;

/// The result of a function; converted to f64 outside the timing, only if requested.
enum Output {
    Spectrum(Array2<Complex<f32>>),
    Matrix(Array2<f32>),
    Waves([Vec<f32>; 2]),
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Output {
    fn numbers(self) -> Vec<f64> {
        match self {
            Self::Spectrum(s) => s.iter().flat_map(|z| [z.re, z.im]).map(f64::from).collect(),
            Self::Matrix(m) => m.iter().copied().map(f64::from).collect(),
            Self::Waves(waves) => waves.iter().flatten().copied().map(f64::from).collect(),
            Self::Single(values) => values.into_iter().map(f64::from).collect(),
            Self::Double(values) => values,
        }
    }
}

/// The plans, and the clip on which they are timed.
struct Bench {
    stft: Stft,
    mel: MelBank,
    mfcc: Mfcc,
    chroma: Chroma,
    hpss: Hpss,
    tempo: Tempo,
    beats: BeatTracker,
    cqt: Cqt,
    vqt: Cqt,
    hybrid_cqt: HybridCqt,
    pseudo_cqt: PseudoCqt,
    chroma_cqt: ChromaCqt,
    /// Pitch classes that are not scaled.
    pitch_classes: ChromaCqt,
    yin: Yin,
    pyin: Pyin,
    tempogram: Tempogram,
    untuned: Chroma,
    vectors: [(FeatureSet, FeatureScratch); 3],
    bare: BareFfts,
    y: Vec<f32>,
    padded: Vec<f32>,
    spectra: Vec<Complex<f32>>,
}

impl Bench {
    fn new() -> timbral::dsp::Result<Self> {
        let vector = |params: FeatureSetParams| -> timbral::dsp::Result<_> {
            let set = FeatureSet::new(params)?;
            let scratch = set.make_scratch();
            Ok((set, scratch))
        };
        Ok(Self {
            stft: Stft::new(StftParams::default())?,
            mel: MelBank::new(MelParams::default())?,
            mfcc: Mfcc::new(MfccParams::default())?,
            chroma: Chroma::new(ChromaParams::default())?,
            hpss: Hpss::new(HpssParams::default())?,
            tempo: Tempo::new(TempoParams::default())?,
            beats: BeatTracker::new(BeatParams::default())?,
            cqt: Cqt::new(CqtParams::default())?,
            vqt: Cqt::new(CqtParams::vqt())?,
            hybrid_cqt: HybridCqt::new(CqtParams::default())?,
            pseudo_cqt: PseudoCqt::new(CqtParams::default())?,
            chroma_cqt: ChromaCqt::new(ChromaCqtParams::default())?,
            pitch_classes: ChromaCqt::new(ChromaCqtParams {
                norm: Norm::None,
                ..ChromaCqtParams::default()
            })?,
            yin: Yin::new(YinParams::default())?,
            pyin: Pyin::new(PyinParams {
                fill_na: Some(0.0),
                ..PyinParams::default()
            })?,
            tempogram: Tempogram::new(TempogramParams::default())?,
            untuned: Chroma::new(ChromaParams {
                tuning: Some(0.0),
                ..ChromaParams::default()
            })?,
            vectors: [
                vector(FeatureParams::gtzan().into())?,
                vector(FeatureParams::librosa().into())?,
                vector(FeatureSetParams::fma())?,
            ],
            bare: BareFfts::new(),
            y: Vec::new(),
            padded: Vec::new(),
            spectra: Vec::new(),
        })
    }

    fn load(&mut self, y: Vec<f32>) {
        self.padded = BareFfts::padded(&y);
        self.spectra = self.bare.spectra(&self.padded);
        self.y = y;
    }

    fn log_mel(&self) -> timbral::dsp::Result<Array2<f32>> {
        let mel = self.mel.process_signal(&self.stft, &self.y)?;
        power_to_db(mel.view(), &DbParams::default())
    }

    fn onsets(&self, aggregate: Aggregate) -> timbral::dsp::Result<Vec<f32>> {
        onset_strength(
            self.log_mel()?.view(),
            &OnsetParams {
                aggregate,
                ..OnsetParams::default()
            },
        )
    }

    /// The functions of librosa 1.0 that are no part of the vectors; `None` for other names.
    fn further(&self, name: &str) -> timbral::dsp::Result<Option<Output>> {
        let y = &self.y[..];
        let numbers = |all: Vec<usize>| Output::Double(all.iter().map(|v| *v as f64).collect());
        let flat = |all: Array2<f64>| Output::Double(all.iter().copied().collect());
        let envelope = || self.onsets(Aggregate::Mean);
        Ok(Some(match name {
            "cqt" => Output::Spectrum(self.cqt.process(y)?),
            "vqt" => Output::Spectrum(self.vqt.process(y)?),
            "hybrid_cqt" => Output::Matrix(self.hybrid_cqt.process(y)?),
            "pseudo_cqt" => Output::Matrix(self.pseudo_cqt.process(y)?),
            "chroma_cqt" => Output::Matrix(self.chroma_cqt.process_signal(y)?),
            "chroma_cens" => {
                let classes = self.pitch_classes.process_signal(y)?;
                Output::Matrix(chroma_cens(classes.view(), &CensParams::default())?)
            }
            "tonnetz" => flat(tonnetz(self.chroma_cqt.process_signal(y)?.view())?),
            "yin" => Output::Double(self.yin.process(y)?),
            "pyin" => {
                let pitches = self.pyin.process(y)?;
                let all = pitches.f0.into_iter().chain(pitches.voiced_probability);
                Output::Double(all.collect())
            }
            "poly_features" => {
                let hz = fft_frequencies(22_050, 2048);
                flat(poly_features(self.stft.magnitude(y)?.view(), &hz, 1)?)
            }
            "onset_detect" => numbers(onset_detect(&envelope()?, &OnsetDetectParams::default())?),
            "onset_strength_multi" => {
                let (mel, params) = (self.log_mel()?, OnsetParams::default());
                let channels = [0, 32, 64, 96, 128];
                Output::Matrix(onset_strength_multi(mel.view(), &channels, &params)?)
            }
            "plp" => {
                let envelope = self.onsets(Aggregate::Median)?;
                Output::Single(plp(&envelope, &PlpParams::default())?)
            }
            "tempogram_ratio" => {
                let tempogram = self.tempogram.process(&envelope()?)?;
                let params = TempogramRatioParams::default();
                flat(tempogram_ratio(tempogram.view(), &params)?)
            }
            "hybrid_tempogram" => {
                let params = TempogramParams::default();
                flat(hybrid_tempogram(&envelope()?, 22_050, 512, &params)?)
            }
            "trim_and_split" => {
                let params = SilenceParams::default();
                let parts = [vec![trim(y, &params)?], split(y, &params)?].concat();
                numbers(parts.into_iter().flat_map(|p| [p.start, p.end]).collect())
            }
            "preemphasis" => Output::Single(preemphasis(y, &EmphasisParams::default())?),
            "deemphasis" => Output::Single(deemphasis(y, &EmphasisParams::default())?),
            "pcen" => {
                let mel = self.mel.process_signal(&self.stft, y)?;
                Output::Matrix(pcen(mel.view(), &PcenParams::default())?)
            }
            "time_stretch" => Output::Single(time_stretch(y, 1.5, &self.stft)?),
            "dtw" => {
                let chroma = self.untuned.process_signal(&self.stft, y)?;
                let chroma = chroma.slice(s![.., ..;2]);
                let back = chroma.slice(s![.., ..;-1]);
                let cost = dtw(chroma, back, &DtwParams::default())?.cost;
                Output::Double(cost.row(cost.nrows() - 1).to_vec())
            }
            _ => return Ok(None),
        }))
    }

    fn run(&mut self, name: &str) -> anyhow::Result<Output> {
        if let Some(output) = self.further(name)? {
            return Ok(output);
        }
        let y = &self.y[..];
        let hz = fft_frequencies(22_050, 2048);
        let magnitude = || self.stft.magnitude(y);
        Ok(match name {
            "stft" => Output::Spectrum(self.stft.process(y)?),
            "log_mel" => Output::Matrix(self.log_mel()?),
            "mfcc" => Output::Matrix(self.mfcc.process(self.log_mel()?.view())?),
            "chroma_stft" => Output::Matrix(self.chroma.process_signal(&self.stft, y)?),
            "spectral_centroid" => Output::Double(spectral_centroid(magnitude()?.view(), &hz)?),
            "spectral_bandwidth" => {
                Output::Double(spectral_bandwidth(magnitude()?.view(), &hz, 2.0)?)
            }
            "spectral_rolloff" => Output::Double(spectral_rolloff(magnitude()?.view(), &hz, 0.85)?),
            "zero_crossing_rate" => Output::Double(zero_crossing_rate(y, &Framing::default())?),
            "rms" => Output::Single(rms(y, &Framing::default())?),
            "hpss" => {
                let (harmonic, percussive) = self.hpss.process_signal(&self.stft, y)?;
                Output::Waves([harmonic, percussive])
            }
            "tempo" => Output::Double(vec![self.tempo.process(&self.onsets(Aggregate::Mean)?)?]),
            "beat_track" => {
                let beats = self.beats.process(&self.onsets(Aggregate::Median)?)?;
                let frames = beats.frames.iter().map(|t| *t as f64);
                Output::Double(std::iter::once(beats.tempo).chain(frames).collect())
            }
            "vector_gtzan" | "vector_librosa" | "fma" => {
                let place = ["vector_gtzan", "vector_librosa", "fma"]
                    .iter()
                    .position(|n| *n == name);
                let (set, scratch) = &mut self.vectors[place.unwrap_or(0)];
                Output::Double(set.process_with_scratch(&self.y, scratch)?)
            }
            "bare_ffts" => {
                self.bare
                    .forward(&self.padded, |spectrum| _ = black_box(spectrum));
                for _ in 0..2 {
                    self.bare
                        .inverse(&self.spectra, |samples| _ = black_box(samples));
                }
                Output::Double(Vec::new())
            }
            _ => bail!("there is no function {name}"),
        })
    }

    fn time(&mut self, name: &str, seconds: f64) -> anyhow::Result<f64> {
        let (start, mut fastest) = (Instant::now(), f64::INFINITY);
        loop {
            let call = Instant::now();
            black_box(self.run(name)?);
            fastest = fastest.min(call.elapsed().as_secs_f64());
            if start.elapsed().as_secs_f64() > seconds {
                return Ok(fastest);
            }
        }
    }
}

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::new()?;
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["clip", n] => {
                let mut bytes = vec![0; 4 * n.parse::<usize>()?];
                input.read_exact(&mut bytes)?;
                bench.load(
                    bytes
                        .as_chunks()
                        .0
                        .iter()
                        .map(|b| f32::from_le_bytes(*b))
                        .collect(),
                );
                writeln!(output, "ok")?;
            }
            ["time", name, seconds] => writeln!(output, "{}", bench.time(name, seconds.parse()?)?)?,
            ["result", name] => {
                let numbers = bench.run(name)?.numbers();
                writeln!(output, "{}", numbers.len())?;
                let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                output.write_all(&bytes)?;
            }
            _ => bail!("unknown command: {line}"),
        }
        output.flush()?;
        line.clear();
    }
    Ok(())
}
