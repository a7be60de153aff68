use candle_core::{Device, Result, Tensor};

use crate::front_end::LogMelParams;

/// An output of a network: a vector that it computes for every window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// Its name in the publication, such as `max_pool`.
    pub name: &'static str,
    /// Number of its values.
    pub len: usize,
}

impl Output {
    /// An output of `len` values.
    pub const fn new(name: &'static str, len: usize) -> Self {
        Self { name, len }
    }
}

/// A published network, which computes vectors from windows of a log-mel spectrogram.
///
/// [`Embedder`](crate::Embedder) prepares its input: it decodes, resamples, computes the spectrogram and cuts it into
/// windows. Implement this trait to add a network.
pub trait Network: Send + Sync + std::fmt::Debug {
    /// The name, such as `musicnn-msd`.
    fn name(&self) -> &str;

    /// The parameters by which the frames of its input are computed from samples.
    fn front_end(&self) -> LogMelParams;

    /// Frames of a window.
    fn window_frames(&self) -> usize;

    /// The outputs, in the order of [`forward`](Self::forward).
    fn outputs(&self) -> &[Output];

    /// The names of the values of the output `taggram`; empty for a network without tags.
    fn tags(&self) -> &[&'static str];

    /// The device on which it runs.
    fn device(&self) -> &Device;

    /// The outputs, each of shape `[n_windows, len]`, of windows of shape `[n_windows, window_frames, n_mels]`.
    ///
    /// # Errors
    ///
    /// Those of candle: another shape, or the device failed.
    fn forward(&self, windows: &Tensor) -> Result<Vec<Tensor>>;
}
