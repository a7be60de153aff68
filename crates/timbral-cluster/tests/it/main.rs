//! The crate's functions, manifests and shards, in process and as a cluster of processes.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod cluster;
mod extraction;
mod functions;
mod music;
mod prediction;
mod processes;
mod s3;
mod s3_server;
