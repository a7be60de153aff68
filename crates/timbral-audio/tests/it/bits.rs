//! The samples of compressed sound, to the bit: a decoder that chooses its arithmetic by processor fails here on the
//! next kind of processor. AAC did: its transform was one of AVX where there is AVX.

use timbral_audio::decode;

use crate::data;

/// The FNV-1a hash of the bits of all samples.
fn digest(name: &str) -> u64 {
    let clip = decode(data(name)).unwrap();
    let bytes = clip
        .samples()
        .iter()
        .flat_map(|x| x.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn decoders_give_the_same_bits_on_every_processor() {
    let known: [(&str, u64); 9] = [
        ("aac6.m4a", 0x54c9_4b25_eb6f_a3b5),
        ("he.m4a", 0x8945_cccf_53c3_197e),
        ("he2.aac", 0x89cf_f59c_cead_d560),
        ("opus.ogg", 0x9be2_ff61_9952_d947),
        ("tone.aac", 0x2648_6356_8185_1b7b),
        ("tone.m4a", 0x5200_5a28_f4e3_91bf),
        ("tone.mp3", 0xd47d_d589_0b59_1073),
        ("tone.ogg", 0x950a_344e_649b_1290),
        ("vorbis3.ogg", 0x3ea2_ff97_b990_3b4a),
    ];
    let lines = known.map(|(name, _)| format!("{name} {:#018x}", digest(name)));
    let expected = known.map(|(name, digest)| format!("{name} {digest:#018x}"));
    assert_eq!(lines, expected);
}
