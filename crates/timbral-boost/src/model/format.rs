//! XGBoost's model files, which are also the files of this crate.

mod fault;
mod files;
mod non_finite;
mod other_formats;
mod read;
mod read_categories;
mod read_ranking;
mod read_tree;
mod read_vectors;
mod schema;
mod sink;
mod ubjson;
mod write;
mod write_categories;
mod write_objective;
