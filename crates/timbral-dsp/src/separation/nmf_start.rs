//! The start of a non-negative matrix factorisation.

use ndarray::{Array2, ArrayView1, ArrayView2};
use timbral_core::Rng;

use super::singular::singular_triplets;

/// Values below it count as 0.
const SMALL: f64 = 1e-6;

/// Columns that are not negative, of shapes `(rows, n)` and `(columns, n)`, whose product is near `x`:
/// `init="nndsvda"` of scikit-learn, or random ones where there are more columns than singular values.
pub(super) fn start(x: ArrayView2<'_, f64>, n: usize, seed: u64) -> [Array2<f64>; 2] {
    let (rows, columns) = x.dim();
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let mut rng = Rng::new(seed);
    if n > rows.min(columns) {
        let size = (mean / n as f64).sqrt();
        return [rows, columns]
            .map(|rows| Array2::from_shape_simple_fn((rows, n), || size * normal(&mut rng).abs()));
    }
    let triplets = singular_triplets(x, n, &mut rng);
    let mut factors = [Array2::zeros((rows, n)), Array2::zeros((columns, n))];
    for (j, size) in triplets.sizes.iter().enumerate() {
        let (u, v) = (triplets.left.column(j), triplets.right.column(j));
        // The first pair has one sign; of the others the signs with the larger product are taken.
        let parts = [1.0, -1.0].map(|sign| {
            let part = |v: ArrayView1<'_, f64>| {
                v.mapv(|v| match j {
                    0 => v.abs(),
                    _ => (sign * v).max(0.0),
                })
            };
            let (u, v) = (part(u), part(v));
            let norms = (u.dot(&u).sqrt(), v.dot(&v).sqrt());
            (u, v, norms)
        });
        let product = |i: usize| parts[i].2.0 * parts[i].2.1;
        let larger = usize::from(product(0) <= product(1) && j > 0);
        let (u, v, (norm_u, norm_v)) = &parts[larger];
        let scale = match j {
            0 => [size.sqrt(); 2],
            _ => {
                let scale = (size * product(larger)).sqrt();
                [scale / norm_u, scale / norm_v]
            }
        };
        for ((factor, part), scale) in factors.iter_mut().zip([u, v]).zip(scale) {
            // A part without values has no direction, and contributes nothing.
            let value = |v: &f64| if v * scale < SMALL { mean } else { v * scale };
            let filled = part.map(|v| if *v == 0.0 { mean } else { value(v) });
            factor.column_mut(j).assign(&filled);
        }
    }
    factors
}

/// A number of the normal distribution (Box and Muller 1958).
fn normal(rng: &mut Rng) -> f64 {
    let (a, b) = (1.0 - rng.unit_f64(), rng.unit_f64());
    (-2.0 * libm::log(a)).sqrt() * libm::cos(std::f64::consts::TAU * b)
}
