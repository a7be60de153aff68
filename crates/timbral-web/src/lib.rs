//! Music features and genres in a web page: one HTML file that computes everything in the browser.
//!
//! - [`Analyzer`] has what the page computes: the features of a sound file, the table of many, the genres by a saved
//!   classifier. It knows no browser, and its numbers are those of the other crates, bit for bit.
//! - [`Picture`] is what the page draws: waveform and mel spectrogram.
//! - [`wav`] makes any sound file one that every browser plays.
//! - [`bindings`] is the interface to JavaScript.
//! - `Page` makes the page; it is not there in WebAssembly.
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
