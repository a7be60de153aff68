//! Resamples raw samples for the scripts in `tests/scripts`: reads any number of requests from standard
//! input, each a line `FROM TO QUALITY N TURNS` and N little-endian f32, and answers each with a line
//! `LENGTH SECONDS`, the fastest of the turns, and the samples.

use std::error::Error;
use std::io::{BufRead, Read, Write, stdin, stdout};
use std::time::Instant;

use timbral_audio::{ResampleParams, ResampleQuality, Resampler};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [from, to, quality, n, turns] = words[..] else {
            return Err("expected FROM TO QUALITY N TURNS".into());
        };
        let quality = match quality {
            "soxr_hq" => ResampleQuality::SoxrHq,
            "kaiser_best" => ResampleQuality::KaiserBest,
            "kaiser_best_2022" => ResampleQuality::KaiserBest2022,
            other => return Err(format!("unknown quality {other}").into()),
        };
        let (from, to, turns) = (from.parse()?, to.parse()?, turns.parse::<u32>()?);
        let mut bytes = vec![0; 4 * n.parse::<usize>()?];
        input.read_exact(&mut bytes)?;
        let x: Vec<f32> = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect();
        let params = ResampleParams {
            quality,
            ..Default::default()
        };
        let (mut y, mut fastest) = (Vec::new(), f64::INFINITY);
        for _ in 0..turns.max(1) {
            let start = Instant::now();
            y = Resampler::new(from, to, &params)?.resample(&x)?;
            fastest = fastest.min(start.elapsed().as_secs_f64());
        }
        writeln!(output, "{} {fastest}", y.len())?;
        let bytes: Vec<u8> = y.iter().flat_map(|v| v.to_le_bytes()).collect();
        output.write_all(&bytes)?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}
