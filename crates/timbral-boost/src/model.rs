//! The fitted model, its trees and its files.

mod categories;
mod category_values;
mod ensemble;
mod format;
mod tree;
mod vectors;

pub(crate) use categories::{CategorySet, END as CATEGORIES_END};
pub use category_values::CategoryValues;
pub(crate) use category_values::{Encoding, IntegerKind, Values};
pub use ensemble::Model;
pub use tree::{Children, Node, Tree};
pub(crate) use vectors::Vectors;
