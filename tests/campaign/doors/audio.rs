use std::io::Cursor;

use timbral_audio::{AudioReader, OpenParams, Result, SoundTags, decode_reader};

/// The rate of the published tables, in Hz.
const RATE: u32 = 22_050;

/// The longest sound that is decoded a second time, in samples.
const SHORT: usize = 1 << 18;

/// What is decoded is finite and not empty. With damaged packets as gaps the same samples come out of a file
/// that has none, block by block and resampled.
pub(crate) fn open(bytes: &[u8]) {
    // Whatever they are, tags are texts of some length.
    let tags = SoundTags::from_reader(Cursor::new(bytes.to_vec()));
    for text in [tags.title, tags.artist, tags.album].into_iter().flatten() {
        assert!(!text.is_empty() && text.chars().count() <= 500);
    }
    let strict = decode_reader(Cursor::new(bytes.to_vec()), "x");
    if let Ok(clip) = &strict {
        assert!(clip.frames() > 0);
        assert!(clip.samples().iter().all(|x| x.is_finite()));
    }
    let lenient = lenient(bytes);
    if let Ok(clip) = strict
        && clip.samples().len() <= SHORT
    {
        let whole = clip.to_mono().resample(RATE);
        let whole = whole.unwrap_or_else(|e| panic!("{e}"));
        match lenient {
            Ok(samples) => assert!(samples == whole.samples(), "block by block it is another"),
            // Samples near the largest number.
            Err(_) => assert!(!whole.samples().iter().all(|x| x.is_finite())),
        }
    }
}

/// The samples at [`RATE`]; only the start of a long sound is kept.
fn lenient(bytes: &[u8]) -> Result<Vec<f32>> {
    let params = OpenParams {
        lenient: true,
        ..OpenParams::default()
    };
    // By the name a first frame is searched for where no signature is found.
    let mut mono = AudioReader::new_with(Cursor::new(bytes.to_vec()), "x.mp3", &params)?
        .into_mono(Some(RATE))?;
    let (mut all, mut block) = (Vec::new(), Vec::new());
    while mono.read(&mut block)? > 0 {
        assert!(block.iter().all(|x| x.is_finite()));
        if all.len() <= 64 * SHORT {
            all.extend(&block);
        }
        block.clear();
    }
    Ok(all)
}
