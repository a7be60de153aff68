//! The parameters through serde, and training through other crates' traits.

#![allow(clippy::unwrap_used)]

mod parameters;
