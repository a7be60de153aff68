//! The page in a browser: files are dropped on it, and its numbers are those of this machine, bit for bit.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions fail the test too"
)]

mod devtools;

use std::fs;
use std::path::{Path, PathBuf};

use devtools::Browser;
use serde_json::{Value, json};
use timbral::boost::BoostParams;
use timbral::{
    Classifier, ClassifierParams, EncodedSound, Extraction, Inputs, MemberParams, ModelParams,
    Segmentation,
};
use timbral_synth::{SynthCorpus, SynthParams};
use timbral_web::{Analyzer, Page};

/// A folder `music` with a recording of 9 s of each of ten genres, a text that is called a sound and one that is not;
/// beside it an AU file, which browsers do not play, and a classifier.
struct Material {
    folder: tempfile::TempDir,
}

impl Material {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let params = SynthParams {
            recordings_per_genre: 1,
            seconds: 9.0,
            ..SynthParams::default()
        };
        let corpus = SynthCorpus::new(params).unwrap();
        let music = folder.path().join("music");
        corpus.write(&music, &mut ()).unwrap();
        let files = Inputs::find([&music]).unwrap().files;
        let boost = BoostParams {
            n_rounds: 5,
            ..BoostParams::default()
        };
        let params = ClassifierParams {
            n_splits: 0,
            members: vec![MemberParams::new(ModelParams::Boost(boost))],
            ..ClassifierParams::default()
        };
        let fitted = params.fit(&files, &mut ()).unwrap();
        let material = Self { folder };
        fitted
            .classifier
            .save(material.path("genres.timbral"))
            .unwrap();
        fs::write(music.join("synth-pulse/text.wav"), "not a sound").unwrap();
        fs::write(music.join("synth-pulse/cover.jpg"), "not a sound").unwrap();
        fs::write(material.path("notes.txt"), "not a sound").unwrap();
        fs::write(material.path("tone.au"), au()).unwrap();
        material
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Four seconds of a tone at 8 kHz, as a Sun AU file.
fn au() -> Vec<u8> {
    let samples = (0..32_000_u32).map(|n| (n * n % 20_011) as i16);
    let mut file = b".snd".to_vec();
    for word in [24_u32, 64_000, 3, 8000, 1] {
        file.extend(word.to_be_bytes());
    }
    file.extend(samples.flat_map(i16::to_be_bytes));
    file
}

/// The text of the file that is saved by a click.
fn saved(browser: &mut Browser, button: &str, folder: &Path) -> String {
    browser.evaluate(&format!("document.getElementById('{button}').click()"));
    let state = |event: &Value| event["params"]["state"] == "completed";
    browser.take_event(|event| event["method"] == "Browser.downloadProgress" && state(event));
    let begun = browser.take_event(|event| event["method"] == "Browser.downloadWillBegin");
    let name = begun["params"]["suggestedFilename"].as_str().unwrap();
    fs::read_to_string(folder.join(name)).unwrap()
}

fn open_page(browser: &mut Browser, folder: &Path) {
    let page = folder.join("page.html");
    fs::write(&page, Page::build().unwrap().html()).unwrap();
    let downloads = json!({"behavior": "allow", "downloadPath": folder, "eventsEnabled": true});
    browser.call("Browser.setDownloadBehavior", downloads);
    let url = format!("file://{}", page.display());
    browser.call("Page.navigate", json!({"url": url}));
    browser.wait_for("document.getElementById('status')?.textContent === 'Ready'");
}

#[test]
fn dropped_files_have_the_numbers_of_this_machine() {
    let Some(program) = devtools::find() else {
        return;
    };
    let material = Material::new();
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start(&program);
    open_page(&mut browser, folder.path());

    let music = material.path("music");
    browser.drop_files(&[material.path("genres.timbral"), music.clone()]);
    browser.wait_for("songs.length === 11 && songs.every((s) => s.state === 'failed' || s.line)");
    let status = browser.evaluate("document.getElementById('status').textContent");
    // The picture and the description of the corpus.
    assert_eq!(
        status,
        "10 of 11 songs read, 1 not readable, 2 other files in the folders"
    );

    // Tables.
    let files = Inputs::find([&music]).unwrap().files;
    for (rows, segments) in [
        ("whole", Segmentation::Whole),
        ("parts", Segmentation::gtzan()),
    ] {
        browser.evaluate(&format!("document.getElementById('rows').value = '{rows}'"));
        let text = saved(&mut browser, "save-table", folder.path());
        let extraction = Extraction {
            segments,
            ..Extraction::default()
        };
        let table = folder.path().join("expected.csv");
        extraction.run(&files, &table, &mut ()).unwrap();
        assert_eq!(text, fs::read_to_string(&table).unwrap(), "{rows}");
    }

    // Genres over time.
    let classifier = Classifier::load(material.path("genres.timbral")).unwrap();
    let name = |file: &Path| {
        file.strip_prefix(material.folder.path())
            .unwrap()
            .to_owned()
    };
    let lines = files.iter().filter_map(|file| {
        let prediction = classifier.predict_file(file).ok()?;
        Some(prediction.to_json(&name(file), true) + "\n")
    });
    let expected: String = lines.collect();
    assert_eq!(expected.lines().count(), 10);
    assert_eq!(saved(&mut browser, "save-genres", folder.path()), expected);

    // The picture of the first song, which is open.
    let sound = EncodedSound::new(name(&files[0]), fs::read(&files[0]).unwrap());
    let picture = Analyzer::new().unwrap().analyze(&sound).unwrap();
    let picture = picture.picture().unwrap();
    let shown = browser.evaluate(
        "({name: page.shown.song.path, levels: [...page.shown.levels], waveform: [...page.shown.waveform]})",
    );
    assert_eq!(shown["name"], name(&files[0]).to_str().unwrap());
    let levels: Vec<u64> = picture
        .levels
        .iter()
        .map(|level| u64::from(*level))
        .collect();
    assert_eq!(shown["levels"], json!(levels));
    assert_eq!(shown["waveform"], json!(picture.waveform));
    let took = browser.evaluate("page.shown.took.toFixed(2)");
    eprintln!("a song of 9 s: computed in {took} s");

    // Wrong files are named, in the folder and alone.
    browser.drop_files(&[material.path("notes.txt")]);
    browser.wait_for("songs.length === 12 && songs.every((s) => s.state !== 'waiting')");
    let problems = browser
        .evaluate("[...document.querySelectorAll('#problems li')].map((li) => li.textContent)");
    let texts: Vec<&str> = problems
        .as_array()
        .unwrap()
        .iter()
        .flat_map(Value::as_str)
        .collect();
    let of = |name: &str| {
        texts
            .iter()
            .any(|text| text.starts_with(&format!("{name}: not a sound file")))
    };
    assert!(
        of("music/synth-pulse/text.wav") && of("notes.txt"),
        "{texts:?}"
    );

    the_sound_plays(&mut browser, &material);
    nothing_leaves(&mut browser);
}

/// The cursor moves with the sound, also with that of a file that browsers do not know.
fn the_sound_plays(browser: &mut Browser, material: &Material) {
    browser.drop_files(&[material.path("tone.au")]);
    browser.wait_for("page.shown.song.path === 'tone.au'");
    browser.wait_for("Math.abs(document.getElementById('audio').duration - 4) < 1e-3");
    // With the gesture of a person, which browsers ask for.
    let play = "document.getElementById('play').click()";
    browser.call(
        "Runtime.evaluate",
        json!({"expression": play, "userGesture": true}),
    );
    let at = "parseFloat(document.getElementById('cursor').style.left)";
    browser.wait_for(&format!("{at} > 0"));
    let position = "document.getElementById('position')";
    browser.evaluate(&format!(
        "{position}.value = 2; {position}.dispatchEvent(new Event('input'))"
    ));
    browser.wait_for(&format!("{at} >= 50"));
}

/// The page loads nothing, cannot load anything, and has met no error.
fn nothing_leaves(browser: &mut Browser) {
    let blocked = "fetch('https://example.org').then(() => false, () => true)";
    assert_eq!(browser.evaluate(blocked), json!(true));
    let events = std::mem::take(&mut browser.events);
    let requests = events
        .iter()
        .filter(|event| event["method"] == "Network.requestWillBeSent");
    let urls = requests.filter_map(|event| event["params"]["request"]["url"].as_str());
    let outside = |url: &&str| {
        !["file:", "blob:", "about:"]
            .iter()
            .any(|local| url.starts_with(local))
    };
    let outside: Vec<&str> = urls.filter(outside).collect();
    // The one above, which the policy of the page stops.
    assert!(
        outside.iter().all(|url| *url == "https://example.org/"),
        "{outside:?}"
    );
    let errors = events
        .iter()
        .filter(|event| event["method"] == "Runtime.exceptionThrown");
    let errors: Vec<_> = errors.collect();
    assert!(errors.is_empty(), "{errors:?}");
}
