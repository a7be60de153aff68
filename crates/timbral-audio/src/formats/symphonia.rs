//! The decoders of symphonia (0.6.1, the newest at the time of writing), packet by packet.
//!
//! Only its decoders are used, not its readers of containers, because these, in version 0.6.1,
//!
//! - take the estimate of the length of an MP3 file without a tag as its end (`lame -V4 - - | cat`), and stop
//!   at the end of the first of two joined files;
//! - swap the bytes of `in24` and `in32` in QuickTime, and refuse 8-bit sound there;
//! - refuse a FLAC file with one byte after its last frame;
//! - refuse WAV, AIFF, CAF and Matroska whose length was not known when their header was written, Matroska
//!   elements of unknown size and MP4 files without `ftyp`;
//! - allocate the size that the field "frames per packet" of a CAF header has (34 GB for 0xffffffc0).
//!
//! Of the decoders:
//!
//! - IMA ADPCM is not used (see `ima`), and Vorbis only where it is correct (see `vorbis`);
//! - FLAC refuses a minimum block size below 16, which encoders write if it is unknown, so the block sizes of
//!   STREAMINFO are replaced;
//! - MPEG refuses frames after a change of the channels, and free-format frames (see `mpeg`);
//! - ALAC of 7 and 8 channels has another order of the channels than in other programs.

use symphonia::core::audio::{Channels, Position};
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ADPCM_MS, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP1, CODEC_ID_MP2,
    CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
};
use symphonia::core::errors::Error as CodecError;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::codec::{CodecParams, Decoded, Failure, Kind, catch_panics};
use crate::source::{MAX_CHANNELS, SAMPLE_RATES};

/// The largest FLAC block, in frames.
const FLAC_BLOCK: u16 = u16::MAX;

/// A decoder of symphonia.
pub(crate) struct PacketDecoder {
    decoder: Box<dyn AudioDecoder>,
    /// Frames per packet of ADPCM.
    frames: u32,
    scratch: Vec<f32>,
    /// Whether the channels may have to be reordered.
    is_alac: bool,
}

/// Which channel of symphonia's is the next in the order of WAV and ffmpeg, for ALAC of 7 and 8 channels: left,
/// right, centre, low frequencies, back left, back right, then back centre or the two between centre and sides.
const ALAC_7: [usize; 7] = [0, 1, 2, 3, 5, 6, 4];
const ALAC_8: [usize; 8] = [0, 1, 2, 3, 6, 7, 4, 5];

impl PacketDecoder {
    pub(crate) fn new(params: &CodecParams) -> Result<Self, Failure> {
        let codec = match params.kind {
            Kind::Aac => CODEC_ID_AAC,
            Kind::Alac => CODEC_ID_ALAC,
            Kind::Flac => CODEC_ID_FLAC,
            Kind::AdpcmMs => CODEC_ID_ADPCM_MS,
            Kind::Vorbis => CODEC_ID_VORBIS,
            Kind::Mpeg | Kind::HeAac | Kind::Opus | Kind::AdpcmImaWav | Kind::AdpcmImaQt => {
                return Err(Failure::Unsupported("not a codec of symphonia".into()));
            }
        };
        let mut extra = params.extra.clone();
        match params.kind {
            Kind::Flac => {
                if extra.len() < 34 {
                    return Err(Failure::Damaged("FLAC: STREAMINFO is too short".into()));
                }
                extra.truncate(34);
                // The sizes of blocks and frames: the header of each frame has the right one.
                extra[..2].copy_from_slice(&16u16.to_be_bytes());
                extra[2..4].copy_from_slice(&FLAC_BLOCK.to_be_bytes());
                extra[4..10].fill(0);
            }
            // Read with unchecked indices by symphonia.
            Kind::Alac => extra = alac_cookie(&extra)?,
            _ => {}
        }
        Self::of(codec, params, extra)
    }

    /// A decoder of MPEG audio of one layer (1 to 3), sample rate and number of channels.
    pub(crate) fn mpeg(layer: u8) -> Result<Self, Failure> {
        let codec = match layer {
            1 => CODEC_ID_MP1,
            2 => CODEC_ID_MP2,
            _ => CODEC_ID_MP3,
        };
        let params = CodecParams::new(Kind::Mpeg, 0, 0, Vec::new());
        Self::of(codec, &params, Vec::new())
    }

    fn of(codec: AudioCodecId, params: &CodecParams, extra: Vec<u8>) -> Result<Self, Failure> {
        let mut of_symphonia = AudioCodecParameters::new();
        of_symphonia.for_codec(codec);
        if params.sample_rate > 0 {
            of_symphonia.with_sample_rate(params.sample_rate);
        }
        if params.channels > u32::from(MAX_CHANNELS) {
            return Err(Failure::Damaged(format!("{} channels", params.channels)));
        }
        let channels = match params.channels {
            0 => None,
            1 => Some(Channels::Positioned(Position::FRONT_LEFT)),
            2 => Some(Channels::Positioned(
                Position::FRONT_LEFT | Position::FRONT_RIGHT,
            )),
            n => Some(Channels::Discrete(n as u16)),
        };
        if let Some(channels) = channels {
            of_symphonia.with_channels(channels);
        }
        if params.frames > 0 {
            of_symphonia.with_max_frames_per_packet(u64::from(params.frames));
            of_symphonia.with_frames_per_block(u64::from(params.frames));
        }
        if !extra.is_empty() {
            of_symphonia.with_extra_data(extra.into_boxed_slice());
        }
        let options = AudioDecoderOptions::default().gapless(true);
        let decoder = catch_panics(|| {
            symphonia::default::get_codecs()
                .make_audio_decoder(&of_symphonia, &options)
                .map_err(translate)
        })?;
        Ok(Self {
            decoder,
            frames: params.frames,
            scratch: Vec::new(),
            is_alac: params.kind == Kind::Alac,
        })
    }

    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Decoded {
        // Symphonia's AAC makes a frame of silence of it, and a table can declare any number of empty packets.
        if packet.is_empty() {
            return Err(Failure::Damaged("an empty packet".into()));
        }
        let frames = Duration::from(u64::from(self.frames));
        let packet = Packet::new(0, Timestamp::from(0i64), frames, packet);
        let (decoder, scratch) = (&mut self.decoder, &mut self.scratch);
        let spec = catch_panics(|| {
            let decoded = decoder.decode(&packet).map_err(translate)?;
            if decoded.frames() == 0 {
                scratch.clear();
            } else {
                decoded.copy_to_vec_interleaved(scratch);
            }
            let spec = decoded.spec();
            Ok((spec.rate(), spec.channels().count() as u32))
        })?;
        match spec.1 {
            7 if self.is_alac => reorder(&self.scratch, &ALAC_7, out),
            8 if self.is_alac => reorder(&self.scratch, &ALAC_8, out),
            _ => out.extend_from_slice(&self.scratch),
        }
        Ok(spec)
    }
}

/// Appends frames with their channels in another order.
fn reorder(values: &[f32], order: &[usize], out: &mut Vec<f32>) {
    for frame in values.chunks_exact(order.len()) {
        out.extend(order.iter().map(|channel| frame[*channel]));
    }
}

/// The 24 bytes of the configuration in a magic cookie, which older files wrap into atoms.
fn alac_cookie(extra: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut cookie = extra;
    for name in [b"frma", b"alac"] {
        if cookie.get(4..8) == Some(name) {
            cookie = cookie.get(12..).unwrap_or_default();
        }
    }
    let Some(config) = cookie.first_chunk::<24>() else {
        return Err(Failure::Damaged(
            "ALAC: the magic cookie is too short".into(),
        ));
    };
    let rate = u32::from_be_bytes([config[20], config[21], config[22], config[23]]);
    if !SAMPLE_RATES.contains(&rate) {
        return Err(Failure::Damaged(format!("ALAC: sample rate {rate}")));
    }
    Ok(config.to_vec())
}

fn translate(e: CodecError) -> Failure {
    match e {
        CodecError::Unsupported(what) => Failure::Unsupported(what.into()),
        CodecError::IoError(_) => Failure::Damaged("the packet ends too early".into()),
        other => Failure::Damaged(other.to_string()),
    }
}
