use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;
use timbral_core::{Monitor, Progress, TemporaryFolder};
use ureq::http::{StatusCode, header};

use super::track::TrackId;
use crate::error::{Error, Result, at};
use crate::leak::sha256;

/// Folder of the clips in the archive.
const GENRES: &str = "genres";

/// Most requests to one mirror whose connection breaks.
const ATTEMPTS: usize = 10;

/// Longest wait for a connection, for a response and for more of its body.
const WAIT: Duration = Duration::from_secs(20);

/// Most members of the archive; GTZAN has 1000 clips in 11 folders.
const MEMBERS_LIMIT: usize = 4096;

/// Most bytes of a member; a clip has 1.3 MB.
const MEMBER_LIMIT: u64 = 16 << 20;

/// Most bytes after unpacking; the clips have 1.3 GB.
const UNPACKED_LIMIT: u64 = 4 << 30;

/// Bytes per read.
const CHUNK: usize = 64 << 10;

/// The addresses of an archive of GTZAN and its checksum; the default is the original `genres.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Addresses, in the order in which they are tried.
    pub mirrors: Vec<String>,
    /// Length of the archive in bytes.
    pub bytes: u64,
    /// SHA-256 of the archive in hexadecimal digits.
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

/// Downloads an archive of GTZAN, unpacks its clips and returns the folder `genres` that has them. If the
/// folder exists already, nothing is done.
///
/// The mirrors are tried in turn. The download is written to `genres.tar.gz.partial`, from which a later call
/// continues; that file is deleted after unpacking. The archive is unpacked only if its length and SHA-256 are right.
/// Only clips, `genres/<genre>/<genre>.NNNNN.au`, are unpacked, and the folder appears when it is complete. The
/// monitor gets the number of bytes (unit `bytes`); its message reports when the archive is checked and unpacked. The
/// clips need 1.3 GB of disk space, and the archive needs as much. The clips may be used, but not redistributed.
/// Incomplete files that a killed process left while unpacking are removed.
///
/// # Errors
///
/// - [`Error::NotFetched`] if no mirror delivered the archive, with the reason for each;
/// - [`Error::Member`] for an archive with links, with paths that lead out of it, or with too much data;
/// - [`Error::Stopped`] if the monitor returns `Break`; the partial download is kept;
/// - [`Error::Io`] if the folder cannot be written.
///
/// ```
/// use timbral_data::gtzan::{Archive, fetch};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::create_dir(folder.path().join("genres"))?;
/// let genres = fetch(&Archive::default(), folder.path(), &mut ())?;
/// assert_eq!(genres, folder.path().join("genres"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fetch(
    archive: &Archive,
    folder: impl AsRef<Path>,
    monitor: &mut dyn Monitor,
) -> Result<PathBuf> {
    fetch_to(folder.as_ref(), archive, monitor)
}

fn fetch_to(folder: &Path, archive: &Archive, monitor: &mut dyn Monitor) -> Result<PathBuf> {
    let genres = folder.join(GENRES);
    if genres.is_dir() {
        return Ok(genres);
    }
    fs::create_dir_all(folder).map_err(at(folder))?;
    let path = folder.join("genres.tar.gz.partial");
    let mut download = Download {
        archive,
        path: &path,
        monitor,
    };
    download.run()?;
    let unpacked = TemporaryFolder::beside(&genres).map_err(at(folder))?;
    download.unpack(unpacked.path())?;
    unpacked.rename().map_err(at(&genres))?;
    fs::remove_file(&path).map_err(at(&path))?;
    Ok(genres)
}

struct Download<'a> {
    archive: &'a Archive,
    path: &'a Path,
    monitor: &'a mut dyn Monitor,
}

impl Download<'_> {
    /// Downloads the archive to `path` and verifies it.
    fn run(&mut self) -> Result<()> {
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
        let archive = self.archive;
        for url in &archive.mirrors {
            for _ in 0..ATTEMPTS {
                let had = self.have()?;
                let again = match self.attempt(&agent, url)? {
                    Ok(()) if self.verified(&mut reasons)? => return Ok(()),
                    // The part from before may belong to another file.
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

    /// Bytes downloaded so far.
    fn have(&self) -> Result<u64> {
        match fs::metadata(self.path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(at(self.path)(error)),
        }
    }

    /// Whether the file is the archive. If not, the file is deleted and the reason added.
    fn verified(&mut self, reasons: &mut Vec<String>) -> Result<bool> {
        let (path, total) = (self.path, self.archive.bytes);
        let (bytes, found) = sha256(path, || self.report(total, "checking the archive"))?;
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

    fn report(&mut self, done: u64, message: &str) -> Result<()> {
        let [done, total] = [done, self.archive.bytes].map(|n| n as usize);
        let progress = Progress::new(done, total, "bytes").with_message(message);
        match self.monitor.report(&progress).is_break() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }

    /// One request for the missing bytes; the inner error is the mirror's.
    fn attempt(
        &mut self,
        agent: &ureq::Agent,
        url: &str,
    ) -> Result<std::result::Result<(), String>> {
        let total = self.archive.bytes;
        let have = self.have()?;
        self.report(have, "")?;
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
            self.report(done, "")?;
            let n = match body.read(&mut chunk) {
                Ok(0) => return Ok(Err(format!("ended after {done} of {total} bytes"))),
                Ok(n) => n,
                Err(error) => return Ok(Err(format!("{error} after {done} of {total} bytes"))),
            };
            file.write_all(&chunk[..n]).map_err(at(self.path))?;
            done += n as u64;
        }
        self.report(done, "")?;
        Ok(Ok(()))
    }

    /// Unpacks the clips into folders of their genres in `folder`.
    fn unpack(&mut self, folder: &Path) -> Result<()> {
        let (archive, total) = (self.path, self.archive.bytes);
        let file = File::open(archive).map_err(at(archive))?;
        let unpacked = GzDecoder::new(BufReader::new(file)).take(UNPACKED_LIMIT);
        let mut tar = tar::Archive::new(unpacked);
        // Raw headers: extensions of names or sizes are not applied.
        let members = tar.entries().map_err(at(archive))?.raw(true);
        let mut clips = 0;
        for (i, member) in members.enumerate() {
            self.report(total, "unpacking")?;
            let mut member = member.map_err(at(archive))?;
            let path = member.path().map_err(at(archive))?.into_owned();
            let refused = |reason| Error::Member {
                path: archive.to_owned(),
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
            let (path, reason) = (archive.to_owned(), "has no clip of GTZAN".to_owned());
            return Err(Error::Malformed { path, reason });
        }
        Ok(())
    }
}

/// The first byte of a partial response.
fn content_start<B>(response: &ureq::http::Response<B>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?;
    let range = range.to_str().ok()?.strip_prefix("bytes ")?;
    range.split('-').next()?.parse().ok()
}

/// The path of a clip below the folder of the genres, if the member is a clip.
fn clip(path: &Path) -> Option<PathBuf> {
    let track: TrackId = path.file_stem()?.to_str()?.parse().ok()?;
    let place = Path::new(track.genre()).join(format!("{track}.au"));
    let named = path.components().filter(|c| *c != Component::CurDir);
    let is_there = named.eq(Path::new(GENRES).join(&place).components());
    is_there.then_some(place)
}
