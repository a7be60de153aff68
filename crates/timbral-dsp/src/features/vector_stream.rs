use super::analysis::{Analysis, FeatureScratch};
use super::first_pass::FirstPass;
use super::second_pass::{SecondPass, WholeFeatures};
use super::stats::mean_var;
use crate::error::{Result, check_columns, check_finite_from, check_length};
use crate::simd::LANES;

/// Samples that are taken at once: half a megabyte.
const PIECE: usize = 1 << 17;

/// The 57 columns of a signal that arrives in blocks.
#[derive(Debug)]
pub(super) struct VectorStream<'a> {
    analysis: &'a Analysis,
    scratch: &'a mut FeatureScratch,
    /// Frames of the signal that the pass has taken.
    frames: usize,
    pass: Pass,
}

#[derive(Debug)]
enum Pass {
    /// Before the first sample of a signal.
    None,
    First(FirstPass),
    Second(SecondPass, Measured),
}

/// The results of the first pass.
#[derive(Debug)]
struct Measured {
    samples: usize,
    /// Mean and variance of RMS, centroid, bandwidth, rolloff, zero crossings and both waveforms.
    pairs: [(f64, f64); 7],
}

impl<'a> VectorStream<'a> {
    pub(super) fn new(analysis: &'a Analysis, scratch: &'a mut FeatureScratch) -> Self {
        scratch.signal.start(analysis.framing());
        Self {
            analysis,
            scratch,
            frames: 0,
            pass: Pass::None,
        }
    }

    /// Takes the next samples.
    ///
    /// # Errors
    ///
    /// A sample that is NaN or infinite; its index counts from the start of the signal.
    pub(super) fn push(&mut self, block: &[f32]) -> Result<()> {
        check_finite_from("signal", self.scratch.signal.len(), block)?;
        if matches!(self.pass, Pass::None) {
            self.pass = Pass::First(FirstPass::start(self.analysis, self.scratch));
        }
        for piece in block.chunks(PIECE) {
            self.scratch.signal.push(piece);
            self.take_frames(LANES);
        }
        Ok(())
    }

    /// Ends the signal: returns its features, or `None` if it must be passed a second time. After the features,
    /// or an error, the stream is ready for another signal.
    ///
    /// # Errors
    ///
    /// No samples, samples so large (1e18 and more) that their powers overflow, or a second time with another
    /// number of samples.
    pub(super) fn finish(&mut self) -> Result<Option<Vec<f64>>> {
        let result = self.end_pass();
        if !matches!(result, Ok(None)) {
            self.pass = Pass::None;
        }
        self.scratch.signal.start(self.analysis.framing());
        self.frames = 0;
        result
    }

    fn end_pass(&mut self) -> Result<Option<Vec<f64>>> {
        let n = self.scratch.signal.len();
        self.analysis.framing().n_frames(n)?;
        self.scratch.signal.finish();
        self.take_frames(1);
        match &mut self.pass {
            // There are samples, so a pass has begun.
            Pass::None => Ok(None),
            Pass::First(first) => {
                first.finish(self.analysis, self.scratch);
                let scratch = &mut *self.scratch;
                let measured = Measured {
                    samples: n,
                    pairs: [
                        mean_var(&first.rms),
                        mean_var(&first.centroid),
                        mean_var(&first.bandwidth),
                        mean_var(&first.rolloff),
                        mean_var(&first.zero_crossing_rate),
                        scratch.separation.harmonic.finish(),
                        scratch.separation.percussive.finish(),
                    ],
                };
                let pitches = &mut scratch.pitches;
                let mut second = SecondPass::start(self.analysis, pitches, first.loudest)?;
                if !first.keeps_all() {
                    // Frees this memory, as there is much of it and the rest does not need it.
                    scratch.pitches = Vec::new();
                    self.pass = Pass::Second(second, measured);
                    return Ok(None);
                }
                for t in 0..scratch.power.n_tiles() {
                    let (power, used) = (scratch.power.tile(t), scratch.power.used(t));
                    let (mel, rows) = (scratch.mel.tile_mut(t), &mut scratch.rows);
                    second.tile(power, mel, used, self.analysis, rows);
                }
                vector(&measured, &second.finish(self.analysis)?).map(Some)
            }
            Pass::Second(second, measured) => {
                check_length("samples of the second pass", measured.samples, n)?;
                vector(measured, &second.finish(self.analysis)?).map(Some)
            }
        }
    }

    /// Takes the frames that are complete, if there are at least `least` of a tile.
    fn take_frames(&mut self, least: usize) {
        let Self {
            analysis, scratch, ..
        } = self;
        loop {
            let used = (scratch.signal.n_frames() - self.frames).min(LANES);
            if used < least {
                break;
            }
            match &mut self.pass {
                Pass::None => {}
                Pass::First(first) => first.tile(used, analysis, scratch),
                Pass::Second(second, _) => {
                    analysis.transform((self.frames, used), 0, 0, scratch);
                    let (power, mel) = (scratch.power.tile(0), scratch.mel.tile_mut(0));
                    second.tile(power, mel, used, analysis, &mut scratch.rows);
                }
            }
            self.frames += used;
        }
        let from = match &self.pass {
            Pass::First(first) => first.needs_from(scratch),
            Pass::None | Pass::Second(..) => scratch.signal.len(),
        };
        scratch.signal.drop_before(from, self.frames);
    }
}

/// All numbers in order.
fn vector(measured: &Measured, whole: &WholeFeatures) -> Result<Vec<f64>> {
    let flat = |pairs: &[(f64, f64)]| -> Vec<f64> {
        pairs.iter().flat_map(|(mean, var)| [*mean, *var]).collect()
    };
    let out = [
        flat(&[whole.chroma]),
        flat(&measured.pairs),
        vec![whole.tempo],
        flat(&whole.cepstrum),
    ]
    .concat();
    check_columns(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::first_pass::KEPT;
    use crate::features::signals::{noise, small};
    use crate::features::{FeatureParams, FeatureSet};

    #[test]
    fn blocks_give_the_bits_of_the_whole_in_one_pass_or_two() {
        let sets = [
            small(),
            FeatureParams {
                whole_waveforms: false,
                ..small()
            },
            FeatureParams {
                hop_length: 20,
                ..small()
            },
            FeatureParams {
                n_fft: 15,
                hop_length: 7,
                ..FeatureParams {
                    pad_mode: crate::frames::PadMode::Reflect,
                    ..small()
                }
            },
        ];
        for params in sets {
            let set = FeatureSet::new(params).unwrap();
            let (mut a, mut b) = (set.make_scratch(), set.make_scratch());
            let limit = KEPT * LANES * params.hop_length;
            for n in [
                1,
                3,
                7,
                8,
                9,
                100,
                5000,
                limit - 1,
                limit,
                limit + 1,
                limit + 4321,
            ] {
                let y = noise(n);
                let whole = set.process_with_scratch(&y, &mut a).unwrap();
                for block in [777, 4096] {
                    let mut stream = set.stream(&mut b);
                    let mut passes = 0;
                    let got = loop {
                        passes += 1;
                        for block in y.chunks(block) {
                            stream.push(block).unwrap();
                        }
                        if let Some(got) = stream.finish().unwrap() {
                            break got;
                        }
                    };
                    assert_eq!(got, whole, "{n} {params:?}");
                    let framing = Analysis::new(&params).unwrap().framing();
                    let n_frames = framing.n_frames(n).unwrap();
                    assert_eq!(passes, if n_frames > KEPT * LANES { 2 } else { 1 });
                }
            }
        }
    }

    #[test]
    fn two_passes_have_the_bits_of_one() {
        // The same signal with all spectra in memory, by the definition.
        let set = FeatureSet::new(small()).unwrap();
        let analysis = Analysis::new(&small()).unwrap();
        let y = noise(KEPT * LANES * 4 + 4321);
        let got = set.process(&y).unwrap();
        let power = analysis.stft.power(&y).unwrap();
        let chroma = analysis.chroma.process(power.view()).unwrap();
        let (mean, var) = mean_var(chroma.as_slice().unwrap());
        // The same values summed in another order.
        assert!((got[0] - mean).abs() < 1e-12 && (got[1] - var).abs() < 1e-12);
        let mel = analysis.mel.process(power.view()).unwrap();
        let params = crate::spectral::DbParams::default();
        let db = crate::spectral::power_to_db(mel.view(), &params).unwrap();
        let mfcc = analysis.mfcc.process(db.view()).unwrap();
        for (got, row) in got[17..].chunks(2).zip(mfcc.outer_iter()) {
            assert_eq!((got[0], got[1]), mean_var(row.as_slice().unwrap()));
        }
        let onset = crate::rhythm::onset_strength(db.view(), &analysis.onset).unwrap();
        assert_eq!(got[16], analysis.tempo.process(&onset).unwrap());
    }

    #[test]
    fn a_second_pass_of_another_length_is_an_error() {
        let set = FeatureSet::new(small()).unwrap();
        let mut scratch = set.make_scratch();
        let mut stream = set.stream(&mut scratch);
        let y = noise(KEPT * LANES * 4 + 100);
        stream.push(&y).unwrap();
        assert_eq!(stream.finish(), Ok(None));
        stream.push(&y[1..]).unwrap();
        assert!(stream.finish().is_err());
        // It is ready for another signal.
        stream.push(&y[..50]).unwrap();
        assert_eq!(stream.finish(), Ok(Some(set.process(&y[..50]).unwrap())));
    }
}
