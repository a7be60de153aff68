//! The fitted model, its trees and its files.

mod ensemble;
mod format;
mod tree;

pub use ensemble::Model;
pub use tree::{Children, Node, Tree};
