//! Tests over all crates: the library from sound files to tables and models, and the examples as commands.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions fail the test too"
)]

mod boost;
mod classifier;
mod command;
#[cfg(feature = "classical")]
mod comparison;
mod extraction;
mod networks;
mod paths;
mod published;
mod support;
