//! The structure of a piece: which parts are similar, and where they begin.

mod agglomerative;
mod diagonal_filter;
mod lag;
mod nn_filter;
mod path_enhance;
mod rqa;
mod similarity;

pub use agglomerative::{agglomerative, subsegment};
pub use lag::{lag_to_recurrence, recurrence_to_lag, timelag_filter};
pub use nn_filter::nn_filter;
pub use path_enhance::{PathEnhanceParams, path_enhance};
pub use rqa::{Recurrence, RqaParams, rqa};
pub use similarity::{
    CrossSimilarityParams, RecurrenceParams, SimilarityMode, cross_similarity, recurrence_matrix,
};
