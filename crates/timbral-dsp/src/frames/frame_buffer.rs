use super::Framing;

/// The samples of a signal that arrives in blocks, continued beyond both ends as its frames need it. Samples
/// are dropped when they are no longer needed.
///
/// Positions count from the start of frame 0, which is [`Framing::pad`] samples before the signal.
#[derive(Debug, Clone, Default)]
pub(crate) struct FrameBuffer {
    framing: Framing,
    samples: Vec<f32>,
    /// The position of `samples[0]`.
    first: usize,
    /// Samples of the signal so far.
    n: usize,
    has_start: bool,
    has_end: bool,
}

impl FrameBuffer {
    /// Starts a signal.
    pub(crate) fn start(&mut self, framing: Framing) {
        self.samples.clear();
        // Space for the values before the signal, which depend on samples that are still to come.
        self.samples.resize(framing.pad(), 0.0);
        (self.framing, self.first, self.n) = (framing, 0, 0);
        (self.has_start, self.has_end) = (false, false);
    }

    pub(crate) fn push(&mut self, block: &[f32]) {
        self.samples.extend_from_slice(block);
        self.n += block.len();
        // A mirror image does not reach further into the signal than this.
        if self.n > self.framing.pad() {
            self.fill_start();
        }
    }

    /// Ends the signal.
    pub(crate) fn finish(&mut self) {
        self.fill_start();
        let pad = self.framing.pad();
        for i in 0..pad {
            let source = self.framing.pad_mode.source((self.n + i) as isize, self.n);
            let value = source.map_or(0.0, |s| self.samples[pad + s - self.first]);
            self.samples.push(value);
        }
        self.has_end = true;
    }

    fn fill_start(&mut self) {
        let pad = self.framing.pad();
        if !self.has_start {
            for i in 0..pad {
                let position = i as isize - pad as isize;
                let source = self.framing.pad_mode.source(position, self.n);
                self.samples[i] = source.map_or(0.0, |s| self.samples[pad + s]);
            }
        }
        self.has_start = true;
    }

    /// Samples of the signal so far.
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    /// Frames that are complete.
    pub(crate) fn n_frames(&self) -> usize {
        let pad = self.framing.pad();
        let end = if self.has_end { pad } else { 0 };
        match (pad + self.n + end).checked_sub(self.framing.frame_length) {
            Some(rest) if self.has_start => 1 + rest / self.framing.hop_length,
            _ => 0,
        }
    }

    /// The samples of `n > 0` frames from frame `first` on.
    pub(crate) fn frames(&self, first: usize, n: usize) -> &[f32] {
        let start = first * self.framing.hop_length - self.first;
        let length = (n - 1) * self.framing.hop_length + self.framing.frame_length;
        &self.samples[start..][..length]
    }

    /// The samples of the signal in these frames, without those beyond its ends, and the position of frame
    /// `first` relative to them.
    pub(crate) fn signal_in_frames(&self, first: usize, n: usize) -> (&[f32], isize) {
        let pad = self.framing.pad();
        let start = first * self.framing.hop_length;
        let end = start + (n - 1) * self.framing.hop_length + self.framing.frame_length;
        let from = start.saturating_sub(pad).min(self.n);
        let to = end.saturating_sub(pad).clamp(from, self.n);
        (
            self.signal(from, to - from),
            start as isize - (from + pad) as isize,
        )
    }

    /// `n` samples of the signal from sample `from` on.
    pub(crate) fn signal(&self, from: usize, n: usize) -> &[f32] {
        &self.samples[from + self.framing.pad() - self.first..][..n]
    }

    /// Drops the samples before sample `from` of the signal and before frame `frame`, except those that its
    /// end may need.
    pub(crate) fn drop_before(&mut self, from: usize, frame: usize) {
        let pad = self.framing.pad();
        let position = (from + pad)
            .min(frame * self.framing.hop_length)
            .min(self.n.saturating_sub(1));
        let unused = position.saturating_sub(self.first).min(self.samples.len());
        // The rest is moved, so this is done only now and then.
        if unused > self.samples.len() / 2 {
            self.samples.drain(..unused);
            self.first += unused;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::PadMode;

    #[test]
    fn frames_are_those_of_the_whole_signal() {
        for pad_mode in [PadMode::Zero, PadMode::Reflect, PadMode::Edge] {
            for (frame_length, hop_length) in [(8, 2), (8, 3), (9, 4), (4, 11), (16, 16)] {
                for n in [1usize, 2, 4, 5, 8, 9, 100] {
                    let framing = Framing {
                        frame_length,
                        hop_length,
                        pad_mode,
                        ..Framing::default()
                    };
                    let y: Vec<f32> = (0..n).map(|i| i as f32 + 1.0).collect();
                    for block in [1, 7, 100] {
                        let mut buffer = FrameBuffer::default();
                        buffer.start(framing);
                        let (mut frame, mut done) = (vec![0.0; frame_length], 0);
                        let mut check = |buffer: &mut FrameBuffer| {
                            while done < buffer.n_frames() {
                                framing.copy_frame(&y, done, &mut frame);
                                assert_eq!(buffer.frames(done, 1), frame, "{framing:?} {n} {done}");
                                let (inside, start) = buffer.signal_in_frames(done, 1);
                                let at = (done * hop_length) as isize - framing.pad() as isize;
                                let from = at - start;
                                let inside: Vec<_> = inside.iter().map(|v| *v as isize).collect();
                                let to = (at + frame_length as isize).min(n as isize);
                                let expected: Vec<_> = (at.max(0)..to).map(|i| i + 1).collect();
                                assert_eq!(inside, expected);
                                assert!(inside.is_empty() || from == at.max(0));
                                done += 1;
                            }
                            buffer.drop_before(usize::MAX / 2, done);
                        };
                        for block in y.chunks(block) {
                            buffer.push(block);
                            check(&mut buffer);
                        }
                        buffer.finish();
                        check(&mut buffer);
                        assert_eq!(Ok(done), framing.n_frames(n));
                    }
                }
            }
        }
    }

    #[test]
    fn samples_are_dropped() {
        let mut buffer = FrameBuffer::default();
        buffer.start(Framing::default());
        for _ in 0..100 {
            buffer.push(&[0.0; 10_000]);
            buffer.drop_before(buffer.len(), buffer.n_frames());
        }
        assert!(buffer.samples.len() < 30_000);
    }
}
