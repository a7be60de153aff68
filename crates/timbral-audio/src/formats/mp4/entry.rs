use super::boxes::{Header, each};
use crate::error::Result;
use crate::formats::bytes::Bytes;
use crate::formats::encoding::{Encoding, Endian};

/// The largest description that is read.
const LARGEST: u64 = 1 << 20;

/// The description of a track's sound: the first entry of `stsd`.
pub(super) struct Entry {
    name: [u8; 4],
    pub(super) channels: u32,
    pub(super) sample_rate: u32,
    bits: u32,
    /// The flags of a version 2 entry, as those of a CAF file.
    flags: Option<u32>,
    /// Boxes in the entry, also those in its `wave` box.
    children: Vec<([u8; 4], Vec<u8>)>,
}

/// What the track's samples are.
pub(super) enum Content {
    Pcm(Encoding),
    Ima4,
    Mpeg,
    Aac(Vec<u8>),
    Alac(Vec<u8>),
    Flac(Vec<u8>),
    Opus(Vec<u8>),
    Unsupported(String),
}

impl Entry {
    /// Reads the entry at the position; `None` if there is none.
    pub(super) fn read(bytes: &mut Bytes, end: u64) -> Result<Option<Self>> {
        let Some(mut header) = Header::read(bytes)? else {
            return Ok(None);
        };
        header.end = header.end.min(end);
        let fixed: [u8; 28] = bytes.array()?;
        let half = |i: usize| u32::from(u16::from_be_bytes([fixed[i], fixed[i + 1]]));
        let version = half(8);
        let mut entry = Self {
            name: header.name,
            channels: half(16),
            bits: half(18),
            // 16.16; a rate that does not fit is 0.
            sample_rate: half(24),
            flags: None,
            children: Vec::new(),
        };
        match version {
            1 => bytes.skip(16)?,
            2 => {
                let b: [u8; 36] = bytes.array()?;
                let word = |i: usize| u32::from_be_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
                let rate = f64::from_bits(u64::from(word(4)) << 32 | u64::from(word(8)));
                entry.sample_rate = rate.round() as u32;
                entry.channels = word(12);
                entry.bits = word(20);
                entry.flags = Some(word(24));
            }
            _ => {}
        }
        header.body = bytes.at();
        entry.read_children(bytes, header)?;
        Ok(Some(entry))
    }

    fn read_children(&mut self, bytes: &mut Bytes, parent: Header) -> Result<()> {
        each(bytes, parent, &mut |bytes, header| {
            let size = header.end.saturating_sub(header.body);
            if &header.name == b"wave" {
                self.read_children(bytes, header)?;
            } else if size <= LARGEST && self.children.len() < 64 {
                self.children.push((header.name, bytes.vec(size)?));
            }
            Ok(())
        })
    }

    fn child(&self, name: &[u8; 4]) -> Option<&[u8]> {
        let found = self.children.iter().find(|c| &c.0 == name);
        found.map(|c| c.1.as_slice())
    }

    /// What the samples are, by the entry's name and boxes.
    pub(super) fn content(&self) -> Result<Content> {
        let unsupported = |what: &str| Ok(Content::Unsupported(what.into()));
        if self.child(b"sinf").is_some() {
            return unsupported("encrypted, or protected by digital rights management (DRM)");
        }
        let little = self.child(b"enda").and_then(|b| b.get(1)) == Some(&1);
        if let Some(encoding) = self.pcm() {
            return Ok(Content::Pcm(if little {
                encoding.swapped()
            } else {
                encoding
            }));
        }
        Ok(match &self.name {
            b"ima4" => Content::Ima4,
            b".mp3" | b"ms\0\x55" | b"ms\0\x50" | b".mp2" | b".mp1" => Content::Mpeg,
            // A protected file has a box `sinf`; if it is missing, only the name of the entry shows the
            // protection.
            b"mp4a" | b"drms" | b"enca" => return Ok(self.of_descriptor()),
            b"alac" => match self.child(b"alac") {
                // After a version and flags.
                Some(cookie) => Content::Alac(cookie.get(4..).unwrap_or_default().to_vec()),
                None => return unsupported("Apple Lossless without its configuration"),
            },
            b"fLaC" => match self.child(b"dfLa") {
                Some(info) => Content::Flac(info.get(8..).unwrap_or_default().to_vec()),
                None => return unsupported("FLAC without its configuration"),
            },
            b"Opus" => match self.child(b"dOps") {
                Some(config) => Content::Opus(opus_head(config)),
                None => return unsupported("Opus without its configuration"),
            },
            b"ac-3" => return unsupported("Dolby AC-3"),
            b"ec-3" => return unsupported("Dolby E-AC-3"),
            b"ac-4" => return unsupported("Dolby AC-4"),
            b"dtsc" | b"dtse" | b"dtsh" | b"dtsl" => return unsupported("DTS"),
            b"samr" | b"sawb" => return unsupported("AMR"),
            b"QDM2" | b"QDMC" => return unsupported("QDesign Music"),
            b"MAC3" | b"MAC6" => return unsupported("MACE"),
            b"agsm" => return unsupported("GSM"),
            other => {
                let name = String::from_utf8_lossy(other).into_owned();
                Content::Unsupported(format!("codec \"{}\"", name.escape_default()))
            }
        })
    }

    /// Uncompressed samples.
    fn pcm(&self) -> Option<Encoding> {
        let container = self.bits.div_ceil(8) as usize;
        match &self.name {
            b"lpcm" => {
                let flags = self.flags.unwrap_or(2);
                let endian = if flags & 2 != 0 {
                    Endian::Big
                } else {
                    Endian::Little
                };
                match flags & 1 {
                    0 => Encoding::integer(container, endian),
                    _ => Encoding::float(container, endian),
                }
            }
            // ISO 23003-5: the byte order and the size are in `pcmC`.
            b"ipcm" | b"fpcm" => {
                let config = self.child(b"pcmC")?;
                let endian = if config.get(4)? & 1 == 1 {
                    Endian::Little
                } else {
                    Endian::Big
                };
                let container = usize::from(*config.get(5)?).div_ceil(8);
                match &self.name {
                    b"ipcm" => Encoding::integer(container, endian),
                    _ => Encoding::float(container, endian),
                }
            }
            // Of 8 bits, `twos` and `sowt` are signed, `raw ` and `NONE` unsigned.
            b"NONE" | b"\0\0\0\0" if self.bits == 8 => Some(Encoding::U8),
            b"in24" | b"in32" | b"fl32" | b"fl64" | b"raw " | b"twos" | b"sowt" | b"NONE"
            | b"ulaw" | b"alaw" => Encoding::by_name(self.name, self.bits),
            _ => None,
        }
    }

    /// The codec of an MPEG-4 elementary stream.
    fn of_descriptor(&self) -> Content {
        let Some(esds) = self.child(b"esds") else {
            return Content::Unsupported("AAC without its configuration".into());
        };
        let esds = esds.get(4..).unwrap_or_default();
        match object_type(esds) {
            Some(0x69 | 0x6b) => Content::Mpeg,
            Some(0x40 | 0x66 | 0x67 | 0x68) => {
                Content::Aac(decoder_config(esds).unwrap_or_default().to_vec())
            }
            Some(0xa5) => Content::Unsupported("Dolby AC-3".into()),
            Some(0xa9) => Content::Unsupported("DTS".into()),
            Some(0xe1) => Content::Unsupported("QCELP".into()),
            Some(n) => Content::Unsupported(format!("MPEG-4 object type {n:#x}")),
            None => Content::Unsupported("AAC without its configuration".into()),
        }
    }
}

/// The identification header that the box `dOps` holds in another order of bytes.
fn opus_head(config: &[u8]) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    let byte = |i: usize| config.get(i).copied().unwrap_or(0);
    head.push(byte(1));
    head.extend([byte(3), byte(2)]);
    head.extend([byte(7), byte(6), byte(5), byte(4)]);
    head.extend([byte(9), byte(8)]);
    head.extend(config.get(10..).unwrap_or(&[0]));
    head
}

/// A descriptor's tag, its content and what follows it (ISO 14496-1, 8.3.3).
fn descriptor(b: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let tag = *b.first()?;
    let mut size = 0usize;
    let mut at = 1;
    for _ in 0..4 {
        let byte = *b.get(at)?;
        at += 1;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    let body = b.get(at..)?;
    let size = size.min(body.len());
    Some((tag, &body[..size], &body[size..]))
}

/// The content of the decoder's descriptor in an `esds`.
fn decoder_descriptor(esds: &[u8]) -> Option<&[u8]> {
    let (tag, mut body, _) = descriptor(esds)?;
    if tag == 3 {
        let flags = *body.get(2)?;
        let mut skip = 3;
        skip += if flags & 0x80 != 0 { 2 } else { 0 };
        skip += if flags & 0x40 != 0 {
            1 + usize::from(*body.get(skip)?)
        } else {
            0
        };
        skip += if flags & 0x20 != 0 { 2 } else { 0 };
        body = body.get(skip..)?;
        let (tag, inner, _) = descriptor(body)?;
        return (tag == 4).then_some(inner);
    }
    (tag == 4).then_some(body)
}

fn object_type(esds: &[u8]) -> Option<u8> {
    decoder_descriptor(esds)?.first().copied()
}

/// The configuration of the decoder in an `esds`.
pub(crate) fn decoder_config(esds: &[u8]) -> Option<&[u8]> {
    let (tag, config, _) = descriptor(decoder_descriptor(esds)?.get(13..)?)?;
    (tag == 5).then_some(config)
}
