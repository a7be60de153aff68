use crate::error::{Error, Result, check};

/// Converts a warping path to a grid of time: for every frame of one series, its position in the other,
/// interpolated linearly between frames. Equals `librosa.sequence.path_to_steps`.
///
/// - `path`: pairs of frames, such as those of [`Warping`](crate::Warping), in any order;
/// - `inverse`: whether the grid has the frames of the first series (true) or of the second (false, librosa's
///   default);
/// - result: one position for each frame of that series, between the first and the last one of the path.
///
/// If several pairs have the same frame, the last of them in `path` is used.
///
/// # Errors
///
/// No pairs, or frames of 2^32 or more.
///
/// ```
/// let path = [(4, 2), (2, 1), (0, 0)];
/// assert_eq!(timbral_dsp::path_to_steps(&path, false)?, [0.0, 2.0, 4.0]);
/// assert_eq!(timbral_dsp::path_to_steps(&path, true)?, [0.0, 0.5, 1.0, 1.5, 2.0]);
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
pub fn path_to_steps(path: &[(usize, usize)], inverse: bool) -> Result<Vec<f64>> {
    let pair = |(a, b): &(usize, usize)| if inverse { (*a, *b) } else { (*b, *a) };
    let mut pairs: Vec<(usize, usize)> = path.iter().map(pair).collect();
    // Stable, as NumPy's merge sort.
    pairs.sort_by_key(|(to, _)| *to);
    let (Some(first), Some(last)) = (pairs.first(), pairs.last()) else {
        return Err(Error::TooShort {
            name: "path",
            needed: 1,
            got: 0,
        });
    };
    for (to, from) in &pairs {
        let rule = "must have frames below 2^32";
        check(
            u32::try_from((*to).max(*from)).is_ok(),
            "path",
            (*to).max(*from),
            rule,
        )?;
    }
    let step = |frame: usize| {
        // The first pair has no frame above: there is always one at or below.
        let next = pairs.partition_point(|(to, _)| *to <= frame);
        let (low, low_from) = pairs[next.saturating_sub(1)];
        let low_from = low_from as f64;
        match pairs.get(next) {
            Some((high, high_from)) if low < frame => {
                let slope = (*high_from as f64 - low_from) / (high - low) as f64;
                slope * (frame - low) as f64 + low_from
            }
            _ => low_from,
        }
    };
    Ok((first.0..=last.0).map(step).collect())
}
