use std::process::{ExitCode, Termination};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// All done: 0.
    Done,
    /// Nothing done, because of an error: 1.
    Failed,
    /// Done, but some files were skipped: 2.
    Skipped,
    /// Wrong arguments: 64, `EX_USAGE` of BSD's `sysexits.h`.
    WrongArguments,
    /// Stopped by Ctrl-C: 130, as shells report a program that ended by SIGINT.
    Stopped,
}

impl Status {
    /// The exit status of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Skipped => 2,
            Self::WrongArguments => 64,
            Self::Stopped => 130,
        }
    }

    /// The status of a command that used some files and skipped others.
    pub(crate) fn of_files(used: usize, skipped: usize) -> Self {
        match (used, skipped) {
            (0, _) => Self::Failed,
            (_, 0) => Self::Done,
            _ => Self::Skipped,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

impl Termination for Status {
    fn report(self) -> ExitCode {
        self.into()
    }
}
