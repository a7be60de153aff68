//! HE-AAC, and AAC of more than two channels, decoded by the crate rusty_aac. Symphonia (0.6.1) has no decoder
//! for them: of HE-AAC it decodes the lower half of the spectrum, at half the rate. Its samples of AAC-LC of
//! one and two channels are those of ffmpeg.
//!
//! The crate syom is not used. Its version 0.9.0 refuses the second packet of HE-AAC v2 of the encoder of
//! Coding Technologies ("SBR payload invalid"), which most radio streams use.

use rusty_aac::{AacDecoder, Error};

use super::codec::{CodecParams, Decoded, Failure, catch_panics};

/// A decoder of one stream.
pub(crate) struct AacStream(AacDecoder);

impl AacStream {
    /// With the AudioSpecificConfig in `extra`.
    pub(crate) fn new(params: &CodecParams) -> Result<Self, Failure> {
        let decoder =
            catch_panics(|| AacDecoder::with_config_bytes(&params.extra).map_err(translate))?;
        Ok(Self(decoder))
    }

    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        let decoder = &mut self.0;
        let decoded = catch_panics(|| decoder.decode(packet, None).map_err(translate))?;
        out.extend(decoded.samples);
        Ok((decoded.sample_rate, u32::from(decoded.channels)))
    }
}

fn translate(e: Error) -> Failure {
    match e {
        Error::Unimplemented(what) => Failure::Unsupported(format!("AAC: {what}")),
        Error::Unsupported(what) => Failure::Unsupported(what),
        Error::InvalidData(what) => Failure::Damaged(what),
        Error::Eof | Error::Again => Failure::Damaged("an empty packet".into()),
        other => Failure::Damaged(other.to_string()),
    }
}
