//! Long files.

use std::io::{Cursor, Read, Seek, SeekFrom};

use timbral_audio::AudioReader;
use timbral_pretrained::{Embedder, EmbedderParams, Error};

use crate::support::network;

/// A WAV file of silence that is made while it is read, 8 bits at 8 kHz.
struct LongWav {
    header: Cursor<Vec<u8>>,
    place: u64,
    len: u64,
}

impl LongWav {
    fn new(seconds: u32) -> Self {
        let samples = seconds * 8000;
        let mut header = b"RIFF".to_vec();
        header.extend((samples + 36).to_le_bytes());
        header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        header.extend(8000_u32.to_le_bytes());
        header.extend(8000_u32.to_le_bytes());
        header.extend(b"\x01\0\x08\0data");
        header.extend(samples.to_le_bytes());
        let len = header.len() as u64 + u64::from(samples);
        Self {
            header: Cursor::new(header),
            place: 0,
            len,
        }
    }
}

impl Read for LongWav {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = (out.len() as u64).min(self.len - self.place) as usize;
        self.header.set_position(self.place);
        let filled = self.header.read(&mut out[..n])?;
        out[filled..n].fill(0x80);
        self.place += n as u64;
        Ok(n)
    }
}

impl Seek for LongWav {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => i128::from(place),
            SeekFrom::Current(by) => i128::from(self.place) + i128::from(by),
            SeekFrom::End(by) => i128::from(self.len) + i128::from(by),
        };
        self.place = u64::try_from(place).map_err(std::io::Error::other)?;
        Ok(self.place)
    }
}

/// Ten minutes in batches: no batch has more windows than asked for, and none is kept.
#[test]
fn a_long_file_comes_in_batches() {
    let params = EmbedderParams {
        hop: Some(30.0),
        batch: 3,
        ..EmbedderParams::default()
    };
    let embedder = Embedder::new(Box::new(network()), params).unwrap();
    let reader = AudioReader::new(LongWav::new(600), "long").unwrap();
    let (mut starts, mut most) = (Vec::new(), 0);
    let take = |batch: Vec<timbral_pretrained::Window>| {
        most = most.max(batch.len());
        starts.extend(batch.iter().map(|window| window.start));
        Ok::<_, Error>(())
    };
    embedder.for_each_batch(reader, take).unwrap();
    assert_eq!((starts.len(), most), (20, 3));
    assert_eq!(starts[19], 570.0);
}
