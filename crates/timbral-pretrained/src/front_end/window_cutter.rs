/// Cuts frames that come piece by piece into windows.
///
/// Window `i` starts at frame `round(i hop)`; frames that are left at the end are dropped.
#[derive(Debug)]
pub(crate) struct WindowCutter {
    /// Numbers of a frame, frames of a window, frames from one start to the next.
    n_mels: usize,
    window: usize,
    hop: f64,
    /// Frames that are still needed; the first of them is frame `first` of the signal.
    frames: Vec<f32>,
    first: u64,
    /// Windows so far.
    n_windows: u64,
}

impl WindowCutter {
    /// `n_mels` and `window` are at least 1; `hop` is a number of frames, at least 1.
    pub(crate) fn new(n_mels: usize, window: usize, hop: f64) -> Self {
        Self {
            n_mels,
            window,
            hop,
            frames: Vec::new(),
            first: 0,
            n_windows: 0,
        }
    }

    /// Where the next frames are appended.
    pub(crate) fn frames(&mut self) -> &mut Vec<f32> {
        &mut self.frames
    }

    /// Windows so far.
    pub(crate) fn n_windows(&self) -> u64 {
        self.n_windows
    }

    /// The first frame of a window.
    fn start(&self, window: u64) -> u64 {
        (window as f64 * self.hop).round() as u64
    }

    /// Appends the next window to `out`; returns its first frame, or `None` if frames are missing.
    pub(crate) fn next(&mut self, out: &mut Vec<f32>) -> Option<u64> {
        let start = self.start(self.n_windows);
        let have = (self.frames.len() / self.n_mels) as u64;
        let skipped = (start - self.first).min(have) as usize;
        self.frames.drain(..skipped * self.n_mels);
        self.first += skipped as u64;
        let n = self.window * self.n_mels;
        if self.first < start || self.frames.len() < n {
            return None;
        }
        out.extend_from_slice(&self.frames[..n]);
        self.n_windows += 1;
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_start_where_the_formula_says() {
        for (window, hop) in [(3, 3.0), (3, 1.0), (2, 2.5), (3, 7.0)] {
            for piece in [1, 2, 5, 40] {
                let mut cutter = WindowCutter::new(2, window, hop);
                let mut windows = Vec::new();
                let frames: Vec<f32> = (0..80).map(|i| i as f32).collect();
                for frames in frames.chunks(2 * piece) {
                    cutter.frames().extend_from_slice(frames);
                    let mut out = Vec::new();
                    while let Some(start) = cutter.next(&mut out) {
                        windows.push((start, std::mem::take(&mut out)));
                    }
                }
                let expected: Vec<(u64, Vec<f32>)> = (0..)
                    .map(|i| (f64::from(i) * hop).round() as usize)
                    .take_while(|start| start + window <= 40)
                    .map(|start| {
                        (
                            start as u64,
                            frames[2 * start..2 * (start + window)].to_vec(),
                        )
                    })
                    .collect();
                assert_eq!(
                    windows, expected,
                    "window {window}, hop {hop}, piece {piece}"
                );
                assert_eq!(cutter.n_windows() as usize, expected.len());
            }
        }
    }
}
