use crate::check;
use crate::error::{Error, Result};

/// A named line, optionally with a band around it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// The x of the points, increasing.
    pub x: Vec<f64>,
    /// The y of the points, as many as `x`.
    pub y: Vec<f64>,
    /// The lower and upper edge of the band, each as long as `y`.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
}

impl Series {
    /// A line through points.
    pub fn new(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            x,
            y,
            band: None,
        }
    }

    /// A line whose points are at x = 1, 2, 3, ..., such as epochs or rounds.
    pub fn counted(name: impl Into<String>, y: Vec<f64>) -> Self {
        let x = (1..=y.len()).map(|i| i as f64).collect();
        Self::new(name, x, y)
    }

    /// The same line with a band from `low` to `high`.
    #[must_use]
    pub fn with_band(mut self, low: Vec<f64>, high: Vec<f64>) -> Self {
        self.band = Some((low, high));
        self
    }

    fn check(&self) -> Result<()> {
        check::finite("x", &self.x)?;
        check::finite("y", &self.y)?;
        check::shape("y", self.x.len(), self.y.len())?;
        if let Some((low, high)) = &self.band {
            check::finite("low", low)?;
            check::finite("high", high)?;
            check::shape("low", self.y.len(), low.len())?;
            check::shape("high", self.y.len(), high.len())?;
        }
        Ok(())
    }

    pub(super) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let (low, high) = self
            .band
            .as_ref()
            .map_or((&[][..], &[][..]), |(l, h)| (l, h));
        self.y.iter().chain(low).chain(high).copied()
    }
}

pub(super) fn check_all(series: &[Series]) -> Result<()> {
    if series.is_empty() {
        return Err(Error::Empty { name: "series" });
    }
    series.iter().try_for_each(Series::check)
}
