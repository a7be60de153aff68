use clap_complete::Shell;

use crate::command::Command;
use crate::program::program;
use crate::status::Status;

/// `completions`: the completion script of a shell.
#[derive(clap::Args)]
pub struct Completions {
    /// Shell that the script is for
    #[arg(value_enum)]
    shell: Shell,
}

impl Command for Completions {
    const NAME: &'static str = "completions";
    const ABOUT: &'static str = "Print the script that completes commands and options in a shell";
    const DETAILS: &'static str =
        "Write the output to a file that your shell reads when it starts.";
    const EXAMPLE: &'static str = "bash";

    fn run(self) -> anyhow::Result<Status> {
        clap_complete::generate(
            self.shell,
            &mut program(),
            "timbral",
            &mut std::io::stdout(),
        );
        Ok(Status::Done)
    }
}
