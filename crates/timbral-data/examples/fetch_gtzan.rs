//! The original archive of GTZAN from its public homes, unpacked.
//!
//! `cargo run --release -p timbral-data --features download --example fetch_gtzan -- FOLDER`
//! leaves 1000 clips in `FOLDER/genres` (1.3 GB, and 1.2 GB for the archive on the way). Stopped,
//! it goes on where it was when it is started again.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use timbral_data::gtzan::{Archive, Index, fetch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("which FOLDER?")?.into();
    let mut told = 0;
    let progress = |bytes, of| {
        let percent = 100 * bytes / of;
        if percent > told {
            eprint!("\r{percent} % of {} MB", of / 1_000_000);
            told = percent;
        }
    };
    let genres = fetch(
        &Archive::default(),
        &folder,
        &AtomicBool::new(false),
        progress,
    )?;
    let index = Index::read(&genres)?;
    eprintln!(
        "\n{}: {} clips, {} missing",
        genres.display(),
        index.tracks.len(),
        index.missing.len()
    );
    Ok(())
}
