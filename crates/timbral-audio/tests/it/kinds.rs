//! What other programs write around and inside a stream: each test builds its smallest case from a file of
//! `tests/data`.

#![cfg(feature = "symphonia")]

use std::io::Cursor;

use timbral_audio::{AudioReader, Clip, Error, Gaps, OpenParams, Result, decode_reader};

use crate::{data, int_spec, wav};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).unwrap()
}

fn read(bytes: Vec<u8>) -> Result<Clip> {
    decode_reader(Cursor::new(bytes), "<test>")
}

fn gaps_of(bytes: Vec<u8>, lenient: bool) -> Result<(Clip, Gaps)> {
    let params = OpenParams {
        lenient,
        ..OpenParams::default()
    };
    let mut reader = AudioReader::new_with(Cursor::new(bytes), "<test>", &params)?;
    let (rate, channels) = (reader.sample_rate(), reader.channels());
    let mut samples = Vec::new();
    let mut block = vec![0.0; 4096];
    loop {
        let n = reader.read(&mut block)?;
        if n == 0 {
            return Ok((Clip::new(samples, rate, channels)?, reader.gaps()));
        }
        samples.extend(&block[..n]);
    }
}

#[test]
fn tags_and_other_bytes_around_the_sound_are_no_part_of_it() {
    let id3v1 = [b"TAG".to_vec(), vec![b'x'; 125]].concat();
    let ape = |flags: u8| {
        let mut tag = b"APETAGEX\xd0\x07\0\0\x34\0\0\0\x01\0\0\0\0\0\0".to_vec();
        tag.push(flags);
        tag.extend([0; 8]);
        tag
    };
    // An item of random bytes, as a picture is.
    let item: Vec<u8> = (0..20u32).map(|i| (i * 7919 % 251) as u8).collect();
    let apev2 = [ape(0xa0), item, ape(0x80)].concat();
    let lyrics = [&b"LYRICSBEGININD0000200000014LYRICS200"[..], &id3v1].concat();
    let after = [
        ("ID3v1", id3v1),
        ("APEv2", apev2),
        ("Lyrics3", lyrics),
        ("a newline", b"\n".to_vec()),
        ("zeros", vec![0; 3000]),
    ];
    let mut id3v2 = b"ID3\x04\0\0\0\0\x01\x00".to_vec();
    id3v2.extend([0; 128]);
    let files = [
        ("FLAC", bytes("tone16.flac")),
        ("MP3", bytes("tone.mp3")),
        ("OGG", bytes("tone.ogg")),
        ("AIFF", bytes("tone.aiff")),
        ("AAC", bytes("tone.aac")),
        ("WAV", wav(int_spec(2, 22_050, 16), &[1, 2, 3, 4])),
    ];
    for (format, file) in files {
        let whole = read(file.clone()).unwrap();
        for (what, tail) in &after {
            let got = read([&file[..], tail].concat());
            assert_eq!(got.unwrap(), whole, "{format} and {what}");
        }
        let got = read([&id3v2[..], &file].concat());
        assert_eq!(got.unwrap(), whole, "ID3v2 and {format}");
    }
}

#[test]
fn an_mp3_is_as_long_as_its_frames_are() {
    let frames = |b: &[u8]| read(b.to_vec()).unwrap().frames();
    let (tagged, bare) = (bytes("tone.mp3"), bytes("bare.mp3"));
    let (first, second) = (frames(&tagged), frames(&bare));
    // Joined: the padding at the end of the first is within the file, and is kept.
    let joined = frames(&[&tagged[..], &bare].concat());
    assert!(
        joined >= first + second && joined < first + second + 1152,
        "{joined}"
    );
    // The tag says that there are no frames: only its delay is believed.
    let at = tagged
        .windows(4)
        .position(|w| w == b"Info" || w == b"Xing")
        .unwrap();
    let mut zero = tagged.clone();
    zero[at + 8..at + 12].fill(0);
    assert!(frames(&zero) >= first);
    // Other bytes before the first frame, and half a frame at the end.
    let noise: Vec<u8> = (0..300u32).map(|i| (i * 31 % 200) as u8).collect();
    let shifted = [&noise[..], &bare, &bare[..60]].concat();
    let got = decode_reader(Cursor::new(shifted), "x.mp3").unwrap();
    assert_eq!(got.frames(), second);
    // In WAV, too.
    let mut inside =
        b"RIFF\0\0\0\0WAVEfmt \x1e\0\0\0\x55\0\x02\0\x22\x56\0\0\0\0\0\0\x01\0\0\0".to_vec();
    inside.extend([0; 14]);
    inside.extend(b"data");
    inside.extend((bare.len() as u32).to_le_bytes());
    inside.extend(&bare);
    assert_eq!(read(inside).unwrap(), read(bare).unwrap());
}

#[test]
fn the_first_frames_decide_the_channels_of_an_mp3() {
    let (stereo, mono) = (bytes("bare.mp3"), bytes("mono.mp3"));
    for (first, second) in [(&stereo, &mono), (&mono, &stereo)] {
        let alone = read(first.clone()).unwrap();
        let got = read([&first[..], second].concat()).unwrap();
        assert_eq!(got.channels(), alone.channels());
        assert_eq!(got.frames(), 2 * alone.frames());
        assert_eq!(got.samples()[..alone.samples().len()], *alone.samples());
    }
}

#[test]
fn flac_headers_off_the_book_and_joined_files() {
    let file = bytes("tone16.flac");
    let whole = read(file.clone()).unwrap();
    let mut minimum_0 = file.clone();
    minimum_0[8..10].fill(0);
    assert_eq!(read(minimum_0).unwrap(), whole);
    let joined = read([&file[..], &file].concat()).unwrap();
    let expected = [whole.samples(), whole.samples()].concat();
    assert_eq!(joined.samples(), expected);
}

#[test]
fn ogg_ends_with_its_last_whole_page_and_goes_on_with_the_next_stream() {
    let file = bytes("tone.ogg");
    let whole = read(file.clone()).unwrap();
    let pages: Vec<usize> = (0..file.len())
        .filter(|i| file[*i..].starts_with(b"OggS"))
        .collect();
    let last = *pages.last().unwrap();
    for end in [last, last + 10, file.len() - 1] {
        let cut = read(file[..end].to_vec());
        match cut {
            Ok(cut) => {
                let n = cut.samples().len();
                assert!(n < whole.samples().len());
                assert_eq!(cut.samples(), &whole.samples()[..n]);
            }
            // All sound is on the last page of a short file.
            Err(e) => assert!(matches!(e, Error::NoSamples { .. }), "{e}"),
        }
    }
    let twice = read([&file[..], &file].concat()).unwrap();
    assert_eq!(twice.samples(), [whole.samples(), whole.samples()].concat());
}

#[test]
fn mp4_without_its_first_box() {
    let file = bytes("tone.m4a");
    let whole = read(file.clone()).unwrap();
    for name in [b"wide", b"free", b"skip"] {
        let mut other = file.clone();
        other[4..8].copy_from_slice(name);
        assert_eq!(read(other).unwrap(), whole);
    }
    // `drms` alone is a name; with `sinf` the sound is encrypted.
    let at = file.windows(4).position(|w| w == b"mp4a").unwrap();
    let mut protected = file.clone();
    protected[at..at + 4].copy_from_slice(b"drms");
    assert_eq!(read(protected.clone()).unwrap(), whole);
    let esds = file.windows(4).position(|w| w == b"esds").unwrap();
    protected[esds..esds + 4].copy_from_slice(b"sinf");
    let e = read(protected).unwrap_err();
    assert!(matches!(e, Error::Unsupported { .. }), "{e}");
    assert!(e.to_string().contains("(DRM)"), "{e}");
}

/// sox writes 0 into a pipe; ffmpeg, whose file this is, writes -1.
#[test]
fn a_caf_whose_size_of_data_is_0_is_read_to_its_end() {
    let mut file = bytes("pipe.caf");
    let whole = read(file.clone()).unwrap();
    let at = file.windows(4).position(|w| w == b"data").unwrap();
    file[at + 4..at + 12].fill(0);
    assert_eq!(read(file).unwrap(), whole);
}

/// The field "frames per packet" of a CAF header sized an allocation of 34 GB.
#[test]
fn numbers_of_a_caf_header_size_no_allocation() {
    let mut file = bytes("alac.caf");
    let whole = read(file.clone()).unwrap();
    file[40..44].copy_from_slice(&0xffff_ffc0u32.to_be_bytes());
    assert_eq!(read(file).unwrap(), whole);
}

#[test]
fn a_damaged_packet_is_an_error_with_its_place_or_a_gap() {
    let mut file = bytes("tone16.flac");
    let whole = read(file.clone()).unwrap();
    // The second of three blocks of 2304 samples.
    let n = file.len();
    file[n - 2000] ^= 0x55;
    let message = read(file.clone()).unwrap_err().to_string();
    assert!(
        message.contains("a damaged packet at 0.104 s (byte "),
        "{message}"
    );
    assert!(message.contains("--lenient"), "{message}");
    let (clip, gaps) = gaps_of(file, true).unwrap();
    assert_eq!((gaps.count, clip.frames()), (1, whole.frames()));
    let first = gaps.first.unwrap();
    assert!((first - 2304.0 / 22_050.0).abs() < 1e-9, "{first}");
    let (start, end) = (2 * 2304, 2 * 4608);
    assert_eq!(clip.samples()[..start], whole.samples()[..start]);
    assert!(clip.samples()[start..end].iter().all(|x| *x == 0.0));
    assert_eq!(clip.samples()[end..], whole.samples()[end..]);
}

/// Blocks of seven bytes, each of which would become a packet's length of silence.
#[test]
fn tiny_damaged_packets_make_no_more_silence_than_the_file_is_long() {
    let file = bytes("tone.mka");
    let (whole, _) = gaps_of(file.clone(), false).unwrap();
    // Size, track, time and flags, and one byte that is no packet of Vorbis.
    let block = [0xa3, 0x85, 0x81, 0, 0, 0, 1];
    let damaged = |n: usize| [&file[..], &block.repeat(n)].concat();
    assert!(
        read(damaged(1))
            .unwrap_err()
            .to_string()
            .contains("damaged")
    );
    let (one, gaps) = gaps_of(damaged(1), true).unwrap();
    assert_eq!((gaps.count, gaps.short), (1, 0));
    let each = one.frames() - whole.frames();
    assert!(each > 64 * block.len(), "{each} frames");
    let n = 10_000;
    let many = damaged(n);
    let most = whole.frames() + 48_000 + 64 * many.len();
    let (clip, gaps) = gaps_of(many, true).unwrap();
    let frames = clip.frames();
    assert!(
        frames <= most && frames < whole.frames() + n * each,
        "{frames} frames"
    );
    assert_eq!(gaps.count, n as u64);
    assert!((1..n as u64).contains(&gaps.short), "{gaps}");
    assert!(gaps.to_string().contains("of them not in full"), "{gaps}");
}

#[test]
fn an_end_that_is_missing_is_noted() {
    let wav = wav(int_spec(1, 22_050, 16), &[1; 100]);
    let files = [
        ("WAV", wav, 20),
        ("FLAC", bytes("tone16.flac"), 100),
        ("MP3", bytes("tone.mp3"), 500),
        ("OGG", [bytes("tone.ogg"), bytes("tone.ogg")].concat(), 10),
        ("Matroska", bytes("tone.mka"), 100),
    ];
    for (format, file, missing) in files {
        let (whole, gaps) = gaps_of(file.clone(), false).unwrap();
        assert!(gaps.is_empty(), "{format}: {gaps}");
        let n = file.len() - missing;
        let (clip, gaps) = gaps_of(file[..n].to_vec(), false).unwrap();
        assert!(clip.frames() < whole.frames(), "{format}");
        let end = clip.frames() as f64 / f64::from(clip.sample_rate());
        assert_eq!((gaps.count, gaps.cut_at), (0, Some(end)), "{format}");
    }
}

#[test]
fn formats_without_a_decoder_are_named() {
    for (head, name) in [
        (
            &b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"[..],
            "Windows Media Audio",
        ),
        (b"MAC \x96\x0f", "Monkey's Audio"),
        (b"wvpk", "WavPack"),
        (b"TTA1", "True Audio"),
        (b"MThd", "MIDI"),
        (b"DSD ", "DSD"),
        (b"#!AMR\n", "AMR"),
        (b"\x0b\x77\0\0", "Dolby AC-3"),
    ] {
        let message = read(head.to_vec()).unwrap_err().to_string();
        assert!(
            message.contains(&format!("not supported: {name}")),
            "{message}"
        );
    }
}

fn atom(name: &[u8], body: &[u8]) -> Vec<u8> {
    [&(8 + body.len() as u32).to_be_bytes(), name, body].concat()
}

/// A fragment that declares 2^32 - 1 packets of no bytes, and a table of many chunks at one place: neither makes
/// more sound than the file has.
#[test]
fn packets_that_are_empty_or_overlap_make_no_sound() {
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|w| w.to_be_bytes())
            .collect::<Vec<_>>()
    };
    let file = bytes("tone.m4a");
    let run = [
        atom(b"tfhd", &words(&[0x2_0000, 1])),
        atom(b"trun", &words(&[0, u32::MAX])),
    ];
    let fragment = atom(b"moof", &atom(b"traf", &run.concat()));
    // The packets are at the end of the fragment; a box is behind them, so that the place is in the file.
    let empty = [&file[..], &fragment, &atom(b"free", &[0; 16])].concat();
    let error = read(empty).unwrap_err().to_string();
    assert!(error.contains("longer than the file"), "{error}");

    let file = bytes("pcm_s16be.mov");
    let whole = read(file.clone()).unwrap();
    let at = |name: &[u8]| file.windows(4).position(|w| w == name).unwrap();
    // Its one chunk with all frames, a hundred times: the count of frames is that of the table.
    let (stsz, stco) = (at(b"stsz"), at(b"stco"));
    let mut many = file.clone();
    many[stsz + 12..stsz + 16].copy_from_slice(&(100 * whole.frames() as u32).to_be_bytes());
    let chunk: Vec<u8> = many[stco + 12..stco + 16].to_vec();
    many[stco..stco + 4].copy_from_slice(b"free");
    let table = [&[0; 4], &100u32.to_be_bytes()[..], &chunk.repeat(100)].concat();
    // The boxes around the table become longer.
    let table = atom(b"stco", &table);
    for name in [&b"moov"[..], b"trak", b"mdia", b"minf", b"stbl"] {
        let at = at(name) - 4;
        let length = u32::from_be_bytes(many[at..at + 4].try_into().unwrap());
        many[at..at + 4].copy_from_slice(&(length + table.len() as u32).to_be_bytes());
    }
    let end = stco - 4 + u32::from_be_bytes(file[stco - 4..stco].try_into().unwrap()) as usize;
    many.splice(end..end, table);
    // Of four bytes per frame.
    let most = many.len() / 4;
    let frames = read(many).map_or(0, |clip| clip.frames());
    assert!(frames <= most, "{frames} frames");
}
