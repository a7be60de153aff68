//! The codecs: the description of a stream that a demuxer gives ([`CodecParams`]) to a decoder of its packets.

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// MPEG audio of layers I to III; the header of each frame has the layer.
    Mpeg,
    /// AAC-LC of one or two channels; `extra` is an AudioSpecificConfig.
    Aac,
    /// HE-AAC, AAC-LC whose packets can turn out to be HE-AAC, and AAC of more than two channels; `extra` is an
    /// AudioSpecificConfig.
    HeAac,
    /// Apple Lossless; `extra` is the magic cookie.
    Alac,
    /// FLAC; `extra` is the 34 bytes of STREAMINFO.
    Flac,
    /// Vorbis; `extra` is the identification header followed by the setup header.
    Vorbis,
    /// Opus; `extra` is the identification header.
    Opus,
    /// ADPCM of Microsoft in blocks of `frames` frames.
    AdpcmMs,
    /// ADPCM of the IMA in WAV.
    AdpcmImaWav,
    /// ADPCM of the IMA in AIFC, CAF and QuickTime.
    AdpcmImaQt,
}

/// What is known of a stream of packets before the first is decoded.
#[derive(Debug, Clone)]
pub(crate) struct CodecParams {
    pub(crate) kind: Kind,
    pub(crate) sample_rate: u32,
    #[cfg_attr(
        not(feature = "symphonia"),
        allow(dead_code, reason = "only decoders read it")
    )]
    pub(crate) channels: u32,
    /// Frames per packet, where the codec has a fixed number.
    pub(crate) frames: u32,
    pub(crate) extra: Vec<u8>,
}

impl CodecParams {
    pub(crate) fn new(kind: Kind, sample_rate: u32, channels: u32, extra: Vec<u8>) -> Self {
        Self {
            kind,
            sample_rate,
            channels,
            frames: 0,
            extra,
        }
    }
}

/// The delay of the encoder, in frames at 48 kHz, in an identification header of Opus.
pub(crate) fn opus_delay(head: &[u8]) -> u64 {
    head.get(10..12)
        .map_or(0, |b| u64::from(b[0]) | u64::from(b[1]) << 8)
}

/// Appends the samples of one plane per channel, frame after frame, as far as all planes go.
pub(crate) fn interleave(planes: &[Vec<f32>], out: &mut Vec<f32>) {
    let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
    out.reserve(frames * planes.len());
    for i in 0..frames {
        out.extend(planes.iter().map(|plane| plane[i]));
    }
}

/// Why a packet or a stream was not decoded.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A part of the codec that is not implemented.
    Unsupported(String),
    /// It breaks the rules of the codec.
    Damaged(String),
}

/// Appends decoded samples, interleaved; returns their sample rate and channels.
pub(crate) type Decoded = std::result::Result<(u32, u32), Failure>;

/// Turns a panic of a decoder into a failure.
///
/// Damaged packets make decoders panic, by a failed assertion or an overflow where the build checks for them
/// (`tests/data/malformed/found_*`); to the caller that is a damaged packet. The state that a panic leaves
/// inconsistent is only used inside further calls of this function.
#[cfg(any(feature = "symphonia", feature = "opus"))]
pub(crate) fn catch_panics<T>(
    f: impl FnOnce() -> std::result::Result<T, Failure>,
) -> std::result::Result<T, Failure> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f))
        .unwrap_or_else(|_| Err(Failure::Damaged("the decoder panicked".into())))
}
