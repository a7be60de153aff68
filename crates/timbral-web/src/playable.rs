use timbral::audio::AudioReader;
use timbral::{EncodedSound, Result};

/// Values that are decoded at a time.
const BLOCK: usize = 1 << 16;

/// Converts a sound file of any format to WAV with 16 bits, which every browser plays; sample rate and channels are
/// kept.
///
/// ```
/// use timbral::EncodedSound;
///
/// // A Sun AU file: magic, offset, bytes, 16-bit, 8 kHz, mono, two samples.
/// let mut file = b".snd".to_vec();
/// for word in [24u32, 4, 3, 8000, 1] {
///     file.extend(word.to_be_bytes());
/// }
/// file.extend([0x40, 0x00, 0xe0, 0x00]);
/// let wav = timbral_web::wav(&EncodedSound::new("beep.au", file))?;
/// assert_eq!((&wav[..4], &wav[44..]), (&b"RIFF"[..], &[0x00, 0x40, 0x00, 0xe0][..]));
/// # Ok::<(), timbral::Error>(())
/// ```
///
/// # Errors
///
/// The file cannot be decoded; it is named.
pub fn wav(sound: &EncodedSound) -> Result<Vec<u8>> {
    let mut reader = AudioReader::new(sound.reader(), sound.name().to_string_lossy())?;
    let (channels, rate) = (reader.channels(), reader.sample_rate());
    let mut data = Vec::new();
    let mut block = vec![0.0; BLOCK];
    loop {
        let n = reader.read(&mut block)?;
        if n == 0 {
            break;
        }
        // Louder samples saturate.
        let integers = block[..n].iter().map(|x| (x * 32_768.0).round() as i16);
        data.extend(integers.flat_map(i16::to_le_bytes));
    }
    let frame = 2 * channels;
    // Of more than 4 GiB, readers go on to the end of the file.
    let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut wav = Vec::with_capacity(44 + data.len());
    wav.extend(b"RIFF");
    wav.extend(size(data.len() + 36));
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(frame)).to_le_bytes());
    wav.extend(frame.to_le_bytes());
    wav.extend(b"\x10\0data");
    wav.extend(size(data.len()));
    wav.append(&mut data);
    Ok(wav)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_survive() {
        let samples = [[0_i16, 1], [-32_768, 32_767], [100, -100]];
        let mut au = b".snd".to_vec();
        for word in [24_u32, 12, 3, 44_100, 2] {
            au.extend(word.to_be_bytes());
        }
        au.extend(samples.as_flattened().iter().flat_map(|x| x.to_be_bytes()));
        let sound = EncodedSound::new("a.au", au);
        let wav = EncodedSound::new("a.wav", wav(&sound).unwrap());
        let read = |sound: &EncodedSound| {
            let reader = AudioReader::new(sound.reader(), "x").unwrap();
            reader.read_to_end().unwrap()
        };
        assert_eq!(read(&wav), read(&sound));
        assert_eq!(read(&wav).channels(), 2);
    }
}
