use std::io::Write;
use std::time::{Duration, Instant};

use super::campaign::{death, findings, limited};
use crate::doors::Door;
use crate::watch::Fault;

/// Most time for one finding.
const LONGEST: Duration = Duration::from_secs(60);

/// A shorter file with the same fault: pieces are left out as long as the fault stays, large ones first.
pub(super) fn minimise(door: &Door, mut bytes: Vec<u8>, fault: &Fault) -> Vec<u8> {
    let end = Instant::now() + LONGEST;
    let mut piece = bytes.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < bytes.len() {
            if Instant::now() > end {
                return bytes;
            }
            let mut shorter = bytes.clone();
            shorter.drain(at..(at + piece).min(bytes.len()));
            match has_fault(door, &shorter, fault) {
                true => bytes = shorter,
                false => at += piece,
            }
        }
        piece /= 2;
    }
    bytes
}

fn has_fault(door: &Door, bytes: &[u8], fault: &Fault) -> bool {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let path = file.path().display().to_string();
    let mut command = limited(&["try", door.name, &path].map(str::to_owned));
    let output = command.output().unwrap();
    match output.status.success() {
        true => findings(&output.stdout)
            .iter()
            .any(|(_, found)| found == fault),
        false => death(output.status) == *fault,
    }
}
