use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// The page, with places for its parts in double braces.
const TEMPLATE: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/style.css");
/// The script of the workers, after the code that wasm-bindgen generates.
const WORKER: &str = include_str!("../page/worker.js");
/// The script of the page, in this order.
const SCRIPTS: [&str; 6] = [
    include_str!("../page/pool.js"),
    include_str!("../page/files.js"),
    include_str!("../page/plots.js"),
    include_str!("../page/player.js"),
    include_str!("../page/table.js"),
    include_str!("../page/main.js"),
];

/// The page as one HTML file.
///
/// ```no_run
/// let page = timbral_web::Page::build()?;
/// std::fs::write("timbral.html", page.html())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Page {
    html: String,
    wasm_bytes: usize,
}

/// The reasons why the page cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo cannot be run, or a file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The library does not compile for WebAssembly.
    #[error(
        "cargo could not build timbral-web for {TARGET}; perhaps `rustup target add {TARGET}` is needed"
    )]
    Cargo,
    /// Cargo built no module, or did not report it.
    #[error("cargo reports no WebAssembly module")]
    NoModule,
    /// The interface cannot be generated.
    #[error("wasm-bindgen: {0}")]
    Bindgen(String),
}

impl Page {
    /// Compiles the library for WebAssembly with 128-bit SIMD, optimised, and makes the page; it needs cargo and the
    /// target `wasm32-unknown-unknown`.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; the messages of the compiler are on stderr.
    pub fn build() -> Result<Self, BuildError> {
        let folder = tempfile::tempdir()?;
        let generated = Bindgen::new()
            .input_path(compiled()?)
            .no_modules(true)
            .and_then(|bindgen| {
                bindgen
                    .typescript(false)
                    .remove_name_section(true)
                    .remove_producers_section(true)
                    .generate(folder.path())
            });
        generated.map_err(|e| BuildError::Bindgen(format!("{e:#}")))?;
        let glue = std::fs::read_to_string(folder.path().join("timbral_web.js"))?;
        let wasm = std::fs::read(folder.path().join("timbral_web_bg.wasm"))?;
        Ok(Self {
            html: html(&glue, &wasm)?,
            wasm_bytes: wasm.len(),
        })
    }

    /// The text of the file.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Bytes of the WebAssembly module before it is compressed.
    pub fn wasm_bytes(&self) -> usize {
        self.wasm_bytes
    }
}

/// The module that cargo builds of the library.
fn compiled() -> Result<PathBuf, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--package", "timbral-web", "--lib", "--locked"])
        .args(["--target", TARGET, "--release"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+simd128")
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(BuildError::Cargo);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let files = messages.lines().flat_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        let of = message["filenames"].as_array().cloned();
        of.unwrap_or_default()
    });
    let mut paths = files.filter_map(|file| file.as_str().map(PathBuf::from));
    let module = paths.find(|path| path.ends_with("timbral_web.wasm"));
    module.ok_or(BuildError::NoModule)
}

/// The page with all its parts. Its policy allows these scripts, workers made of them and nothing else: no connection.
fn html(glue: &str, wasm: &[u8]) -> io::Result<String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(wasm)?;
    let script = format!("'use strict';\n{}", SCRIPTS.join("\n"));
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; script-src {} 'wasm-unsafe-eval'; style-src {}; worker-src blob:; \
         media-src blob:; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(STYLE)
    );
    let worker = format!("{glue}\n{WORKER}");
    let mut html = TEMPLATE.to_owned();
    for (place, part) in [
        ("policy", &*policy),
        ("style", STYLE),
        ("wasm", &BASE64.encode(gzip.finish()?)),
        ("worker", &worker),
        ("script", &script),
    ] {
        html = html.replace(&format!("{{{{{place}}}}}"), part);
    }
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_complete_and_names_no_other_place() {
        let html = html("let wasm_bindgen;", b"\0asm").unwrap();
        assert!(html.contains("let wasm_bindgen;") && html.contains("H4sI"));
        assert!(!html.contains("{{"), "a part is missing");
        assert_eq!(html.matches("</script>").count(), 3, "a script ends early");
        for word in [
            "http:",
            "https:",
            "//cdn",
            "fetch(",
            "XMLHttpRequest",
            "WebSocket",
        ] {
            assert!(!html.contains(word), "{word}");
        }
    }

    #[test]
    fn scripts_are_short() {
        for script in SCRIPTS.iter().chain([&WORKER]) {
            assert!(script.lines().count() < 400);
        }
    }
}
