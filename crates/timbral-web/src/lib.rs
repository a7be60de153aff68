//! Music features and genres in a web page: one HTML file that computes everything in the browser.
//!
//! - [`Analyzer`] computes the numbers of the page: the features of a sound file, the table of many files, the genres
//!   by a saved classifier. It does not depend on a browser, and its numbers equal those of the other crates, bit for
//!   bit.
//! - [`Picture`] has the data of the drawings: waveform and mel spectrogram.
//! - [`wav`] converts any sound file to WAV, which every browser plays.
//! - [`bindings`] is the interface to JavaScript.
//! - `Page` makes the page; it does not exist in WebAssembly.
//!
//! ```
//! use timbral::EncodedSound;
//! use timbral_web::Analyzer;
//!
//! let analyzer = Analyzer::new()?;
//! assert_eq!(analyzer.columns().len(), 57);
//! let error = analyzer.analyze(&EncodedSound::new("notes.txt", *b"no sound")).err();
//! assert!(error.is_some_and(|e| e.to_string().starts_with("notes.txt: ")));
//! # Ok::<(), timbral::Error>(())
//! ```

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::print_stderr))]

mod analyzer;
pub mod bindings;
#[cfg(not(target_family = "wasm"))]
mod page;
mod picture;
mod playable;

pub use analyzer::{Analysis, Analyzer, SoundInfo};
#[cfg(not(target_family = "wasm"))]
pub use page::{BuildError, Page};
pub use picture::Picture;
pub use playable::wav;

// The example of the README is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
