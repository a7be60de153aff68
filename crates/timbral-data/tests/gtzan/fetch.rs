//! Downloads from good and faulty servers, and hostile archives.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tar::{EntryType, Header};
use timbral_data::gtzan::{Archive, Index, fetch};
use timbral_data::{Error, Progress, Result};

use crate::server::{Manner, Server};

const CLIP: &[u8] = &[7; 5000];

fn member(path: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    // By hand: the library refuses such paths.
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

fn pack(members: &[(Header, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    for (header, bytes) in members {
        tar.append(header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn file(path: &str) -> (Header, &'static [u8]) {
    (member(path, EntryType::Regular, CLIP.len() as u64), CLIP)
}

/// Two clips and two members that are not clips.
fn good() -> Vec<u8> {
    pack(&[
        (member("genres/", EntryType::Directory, 0), b""),
        (member("genres/blues/", EntryType::Directory, 0), b""),
        file("genres/blues/blues.00000.au"),
        file("genres/bextract_single.mf"),
        file("genres/blues/._blues.00001.au"),
        file("./genres/rock/rock.00099.au"),
    ])
}

fn archive(bytes: &[u8], servers: &[&Server]) -> Archive {
    let hash = Sha256::digest(bytes);
    Archive {
        mirrors: servers.iter().map(|s| s.url.clone()).collect(),
        bytes: bytes.len() as u64,
        sha256: hash.iter().map(|b| format!("{b:02X}")).collect(),
    }
}

fn run(archive: &Archive, folder: &Path) -> Result<std::path::PathBuf> {
    fetch(archive, folder, &mut ())
}

/// The folder has the two clips and nothing else.
fn assert_whole(folder: &Path) {
    let index = Index::read(folder.join("genres")).unwrap();
    let names: Vec<String> = index.tracks.iter().map(|t| t.id.to_string()).collect();
    assert_eq!(names, ["blues.00000", "rock.00099"]);
    assert!(index.surplus.is_empty(), "{:?}", index.surplus);
    for track in &index.tracks {
        assert_eq!(fs::read(&track.path).unwrap(), CLIP);
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn a_complete_download() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/folder");
    let server = Server::start(good(), Manner::Good);
    let archive = archive(&good(), &[&server]);
    let mut reports = Vec::new();
    let monitor = &mut |progress: &Progress| {
        assert_eq!(progress.unit, "bytes");
        reports.push((progress.done, progress.total));
        ControlFlow::Continue(())
    };
    let genres = fetch(&archive, &root, monitor).unwrap();
    assert_eq!(genres, root.join("genres"));
    assert_whole(&root);
    let total = archive.bytes as usize;
    assert_eq!(reports[0], (0, total));
    assert_eq!(reports.last(), Some(&(total, total)));
    assert!(reports.is_sorted());
    // A second time there is nothing to do.
    run(&archive, &root).unwrap();
    assert_eq!(server.requests(), [0]);
}

/// A killed process leaves what it unpacked, without its lock.
#[cfg(unix)]
#[test]
fn what_a_kill_left_of_the_unpacking_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    for half in [".genres.tmp/blues", ".genres.1.tmp/rock"] {
        let half = folder.path().join(half);
        fs::create_dir_all(&half).unwrap();
        fs::write(half.join("rock.00001.au"), "half").unwrap();
    }
    let server = Server::start(good(), Manner::Good);
    run(&archive(&good(), &[&server]), folder.path()).unwrap();
    assert_whole(folder.path());
}

#[test]
fn a_broken_connection_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(good(), Manner::Cut(6000));
    run(&archive(&good(), &[&server]), folder.path()).unwrap();
    assert_whole(folder.path());
    let requests = server.requests();
    assert_eq!(requests[..3], [0, 6000, 12_000]);
    assert_eq!(requests.len(), good().len().div_ceil(6000));
}

#[test]
fn a_later_call_continues_where_the_first_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let cut = Server::start(good(), Manner::Cut(2000));
    let error = run(&archive(&good(), &[&cut]), folder.path()).unwrap_err();
    assert!(matches!(error, Error::NotFetched { .. }), "{error}");
    let had = cut.requests().len() * 2000;
    let server = Server::start(good(), Manner::Good);
    run(&archive(&good(), &[&server]), folder.path()).unwrap();
    assert_whole(folder.path());
    assert_eq!(server.requests(), [had]);
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("genres.tar.gz.partial"), [0; 3000]).unwrap();
    let server = Server::start(good(), Manner::NoRange);
    run(&archive(&good(), &[&server]), folder.path()).unwrap();
    assert_whole(folder.path());
    assert_eq!(server.requests(), [3000]);
}

#[test]
fn mirrors_are_tried_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let [gone, page, wrong] = [Manner::NotFound, Manner::Page, Manner::WrongRange]
        .map(|manner| Server::start(good(), manner));
    let whole = Server::start(good(), Manner::Good);
    fs::write(folder.path().join("genres.tar.gz.partial"), &good()[..100]).unwrap();
    run(
        &archive(&good(), &[&gone, &page, &wrong, &whole]),
        folder.path(),
    )
    .unwrap();
    assert_whole(folder.path());
    for server in [gone, page, wrong, whole] {
        assert_eq!(server.requests(), [100]);
    }
}

#[test]
fn all_reasons_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let servers = [Manner::NotFound, Manner::Page].map(|m| Server::start(good(), m));
    let mut archive = archive(&good(), &[&servers[0], &servers[1]]);
    // Nobody listens on port 1.
    archive.mirrors.push("http://127.0.0.1:1/".to_owned());
    let error = run(&archive, folder.path()).unwrap_err();
    let Error::NotFetched { reasons, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].contains("answered 404"), "{reasons:?}");
    assert!(reasons[1].contains("offers 6 bytes"), "{reasons:?}");
    for (reason, url) in reasons.iter().zip(&archive.mirrors) {
        assert!(reason.starts_with(url), "{reason}");
    }
    assert!(!folder.path().join("genres").exists());
}

#[test]
fn another_file_is_deleted_and_both_hashes_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = good();
    let last = other.len() - 1;
    other[last] ^= 1;
    let server = Server::start(other.clone(), Manner::Good);
    let expected = archive(&good(), &[&server]);
    let error = run(&expected, folder.path()).unwrap_err().to_string();
    let found = archive(&other, &[]).sha256.to_lowercase();
    assert!(error.contains(&found), "{error}");
    assert!(error.contains(&expected.sha256), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    // With the start of another file left over, the server is asked for the whole one.
    fs::write(folder.path().join("genres.tar.gz.partial"), [0; 10]).unwrap();
    let server = Server::start(good(), Manner::Good);
    run(&archive(&good(), &[&server]), folder.path()).unwrap();
    assert_eq!(server.requests(), [10, 0]);
    assert_whole(folder.path());
}

#[test]
fn a_stop_keeps_the_partial_download() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(good(), Manner::Good);
    let archive = archive(&good(), &[&server]);
    let monitor = &mut |progress: &Progress| match progress.done {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let error = fetch(&archive, folder.path(), monitor);
    // Everything came in one read or in several; the stop is before the checksum.
    assert!(matches!(error, Err(Error::Stopped)), "{error:?}");
    assert!(folder.path().join("genres.tar.gz.partial").exists());
    assert!(!folder.path().join("genres").exists());
    run(&archive, folder.path()).unwrap();
    assert_whole(folder.path());
}

/// The error of a hostile archive with the right checksum, which leaves no file.
fn refused(bytes: Vec<u8>) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let server = Server::start(bytes.clone(), Manner::Good);
    let error = run(&archive(&bytes, &[&server]), &root).unwrap_err();
    let left = fs::read_dir(&root).unwrap().map(|e| e.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["genres.tar.gz.partial"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    error
}

#[test]
fn hostile_members_are_refused() {
    let clip = file("genres/blues/blues.00000.au");
    let mut link = member("genres/blues/blues.00001.au", EntryType::Symlink, 0);
    link.set_link_name("/etc/passwd").unwrap();
    link.set_cksum();
    let mut hard = link.clone();
    hard.set_entry_type(EntryType::Link);
    hard.set_cksum();
    for (header, reason) in [
        (file("../evil").0, "leads out of the folder"),
        (
            file("genres/../../blues/blues.00001.au").0,
            "leads out of the folder",
        ),
        (
            file("/genres/blues/blues.00001.au").0,
            "leads out of the folder",
        ),
        (link, "is a link"),
        (hard, "is a link"),
        (
            member("genres/blues/blues.00001.au", EntryType::Regular, 1 << 30),
            "larger than any clip",
        ),
        (
            member("genres/notes.txt", EntryType::Regular, 1 << 30),
            "larger than any clip",
        ),
    ] {
        let bytes = if header.size().unwrap() == 0 {
            &b""[..]
        } else {
            CLIP
        };
        let error = refused(pack(&[clip.clone(), (header, bytes)]));
        assert!(matches!(error, Error::Member { .. }), "{error}");
        assert!(error.to_string().ends_with(reason), "{error}");
    }
}

#[test]
fn too_many_members_are_refused() {
    let folder = (member("genres/", EntryType::Directory, 0), &b""[..]);
    let error = refused(pack(&vec![folder; 4097]));
    assert!(
        error.to_string().ends_with("more members than GTZAN has"),
        "{error}"
    );
}

#[test]
fn a_clip_that_appears_twice_is_refused() {
    let clip = file("genres/blues/blues.00000.au");
    let error = refused(pack(&[clip.clone(), clip]));
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn files_of_another_kind_are_refused() {
    assert!(matches!(refused(b"no gzip".to_vec()), Error::Io { .. }));
    assert!(matches!(
        refused(pack(&[file("genres/x")])),
        Error::Malformed { .. }
    ));
    // The name in an extension header is not applied: the member is not a clip.
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    let long = format!("genres/{}/../../../evil", "x".repeat(120));
    let mut header = member("genres/blues.au", EntryType::Regular, 0);
    let mut extension = member(
        "././@LongLink",
        EntryType::GNULongName,
        long.len() as u64 + 1,
    );
    extension.set_cksum();
    let name = [long.as_bytes(), b"\0"].concat();
    tar.append(&extension, &name[..]).unwrap();
    header.set_cksum();
    tar.append(&header, &b""[..]).unwrap();
    let bytes = tar.into_inner().unwrap().finish().unwrap();
    assert!(matches!(refused(bytes), Error::Malformed { .. }));
    // Truncated, with the right checksum.
    let whole = good();
    let mut cut = GzEncoder::new(Vec::new(), Compression::none());
    cut.write_all(&[1; 700]).unwrap();
    assert!(matches!(refused(cut.finish().unwrap()), Error::Io { .. }));
    assert!(matches!(
        refused(whole[..whole.len() / 2].to_vec()),
        Error::Io { .. }
    ));
}
