//! For more cases: `PROPTEST_CASES=100000 cargo test --release -p timbral-audio mutations`.

use std::io::Cursor;

use proptest::prelude::*;
use timbral_audio::{AudioReader, OpenParams, Result, decode_reader};

use crate::{au, data, float_spec, int_spec, wav};

/// Valid files of every format, small enough to be damaged many times.
fn seeds() -> Vec<Vec<u8>> {
    let samples: Vec<i32> = (0..400).map(|i| i * 50).collect();
    let mut seeds = vec![
        wav(int_spec(2, 22_050, 16), &samples),
        wav(int_spec(3, 8000, 24), &samples[..399]),
        wav(float_spec(1, 44_100), &samples),
        au(3, 22_050, 2, &[7; 400]),
        au(1, 8000, 1, &[99; 400]),
        au(7, 8000, 1, &[0x3f; 400]),
    ];
    for name in [
        "tone16.flac",
        "tone.mp3",
        "bare.mp3",
        "tone.ogg",
        "tone.m4a",
        "tone.aac",
        "tone.mka",
        "alac.caf",
        "tone.aiff",
        "mulaw.wav",
        "adpcm.wav",
        "pipe.mka",
        "pipe.caf",
        "pcm_s24be.mov",
        "free.mp3",
        "mono.mp3",
        "vorbis6.ogg",
        "opus.ogg",
        "opus6.ogg",
        "alac8.m4a",
        "aac6.m4a",
        "unusual/rf64.wav",
    ] {
        seeds.push(std::fs::read(data(name)).unwrap());
    }
    seeds
}

/// Must return without a panic, with finite samples or an error.
fn decode(bytes: Vec<u8>) -> Result<()> {
    let clip = decode_reader(Cursor::new(bytes), "<mutant>")?;
    assert!(clip.frames() > 0);
    assert!(clip.samples().iter().all(|x| x.is_finite()));
    Ok(())
}

/// The same where damaged packets become gaps.
fn decode_lenient(bytes: Vec<u8>) -> Result<()> {
    let params = OpenParams {
        lenient: true,
        ..OpenParams::default()
    };
    let clip = AudioReader::new_with(Cursor::new(bytes), "<mutant>", &params)?.read_to_end()?;
    // A gap is at most a minute per damaged packet.
    assert!(clip.frames() < 100_000_000);
    Ok(())
}

/// Largest memory use of this process so far, in MiB, where the system reports it.
fn peak_mib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

/// For all tests of this binary together. Damaged headers declare gigabytes.
fn assert_memory_is_modest() {
    if let Some(mib) = peak_mib() {
        assert!(mib < 1024, "peak memory {mib} MiB");
    }
}

proptest! {
    #[test]
    fn changed_bytes_anywhere(
        seed in 0..28usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = seeds().swap_remove(seed);
        for (at, value) in &changes {
            let i = at.index(bytes.len());
            bytes[i] = *value;
        }
        let _ = decode_lenient(bytes.clone());
        let _ = decode(bytes);
        assert_memory_is_modest();
    }

    #[test]
    fn changed_bytes_in_the_header(
        seed in 0..28usize,
        changes in prop::collection::vec(
            (0..256usize, prop::sample::select(vec![0u8, 1, 0x7f, 0x80, 0xfe, 0xff])), 1..6),
    ) {
        let mut bytes = seeds().swap_remove(seed);
        for (at, value) in &changes {
            if let Some(b) = bytes.get_mut(*at) {
                *b = *value;
            }
        }
        let _ = decode(bytes);
        assert_memory_is_modest();
    }

    #[test]
    fn truncated_anywhere(seed in 0..28usize, at in any::<prop::sample::Index>()) {
        let mut bytes = seeds().swap_remove(seed);
        let n = at.index(bytes.len());
        bytes.truncate(n);
        let _ = decode(bytes);
    }

    #[test]
    fn a_piece_copied_elsewhere(
        seed in 0..28usize,
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        n in 1..64usize,
    ) {
        let mut bytes = seeds().swap_remove(seed);
        let from = from.index(bytes.len());
        let piece: Vec<u8> = bytes[from..].iter().take(n).copied().collect();
        let to = to.index(bytes.len());
        bytes.splice(to..to, piece);
        let _ = decode(bytes);
    }

    /// Uncompressed formats store their length, so a missing end is always noticed.
    #[test]
    fn the_cut_of_a_wav_or_au_file_is_noticed(seed in 0..6usize, at in any::<prop::sample::Index>()) {
        let mut bytes = seeds().swap_remove(seed);
        let n = at.index(bytes.len());
        bytes.truncate(n);
        let mut block = vec![0.0; 1 << 16];
        if let Ok(mut reader) = AudioReader::new(Cursor::new(bytes), "<mutant>") {
            let cut = loop {
                match reader.read(&mut block) {
                    Ok(0) => break reader.gaps().cut_at.is_some(),
                    Ok(_) => {}
                    Err(_) => break true,
                }
            };
            prop_assert!(cut);
        }
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = decode(bytes);
    }
}
