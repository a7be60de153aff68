use crate::error::{Error, Result};

/// Sample rates accepted in a file and by the resampler, in Hz: 1 kHz (below lies no music) to
/// 768 kHz (the highest rate converters are sold with).
pub const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// The largest channel count accepted in a file.
pub const MAX_CHANNELS: u16 = 1024;

/// What a file's header says, already checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The format's name, for messages.
    pub(crate) format: &'static str,
    /// Frames per second.
    pub(crate) sample_rate: u32,
    /// Samples per frame.
    pub(crate) channels: u16,
    /// Frames the file must have; `None` where the format does not say.
    pub(crate) frames: Option<u64>,
}

impl Header {
    /// The one door: every decoder's header passes these range checks.
    pub(crate) fn new(
        file: &str,
        format: &'static str,
        sample_rate: u32,
        channels: u32,
        frames: Option<u64>,
    ) -> Result<Self> {
        let range = |name, value, low: u32, high: u32| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::HeaderRange {
                file: file.to_owned(),
                format,
                name,
                value,
                low,
                high,
            })
        };
        range(
            "sample_rate",
            sample_rate,
            *SAMPLE_RATES.start(),
            *SAMPLE_RATES.end(),
        )?;
        range("channels", channels, 1, u32::from(MAX_CHANNELS))?;
        Ok(Self {
            format,
            sample_rate,
            channels: channels as u16,
            frames,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_each_range() {
        for (rate, channels, ok) in [
            (1_000, 1, true),
            (768_000, 1024, true),
            (999, 1, false),
            (768_001, 1, false),
            (44_100, 0, false),
            (44_100, 1025, false),
        ] {
            let got = Header::new("x", "AU", rate, channels, None);
            assert_eq!(got.is_ok(), ok, "{rate} {channels} {got:?}");
        }
    }
}
