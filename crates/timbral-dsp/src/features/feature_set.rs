use super::analysis::{Analysis, FeatureScratch};
use super::columns::FeatureSetParams;
use super::composed::Composed;
use super::feature_stream::FeatureStream;
use super::vector_stream::VectorStream;
use crate::error::Result;

/// A plan for the columns of a table: statistics of features of a signal, as [`FeatureSetParams`] lists them.
///
/// Transforms that several features need are computed once: spectrograms, mel bands, constant-Q transforms,
/// onsets, the separation. Each feature equals librosa's function of that name, and each statistic that of
/// NumPy or SciPy.
///
/// The 57 columns of the published GTZAN tables ([`FeatureParams`](crate::FeatureParams)) have a plan of their
/// own, with one forward and one inverse transform of the signal. The soft masks of [`Hpss`](crate::Hpss) at
/// margin 1 add up to one, so the percussive waveform is the signal minus the harmonic one. Signals of more
/// than 1536 frames are transformed forward twice.
///
/// The waveforms are not kept, so their variance is summed in blocks of 2^20 samples (47 s). It differs from
/// that of the whole waveform in the last digits.
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
    params: FeatureSetParams,
    names: Vec<String>,
    plan: Plan,
}

#[derive(Debug, Clone)]
enum Plan {
    Vector(Box<Analysis>),
    Composed(Box<Composed>),
}

impl FeatureSet {
    /// Makes the plan, of [`FeatureSetParams`] or of [`FeatureParams`](crate::FeatureParams).
    ///
    /// # Errors
    ///
    /// Those of [`FeatureSetParams::validate`], and a parameter of a feature that is outside the range of its plan.
    pub fn new(params: impl Into<FeatureSetParams>) -> Result<Self> {
        let params = params.into();
        let plan = match params.vector() {
            Some(vector) => {
                let analysis = Analysis::new(&vector)?;
                Plan::Vector(Box::new(analysis))
            }
            None => {
                params.validate()?;
                Plan::Composed(Box::new(Composed::new(&params)?))
            }
        };
        Ok(Self {
            names: params.names(),
            params,
            plan,
        })
    }

    /// The parameters the plan was made with.
    pub fn params(&self) -> &FeatureSetParams {
        &self.params
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Working memory for [`FeatureSet::process_with_scratch`] and [`FeatureSet::stream`].
    pub fn make_scratch(&self) -> FeatureScratch {
        FeatureScratch::default()
    }

    /// The columns of a mono signal at the set's sample rate.
    ///
    /// # Errors
    ///
    /// No samples; a sample that is NaN or infinite; samples so large (1e18 and more) that their powers
    /// overflow; fewer frames than a statistic needs; more samples than [`FeatureStream`] accepts.
    pub fn process(&self, y: &[f32]) -> Result<Vec<f64>> {
        self.process_with_scratch(y, &mut self.make_scratch())
    }

    /// As [`FeatureSet::process`], with working memory of the caller.
    ///
    /// # Errors
    ///
    /// Those of [`FeatureSet::process`].
    pub fn process_with_scratch(
        &self,
        y: &[f32],
        scratch: &mut FeatureScratch,
    ) -> Result<Vec<f64>> {
        if let Plan::Composed(plan) = &self.plan {
            return plan.process(y, &mut scratch.composed);
        }
        let mut stream = self.stream(scratch);
        loop {
            stream.push(y)?;
            if let Some(values) = stream.finish()? {
                return Ok(values);
            }
        }
    }

    /// Starts the columns of a signal that arrives in blocks; see [`FeatureStream`].
    pub fn stream<'a>(&'a self, scratch: &'a mut FeatureScratch) -> FeatureStream<'a> {
        match &self.plan {
            Plan::Vector(plan) => FeatureStream::of_vector(VectorStream::new(plan, scratch)),
            Plan::Composed(plan) => FeatureStream::of_composed(plan, &mut scratch.composed),
        }
    }
}
