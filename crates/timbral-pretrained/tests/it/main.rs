//! Tests of the crate as its users see it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions fail the test too"
)]

mod golden;
mod memory;
mod published;
mod support;
