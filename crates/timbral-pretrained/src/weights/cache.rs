use std::env;
use std::path::PathBuf;

/// The folder for files that can be made again: `TIMBRAL_CACHE`, else `timbral` in the user's cache folder.
///
/// `None` if the environment has none of the variables.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let folder = |name| {
        env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    if let Some(folder) = folder("TIMBRAL_CACHE") {
        return Some(folder);
    }
    let of_user = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        let of_home = || folder("HOME").map(|home| home.join(".cache"));
        folder("XDG_CACHE_HOME").or_else(of_home)
    };
    of_user.map(|folder| folder.join("timbral"))
}
