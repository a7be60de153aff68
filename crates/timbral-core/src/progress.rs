use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The progress of long work.
///
/// ```
/// use timbral_core::Progress;
///
/// let progress = Progress::new(3, 10, "files").with_message("song.wav");
/// assert_eq!(progress.to_string(), "3/10 files song.wav");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// The largest number of steps.
    pub total: usize,
    /// What a step is, in the plural: `files`, `rounds`, `epochs`.
    pub unit: &'static str,
    /// Further information, such as the score so far; may be empty.
    pub message: String,
}

impl Progress {
    /// Progress without a message.
    pub fn new(done: usize, total: usize, unit: &'static str) -> Self {
        let message = String::new();
        Self {
            done,
            total,
            unit,
            message,
        }
    }

    /// The same progress with a message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} {}", self.done, self.total, self.unit)?;
        match self.message.is_empty() {
            true => Ok(()),
            false => write!(f, " {}", self.message),
        }
    }
}

/// Receives the progress of long work and decides whether it continues.
///
/// `()` ignores the progress and never stops the work. A closure `FnMut(&Progress) -> ControlFlow<()>` is a
/// monitor, too. The function that takes the monitor documents the effect of a `Break`: the work ends with the
/// error `Stopped`, or with the result so far if that is useful.
///
/// ```
/// use std::ops::ControlFlow;
/// use timbral_core::{Monitor, Progress};
///
/// fn sum(numbers: &[u32], monitor: &mut dyn Monitor) -> Option<u32> {
///     let mut sum = 0;
///     for (i, number) in numbers.iter().enumerate() {
///         sum += number;
///         if monitor.report(&Progress::new(i + 1, numbers.len(), "numbers")).is_break() {
///             return None;
///         }
///     }
///     Some(sum)
/// }
///
/// assert_eq!(sum(&[1, 2, 3], &mut ()), Some(6));
/// let mut stop = |progress: &Progress| match progress.done {
///     2 => ControlFlow::Break(()),
///     _ => ControlFlow::Continue(()),
/// };
/// assert_eq!(sum(&[1, 2, 3], &mut stop), None);
/// ```
pub trait Monitor: Send {
    /// Called after every step.
    fn report(&mut self, progress: &Progress) -> ControlFlow<()>;
}

impl Monitor for () {
    fn report(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(&Progress) -> ControlFlow<()> + Send> Monitor for F {
    fn report(&mut self, progress: &Progress) -> ControlFlow<()> {
        self(progress)
    }
}

/// A [`Monitor`] that several threads report to.
///
/// Reports are passed on one at a time. After the first `Break`, every report returns `Break`.
///
/// ```
/// use std::ops::ControlFlow;
/// use timbral_core::{Progress, SharedMonitor};
///
/// let mut stop = |_: &Progress| ControlFlow::Break(());
/// let shared = SharedMonitor::new(&mut stop);
/// assert!(!shared.is_stopped());
/// assert!(shared.report(&Progress::new(1, 2, "files")).is_break());
/// assert!(shared.is_stopped());
/// ```
pub struct SharedMonitor<'a> {
    monitor: Mutex<&'a mut dyn Monitor>,
    stopped: AtomicBool,
}

impl<'a> SharedMonitor<'a> {
    /// Passes reports on to `monitor`.
    pub fn new(monitor: &'a mut dyn Monitor) -> Self {
        Self {
            monitor: Mutex::new(monitor),
            stopped: AtomicBool::new(false),
        }
    }

    /// Passes a report on, unless the work was stopped before.
    pub fn report(&self, progress: &Progress) -> ControlFlow<()> {
        if self.is_stopped() {
            return ControlFlow::Break(());
        }
        let mut monitor = self.monitor.lock().unwrap_or_else(PoisonError::into_inner);
        let flow = monitor.report(progress);
        if flow.is_break() {
            self.stop();
        }
        flow
    }

    /// Stops the work without a report, for example after an error.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the work was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
