use ndarray::Axis;
use timbral_core::{check, parallel};

use super::bins::{Bin, Binned};
use super::cuts::Cuts;
use super::dataset::{Dataset, check_n_rows, fits};
use super::sketch::Sketch;
use super::source::RowSource;
use crate::error::{Error, Result};
use crate::training::BoostParams;

/// Rows cut into bins, for training on tables that are larger than memory.
///
/// The table itself is never in memory. One pass over a [`RowSource`] finds the cuts, and another one finds the
/// bins. If values are missing, the first pass is repeated, because the sketch of a column depends on the
/// number of its values. The cuts, and every bit of the model, equal those of the same table in memory.
///
/// | part | bytes per row |
/// |---|---|
/// | bins | 1 per feature (2 with more than 256 bins), the features rounded up to 8, 16, 32 or a multiple of 64 |
/// | labels, weights if there are any | 4 each |
/// | in training: margins | 4 per output |
/// | in training: gradients, softmax | 8, and 20 per tree that grows at a time (4 or one per thread) |
/// | in training: gradients, other objectives | 8 per output, and 12 per tree that grows at a time |
///
/// ```
/// use ndarray::Array2;
/// use timbral_boost::{BinnedRows, BoostParams, Dataset, Objective, Training};
/// let features = Array2::from_shape_fn((90, 2), |(row, j)| [row, row * 7 % 10][j] as f32);
/// let labels: Vec<f32> = (0..90).map(|row| (row / 30) as f32).collect();
/// let mut data = Dataset::new(features.view(), &labels)?;
/// let params = BoostParams {
///     objective: Objective::Softprob { n_classes: 3 },
///     ..Default::default()
/// };
/// let rows = BinnedRows::read(&params, &mut data)?;
/// assert_eq!(rows.n_rows(), 90);
/// assert_eq!(Training::on_bins(&params, &rows).run()?.model, params.fit(&data)?);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug)]
pub struct BinnedRows {
    pub(crate) cuts: Cuts,
    pub(crate) bins: AnyBins,
    pub(crate) labels: Vec<f32>,
    /// The weights of the rows times those of their classes.
    pub(crate) weights: Option<Vec<f32>>,
    /// The parameters that the bins depend on.
    max_bin: usize,
    class_weights: Vec<f32>,
}

/// Bins in as few bytes as hold their numbers.
#[derive(Debug)]
pub(crate) enum AnyBins {
    Narrow(Binned<u8>),
    Wide(Binned<u16>),
}

impl BinnedRows {
    /// Reads the rows of a source two times (three times if values are missing), and cuts them into bins with
    /// [`BoostParams::max_bin`] and [`BoostParams::class_weights`].
    ///
    /// # Errors
    /// As [`Training::run`](crate::Training::run) for the parameters and labels; the errors of the source;
    /// [`Error::Source`] if the number of rows is not the announced one, or if the second pass returns other
    /// rows than the first. [`Error::Empty`] without rows or columns, [`Error::Unsupported`] if a block has
    /// groups or feature types.
    pub fn read(params: &BoostParams, source: &mut dyn RowSource) -> Result<Self> {
        params.validate_bins()?;
        let n_rows = source.n_rows();
        check_n_rows(n_rows)?;
        if n_rows == 0 || source.n_features() == 0 {
            return Err(Error::Empty { name: "features" });
        }
        let (cuts, labels, weights) = Self::cut(params, source)?;
        let bins = if cuts.most_bins() <= u8::N_BINS {
            AnyBins::Narrow(bins(source, &cuts)?)
        } else {
            AnyBins::Wide(bins(source, &cuts)?)
        };
        Ok(Self {
            cuts,
            bins,
            labels,
            weights,
            max_bin: params.max_bin,
            class_weights: params.class_weights.clone(),
        })
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of feature columns.
    pub fn n_features(&self) -> usize {
        self.cuts.n_features()
    }

    /// Whether the bins are those of these parameters.
    pub(crate) fn check(&self, params: &BoostParams) -> Result<()> {
        let reason = "must be that with which the rows were cut into bins";
        let max_bin = params.max_bin;
        check(max_bin == self.max_bin, "max_bin", max_bin, reason)?;
        let of_class = &params.class_weights;
        let same = *of_class == self.class_weights;
        check(same, "class_weights", format!("{of_class:?}"), reason)?;
        Ok(())
    }

    /// The first pass.
    fn cut(
        params: &BoostParams,
        source: &mut dyn RowSource,
    ) -> Result<(Cuts, Vec<f32>, Option<Vec<f32>>)> {
        let n_rows = source.n_rows();
        let mut n_values = vec![n_rows; source.n_features()];
        loop {
            let sketches = n_values.iter().map(|&n| Sketch::new(n, params.max_bin));
            let mut sketches: Vec<(Sketch, usize)> = sketches.map(|s| (s, 0)).collect();
            let mut labels = Vec::new();
            let mut weights = Vec::new();
            visit(source, |start, block| {
                let of_rows = params.row_weights(block.labels(), block.weights())?;
                if start > 0 && of_rows.is_some() == weights.is_empty() {
                    return Err(other("a block has weights, another has none"));
                }
                labels.extend_from_slice(block.labels());
                push(&mut sketches, block, of_rows.as_deref());
                weights.extend(of_rows.into_iter().flatten());
                Ok(())
            })?;
            let counted: Vec<usize> = sketches.iter().map(|(_, n)| *n).collect();
            if counted == n_values {
                let has_missing = n_values.iter().map(|&n| n < n_rows).collect();
                let cuts = parallel::map_each(sketches, 1, &|_, (sketch, _)| sketch.cuts());
                let cuts = Cuts::of(cuts, has_missing, Vec::new());
                let weights = (!weights.is_empty()).then_some(weights);
                return Ok((cuts, labels, weights));
            }
            if n_values.iter().any(|&n| n != n_rows) {
                return Err(changed());
            }
            n_values = counted;
        }
    }
}

/// Calls `visit` with each block and the index of its first row, and checks that all rows are there.
fn visit(
    source: &mut dyn RowSource,
    mut visit: impl FnMut(usize, &Dataset<'_>) -> Result<()>,
) -> Result<()> {
    let (n_rows, n_features) = (source.n_rows(), source.n_features());
    let mut start = 0;
    source.visit(&mut |block| {
        fits("features", block.n_features(), n_features)?;
        if block.n_rows() > n_rows - start {
            return Err(other("there are more rows than announced"));
        }
        if block.groups().is_some() || block.feature_types().is_some() {
            return Err(Error::Unsupported {
                path: None,
                what: "groups and feature types of rows that come in blocks".to_owned(),
            });
        }
        visit(start, block)?;
        start += block.n_rows();
        Ok(())
    })?;
    match start == n_rows {
        true => Ok(()),
        false => Err(other("there are fewer rows than announced")),
    }
}

fn other(reason: &'static str) -> Error {
    Error::Source(reason.into())
}

fn changed() -> Error {
    other("a second reading found other values")
}

/// Adds the values of a block to the sketches of their columns and counts them.
fn push(sketches: &mut [(Sketch, usize)], block: &Dataset<'_>, weights: Option<&[f32]>) {
    /// Rows at a time, which stay in the cache from one column to the next.
    const ROWS: usize = 1024;
    for (chunk, features) in block.features().axis_chunks_iter(Axis(0), ROWS).enumerate() {
        let weights = weights.map(|weights| &weights[chunk * ROWS..]);
        parallel::for_each(sketches.iter_mut(), 8, &|feature, (sketch, n_values)| {
            *n_values += sketch.push_column(features.column(feature), weights);
        });
    }
}

/// The second pass.
fn bins<B: Bin>(source: &mut dyn RowSource, cuts: &Cuts) -> Result<Binned<B>> {
    let mut bins = Binned::<B>::zeros(source.n_rows(), source.n_features());
    visit(source, |start, block| {
        let features = block.features();
        let columns = features.columns().into_iter().enumerate();
        // There is no bin for it.
        let mut without = columns.filter(|(feature, _)| !cuts.has_missing(*feature));
        if without.any(|(_, column)| column.iter().any(|value| value.is_nan())) {
            return Err(changed());
        }
        bins.fill(start, features, cuts);
        Ok(())
    })?;
    Ok(bins)
}
