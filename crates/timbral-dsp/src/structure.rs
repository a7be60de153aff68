//! The structure of a piece: which parts are alike, and where they begin.

mod agglomerative;
mod lag;
mod nn_filter;
mod rqa;
mod similarity;

pub use agglomerative::{agglomerative, subsegment};
pub use lag::{lag_to_recurrence, recurrence_to_lag};
pub use nn_filter::nn_filter;
pub use rqa::{Recurrence, RqaParams, rqa};
pub use similarity::{
    CrossSimilarityParams, RecurrenceParams, SimilarityMode, cross_similarity, recurrence_matrix,
};
