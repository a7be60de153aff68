use crate::error::{Result, check};
use crate::frames::{Framing, PadMode, Window, check_hop_length, check_n_fft};

/// Parameters of a short-time Fourier transform, named as in `librosa.stft`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StftParams {
    /// Length of the transform in samples, `2..=2^24`; default 2048. There are `n_fft / 2 + 1` bins.
    pub n_fft: usize,
    /// Samples between frames, `1..=2^24`; default 512.
    pub hop_length: usize,
    /// Length of the window, `1..=n_fft`, centred in the frame; default: `n_fft`.
    pub win_length: Option<usize>,
    /// The taper, taken as periodic; default Hann.
    pub window: Window,
    /// Whether frame `t` is centred on sample `t * hop_length`; default true.
    pub center: bool,
    /// The values that centred frames have beyond the ends of the signal; default zeros.
    pub pad_mode: PadMode,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

impl Default for StftParams {
    fn default() -> Self {
        Self {
            n_fft: 2048,
            hop_length: 512,
            win_length: None,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Zero,
            _non_exhaustive: (),
        }
    }
}

impl StftParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    ///
    /// `n_fft` outside `2..=2^24`, `hop_length` outside `1..=2^24`, or `win_length` outside
    /// `1..=n_fft`.
    pub fn validate(&self) -> Result<()> {
        let win_length = self.win_length();
        check_n_fft(self.n_fft)?;
        check_hop_length(self.hop_length)?;
        check(
            (1..=self.n_fft).contains(&win_length),
            "win_length",
            win_length,
            "must be in 1..=n_fft",
        )?;
        Ok(())
    }

    fn win_length(&self) -> usize {
        self.win_length.unwrap_or(self.n_fft)
    }

    /// The window, with zeros on both sides, `n_fft` values in all.
    pub(super) fn padded_window(&self) -> Vec<f64> {
        let win_length = self.win_length();
        let mut window = vec![0.0; self.n_fft];
        let left = (self.n_fft - win_length) / 2;
        window[left..left + win_length].copy_from_slice(&self.window.periodic(win_length));
        window
    }

    pub(crate) fn framing(&self) -> Framing {
        Framing {
            frame_length: self.n_fft,
            hop_length: self.hop_length,
            center: self.center,
            pad_mode: self.pad_mode,
            _non_exhaustive: (),
        }
    }
}
