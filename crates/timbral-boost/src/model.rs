//! The fitted model, its trees and its files.

mod ensemble;
mod format;
mod tree;
mod vectors;

pub use ensemble::Model;
pub use tree::{Children, Node, Tree};
pub(crate) use vectors::Vectors;
