//! Every figure with ordinary, tiny, constant and extreme data; the report; the gallery.
//!
//! To write all pictures into a folder: `TIMBRAL_GALLERY=folder cargo test -p timbral-plot -- --ignored gallery`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod draw;
mod gallery;
mod player;
mod report;
