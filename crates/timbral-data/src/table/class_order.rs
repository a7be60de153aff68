/// Sorts the names of classes and removes repeats: by their values if all of them are numbers, so that
/// `10` comes after `9`, else as texts. Labels have the same numbers in every table and model that sort
/// them with it.
///
/// ```
/// use timbral_data::sort_classes;
/// let mut classes = ["10", "9", "1", "9"].map(str::to_owned).to_vec();
/// sort_classes(&mut classes);
/// assert_eq!(classes, ["1", "9", "10"]);
/// let mut classes = ["rock", "10", "9"].map(str::to_owned).to_vec();
/// sort_classes(&mut classes);
/// assert_eq!(classes, ["10", "9", "rock"]);
/// ```
pub fn sort_classes(classes: &mut Vec<String>) {
    classes.sort_unstable();
    classes.dedup();
    if let Some(mut numbers) = numbers(classes) {
        // Equal numbers, such as 1 and 01, stay in the order of the texts.
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        *classes = numbers.into_iter().map(|(_, class)| class).collect();
    }
}

/// The values of the classes, if all are finite numbers.
fn numbers(classes: &[String]) -> Option<Vec<(f64, String)>> {
    let value = |class: &String| {
        let value = class.parse().ok().filter(|x: &f64| x.is_finite());
        value.map(|x| (x, class.clone()))
    };
    classes.iter().map(value).collect()
}

/// Removes the point from labels that are all whole numbers: pandas writes `3.0` for 3 where a label was
/// missing once.
pub(crate) fn without_points(labels: &mut [String]) {
    let whole = |label: &String| label.parse().is_ok_and(|x: f64| x.fract() == 0.0);
    if !labels.iter().all(whole) {
        return;
    }
    for label in labels {
        if let Some((digits, zeros)) = label.split_once('.')
            && zeros.bytes().all(|b| b == b'0')
            && digits.bytes().any(|b| b.is_ascii_digit())
        {
            *label = digits.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn numbers_are_sorted_by_value() {
        for (classes, sorted) in [
            (&["-1", "2", "10", "0.5"][..], &["-1", "0.5", "2", "10"][..]),
            (&["1", "01", "1"], &["01", "1"]),
            (&["nan", "2", "10"], &["10", "2", "nan"]),
            (&[], &[]),
        ] {
            let mut classes = texts(classes);
            sort_classes(&mut classes);
            assert_eq!(classes, sorted);
        }
    }

    #[test]
    fn whole_numbers_lose_their_points() {
        for (labels, expected) in [
            (&["3.0", "-1.00", "2"][..], &["3", "-1", "2"][..]),
            (&["3.0", "2.5"], &["3.0", "2.5"]),
            (&["3.0", "x"], &["3.0", "x"]),
            (&["1e3", ".0", "7."], &["1e3", ".0", "7"]),
        ] {
            let mut labels = texts(labels);
            without_points(&mut labels);
            assert_eq!(labels, expected);
        }
    }
}
