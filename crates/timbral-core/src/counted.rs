/// A number and a noun; the noun gets an `s` unless the number is one.
///
/// ```
/// use timbral_core::counted;
///
/// assert_eq!((counted(1, "file"), counted(0, "file")), ("1 file".to_owned(), "0 files".to_owned()));
/// ```
pub fn counted(n: usize, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{ending}")
}
