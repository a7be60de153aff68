//! The program `timbral` as a process: this one, started again.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A command of `timbral` in a folder; the arguments are separated by spaces.
pub(crate) fn timbral(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .current_dir(folder)
        .args(["--long", "timbral"])
        .args(args.split_whitespace())
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end; the exit status must be this one.
pub(crate) fn run(folder: &Path, args: &str, status: i32) -> Output {
    let output = timbral(folder, args).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{args}: {stderr}");
    output
}
