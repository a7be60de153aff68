//! The program `timbral`.

use std::process::ExitCode;

fn main() -> ExitCode {
    timbral_cli::main()
}
