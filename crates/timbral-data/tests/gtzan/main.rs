//! GTZAN: the archive from local servers, and the published tables if they are present.

#![allow(clippy::unwrap_used)]

#[cfg(feature = "download")]
mod fetch;
mod nearest;
mod published;
#[cfg(feature = "download")]
mod server;
