use super::analysis::{Analysis, FeatureScratch};
use super::feature_params::FeatureParams;
use super::feature_stream::FeatureStream;
use crate::error::Result;

/// The feature vector of music genre classification: the tempo, and means and variances of chroma,
/// RMS, spectral centroid, bandwidth and rolloff, zero crossings, the harmonic and percussive
/// waveforms and MFCCs; 57 numbers by default, named as in the published GTZAN tables.
///
/// Each number equals that of the librosa function in its name; variances have `ddof=0`. There is one
/// forward and one inverse transform of the signal: the soft masks of [`Hpss`](crate::Hpss) at margin 1
/// add up to one, so the percussive waveform is the signal minus the harmonic one. Signals of more than 1536
/// frames are transformed forward twice.
///
/// The variance of the two waveforms is summed in blocks of 2^20 samples (47 s), because the waveforms are not
/// kept; it differs from that of the whole in the last digits.
///
/// ```
/// use timbral_dsp::{FeatureParams, FeatureSet};
///
/// let set = FeatureSet::new(FeatureParams::gtzan())?;
/// let y: Vec<f32> = (0..66149).map(|n| (n as f32 * 0.05).sin()).collect();
/// let values = set.process(&y)?;
/// assert_eq!(values.len(), 57);
/// assert_eq!(set.names()[2], "rms_mean");
/// assert!((values[2] - 0.5f64.sqrt()).abs() < 1e-3);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureSet {
    params: FeatureParams,
    names: Vec<String>,
    analysis: Analysis,
}

impl FeatureSet {
    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureParams::validate`].
    pub fn new(params: FeatureParams) -> Result<Self> {
        let analysis = Analysis::new(&params)?;
        Ok(Self {
            params,
            names: names(params.n_mfcc),
            analysis,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &FeatureParams {
        &self.params
    }

    /// The names of the numbers, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Working memory for [`FeatureSet::process_with_scratch`] and [`FeatureSet::stream`].
    pub fn make_scratch(&self) -> FeatureScratch {
        FeatureScratch::default()
    }

    /// The feature vector of a mono signal at the set's sample rate.
    ///
    /// # Errors
    ///
    /// No samples, a sample that is NaN or infinite, or samples so large (1e18 and more) that their
    /// powers overflow.
    pub fn process(&self, y: &[f32]) -> Result<Vec<f64>> {
        self.process_with_scratch(y, &mut self.make_scratch())
    }

    /// As [`FeatureSet::process`], with the caller's memory.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureSet::process`].
    pub fn process_with_scratch(
        &self,
        y: &[f32],
        scratch: &mut FeatureScratch,
    ) -> Result<Vec<f64>> {
        let mut stream = self.stream(scratch);
        loop {
            stream.push(y)?;
            if let Some(values) = stream.finish()? {
                return Ok(values);
            }
        }
    }

    /// Starts the feature vector of a signal that arrives in blocks; see [`FeatureStream`].
    pub fn stream<'a>(&'a self, scratch: &'a mut FeatureScratch) -> FeatureStream<'a> {
        FeatureStream::new(&self.analysis, scratch)
    }
}

fn names(n_mfcc: usize) -> Vec<String> {
    const PAIRS: [&str; 8] = [
        "chroma_stft",
        "rms",
        "spectral_centroid",
        "spectral_bandwidth",
        "rolloff",
        "zero_crossing_rate",
        "harmony",
        "perceptr",
    ];
    let pair = |name: &str| [format!("{name}_mean"), format!("{name}_var")];
    let mut names: Vec<String> = PAIRS.iter().flat_map(|name| pair(name)).collect();
    names.push("tempo".to_owned());
    names.extend((1..=n_mfcc).flat_map(|i| pair(&format!("mfcc{i}"))));
    names
}
