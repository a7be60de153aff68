//! Which columns a feature set has, as data: features, their parameters, statistics, and names.

mod feature;
mod feature_columns;
mod presets;
#[cfg(feature = "serde")]
mod serialized;
mod set_params;
mod statistic;
mod text;
mod vector;

pub(super) use feature::METRES;
pub use feature::{Feature, TonalChroma};
pub use feature_columns::FeatureColumns;
pub use set_params::{ColumnLayout, FeatureSetParams};
pub use statistic::Statistic;
