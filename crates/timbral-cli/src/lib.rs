//! The commands of timbral: music genre classification on the command line.
//!
//! The program `timbral` runs each of them as a subcommand; [`commands`] lists them. [`run`] does the same
//! from code and returns the exit status:
//!
//! ```
//! use timbral_cli::Status;
//!
//! let folder = std::env::temp_dir().join("timbral-cli-doc");
//! let folder = folder.to_str().expect("a path in UTF-8");
//! let args = ["timbral", "make-corpus", folder, "--recordings", "1", "--seconds", "1"];
//! assert_eq!(timbral_cli::run(args), Status::Done);
//! assert_eq!(timbral_cli::run(["timbral", "make-corpus"]), Status::WrongArguments);
//! ```
//!
//! [`run_command`] is the `main` of a program that is one command; the examples of the repository are such
//! programs.
//!
//! # Exit statuses
//!
//! | status | meaning |
//! |---|---|
//! | 0 | all done |
//! | 1 | nothing done: the error is on stderr, in one line |
//! | 2 | done, but some files were skipped: they are named on stderr |
//! | 64 | wrong arguments |
//! | 130 | stopped by Ctrl-C |
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `classical` | the command `compare-models` |
//! | `pretrained` | the command `tag-music`, and `--embeddings` of `extract-features`; builds candle |
//! | `candle` | the device `candle` of `--device`: networks computed by candle on the CPU |
//! | `cuda`, `metal` | networks on a GPU |
//! | `accelerate`, `mkl` | a vendor's linear algebra for candle |

#![allow(clippy::print_stdout, reason = "commands print their results")]

pub mod commands;

mod command;
mod options;
mod program;
mod session;
mod status;

pub use command::{Command, run_command};
pub use program::{main, run};
pub use status::Status;
