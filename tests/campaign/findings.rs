//! Files that a door once failed on. The name of a file is that of its door, a point, and what was wrong.

use std::path::Path;

use crate::{doors, watch};

/// Opens the door of every file in `findings/`.
pub(crate) fn check_all() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/campaign/findings");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "README.md" {
            continue;
        }
        let door = doors::find(name.split('.').next().unwrap_or_default());
        let door = door.unwrap_or_else(|| panic!("{name}: there is no such door"));
        let bytes = std::fs::read(&path).unwrap();
        watch::check(door, &bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
}
