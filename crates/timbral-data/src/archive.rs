use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flate2::read::GzDecoder;
use ureq::http::{StatusCode, header};

use crate::duplicates::sha256;
use crate::error::{Error, Result, at};
use crate::gtzan::TrackId;

/// Folder of the clips in the archive.
const GENRES: &str = "genres";

/// Most times one mirror is asked to go on after its connection broke.
const ATTEMPTS: usize = 10;

/// Longest wait for a connection, for an answer and for more of one.
const WAIT: Duration = Duration::from_secs(20);

/// Most members of the archive; GTZAN has 1000 clips in 11 folders.
const MEMBERS_LIMIT: usize = 4096;

/// Most bytes of a member; a clip has 1.3 MB.
const MEMBER_LIMIT: u64 = 16 << 20;

/// Most bytes that unpacking may make; the clips have 1.3 GB.
const UNPACKED_LIMIT: u64 = 4 << 30;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// Where an archive of GTZAN can be had and how it is known to be the right one; the default is
/// the original `genres.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Addresses, the one to try first first.
    pub mirrors: Vec<String>,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Default for Archive {
    fn default() -> Self {
        let mirrors = [
            "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
            "http://opihi.cs.uvic.ca/sound/genres.tar.gz",
        ];
        Self {
            mirrors: mirrors.map(str::to_owned).to_vec(),
            bytes: 1_225_571_541,
            sha256: "24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6".to_owned(),
        }
    }
}

/// Downloads an archive of GTZAN and unpacks its clips, and gives back the folder `genres` in
/// which they are. If that is there already, nothing is done.
///
/// The mirrors are tried in turn. The archive grows in `genres.tar.gz.partial`, where a later call
/// goes on; it is deleted once unpacked. Nothing is unpacked before length and SHA-256 are right,
/// then only clips, `genres/<genre>/<genre>.NNNNN.au`, and the folder appears when it is whole.
/// `progress` is told how many bytes of how many there are. The clips take up 1.3 GB, the archive
/// as much; they may be used, but not passed on.
///
/// # Errors
///
/// - [`Error::NotFetched`] if no mirror gave the archive, with the reason for each;
/// - [`Error::Member`] for an archive that has links, paths that lead out of it, or too much;
/// - [`Error::Stopped`] soon after `stop` is set (if the mirror is silent, after 20 s);
/// - the folder cannot be written.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use timbral_data::gtzan::{Archive, fetch};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::create_dir(folder.path().join("genres"))?;
/// let stop = AtomicBool::new(false);
/// let genres = fetch(&Archive::default(), folder.path(), &stop, |_, _| ())?;
/// assert_eq!(genres, folder.path().join("genres"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fetch(
    archive: &Archive,
    folder: &Path,
    stop: &AtomicBool,
    mut progress: impl FnMut(u64, u64),
) -> Result<PathBuf> {
    let genres = folder.join(GENRES);
    if genres.is_dir() {
        return Ok(genres);
    }
    fs::create_dir_all(folder).map_err(at(folder))?;
    let download = Download {
        archive,
        path: &folder.join("genres.tar.gz.partial"),
        stop,
    };
    download.run(&mut progress)?;
    let unpacked = tempfile::tempdir_in(folder).map_err(at(folder))?;
    download.unpack(unpacked.path())?;
    fs::rename(unpacked.path().join(GENRES), &genres).map_err(at(&genres))?;
    fs::remove_file(download.path).map_err(at(download.path))?;
    Ok(genres)
}

struct Download<'a> {
    archive: &'a Archive,
    path: &'a Path,
    stop: &'a AtomicBool,
}

impl Download<'_> {
    /// The whole and right archive at `path`.
    fn run(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let mut reasons = Vec::new();
        if self.have()? >= self.archive.bytes && self.verified(&mut reasons)? {
            return Ok(());
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(WAIT))
            .timeout_recv_response(Some(WAIT))
            .timeout_per_read(Some(WAIT));
        let agent = ureq::Agent::new_with_config(config.build());
        for url in &self.archive.mirrors {
            for _ in 0..ATTEMPTS {
                let had = self.have()?;
                let again = match self.attempt(&agent, url, progress)? {
                    Ok(()) if self.verified(&mut reasons)? => return Ok(()),
                    // What was there before may have been another file's.
                    Ok(()) => had > 0,
                    Err(reason) => {
                        reasons.push(format!("{url}: {reason}"));
                        self.have()? > had
                    }
                };
                if !again {
                    break;
                }
            }
        }
        let path = self.path.to_owned();
        Err(Error::NotFetched { path, reasons })
    }

    /// Bytes that are there.
    fn have(&self) -> Result<u64> {
        match fs::metadata(self.path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(at(self.path)(error)),
        }
    }

    /// Whether what is there is the archive; if not, it is deleted and the reason told.
    fn verified(&self, reasons: &mut Vec<String>) -> Result<bool> {
        let (bytes, found) = sha256(self.path, || self.go_on())?;
        let expected = &self.archive.sha256;
        if bytes == self.archive.bytes && found.eq_ignore_ascii_case(expected) {
            return Ok(true);
        }
        reasons.push(format!(
            "another file, deleted: {bytes} bytes with SHA-256 {found} for {} with {expected}",
            self.archive.bytes
        ));
        fs::remove_file(self.path).map_err(at(self.path))?;
        Ok(false)
    }

    fn go_on(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        Ok(())
    }

    /// One request for what is missing; the inner error is the mirror's.
    fn attempt(
        &self,
        agent: &ureq::Agent,
        url: &str,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<std::result::Result<(), String>> {
        self.go_on()?;
        let total = self.archive.bytes;
        let have = self.have()?;
        let mut request = agent.get(url);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if content_start(&response) == Some(have) => have,
            status => return Ok(Err(format!("answered {status}"))),
        };
        if let Some(length) = response.body().content_length()
            && start.checked_add(length) != Some(total)
        {
            return Ok(Err(format!(
                "offers {length} bytes after {start}, not {total} in all"
            )));
        }
        let mut options = File::options();
        let file = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path);
        let mut file = file.map_err(at(self.path))?;
        file.set_len(start).map_err(at(self.path))?;
        file.seek(SeekFrom::Start(start)).map_err(at(self.path))?;
        let mut body = response.into_body().into_reader().take(total - start);
        let mut chunk = vec![0; CHUNK];
        let mut done = start;
        while done < total {
            self.go_on()?;
            progress(done, total);
            let n = match body.read(&mut chunk) {
                Ok(0) => return Ok(Err(format!("ended after {done} of {total} bytes"))),
                Ok(n) => n,
                Err(error) => return Ok(Err(format!("{error} after {done} of {total} bytes"))),
            };
            file.write_all(&chunk[..n]).map_err(at(self.path))?;
            done += n as u64;
        }
        progress(done, total);
        Ok(Ok(()))
    }

    /// Unpacks the clips below `folder`.
    fn unpack(&self, folder: &Path) -> Result<()> {
        let file = File::open(self.path).map_err(at(self.path))?;
        let unpacked = GzDecoder::new(BufReader::new(file)).take(UNPACKED_LIMIT);
        let mut tar = tar::Archive::new(unpacked);
        // Headers as they stand: no extension of a name or a size is followed.
        let members = tar.entries().map_err(at(self.path))?.raw(true);
        let mut clips = 0;
        for (i, member) in members.enumerate() {
            self.go_on()?;
            let mut member = member.map_err(at(self.path))?;
            let path = member.path().map_err(at(self.path))?.into_owned();
            let refused = |reason| Error::Member {
                path: self.path.to_owned(),
                member: path.display().to_string(),
                reason,
            };
            if i >= MEMBERS_LIMIT {
                return Err(refused("more members than GTZAN has"));
            }
            if member.size() > MEMBER_LIMIT {
                return Err(refused("larger than any clip"));
            }
            let inside = |c| matches!(c, Component::Normal(_) | Component::CurDir);
            if !path.components().all(inside) {
                return Err(refused("leads out of the folder"));
            }
            let kind = member.header().entry_type();
            if kind.is_symlink() || kind.is_hard_link() {
                return Err(refused("is a link"));
            }
            let Some(clip) = clip(&path).filter(|_| kind.is_file()) else {
                continue;
            };
            let target = folder.join(clip);
            if let Some(genre) = target.parent() {
                fs::create_dir_all(genre).map_err(at(genre))?;
            }
            let mut file = File::create_new(&target).map_err(at(&target))?;
            io::copy(&mut member, &mut file).map_err(at(&target))?;
            clips += 1;
        }
        if clips == 0 {
            let (path, reason) = (self.path.to_owned(), "no clip of GTZAN in it".to_owned());
            return Err(Error::Malformed { path, reason });
        }
        Ok(())
    }
}

/// Where the part of the archive that is answered begins.
fn content_start<B>(response: &ureq::http::Response<B>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?;
    let range = range.to_str().ok()?.strip_prefix("bytes ")?;
    range.split('-').next()?.parse().ok()
}

/// The place of a clip, if the path is that of one.
fn clip(path: &Path) -> Option<PathBuf> {
    let track: TrackId = path.file_stem()?.to_str()?.parse().ok()?;
    let place = Path::new(GENRES)
        .join(track.genre())
        .join(format!("{track}.au"));
    let named = path.components().filter(|c| *c != Component::CurDir);
    named.eq(place.components()).then_some(place)
}
