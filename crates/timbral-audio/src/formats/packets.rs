use super::codec::{Failure, Kind};
use super::conform::Conform;
use super::decoder::Decoder;
use super::demuxer::{Demuxer, Packet};
use crate::error::{Error, Result};
use crate::source::{Gaps, Source, StreamInfo};

/// Samples that a codec decodes, packet by packet.
pub(crate) struct PacketSource {
    file: String,
    info: StreamInfo,
    demuxer: Box<dyn Demuxer>,
    decoder: Option<Decoder>,
    /// Converts to the sample rate and channels of the first packet.
    conform: Option<Conform>,
    /// Frames of the current stream that the decoder returned.
    decoded: u64,
    skip: u64,
    /// The rate that `skip` was counted at, until the first packet is decoded, if it can be another one.
    skip_rate: Option<u32>,
    /// Frames that the last intact packet had.
    last_frames: u64,
    /// Frames of silence so far.
    silence: u64,
    packet: Vec<f32>,
    taken: usize,
    frames_out: u64,
    lenient: bool,
    gaps: Gaps,
    ended: bool,
}

/// Limits of the silence in a file: frames per byte of the file up to a damaged packet, and frames in addition
/// to these. Sound of the lowest bit rates (Opus of 6 kb/s at 48 kHz) has as many frames per byte, so gaps in
/// it keep their lengths. Without a limit, packets of one byte would make hours of silence.
const SILENCE_PER_BYTE: u64 = 64;
const SILENCE: u64 = 48_000;

impl PacketSource {
    /// Decodes up to the first samples: in some formats only they have the sample rate and the channels.
    pub(crate) fn new(
        file: &str,
        format: &'static str,
        demuxer: Box<dyn Demuxer>,
        frames: Option<u64>,
        lenient: bool,
    ) -> Result<Self> {
        let mut source = Self {
            file: file.to_owned(),
            info: StreamInfo {
                format,
                sample_rate: 0,
                channels: 0,
                frames,
            },
            demuxer,
            decoder: None,
            conform: None,
            decoded: 0,
            skip: 0,
            skip_rate: None,
            last_frames: 0,
            silence: 0,
            packet: Vec::new(),
            taken: 0,
            frames_out: 0,
            lenient,
            gaps: Gaps::default(),
            ended: false,
        };
        while source.packet.is_empty() && source.next_packet()? {}
        if source.packet.is_empty() {
            let file = file.to_owned();
            return Err(match frames {
                Some(expected) if expected > 0 => Error::Truncated {
                    file,
                    format,
                    expected,
                    got: 0,
                },
                _ => Error::NoSamples { file, format },
            });
        }
        Ok(source)
    }

    /// Decodes one packet into `packet`; `false` at the end.
    fn next_packet(&mut self) -> Result<bool> {
        self.packet.clear();
        self.taken = 0;
        if self.ended {
            return Ok(false);
        }
        let packet = match self.demuxer.next() {
            Ok(Some(packet)) => packet,
            Ok(None) => {
                self.ended = true;
                if self.demuxer.is_cut() {
                    self.gaps.cut_at = Some(self.seconds());
                }
                if let Some(conform) = &mut self.conform {
                    conform.finish(&mut self.packet)?;
                }
                return Ok(!self.packet.is_empty());
            }
            // The rest of the file cannot be read; what came before it can.
            Err(Error::Malformed { .. }) if self.lenient && self.info.sample_rate > 0 => {
                self.gaps.cut_at = Some(self.seconds());
                self.ended = true;
                return Ok(false);
            }
            Err(e) => return Err(e),
        };
        if let Some(start) = &packet.start {
            let decoder = Decoder::new(&start.codec);
            self.decoder = Some(decoder.map_err(|f| self.failed(f, None))?);
            self.decoded = 0;
            self.skip = start.skip;
            self.skip_rate = match start.codec.kind {
                Kind::HeAac => Some(start.codec.sample_rate),
                _ => None,
            };
        }
        let Some(decoder) = &mut self.decoder else {
            return Err(Error::malformed(
                &self.file,
                self.info.format,
                "a packet before the codec is known",
            ));
        };
        let mut values = Vec::new();
        let result = match packet.damage {
            Some(ref reason) => Err(Failure::Damaged(reason.clone())),
            None => decoder.decode(&packet.data, &mut values),
        };
        let (rate, channels) = match result {
            Ok(spec) => spec,
            Err(Failure::Damaged(_)) if packet.padding == Packet::SILENT => return Ok(true),
            Err(failure @ Failure::Damaged(_)) if self.lenient => {
                if self.info.sample_rate == 0 {
                    // Nothing is known yet of what a gap would have to be filled with.
                    self.note_gap();
                    self.gaps.short += 1;
                    return Ok(true);
                }
                let Some((rate, channels)) = self.conform.as_ref().map(Conform::input) else {
                    return Err(self.failed(failure, Some(&packet)));
                };
                self.note_gap();
                let frames = self.fill(&packet);
                values.clear();
                values.resize(frames as usize * channels as usize, 0.0);
                (rate, channels)
            }
            Err(failure) => return Err(self.failed(failure, Some(&packet))),
        };
        if values.is_empty() {
            return Ok(true);
        }
        if self.info.sample_rate == 0 {
            let frames = self.info.frames;
            self.info = StreamInfo::new(&self.file, self.info.format, rate, channels, frames)?;
        }
        if let Some(counted) = self.skip_rate.take() {
            self.skip = self.skip * u64::from(rate) / u64::from(counted.max(1));
        }
        let width = channels.max(1) as usize;
        self.last_frames = (values.len() / width) as u64;
        if packet.padding != 0 {
            let padding = u128::from(packet.padding.unsigned_abs()) * u128::from(rate);
            let padding = (padding + 500_000_000) / 1_000_000_000;
            let padding = padding.min(u128::from(self.last_frames)) as usize * width;
            match packet.padding > 0 {
                true => values.truncate(values.len() - padding),
                false => drop(values.drain(..padding)),
            }
        }
        self.keep(values, (rate, channels), packet.end)
    }

    /// Trims the values of a packet and converts them to the file's sample rate and channels.
    fn keep(&mut self, mut values: Vec<f32>, spec: (u32, u32), end: Option<u64>) -> Result<bool> {
        let width = spec.1.max(1) as usize;
        let mut frames = (values.len() / width) as u64;
        if let Some(end) = end {
            frames = frames.min(end.saturating_sub(self.decoded));
            values.truncate(frames as usize * width);
        }
        self.decoded += frames;
        let skipped = self.skip.min(frames);
        self.skip -= skipped;
        values.drain(..skipped as usize * width);
        let conform = self.conform.get_or_insert_with(|| Conform::new(spec));
        conform.push(values, spec, &mut self.packet)?;
        self.frames_out += (self.packet.len() / usize::from(self.info.channels.max(1))) as u64;
        Ok(true)
    }

    /// The frames of silence for a damaged packet.
    fn fill(&mut self, packet: &Packet) -> u64 {
        let wanted = packet.frames.unwrap_or(self.last_frames);
        let end = packet.at.saturating_add(packet.data.len() as u64);
        let most = end.saturating_mul(SILENCE_PER_BYTE).saturating_add(SILENCE);
        let frames = wanted.min(most.saturating_sub(self.silence));
        self.silence += frames;
        self.gaps.short += u64::from(frames < wanted);
        frames
    }

    fn note_gap(&mut self) {
        let seconds = self.seconds();
        self.gaps.note(seconds);
    }

    /// The length of the sound so far.
    fn seconds(&self) -> f64 {
        self.frames_out as f64 / f64::from(self.info.sample_rate.max(1))
    }

    fn failed(&self, failure: Failure, packet: Option<&Packet>) -> Error {
        let (file, format) = (&self.file, self.info.format);
        match (failure, packet) {
            (Failure::Unsupported(reason), _) => Error::unsupported(file, format, reason),
            (Failure::Damaged(reason), None) => Error::malformed(file, format, reason),
            (Failure::Damaged(reason), Some(packet)) => Error::Damaged {
                file: file.clone(),
                format,
                seconds: self.seconds(),
                byte: packet.at,
                reason,
            },
        }
    }
}

impl Source for PacketSource {
    fn info(&self) -> StreamInfo {
        self.info
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize> {
        while self.taken == self.packet.len() {
            if !self.next_packet()? {
                return Ok(0);
            }
        }
        let channels = usize::from(self.info.channels);
        let left = &self.packet[self.taken..];
        let n = left.len().min(out.len() - out.len() % channels);
        out[..n].copy_from_slice(&left[..n]);
        self.taken += n;
        Ok(n)
    }

    fn gaps(&self) -> Gaps {
        self.gaps
    }
}
