//! AAC of more than two channels, by the crate syom. Symphonia (0.6.1) has no decoder for it, and decodes one and two
//! channels, with the samples of ffmpeg.

use syom::{AacError, DecodeOptions};

use super::codec::{CodecParams, Decoded, Failure, catch_panics};

/// A decoder of one stream.
pub(crate) struct AacStream {
    decoder: syom::Decoder,
    config: Vec<u8>,
}

impl AacStream {
    /// With the AudioSpecificConfig in `extra`.
    pub(crate) fn new(params: &CodecParams) -> Result<Self, Failure> {
        let config = params.extra.clone();
        let decoder = catch_panics(|| {
            syom::Decoder::from_asc(&config, DecodeOptions::unbounded()).map_err(translate)
        })?;
        Ok(Self { decoder, config })
    }

    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        let first = out.len();
        let mut spec = (0, 0);
        let decoder = &mut self.decoder;
        let result = catch_panics(|| {
            let take = |frame: syom::Frame<'_>| {
                spec = (frame.sample_rate, frame.planar.len() as u32);
                out.reserve(frame.samples * frame.planar.len());
                for i in 0..frame.samples {
                    out.extend(frame.planar.iter().map(|plane| plane[i]));
                }
                Ok(())
            };
            decoder.decode_au(packet, take).map_err(translate)
        });
        if let Err(failure) = result {
            out.truncate(first);
            // After an error the decoder takes nothing until it is set up again.
            let config = &self.config;
            catch_panics(|| {
                decoder.reset();
                decoder.set_asc(config).map_err(translate)
            })?;
            return Err(failure);
        }
        Ok(spec)
    }
}

fn translate(e: AacError) -> Failure {
    match e {
        AacError::Unsupported(what) => Failure::Unsupported(format!("AAC: {what:?}")),
        other => Failure::Damaged(other.to_string()),
    }
}
