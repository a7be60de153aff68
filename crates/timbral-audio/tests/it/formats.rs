use std::io::Cursor;

use proptest::prelude::*;
use timbral_audio::{AudioReader, Clip, decode_reader};

use crate::{au, float_spec, int_spec, wav};

fn read(bytes: Vec<u8>) -> Clip {
    decode_reader(Cursor::new(bytes), "<test>").unwrap()
}

/// The signal of the files in `tests/data` (see `make.sh` there) at frame `i` of 22050 Hz.
#[cfg(feature = "symphonia")]
fn tone(channel: usize, i: usize) -> f64 {
    let (amplitude, hz) = [(0.5, 440.0), (0.25, 880.0)][channel];
    amplitude * (std::f64::consts::TAU * hz * i as f64 / 22_050.0).sin()
}

/// Decodes a file of `tests/data` and checks everything but its samples.
#[cfg(feature = "symphonia")]
fn fixture(name: &str, frames: usize) -> Clip {
    let clip = timbral_audio::decode(crate::data(name)).unwrap();
    assert_eq!(clip.sample_rate(), 22_050, "{name}");
    assert_eq!(clip.channels(), 2, "{name}");
    assert_eq!(clip.frames(), frames, "{name}");
    clip
}

#[cfg(feature = "symphonia")]
#[test]
fn lossless_formats_give_the_tone_to_one_step() {
    // Half a step for rounding, and half for an encoder that truncates instead.
    for (name, frames, bits) in [
        ("tone16.flac", 6615, 16),
        ("tone24.flac", 1103, 24),
        ("tone.aiff", 1103, 16),
        ("alac.caf", 1103, 16),
        // f64 rounded to f32: 2^-25 at 0.5.
        ("float64.wav", 1103, 25),
        ("pipe.mka", 1103, 16),
        ("pipe.caf", 1103, 16),
        ("pcm_s16be.mov", 441, 16),
        ("pcm_s16le.mov", 441, 16),
        ("pcm_s24be.mov", 441, 24),
        ("pcm_s24le.mov", 441, 24),
        ("pcm_s32be.mov", 441, 24),
        ("pcm_f32be.mov", 441, 24),
        ("pcm_f32le.mov", 441, 24),
        ("pcm_f64be.mov", 441, 24),
        ("pcm_u8.mov", 441, 8),
    ] {
        let clip = fixture(name, frames);
        let step = (-f64::from(bits - 1)).exp2();
        for (i, frame) in clip.samples().chunks(2).enumerate() {
            for (c, x) in frame.iter().enumerate() {
                let error = (f64::from(*x) - tone(c, i)).abs();
                assert!(
                    error <= step,
                    "{name} frame {i} channel {c}: off by {error}"
                );
            }
        }
    }
}

/// Signal to noise ratio in dB of the clip from frame `delay` on, against the tone.
#[cfg(feature = "symphonia")]
fn snr(clip: &Clip, delay: usize, frames: usize) -> f64 {
    let (mut signal, mut noise) = (0.0, 0.0);
    for (i, frame) in clip
        .samples()
        .chunks(2)
        .skip(delay)
        .take(frames)
        .enumerate()
    {
        for (c, x) in frame.iter().enumerate() {
            signal += tone(c, i).powi(2);
            noise += (f64::from(*x) - tone(c, i)).powi(2);
        }
    }
    10.0 * (signal / noise).log10()
}

/// A shift of one sample is an error of `2 pi 880 / 22050 = 0.25` of the amplitude of the 880 Hz tone,
/// -12 dB, and of -18 dB for the 440 Hz tone: at 25 dB the start is where it was before encoding.
#[cfg(feature = "symphonia")]
#[test]
fn lossy_formats_start_where_the_tone_starts() {
    let priming = 1024; // Of AAC; ADTS does not store it, MP4 does.
    for (name, frames, delay) in [
        ("tone.mp3", 6615, 0),
        ("tone.ogg", 6615, 0),
        ("tone.mka", 6784, 0),
        ("free.mp3", 6615, 0),
        ("tone.m4a", 7168, 0),
        ("tone.aac", 8192, priming),
        ("mulaw.wav", 1103, 0),
        ("adpcm.wav", 2024, 0),
    ] {
        let clip = fixture(name, frames);
        let got = snr(
            &clip,
            delay,
            6615.min(if frames < 6000 { 1103 } else { 6615 }),
        );
        assert!(got > 25.0, "{name}: {got:.1} dB");
    }
}

/// The core of HE-AAC is sound of half the rate: what is above 11 kHz, and the two channels of version 2, come from
/// little more than their powers.
#[cfg(feature = "symphonia")]
#[test]
fn he_aac_has_the_whole_rate_and_spectrum_and_both_channels() {
    for (name, frames, other_tone) in [("he.m4a", 23_606, 0.002), ("he2.aac", 26_624, 0.03)] {
        let clip = timbral_audio::decode(crate::data(name)).unwrap();
        assert_eq!((clip.sample_rate(), clip.channels()), (44_100, 2), "{name}");
        assert_eq!(clip.frames(), frames, "{name}");
        let part = |channel: usize, hz: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            let inner = clip.samples().chunks(2).skip(4000).take(16_000);
            for (t, frame) in inner.enumerate() {
                let angle = std::f64::consts::TAU * hz * t as f64 / 44_100.0;
                re += f64::from(frame[channel]) * angle.cos();
                im += f64::from(frame[channel]) * angle.sin();
            }
            f64::hypot(re, im) / 8000.0
        };
        for channel in 0..2 {
            let (own, other) = [(440.0, 880.0), (880.0, 440.0)][channel];
            let tones = (part(channel, own), part(channel, other));
            assert!(
                (tones.0 - 0.3).abs() < 0.02 && tones.1 < other_tone,
                "{name}: {tones:?}"
            );
            let power = |from: f64| {
                let powers = (0..80).map(|i| part(channel, from + 37.0 * f64::from(i)).powi(2));
                10.0 * powers.sum::<f64>().log10()
            };
            let (low, high) = (power(6000.0), power(12_000.0));
            assert!((high - low).abs() < 10.0, "{name}: {low} and {high} dB");
        }
    }
}

/// Without a tag the delay is unknown: all frames are decoded, and the tone starts late.
#[cfg(feature = "symphonia")]
#[test]
fn bare_mpeg_frames() {
    let clip = fixture("bare.mp3", 8064);
    let loudest = clip.samples().iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!((0.45..0.6).contains(&loudest), "{loudest}");
}

/// Channels of 200, 400, 600 Hz ... in the order that the stream has them: each has only its own tone.
#[cfg(any(feature = "symphonia", feature = "opus"))]
fn assert_channels(name: &str, channels: usize, order: &[usize], seconds: f64) {
    let clip = timbral_audio::decode(crate::data(name)).unwrap();
    assert_eq!(usize::from(clip.channels()), channels, "{name}");
    assert_eq!(clip.frames(), (seconds * 48_000.0) as usize, "{name}");
    for (i, source) in order.iter().enumerate() {
        let part = |hz: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (t, frame) in clip.samples().chunks(channels).enumerate() {
                let angle = std::f64::consts::TAU * hz * t as f64 / 48_000.0;
                re += f64::from(frame[i]) * angle.cos();
                im += f64::from(frame[i]) * angle.sin();
            }
            2.0 * f64::hypot(re, im) / clip.frames() as f64
        };
        for other in 0..channels {
            let got = part(200.0 * (other + 1) as f64);
            // Encoders remove the tone of the low-frequency channel. Lossy codecs are inexact.
            let is_low = !name.starts_with("alac") && !name.starts_with("aac") && i == 5;
            let has_tone = other == *source && !is_low;
            let expected = if has_tone { 0.3 } else { 0.0 };
            // The last packet of AAC is half padding.
            let tolerance = if name.starts_with("aac") { 0.05 } else { 0.03 };
            let error = (got - expected).abs();
            assert!(error < tolerance, "{name} {i} {other}: {got}");
        }
    }
}

/// Left, centre, right; with surround and low frequencies: left, centre, right, two behind, low frequencies. A WAV
/// file has the centre after the right channel, and the low frequencies before those behind.
#[cfg(feature = "symphonia")]
#[test]
fn vorbis_of_more_than_two_channels() {
    assert_channels("vorbis3.ogg", 3, &VORBIS_3, 0.2);
    assert_channels("vorbis6.ogg", 6, &VORBIS_6, 0.2);
}

/// As in WAV, with the low frequencies in the fourth channel, which has another tone, of 60 Hz.
#[cfg(feature = "symphonia")]
#[test]
fn aac_and_alac_of_more_than_two_channels() {
    assert_channels("alac7.m4a", 7, &[0, 1, 2, 3, 4, 5, 6], 0.05);
    assert_channels("alac8.m4a", 8, &[0, 1, 2, 3, 4, 5, 6, 7], 0.05);
    assert_channels("aac6.m4a", 6, &[0, 1, 2, 9, 4, 5], AAC_SECONDS);
}

/// Whole packets of 1024 frames.
#[cfg(feature = "symphonia")]
const AAC_SECONDS: f64 = 10_240.0 / 48_000.0;

#[cfg(feature = "opus")]
#[test]
fn opus_of_more_than_two_channels() {
    assert_channels("opus3.ogg", 3, &VORBIS_3, 0.2);
    assert_channels("opus6.ogg", 6, &VORBIS_6, 0.2);
}

#[cfg(any(feature = "symphonia", feature = "opus"))]
const VORBIS_3: [usize; 3] = [0, 2, 1];
#[cfg(any(feature = "symphonia", feature = "opus"))]
const VORBIS_6: [usize; 6] = [0, 2, 1, 4, 5, 3];

/// The delay is removed by the header, the padding by the position of the last page.
#[cfg(feature = "opus")]
#[test]
fn opus_starts_and_ends_where_the_tone_does() {
    let clip = timbral_audio::decode(crate::data("opus.ogg")).unwrap();
    assert_eq!(
        (clip.sample_rate(), clip.channels(), clip.frames()),
        (48_000, 2, 14_400)
    );
    let (mut signal, mut noise) = (0.0, 0.0);
    for (i, frame) in clip.samples().chunks(2).enumerate() {
        let x = 0.5 * (std::f64::consts::TAU * 440.0 * i as f64 / 48_000.0).sin();
        signal += x * x;
        noise += (x - f64::from(frame[0])).powi(2);
    }
    // At 32 kbit/s libopus itself has 15.33 dB; one frame late it has 13.07.
    assert!(
        signal > 31.6 * noise,
        "{}",
        10.0 * f64::log10(signal / noise)
    );
}

/// As written by `ffmpeg -f wav - | ...`: both lengths are 2^32 - 1.
#[test]
fn a_wav_file_written_to_a_pipe() {
    let samples: Vec<i32> = (0..3000).map(|i| i % 250 - 125).collect();
    for (channels, bits) in [(1, 8), (3, 8), (1, 16), (2, 16)] {
        let mut bytes = wav(int_spec(channels, 22_050, bits), &samples);
        let whole = read(bytes.clone());
        bytes[4..8].fill(0xff);
        bytes[40..44].fill(0xff);
        assert_eq!(read(bytes), whole, "{channels} channels of {bits} bits");
    }
}

/// A chunk of odd length is followed by a padding byte.
#[test]
fn a_wav_file_with_an_odd_chunk_before_its_samples() {
    let bytes = wav(int_spec(1, 22_050, 16), &[1, -2, 3, -4]);
    let whole = read(bytes.clone());
    let mut odd = bytes[..36].to_vec();
    odd.extend(b"note\x03\0\0\0odd\0");
    odd.extend(&bytes[36..]);
    odd[4] += 12;
    assert_eq!(read(odd), whole);
}

#[test]
fn any_number_of_channels() {
    for channels in [1u16, 2, 3, 6, 17, 1024] {
        let samples: Vec<i32> = (0..i32::from(channels) * 5).collect();
        let clip = read(wav(int_spec(channels, 48_000, 16), &samples));
        assert_eq!((clip.channels(), clip.frames()), (channels, 5));
        assert_eq!(clip.to_mono().frames(), 5);
        assert_eq!(
            clip.samples()[3 * usize::from(channels)],
            3.0 * f32::from(channels) / 32_768.0
        );
    }
}

#[test]
fn blocks_of_any_size_give_the_same_samples() {
    let samples: Vec<i32> = (0..3 * 5000).map(|i| i * 4 - 30_000).collect();
    let bytes = wav(int_spec(3, 44_100, 24), &samples);
    let whole = read(bytes.clone()).into_samples();
    for size in [3, 4, 5, 1000, 20_000] {
        let mut reader = AudioReader::new(Cursor::new(bytes.clone()), "<test>").unwrap();
        assert_eq!(reader.frames(), Some(5000));
        let mut block = vec![0.0; size];
        let mut got = Vec::new();
        loop {
            let n = reader.read(&mut block).unwrap();
            got.extend_from_slice(&block[..n]);
            if n < size - size % 3 {
                break;
            }
        }
        assert_eq!(got, whole, "blocks of {size}");
        assert_eq!(reader.read(&mut block).unwrap(), 0);
    }
    let mut reader = AudioReader::new(Cursor::new(bytes), "<test>").unwrap();
    assert!(reader.read(&mut [0.0; 2]).is_err(), "no room for a frame");
}

/// With and without resampling.
#[test]
fn streamed_segments_equal_segments_in_memory() {
    let samples: Vec<i32> = (0..2 * 60_000)
        .map(|i: i32| i.wrapping_mul(7919) % 20_000)
        .collect();
    let bytes = wav(int_spec(2, 44_100, 16), &samples);
    for rate in [None, Some(22_050), Some(48_000)] {
        let mono = read(bytes.clone()).to_mono();
        let mono = match rate {
            Some(rate) => mono.resample(rate).unwrap(),
            None => mono,
        };
        let reader = || {
            let reader = AudioReader::new(Cursor::new(bytes.clone()), "<test>").unwrap();
            reader.into_mono(rate).unwrap()
        };
        assert_eq!(reader().read_to_end().unwrap(), mono, "{rate:?}");
        for (length, stride) in [
            (1000, 1000),
            (1000, 300),
            (300, 1000),
            (1, 7777),
            (mono.frames(), 1),
            (mono.frames() + 1, 1),
            (10, 25_000),
        ] {
            let streamed: Vec<Vec<f32>> = reader()
                .segments(length, stride)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let expected: Vec<&[f32]> = mono.segments(length, stride).unwrap().collect();
            assert_eq!(
                streamed, expected,
                "{rate:?} length {length} stride {stride}"
            );
        }
    }
}

#[test]
fn segments_end_at_an_invalid_sample() {
    let mut samples = vec![0.5f32.to_bits().cast_signed(); 100_000];
    samples[90_000] = f32::NAN.to_bits().cast_signed();
    let bytes = wav(float_spec(1, 22_050), &samples);
    let reader = AudioReader::new(Cursor::new(bytes), "<test>").unwrap();
    let mut segments = reader
        .into_mono(None)
        .unwrap()
        .segments(10_000, 10_000)
        .unwrap();
    let valid = segments.by_ref().take_while(Result::is_ok).count();
    assert!(valid < 9, "{valid}");
    assert!(segments.next().is_none());
}

#[test]
fn an_au_file_of_every_encoding_reads_one_half() {
    let half: [(u32, &[u8]); 8] = [
        // The codes nearest to one half: 16764 and 16128 of 32768.
        (1, &[0x8f]),
        (2, &[0x40]),
        (3, &[0x40, 0]),
        (4, &[0x40, 0, 0]),
        (5, &[0x40, 0, 0, 0]),
        (6, &[0x3f, 0, 0, 0]),
        (7, &[0x3f, 0xe0, 0, 0, 0, 0, 0, 0]),
        (27, &[0xba]),
    ];
    for (encoding, sample) in half {
        let clip = read(au(encoding, 8000, 1, sample));
        let expected = match encoding {
            1 => 16_764.0 / 32_768.0,
            27 => 16_128.0 / 32_768.0,
            _ => 0.5,
        };
        assert_eq!(clip.samples(), [expected], "encoding {encoding}");
    }
}

proptest! {
    /// Integers of every width are read as they were written, exactly ...
    #[test]
    fn integers_survive_the_round_trip(
        bits in prop::sample::select(vec![8u16, 16, 24, 32]),
        channels in 1u16..5,
        raw in prop::collection::vec(any::<i32>(), 4..200),
    ) {
        let channels_usize = usize::from(channels);
        let mut ints: Vec<i32> = raw.iter().map(|x| x >> (32 - bits)).collect();
        ints.truncate(ints.len() / channels_usize * channels_usize);
        // The division by a power of two is exact, after rounding 32 bits to the 24 of f32.
        let scale = f64::from(bits - 1).exp2();
        let expected: Vec<f32> = ints.iter().map(|x| (f64::from(*x) / scale) as f32).collect();

        let clip = read(wav(int_spec(channels, 22_050, bits), &ints));
        prop_assert_eq!(clip.samples(), &expected[..]);
        prop_assert_eq!((clip.sample_rate(), clip.channels()), (22_050, channels));

        let skip = usize::from(4 - bits / 8);
        let data: Vec<u8> = ints.iter().flat_map(|x| x.to_be_bytes()[skip..].to_vec()).collect();
        let code = match bits { 8 => 2, 16 => 3, 24 => 4, _ => 5 };
        let clip = read(au(code, 22_050, u32::from(channels), &data));
        prop_assert_eq!(clip.samples(), &expected[..]);
    }

    /// ... and so are all finite floats.
    #[test]
    fn floats_survive_the_round_trip(
        floats in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 1..200),
    ) {
        let bits: Vec<i32> = floats.iter().map(|x| x.to_bits().cast_signed()).collect();
        let clip = read(wav(float_spec(1, 22_050), &bits));
        prop_assert_eq!(clip.samples(), &floats[..]);
        let data: Vec<u8> = floats.iter().flat_map(|x| x.to_be_bytes()).collect();
        prop_assert_eq!(read(au(6, 22_050, 1, &data)).into_samples(), floats.clone());
        let data: Vec<u8> = floats.iter().flat_map(|x| f64::from(*x).to_be_bytes()).collect();
        prop_assert_eq!(read(au(7, 22_050, 1, &data)).into_samples(), floats.clone());
    }
}
