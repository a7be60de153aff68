//! Makes the page: `cargo run -p timbral-web -- --out timbral.html`.

#![allow(clippy::print_stdout, reason = "a command prints its result")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use timbral_web::Page;

/// Make the page that shows waveform, spectrogram, features and genres of sound files in a browser
#[derive(Parser)]
struct Arguments {
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "target/web/timbral.html")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match make(&Arguments::parse().out) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("timbral-web: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(out: &PathBuf) -> Result<String, Box<dyn std::error::Error>> {
    let page = Page::build()?;
    let named = |e: std::io::Error| format!("{}: {e}", out.display());
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    std::fs::write(out, page.html()).map_err(named)?;
    let mb = |bytes: usize| bytes as f64 / 1e6;
    Ok(format!(
        "{}: {:.2} MB, with {:.2} MB of WebAssembly compressed in it",
        out.display(),
        mb(page.html().len()),
        mb(page.wasm_bytes())
    ))
}
