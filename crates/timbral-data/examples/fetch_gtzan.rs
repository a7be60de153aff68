//! Downloads the original archive of GTZAN and unpacks it.
//!
//! `cargo run --release -p timbral-data --features download --example fetch_gtzan -- FOLDER`
//! leaves 1000 clips in `FOLDER/genres` (1.3 GB, and temporarily 1.2 GB for the archive). A stopped
//! download continues when the program is started again.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;

use timbral_data::Progress;
use timbral_data::gtzan::{Archive, Index, fetch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which FOLDER?")?;
    let mut shown = 0;
    let mut monitor = |progress: &Progress| {
        let percent = 100 * progress.done / progress.total;
        if percent > shown && stderr().is_terminal() {
            eprint!("\r{percent} % of {} MB", progress.total / 1_000_000);
            shown = percent;
        }
        ControlFlow::Continue(())
    };
    let genres = fetch(&Archive::default(), folder, &mut monitor)?;
    let index = Index::read(&genres)?;
    if shown > 0 {
        eprintln!();
    }
    eprintln!(
        "{}: {} clips, {} missing",
        genres.display(),
        index.tracks.len(),
        index.missing.len()
    );
    Ok(())
}
