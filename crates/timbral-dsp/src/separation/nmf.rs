use ndarray::{Array2, ArrayView2, Axis};

use super::nmf_start::start;
use super::product::product;
use crate::effects::check_magnitude;
use crate::error::{Error, Result, check};

/// Parameters of [`decompose`], named as in `sklearn.decomposition.NMF`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NmfParams {
    /// Number of components, `1..=1024`; default: the number of bins.
    pub n_components: Option<usize>,
    /// The largest number of iterations, `1..=100000`; default 200.
    pub max_iter: usize,
    /// The iterations end when the projected gradients are at most this fraction of those of the first
    /// iteration; at least 0, default 1e-4.
    pub tol: f64,
    /// Whether to sort the components by the bin of their largest value; default false.
    pub sort: bool,
    /// The random seed of the start; default 0.
    pub seed: u64,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for NmfParams {
    fn default() -> Self {
        Self {
            n_components: None,
            max_iter: 200,
            tol: 1e-4,
            sort: false,
            seed: 0,
            _non_exhaustive: (),
        }
    }
}

impl NmfParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// A parameter outside the range in its description.
    pub fn validate(&self) -> Result<()> {
        if let Some(n) = self.n_components {
            check_n_components(n)?;
        }
        let n = self.max_iter;
        let holds = (1..=100_000).contains(&n);
        check(holds, "max_iter", n, "must be in 1..=100000")?;
        let holds = self.tol >= 0.0 && self.tol.is_finite();
        let rule = "must be finite and not negative";
        check(holds, "tol", self.tol, rule)?;
        Ok(())
    }
}

fn check_n_components(n: usize) -> Result<()> {
    let holds = (1..=1024).contains(&n);
    check(holds, "n_components", n, "must be in 1..=1024")?;
    Ok(())
}

/// A spectrogram as a sum of components, each multiplied by its activation in every frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decomposition {
    /// Shape `(n_bins, n_components)`.
    pub components: Array2<f32>,
    /// Shape `(n_components, n_frames)`.
    pub activations: Array2<f32>,
    /// Number of iterations; `max_iter` if they did not converge.
    pub n_iter: usize,
}

/// Components of a spectrogram by non-negative matrix factorisation (Lee and Seung 1999). It is a coordinate
/// descent (Cichocki and Phan 2009) that starts from the singular value decomposition (Boutsidis and
/// Gallopoulos 2008). Equals `librosa.decompose.decompose` with its default, `sklearn.decomposition.NMF`.
///
/// ```text
/// min |S - B A|^2   over B, A >= 0,   B = components, A = activations
/// ```
///
/// - `s`: shape `(n_bins, n_frames)`, not negative.
///
/// The start, the order of the updates and the end of the iterations are those of scikit-learn
/// (`init="nndsvda"`, `solver="cd"`). scikit-learn computes the start by random projections; here they are
/// iterated until the singular values no longer change. Results are equal to 1e-6 of the largest value if
/// scikit-learn's projections are exact (less than 10 more components than bins or frames), else close.
///
/// With more components than bins or frames the start is random in both libraries, and only the objective is
/// similar.
///
/// # Errors
///
/// - those of [`NmfParams::validate`];
/// - no bins, or no frames; a value that is negative, NaN or infinite.
///
/// ```
/// use ndarray::array;
/// use timbral_dsp::{NmfParams, decompose};
///
/// // Two notes, one after the other, then both.
/// let s = array![[2.0f32, 0.0, 2.0], [4.0, 0.0, 4.0], [0.0, 3.0, 3.0]];
/// let params = NmfParams { n_components: Some(2), sort: true, ..NmfParams::default() };
/// let parts = decompose(s.view(), &params)?;
/// let again = parts.components.dot(&parts.activations);
/// assert!(s.iter().zip(&again).all(|(a, b)| (a - b).abs() < 0.01));
/// let note = parts.components.column(0);
/// assert!((note[1] / note[0] - 2.0).abs() < 0.01 && note[2] < 0.01 * note[1]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn decompose(s: ArrayView2<'_, f32>, params: &NmfParams) -> Result<Decomposition> {
    params.validate()?;
    check_magnitude(s)?;
    let (n_bins, n_frames) = s.dim();
    if s.is_empty() {
        return Err(Error::TooShort {
            name: "spectrogram",
            needed: 1,
            got: 0,
        });
    }
    let n_components = params.n_components.unwrap_or(n_bins);
    check_n_components(n_components)?;
    // Bins as rows, and frames as rows.
    let bins = s.mapv(f64::from);
    let frames = bins.t().as_standard_layout().into_owned();
    let [mut components, mut activations] = start(bins.view(), n_components, params.seed);
    let (mut first, mut n_iter) = (0.0, 0);
    while n_iter < params.max_iter {
        n_iter += 1;
        let gradients = descend(&frames, &mut activations, &components)
            + descend(&bins, &mut components, &activations);
        if n_iter == 1 {
            first = gradients;
        }
        if gradients <= params.tol * first {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n_components).collect();
    if params.sort {
        let peak = |c: &usize| {
            let column = components.column(*c);
            // The first of several largest values.
            let largest = column.iter().copied().fold(0.0, f64::max);
            column.iter().position(|v| *v == largest).unwrap_or(n_bins)
        };
        order.sort_by_key(peak);
    }
    let narrow = |v: &f64| *v as f32;
    let activations = activations.select(Axis(1), &order);
    Ok(Decomposition {
        components: components.select(Axis(1), &order).map(narrow),
        activations: Array2::from_shape_fn((n_components, n_frames), |(c, t)| {
            narrow(&activations[[t, c]])
        }),
        n_iter,
    })
}

/// One pass over the columns of `w` of shape `(rows of x, n_components)`. Each column gets its best values for
/// `|x - w h^T|^2`, with the others unchanged. Returns the sum of the magnitudes of the projected gradients.
fn descend(x: &Array2<f64>, w: &mut Array2<f64>, h: &Array2<f64>) -> f64 {
    let squares = product(h.t(), h.view());
    let products = product(x.view(), h.view());
    let n_components = h.ncols();
    let mut sum = 0.0;
    for c in 0..n_components {
        let curvature = squares[[c, c]];
        let squares = squares.row(c);
        for (mut w, product) in w.outer_iter_mut().zip(products.column(c)) {
            let slope = w
                .iter()
                .zip(squares)
                .fold(-product, |sum, (w, s)| sum + s * w);
            sum += match w[c] == 0.0 {
                true => slope.min(0.0).abs(),
                false => slope.abs(),
            };
            if curvature != 0.0 {
                w[c] = (w[c] - slope / curvature).max(0.0);
            }
        }
    }
    sum
}
