use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use timbral_core::{Monitor, Progress, SharedMonitor, counted, parallel};

use crate::error::{Error, Result};
use crate::extraction::sound_files::{DamagedFile, write_problems};

/// The summary of work on many files, such as [`Classifier::predict_files`](crate::Classifier::predict_files).
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct PredictionReport {
    /// Number of files with a prediction.
    pub files: usize,
    /// The error of each file that has none; it names the file.
    pub skipped: Vec<Error>,
    /// The files that have a prediction although something of them is missing.
    pub damaged: Vec<DamagedFile>,
    /// Whether it was stopped before the last file.
    pub stopped: bool,
}

/// One line for each skipped and each damaged file, then the counts.
impl fmt::Display for PredictionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_problems(&self.skipped, &self.damaged, f)?;
        let stopped = if self.stopped { "; stopped" } else { "" };
        let skipped = self.skipped.len();
        let files = counted(self.files, "file");
        write!(f, "{files}, {skipped} skipped{stopped}")
    }
}

/// Does `work` on every file, on the threads of the current rayon pool; `take` gets the results in the order of the
/// files, soon after they are made.
///
/// `monitor` is called after each file; the unit is `files`. After a `Break` the files left are not read.
pub(crate) fn files_in_order<T: Send>(
    files: &[PathBuf],
    work: &(dyn Fn(&Path) -> Result<T> + Sync),
    take: &mut dyn FnMut(&Path, T),
    monitor: &mut dyn Monitor,
) -> PredictionReport {
    let mut report = PredictionReport::default();
    let (monitor, done) = (SharedMonitor::new(monitor), AtomicUsize::new(0));
    for files_of_batch in files.chunks(4 * rayon::current_num_threads()) {
        let work = |_, path: &PathBuf| {
            if monitor.is_stopped() {
                return None;
            }
            let result = work(path);
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            let _ = monitor.report(&Progress::new(done, files.len(), "files"));
            Some(result)
        };
        let results = parallel::map_each(files_of_batch, 1, &work);
        for (path, result) in files_of_batch.iter().zip(results) {
            match result {
                Some(Ok(result)) => {
                    report.files += 1;
                    take(path, result);
                }
                Some(Err(error)) => report.skipped.push(error),
                None => report.stopped = true,
            }
        }
    }
    report
}
