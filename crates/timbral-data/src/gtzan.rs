//! GTZAN (Tzanetakis and Cook 2002): 1000 clips of 30 s, 100 of each of ten genres.
//!
//! [`Index`] finds the clips in a folder. [`fault_filtered`] returns the part (training, validation or test) of a
//! clip in a partition without repeats and distorted clips and with no artist in two parts. [`Artists`] has the
//! artists, and
#![cfg_attr(feature = "download", doc = "[`fetch`] downloads the archive.")]
#![cfg_attr(
    not(feature = "download"),
    doc = "`fetch` (feature `download`) downloads the archive."
)]
//!
//! ```
//! use timbral_data::gtzan::{Part, TrackId, fault_filtered};
//!
//! let track: TrackId = "blues.00029.3.wav".parse()?;
//! assert_eq!((track.genre(), track.number()), ("blues", 29));
//! assert_eq!(fault_filtered(track), Some(Part::Train));
//! # Ok::<(), timbral_data::Error>(())
//! ```

#[cfg(feature = "download")]
mod archive;
mod artists;
mod fault_filtered;
mod index;
#[cfg(feature = "npy")]
mod taggrams;
mod track;

#[cfg(feature = "download")]
pub use archive::{Archive, fetch};
pub use artists::Artists;
pub use fault_filtered::{Part, fault_filtered, fault_filtered_split};
pub use index::{Index, Track};
#[cfg(feature = "npy")]
pub use taggrams::Taggrams;
pub use track::{GENRES, TRACKS_PER_GENRE, TrackId};
