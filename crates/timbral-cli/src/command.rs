use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use timbral::Error::Stopped;

use crate::status::Status;

/// A command: its arguments, its help and what it does.
///
/// The fields of the type are the arguments, by [`clap::Args`].
pub trait Command: clap::Args {
    /// The name of the subcommand, such as `extract-features`.
    const NAME: &'static str;
    /// What it does, in one line.
    const ABOUT: &'static str;
    /// More about it, for its own help; may be empty.
    const DETAILS: &'static str;
    /// The arguments of an example.
    const EXAMPLE: &'static str;

    /// Does the work and returns the exit status. Results go to stdout, progress and skipped files to stderr.
    ///
    /// # Errors
    ///
    /// Any reason for which the work cannot be done; [`timbral::Error::Stopped`] after Ctrl-C.
    fn run(self) -> anyhow::Result<Status>;
}

/// The `main` of a program that is one command.
///
/// It reads the arguments of the process. The process ends when the reader of its output is gone, as in
/// `command | head`.
pub fn run_command<C: Command>() -> ExitCode {
    start_process();
    let mut args = std::env::args_os().peekable();
    let program = args.peek().map_or_else(Default::default, file_stem);
    let command = with_help::<C>(clap::Command::new(C::NAME), &program);
    parse(command, args, |matches| C::from_arg_matches(matches)?.run()).into()
}

/// Crates whose panics on damaged files are caught.
const CAUGHT: [&str; 5] = ["lewton-", "parquet-", "ropus-", "rusty_aac-", "symphonia-"];

/// Sets up the signals and the panic messages of a process.
pub(crate) fn start_process() {
    sigpipe::reset();
    // Such a panic becomes an error that is reported with the file; the message of the panic would only confuse.
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let in_crate = |name: &&str| info.location().is_some_and(|at| at.file().contains(*name));
        if !CAUGHT.iter().any(in_crate) {
            print(info);
        }
    }));
}

fn file_stem(path: &OsString) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Adds the arguments and the help of a command. `name` is how the command is typed, for its example.
pub(crate) fn with_help<C: Command>(command: clap::Command, name: &str) -> clap::Command {
    let long = match C::DETAILS {
        "" => C::ABOUT.to_owned(),
        details => format!("{}\n\n{details}", C::ABOUT),
    };
    // After the arguments: groups of options set these texts from their documentation.
    C::augment_args(command)
        .about(C::ABOUT)
        .long_about(long)
        .after_help(format!("Example:\n  {name} {}", C::EXAMPLE))
}

/// Parses arguments, does the work and reports an error as one line on stderr.
pub(crate) fn parse<T: Into<OsString> + Clone>(
    command: clap::Command,
    args: impl IntoIterator<Item = T>,
    work: impl FnOnce(&clap::ArgMatches) -> anyhow::Result<Status>,
) -> Status {
    let result = match command.try_get_matches_from(args) {
        Ok(matches) => work(&matches),
        Err(error) => Err(error.into()),
    };
    result.unwrap_or_else(|error| report(&error))
}

/// Commands and options that this build lacks, and the feature that adds them.
const ABSENT: &[(&str, &str)] = &[
    #[cfg(not(feature = "classical"))]
    ("compare-models", "classical"),
    #[cfg(not(feature = "pretrained"))]
    ("tag-music", "pretrained"),
    #[cfg(not(feature = "pretrained"))]
    ("--embeddings", "pretrained"),
    #[cfg(not(feature = "pretrained"))]
    ("--embeddings-only", "pretrained"),
    #[cfg(not(feature = "pretrained"))]
    ("--embedding", "pretrained"),
    #[cfg(not(feature = "pretrained"))]
    ("--weights", "pretrained"),
];

/// The command or option that is unknown because this build lacks a feature, and the feature.
fn absent(error: &clap::Error) -> Option<(&'static str, &'static str)> {
    let context = match error.kind() {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return None,
    };
    let Some(ContextValue::String(unknown)) = error.get(context) else {
        return None;
    };
    ABSENT.iter().find(|(name, _)| name == unknown).copied()
}

/// Prints an error, and returns the exit status for it.
fn report(error: &anyhow::Error) -> Status {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        // Help and version, too. If printing fails, there is no place to report it.
        let _ = error.print();
        if let Some((name, feature)) = absent(error) {
            eprintln!(
                "note: {name} is in builds with the feature {feature}: cargo install timbral-cli --features {feature}"
            );
        }
        return match error.use_stderr() {
            true => Status::WrongArguments,
            false => Status::Done,
        };
    }
    if matches!(error.downcast_ref(), Some(Stopped)) {
        eprintln!("stopped");
        return Status::Stopped;
    }
    // With its causes, without a backtrace.
    eprintln!("error: {error:#}");
    Status::Failed
}
