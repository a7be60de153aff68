//! Training, validation and test rows of a table.

mod method;
mod rows;

pub use method::SplitMethod;
pub use rows::Split;
