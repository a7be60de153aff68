//! A stream whose sample rate or channels change keeps those of its first packet, as ffmpeg does.

use std::f32::consts::FRAC_1_SQRT_2;

use crate::error::Result;
use crate::resample::{ResampleParams, Resampler};

/// Converts packets of any sample rate and channel count to those of the first.
pub(crate) struct Conform {
    to: (u32, u32),
    from: (u32, u32),
    /// One per channel while the rates differ.
    resamplers: Vec<Resampler>,
}

impl Conform {
    pub(crate) fn new(spec: (u32, u32)) -> Self {
        Self {
            to: spec,
            from: spec,
            resamplers: Vec::new(),
        }
    }

    /// Sample rate and channels of the last packet.
    pub(crate) fn input(&self) -> (u32, u32) {
        self.from
    }

    /// Appends a packet of `spec` to `out`.
    pub(crate) fn push(
        &mut self,
        values: Vec<f32>,
        spec: (u32, u32),
        out: &mut Vec<f32>,
    ) -> Result<()> {
        if spec == self.to && self.resamplers.is_empty() {
            self.from = spec;
            if out.is_empty() {
                *out = values;
            } else {
                out.extend(values);
            }
            return Ok(());
        }
        if spec.0 != self.from.0 {
            self.finish(out)?;
        }
        self.from = spec;
        let values = remix(values, spec.1, self.to.1);
        if spec.0 == self.to.0 {
            out.extend(values);
            return Ok(());
        }
        if self.resamplers.is_empty() {
            let params = ResampleParams::default();
            for _ in 0..self.to.1 {
                self.resamplers
                    .push(Resampler::new(spec.0, self.to.0, &params)?);
            }
        }
        let channels = self.to.1 as usize;
        let planes = (0..channels).map(|c| values.iter().skip(c).step_by(channels).copied());
        let planes: Vec<Vec<f32>> = planes.map(Iterator::collect).collect();
        self.resampled(out, |resampler, c, plane| resampler.push(&planes[c], plane))
    }

    /// Appends what the resamplers still hold.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        if self.resamplers.is_empty() {
            return Ok(());
        }
        self.resampled(out, |resampler, _, plane| resampler.finish(plane))?;
        self.resamplers.clear();
        Ok(())
    }

    fn resampled(
        &mut self,
        out: &mut Vec<f32>,
        mut step: impl FnMut(&mut Resampler, usize, &mut Vec<f32>) -> Result<()>,
    ) -> Result<()> {
        let mut planes = Vec::with_capacity(self.resamplers.len());
        for (c, resampler) in self.resamplers.iter_mut().enumerate() {
            let mut plane = Vec::new();
            step(resampler, c, &mut plane)?;
            planes.push(plane);
        }
        let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
        for i in 0..frames {
            out.extend(planes.iter().map(|p| p[i]));
        }
        Ok(())
    }
}

/// One channel to two and two to one as ffmpeg does for floats: `x / sqrt(2)` on both sides, `(l + r) / sqrt(2)`.
/// Other numbers, which no ordinary file has: copies, the mean, or the first channels with silence for missing
/// ones.
fn remix(values: Vec<f32>, from: u32, to: u32) -> Vec<f32> {
    if from == to {
        return values;
    }
    let (from, to) = (from.max(1) as usize, to as usize);
    let mut out = Vec::with_capacity(values.len() / from * to);
    for frame in values.chunks_exact(from) {
        match (from, to) {
            (1, 2) => out.extend([frame[0] * FRAC_1_SQRT_2; 2]),
            (2, 1) => out.push((frame[0] + frame[1]) * FRAC_1_SQRT_2),
            (_, 1) => out.push(frame.iter().sum::<f32>() / from as f32),
            (1, _) => out.extend(std::iter::repeat_n(frame[0], to)),
            _ => out.extend((0..to).map(|c| frame.get(c).copied().unwrap_or(0.0))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_rate_stay_those_of_the_first_packet() {
        let mut conform = Conform::new((8000, 1));
        let mut out = Vec::new();
        conform.push(vec![0.5, 0.25], (8000, 1), &mut out).unwrap();
        conform.push(vec![0.5, 0.0], (8000, 2), &mut out).unwrap();
        assert_eq!(out, [0.5, 0.25, 0.5 * FRAC_1_SQRT_2]);
        conform
            .push(vec![0.5; 1600], (16_000, 1), &mut out)
            .unwrap();
        conform.finish(&mut out).unwrap();
        assert_eq!(out.len(), 3 + 800);
        assert!((out[400] - 0.5).abs() < 1e-4);
    }

    #[test]
    fn other_numbers_of_channels() {
        assert_eq!(remix(vec![0.5], 1, 3), [0.5; 3]);
        assert_eq!(remix(vec![0.5, 0.25, 0.0], 3, 1), [0.25]);
        assert_eq!(remix(vec![0.5, 0.25, 1.0], 3, 2), [0.5, 0.25]);
    }
}
