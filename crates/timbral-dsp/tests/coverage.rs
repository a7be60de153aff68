//! The table of librosa's functions in the README is complete, and what it names exists.

use std::collections::{BTreeMap, BTreeSet};

const README: &str = include_str!("../README.md");
const EXPORTS: &str = include_str!("../src/lib.rs");

/// The rows of the table: librosa's name and what is here.
fn table() -> Vec<(&'static str, &'static str)> {
    let section = README
        .split("## Which function of librosa is which here")
        .nth(1);
    let section = section
        .and_then(|s| s.split("\n## ").next())
        .expect("the section");
    let row = |line: &'static str| {
        let (name, here) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((name, here.strip_suffix(" |")?))
    };
    section.lines().filter_map(row).collect()
}

#[test]
fn every_function_of_librosa_has_one_row() {
    let names: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("golden/names.json")).expect("lists by module");
    let expected: BTreeSet<String> = names
        .iter()
        .flat_map(|(module, names)| names.iter().map(move |name| format!("{module}.{name}")))
        .collect();
    let rows: Vec<String> = table()
        .iter()
        .map(|(name, _)| (*name).to_string())
        .collect();
    let listed: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(rows.len(), listed.len(), "a name is listed twice");
    let missing: Vec<_> = expected.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&expected).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "missing {missing:?}, unknown {unknown:?}"
    );
}

#[test]
fn what_the_table_names_is_exported() {
    let exports: BTreeSet<&str> = EXPORTS
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    for (name, here) in table() {
        if let Some(reason) = here.strip_prefix("no: ") {
            assert!(reason.len() > 10, "{name}: no reason");
            continue;
        }
        let item = here
            .strip_prefix('`')
            .and_then(|rest| rest.split('`').next());
        let item = item.unwrap_or_else(|| panic!("{name}: neither an item nor a reason"));
        assert!(exports.contains(item), "{name}: {item} is not exported");
    }
}
