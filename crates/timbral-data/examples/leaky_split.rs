//! Splits a table of segments at random and by recording, and shows what the random split leaks.
//!
//! `cargo run -p timbral-data --example leaky_split`

#![allow(clippy::print_stdout)]

use timbral_data::{FeatureTable, LeakReport, SplitMethod, recording_of};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 20 recordings of 5 segments; the segments of a recording are similar.
    let name = |row: usize| {
        let (recording, segment) = (row / 5, row % 5);
        let genre = if recording < 10 { "jazz" } else { "rock" };
        format!("{genre}.{:05}.{segment}.wav", recording % 10)
    };
    let ids: Vec<String> = (0..100).map(name).collect();
    let features = ndarray::Array2::from_shape_fn((100, 2), |(row, column)| {
        let (recording, segment) = (row / 5, row % 5);
        ((7 * recording + 3 * column) % 20) as f32 + 0.1 * segment as f32
    });
    let groups: Vec<String> = ids.iter().map(|id| recording_of(id).to_owned()).collect();
    let labels: Vec<String> = ids.iter().map(|id| id[..4].to_owned()).collect();
    let table = FeatureTable::new(vec!["tempo".into(), "rms".into()], features, ids)?
        .with_groups(groups)?
        .with_labels(labels)?;

    for method in ["random", "grouped", "stratified-grouped"] {
        let split = method.parse::<SplitMethod>()?.split(&table, 42)?;
        println!("{method}: {}\n", LeakReport::of_split(&table, &split)?);
    }
    Ok(())
}
