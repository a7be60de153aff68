//! From the parameters of a stream to a decoder of its packets, one of those of the codecs.

use super::codec::{CodecParams, Decoded, Failure, Kind};

/// A decoder of one stream.
pub(crate) enum Decoder {
    Ima(super::ima::ImaBlocks),
    #[cfg(feature = "symphonia")]
    Mpeg(super::mpeg::MpegDecoder),
    #[cfg(feature = "symphonia")]
    Symphonia(super::symphonia::PacketDecoder),
    #[cfg(feature = "symphonia")]
    Vorbis(super::vorbis::VorbisDecoder),
    #[cfg(feature = "symphonia")]
    HeAac(Box<super::rusty_aac::AacStream>),
    #[cfg(feature = "opus")]
    Opus(Box<super::opus::OpusStream>),
}

impl Decoder {
    /// A decoder for a stream.
    pub(crate) fn new(params: &CodecParams) -> std::result::Result<Self, Failure> {
        match params.kind {
            Kind::AdpcmImaWav | Kind::AdpcmImaQt => {
                Ok(Self::Ima(super::ima::ImaBlocks::new(params)))
            }
            #[cfg(feature = "opus")]
            Kind::Opus => {
                super::opus::OpusStream::new(params).map(|opus| Self::Opus(Box::new(opus)))
            }
            #[cfg(not(feature = "opus"))]
            Kind::Opus => Err(Failure::Unsupported(
                "Opus (enable the feature `opus` of timbral-audio)".into(),
            )),
            #[cfg(feature = "symphonia")]
            Kind::Mpeg => Ok(Self::Mpeg(super::mpeg::MpegDecoder::new())),
            #[cfg(feature = "symphonia")]
            Kind::Vorbis => super::vorbis::VorbisDecoder::new(params).map(Self::Vorbis),
            #[cfg(feature = "symphonia")]
            Kind::HeAac => {
                super::rusty_aac::AacStream::new(params).map(|aac| Self::HeAac(Box::new(aac)))
            }
            #[cfg(feature = "symphonia")]
            _ => super::symphonia::PacketDecoder::new(params).map(Self::Symphonia),
            #[cfg(not(feature = "symphonia"))]
            _ => Err(Failure::Unsupported(
                "this build decodes uncompressed samples only (enable the feature `symphonia` of \
                 timbral-audio)"
                    .into(),
            )),
        }
    }

    /// Decodes one packet and appends its samples to `out`.
    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        match *self {
            Self::Ima(ref decoder) => decoder.decode(packet, out),
            #[cfg(feature = "symphonia")]
            Self::Mpeg(ref mut decoder) => decoder.decode(packet, out),
            #[cfg(feature = "symphonia")]
            Self::Symphonia(ref mut decoder) => decoder.decode(packet, out),
            #[cfg(feature = "symphonia")]
            Self::Vorbis(ref mut decoder) => decoder.decode(packet, out),
            #[cfg(feature = "symphonia")]
            Self::HeAac(ref mut decoder) => decoder.decode(packet, out),
            #[cfg(feature = "opus")]
            Self::Opus(ref mut decoder) => decoder.decode(packet, out),
        }
    }
}
