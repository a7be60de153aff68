//! Every file and folder that the documentation for contributors names exists.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The parts of a text between pairs of backquotes on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The targets of Markdown links within the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn paths_in_the_guide_for_contributors_exist() {
    let folders = [
        "crates/",
        "benches/",
        "examples/",
        "tests/",
        ".ci/",
        ".github/",
    ];
    let guide = read(&root().join(".github/CONTRIBUTING.md"));
    let named: Vec<&str> = quoted(&guide)
        .filter(|name| folders.iter().any(|folder| name.starts_with(folder)))
        .filter(|name| !name.contains([' ', '*', '<']))
        .collect();
    assert!(named.len() > 40, "only {} paths were found", named.len());
    let missing: Vec<&str> = named
        .into_iter()
        .filter(|name| !root().join(name).exists())
        .collect();
    assert!(missing.is_empty(), "missing: {missing:#?}");
}

#[test]
fn links_between_documents_lead_to_files() {
    let mut documents = vec![
        "README.md".to_owned(),
        ".github/CONTRIBUTING.md".to_owned(),
        "examples/results/README.md".to_owned(),
    ];
    for folder in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        for document in ["README.md", "CHANGELOG.md"] {
            let path = format!("crates/{name}/{document}");
            if root().join(&path).exists() {
                documents.push(path);
            }
        }
    }
    for document in documents {
        let path = root().join(&document);
        for target in links(&read(&path)) {
            let found = path.parent().unwrap().join(target);
            assert!(found.exists(), "{document}: there is no {target}");
        }
    }
}
