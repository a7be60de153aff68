//! Every figure, drawn of ordinary, tiny, constant and absurd data; the report; the gallery.
//!
//! To look at them: `TIMBRAL_GALLERY=folder cargo test -p timbral-plot -- --ignored gallery`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod draw;
mod gallery;
mod report;
