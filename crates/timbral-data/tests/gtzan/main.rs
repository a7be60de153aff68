//! GTZAN: the archive from local servers, and the published tables where they are.

#[cfg(feature = "download")]
mod fetch;
#[cfg(feature = "download")]
mod server;
