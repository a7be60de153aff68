use std::fmt;

use serde::Serialize;

/// Mean and standard deviation of a score over seeds.
///
/// ```text
/// mean = sum x_i / n        deviation = sqrt(sum (x_i - mean)^2 / (n - 1))
/// ```
///
/// The deviation equals numpy's `std` with `ddof=1`. `Display` prints three decimals, or the precision of the
/// format.
///
/// ```
/// use timbral::Spread;
///
/// let spread = Spread::new(&[0.90, 0.92, 0.94]).unwrap();
/// assert!((spread.mean - 0.92).abs() < 1e-12 && (spread.deviation - 0.02).abs() < 1e-12);
/// assert_eq!(spread.to_string(), "0.920 ± 0.020");
/// assert_eq!(format!("{spread:.1}"), "0.9 ± 0.0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, with divisor n - 1; 0 for one value.
    pub deviation: f64,
    /// Number of values.
    pub n: usize,
}

impl Spread {
    /// The mean and the standard deviation of `values`; `None` if there are no values.
    pub fn new(values: &[f64]) -> Option<Self> {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let deviation = (squares / (n.max(2) - 1) as f64).sqrt();
        (n > 0).then_some(Self { mean, deviation, n })
    }
}

/// `0.917 ± 0.005`, without a deviation for one value.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(3);
        write!(f, "{:.decimals$}", self.mean)?;
        match self.n {
            1 => Ok(()),
            _ => write!(f, " ± {:.decimals$}", self.deviation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_follow_their_definition() {
        let spread = Spread::new(&[0.5, 0.7]).unwrap();
        assert_eq!(spread.to_string(), "0.600 ± 0.141");
        assert_eq!(format!("{spread:.4}"), "0.6000 ± 0.1414");
        assert_eq!(Spread::new(&[0.5]).unwrap().to_string(), "0.500");
        assert_eq!(Spread::new(&[]), None);
    }
}
