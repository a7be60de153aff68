use super::composed::{Composed, ComposedScratch};
use super::vector_stream::VectorStream;
use crate::error::{Result, check_finite_from};

/// The columns of a signal that arrives in blocks; [`FeatureSet::stream`](crate::FeatureSet::stream) makes it.
/// The columns have the same bits as those of the whole signal.
///
/// Pass the signal in blocks of any size to [`push`](Self::push), then call [`finish`](Self::finish).
///
/// - The 57 columns: about 1 MB per minute is kept. A signal of more than 1536 frames (36 s with the default
///   parameters) must be passed twice, because its tuning and its loudest mel band are known only at its end.
///   [`finish`](Self::finish) then returns `None` after the first pass.
/// - Other sets need the signal once, and keep its samples: 5 MB per minute, up to 2^27 samples (101 minutes at
///   22 050 Hz). The limit is lower if the arrays of their features would have more than 2^27 numbers: `fma`
///   takes 101 minutes, `librosa_all` 8. A longer signal is [`Error::TooLong`](crate::Error::TooLong).
///
/// ```
/// use timbral_dsp::{FeatureParams, FeatureSet};
///
/// let set = FeatureSet::new(FeatureParams::gtzan())?;
/// let y: Vec<f32> = (0..1_000_000).map(|n| (n as f32 * 0.05).sin()).collect();
/// let mut scratch = set.make_scratch();
/// let mut stream = set.stream(&mut scratch);
/// let mut passes = 0;
/// let values = loop {
///     for block in y.chunks(4096) {
///         stream.push(block)?;
///     }
///     passes += 1;
///     if let Some(values) = stream.finish()? {
///         break values;
///     }
/// };
/// assert_eq!(passes, 2);
/// assert_eq!(values, set.process(&y)?);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug)]
pub struct FeatureStream<'a> {
    kind: Kind<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    Vector(Box<VectorStream<'a>>),
    Composed(&'a Composed, &'a mut ComposedScratch),
}

impl<'a> FeatureStream<'a> {
    pub(super) fn of_vector(stream: VectorStream<'a>) -> Self {
        let kind = Kind::Vector(Box::new(stream));
        Self { kind }
    }

    pub(super) fn of_composed(plan: &'a Composed, scratch: &'a mut ComposedScratch) -> Self {
        scratch.samples.clear();
        let kind = Kind::Composed(plan, scratch);
        Self { kind }
    }

    /// Takes the next samples.
    ///
    /// # Errors
    ///
    /// A sample that is NaN or infinite, whose index counts from the start of the signal; more samples than the
    /// set keeps.
    pub fn push(&mut self, block: &[f32]) -> Result<()> {
        match &mut self.kind {
            Kind::Vector(stream) => stream.push(block),
            Kind::Composed(plan, scratch) => {
                let n = scratch.samples.len();
                check_finite_from("signal", n, block)?;
                plan.check_samples(n.saturating_add(block.len()))?;
                scratch.samples.extend_from_slice(block);
                Ok(())
            }
        }
    }

    /// Ends the signal and returns its columns, or `None` if it must be passed a second time. After it has
    /// returned columns or an error, the stream is ready for another signal.
    ///
    /// # Errors
    ///
    /// No samples; samples so large (1e18 and more) that their powers overflow; fewer frames than a statistic
    /// needs; another number of samples in the second pass.
    pub fn finish(&mut self) -> Result<Option<Vec<f64>>> {
        match &mut self.kind {
            Kind::Vector(stream) => stream.finish(),
            Kind::Composed(plan, scratch) => {
                let mut samples = std::mem::take(&mut scratch.samples);
                let values = plan.process(&samples, scratch);
                samples.clear();
                scratch.samples = samples;
                values.map(Some)
            }
        }
    }
}
