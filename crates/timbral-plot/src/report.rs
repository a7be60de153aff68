//! A report of text, figures and tables in one HTML file.

mod builder;
mod page;

pub use builder::Report;
