//! The program `timbral`: all commands as subcommands, in groups.

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use clap::ArgMatches;

use crate::command::{Command, parse, start_process, with_help};
use crate::commands::*;
use crate::status::Status;

const ABOUT: &str = "Music genre classification: sound files to features, models and evaluations";

const EXIT_STATUSES: &str = "\
Exit statuses:
  0    all done
  1    nothing done; the error is on stderr
  2    done, but some files were skipped; they are named on stderr
  64   wrong arguments
  130  stopped by Ctrl-C

A sound file may be WAV, AIFF, AU, CAF, FLAC, MP3, OGG Vorbis, Opus, AAC or ALAC. `timbral COMMAND --help` explains a command.";

/// A subcommand.
struct Entry {
    command: clap::Command,
    run: fn(&ArgMatches) -> anyhow::Result<Status>,
}

fn entry<C: Command>() -> Entry {
    let name = format!("timbral {}", C::NAME);
    Entry {
        command: with_help::<C>(clap::Command::new(C::NAME), &name),
        run: |matches| C::from_arg_matches(matches)?.run(),
    }
}

/// The commands by what they are for.
fn groups() -> Vec<(&'static str, Vec<Entry>)> {
    let models = vec![
        entry::<TrainBoost>(),
        entry::<TrainShards>(),
        entry::<TrainDense>(),
        entry::<TrainConv>(),
        entry::<TuneBoost>(),
        entry::<Evaluate>(),
        entry::<Average>(),
        #[cfg(feature = "classical")]
        entry::<CompareModels>(),
    ];
    vec![
        (
            "From music to genres",
            vec![
                entry::<Train>(),
                entry::<Predict>(),
                entry::<Listen>(),
                entry::<Similar>(),
                #[cfg(feature = "pretrained")]
                entry::<TagMusic>(),
            ],
        ),
        (
            "From music to tables and figures",
            vec![
                entry::<ExtractFeatures>(),
                entry::<Explore>(),
                entry::<MakeCorpus>(),
            ],
        ),
        ("From tables to models", models),
        (
            "Studies",
            vec![
                entry::<Reproduce>(),
                entry::<NearestNeighbour>(),
                entry::<BoostStudy>(),
                entry::<SamplerStudy>(),
            ],
        ),
        ("This program", vec![entry::<Completions>()]),
    ]
}

/// The program with all its subcommands, for its help and for completions.
pub(crate) fn program() -> clap::Command {
    let mut list = String::new();
    let mut program = clap::Command::new("timbral")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help(EXIT_STATUSES);
    for (heading, entries) in groups() {
        // Writing to a string cannot fail.
        let _ = writeln!(list, "{heading}:");
        for Entry { command, .. } in entries {
            let about = command.get_about().cloned().unwrap_or_default();
            let _ = writeln!(list, "  {:<18}{about}", command.get_name());
            program = program.subcommand(command);
        }
        list.push('\n');
    }
    let template = "{about}\n\n{usage-heading} {usage}\n\n";
    program.help_template(format!(
        "{template}{list}Options:\n{{options}}{{after-help}}"
    ))
}

/// Runs the program `timbral` with arguments, the first of which is its name.
///
/// The first command that can be stopped installs a handler of Ctrl-C, which stays for the rest of the process.
pub fn run<T: Into<OsString> + Clone>(args: impl IntoIterator<Item = T>) -> Status {
    parse(program(), args, |matches| {
        let (name, matches) = matches.subcommand().unwrap_or(("", matches));
        let mut entries = groups().into_iter().flat_map(|(_, entries)| entries);
        match entries.find(|entry| entry.command.get_name() == name) {
            Some(entry) => (entry.run)(matches),
            None => anyhow::bail!("there is no command {name}"),
        }
    })
}

/// The `main` of the program `timbral`.
///
/// The process ends when the reader of its output is gone, as in `timbral COMMAND | head`.
pub fn main() -> ExitCode {
    start_process();
    run(std::env::args_os()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_of_all_commands_are_consistent() {
        program().debug_assert();
    }

    #[test]
    fn every_option_has_a_help_text() {
        for command in program().get_subcommands_mut() {
            let name = command.get_name().to_owned();
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string);
                assert!(
                    help.is_some_and(|help| help.len() > 5),
                    "{name} {}",
                    argument.get_id()
                );
            }
            let help = command.render_long_help().to_string();
            assert!(
                help.contains(&format!("Example:\n  timbral {name}")),
                "{help}"
            );
            assert!(!help.contains("](") && !help.contains("[`"), "{help}");
        }
    }

    #[test]
    fn every_example_can_be_parsed() {
        for command in program().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let line = help.lines().last().unwrap_or_default();
            let parsed = program().try_get_matches_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}
