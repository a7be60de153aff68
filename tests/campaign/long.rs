//! The long run, one command: mutants for hours, kills, a large folder.

mod campaign;
mod child;
mod minimise;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use timbral_core::{Rng, split_mix};

use crate::doors::{DOORS, Door, find};
use crate::engine::{self, Seed};
use crate::{folder, kills, seeds};

/// Damaged and altered files against every door, kills, and a folder with damaged files.
#[derive(Parser)]
#[command(name = "campaign -- --long")]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Mutants of valid files against the doors; findings are made small and kept
    Mutate(campaign::Args),
    /// Kills commands at random moments and looks at what they leave
    Kill {
        /// Number of kills over all commands
        #[arg(long, default_value_t = 200)]
        kills: usize,
        /// Random seed
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Extracts features from a folder of which one file in twenty is damaged
    Folder {
        /// Number of sound files
        #[arg(long, default_value_t = 10_000)]
        files: usize,
    },
    /// Writes the valid files of every door to a folder, as a corpus for other fuzzers
    Seeds {
        /// The folder
        folder: PathBuf,
    },
    /// Opens a door for one file and prints what is wrong
    Try {
        /// The door
        door: String,
        /// The file
        file: PathBuf,
    },
    #[command(hide = true)]
    Child(child::Args),
    #[command(hide = true, disable_help_flag = true)]
    Timbral {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

pub(crate) fn main() -> ExitCode {
    // Without the name of the program the first argument is `--long`.
    match Args::parse_from(std::env::args_os().skip(1)).what {
        What::Mutate(args) => return campaign::run(&args),
        What::Kill { kills, seed } => kills::long(kills, seed),
        What::Folder { files } => folder::long(files),
        What::Seeds { folder } => write_seeds(&folder),
        What::Try { door, file } => {
            let bytes = std::fs::read(file).unwrap();
            child::attempt(known(&door), &bytes);
        }
        What::Child(args) => child::run(&args),
        What::Timbral { args } => {
            let name = std::iter::once("timbral".to_owned());
            return timbral_cli::run(name.chain(args)).into();
        }
    }
    ExitCode::SUCCESS
}

/// The door of a name; the process ends if there is none.
fn known(name: &str) -> &'static Door {
    find(name).unwrap_or_else(|| {
        let names: Vec<&str> = DOORS.iter().map(|door| door.name).collect();
        panic!(
            "there is no door {name}; the doors are {}",
            names.join(", ")
        )
    })
}

/// The mutant of a door with a number; it depends on nothing but these and the valid files.
pub(crate) fn mutant(door: &Door, seeds: &[Seed], seed: u64, index: u64) -> Vec<u8> {
    let of_door = door
        .name
        .bytes()
        .fold(seed, |seed, byte| split_mix(seed ^ u64::from(byte)));
    engine::mutant(seeds, &mut Rng::stream(of_door, index))
}

/// The valid files of a door, with those of a data folder.
fn all_seeds(door: &Door, data: Option<&Path>) -> Vec<Seed> {
    let mut all = (door.seeds)();
    for folder in ["hard_audio", "hard_tables"] {
        let Some(folder) = data.map(|data| data.join("data").join(folder)) else {
            continue;
        };
        all.extend(seeds::of_folder(all[0].form, &folder, door.endings));
    }
    all
}

fn write_seeds(folder: &Path) {
    for door in &DOORS {
        let folder = folder.join(door.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (i, seed) in (door.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{i:03}")), &seed.bytes).unwrap();
        }
    }
}
