use timbral_core::{InvalidParameter, check};

/// Sizes of a [`Musicnn`](crate::Musicnn); the defaults are those of the published networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MusicnnParams {
    /// Filters of each of the two timbral convolutions, `1..=4096`; default 204.
    pub timbral_filters: usize,
    /// Filters of each of the three temporal convolutions, `1..=4096`; default 51.
    pub temporal_filters: usize,
    /// Filters of each of the three convolutions in the middle, `1..=4096`; default 64.
    pub middle_filters: usize,
    /// Units of the dense layer, the length of `penultimate`, `1..=4096`; default 200.
    pub units: usize,
    /// Number of tags, `1..=4096`; default 50.
    pub tags: usize,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for MusicnnParams {
    fn default() -> Self {
        Self {
            timbral_filters: 204,
            temporal_filters: 51,
            middle_filters: 64,
            units: 200,
            tags: 50,
            _non_exhaustive: (),
        }
    }
}

impl MusicnnParams {
    /// Checks the ranges of all sizes.
    ///
    /// # Errors
    ///
    /// A size outside `1..=4096`.
    pub fn validate(&self) -> Result<(), InvalidParameter> {
        for (name, value) in [
            ("timbral_filters", self.timbral_filters),
            ("temporal_filters", self.temporal_filters),
            ("middle_filters", self.middle_filters),
            ("units", self.units),
            ("tags", self.tags),
        ] {
            check(
                (1..=4096).contains(&value),
                name,
                value,
                "must be in 1..=4096",
            )?;
        }
        Ok(())
    }

    /// Channels of the front end.
    pub(super) fn front_channels(&self) -> usize {
        2 * self.timbral_filters + 3 * self.temporal_filters
    }

    /// Length of `max_pool` and `mean_pool`.
    pub(super) fn channels(&self) -> usize {
        self.front_channels() + 3 * self.middle_filters
    }
}
