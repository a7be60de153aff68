//! What a door may not do: panic, take much memory, take long.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

use crate::doors::Door;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Most memory that a door may take for one short file, in MiB. Sizes that a file only declares would be
/// gigabytes; a few kilobytes can contain minutes of sound.
const MOST_MIB: usize = 256;

/// Whether a door is open, so that a panic is recorded and not printed.
static OPEN: AtomicBool = AtomicBool::new(false);
/// The place and message of the last recorded panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// What a door did wrong. Equal faults have equal texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fault(pub(crate) String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Records panics of doors from now on.
pub(crate) fn record_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !OPEN.load(Ordering::SeqCst) {
            return print(info);
        }
        let place = info.location().map_or(String::new(), |at| {
            // Of a dependency without the folder of the registry.
            let file = at
                .file()
                .rsplit_once("/src/index.crates.io")
                .map_or(at.file(), |(_, rest)| rest);
            format!("{file}:{}", at.line())
        });
        *lock(&PANIC) = place;
    }));
}

/// Opens a door for a file, and returns what it did wrong. Memory and panics are those of the process, so nothing
/// else may go on meanwhile, not even making the next file.
pub(crate) fn check(door: &Door, bytes: &[u8]) -> Result<(), Fault> {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    OPEN.store(true, Ordering::SeqCst);
    let result = catch_unwind(AssertUnwindSafe(|| (door.open)(bytes)));
    OPEN.store(false, Ordering::SeqCst);
    let mib = HEAP.peak_usage().saturating_sub(before) >> 20;
    match result {
        Err(_) => Err(Fault(format!("panic at {}", lock(&PANIC)))),
        Ok(()) if mib > MOST_MIB => Err(Fault(format!("more than {MOST_MIB} MiB of memory"))),
        Ok(()) => Ok(()),
    }
}

/// Faults of each kind are noticed.
pub(crate) fn check_itself() {
    let door = |open: fn(&[u8])| Door {
        name: "itself",
        seeds: Vec::new,
        open,
        endings: &[],
    };
    let fault = |open: fn(&[u8])| check(&door(open), b"x").map_err(|fault| fault.0);
    assert_eq!(fault(|_| ()), Ok(()));
    let panics = |bytes: &[u8]| assert!(bytes.is_empty());
    assert!(fault(panics).is_err_and(|text| text.starts_with("panic at tests/campaign/watch.rs")));
    // Memory that is only asked for counts, too.
    let asks = |_: &[u8]| {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(
            (MOST_MIB + 1) << 20,
        )))
    };
    assert!(fault(asks).is_err_and(|text| text.contains("MiB of memory")));
}

/// The peak of the memory in use since the last check began, in MiB.
pub(crate) fn peak_mib() -> usize {
    HEAP.peak_usage() >> 20
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
