use timbral::dsp::FeatureSetParams;
use timbral::{Classifier, ClassifierParams, Extractor, Segmentation};
use timbral_cluster::Session;
use timbral_cluster::datafusion::arrow::array::{AsArray, RecordBatch};
use timbral_cluster::datafusion::arrow::compute::concat_batches;
use timbral_cluster::datafusion::arrow::datatypes::Float64Type;

use crate::music::{Music, texts};

async fn query(sql: &str) -> RecordBatch {
    let session = Session::local().unwrap();
    let batches = session
        .context()
        .sql(sql)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// The paths as rows of SQL.
fn values(music: &Music) -> String {
    let rows = music
        .files()
        .iter()
        .map(|path| format!("('{}')", path.display()))
        .collect::<Vec<_>>();
    format!("(VALUES {}) AS tracks(path)", rows.join(", "))
}

#[tokio::test]
async fn features_of_any_set_are_those_of_the_extractor() {
    let music = Music::new(10);
    for set in ["gtzan", "mfcc,rms:mean,std;tempo"] {
        let sql = format!(
            "SELECT path, f.tempo AS tempo, f.mfcc1_mean AS mfcc, f.error AS error \
             FROM (SELECT path, audio_features(path, '{set}') AS f FROM {}) ORDER BY path",
            values(&music)
        );
        let sql = if set == "gtzan" {
            sql
        } else {
            sql.replace("mfcc1_mean", "rms_mean")
        };
        let rows = query(&sql).await;
        let params: FeatureSetParams = set.parse().unwrap();
        let extractor = Extractor::new(params, Segmentation::Whole).unwrap();
        let index = |name: &str| extractor.names().iter().position(|n| n == name).unwrap();
        let second = if set == "gtzan" {
            "mfcc1_mean"
        } else {
            "rms_mean"
        };
        let errors = texts(&rows, "error");
        for (i, path) in music.files().iter().enumerate() {
            match extractor.rows(path) {
                Err(e) => assert_eq!(errors[i], e.to_string()),
                Ok(expected) => {
                    for (column, name) in [(1, "tempo"), (2, second)] {
                        let got = rows.column(column).as_primitive::<Float64Type>().value(i);
                        assert_eq!(got.to_bits(), expected[0].values[index(name)].to_bits());
                    }
                }
            }
        }
        assert_eq!(errors.iter().filter(|e| !e.is_empty()).count(), music.bad);
    }
}

#[tokio::test]
async fn segments_are_rows_of_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let params = timbral_synth::SynthParams {
        recordings_per_genre: 1,
        seconds: 7.0,
        ..Default::default()
    };
    let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
    corpus.write(folder.path(), &mut ()).unwrap();
    let path = folder.path().join("synth-pulse/synth-pulse.00000.wav");
    let sql = format!(
        "SELECT row.filename AS filename, row.tempo AS tempo FROM \
         (SELECT unnest(s.segments) AS row FROM (SELECT audio_segments('{}') AS s))",
        path.display()
    );
    let rows = query(&sql).await;
    assert_eq!(
        texts(&rows, "filename"),
        ["synth-pulse.00000.0.wav", "synth-pulse.00000.1.wav"]
    );
    let extractor = Extractor::new(FeatureSetParams::librosa(), Segmentation::gtzan()).unwrap();
    let tempo = extractor.names().iter().position(|n| n == "tempo").unwrap();
    for (i, row) in extractor.rows(&path).unwrap().iter().enumerate() {
        let got = rows.column(1).as_primitive::<Float64Type>().value(i);
        assert_eq!(got.to_bits(), row.values[tempo].to_bits());
    }
    // A track that is shorter than a segment is a row that says so.
    let music = Music::new(10);
    let sql = format!(
        "SELECT s.reason AS reason FROM (SELECT audio_segments('{}') AS s)",
        music.files()[0].display()
    );
    assert_eq!(texts(&query(&sql).await, "reason"), ["too short"]);
}

#[tokio::test]
async fn genres_are_those_of_the_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let params = timbral_synth::SynthParams {
        recordings_per_genre: 1,
        seconds: 3.1,
        ..Default::default()
    };
    let corpus = timbral_synth::SynthCorpus::new(params).unwrap();
    corpus.write(folder.path(), &mut ()).unwrap();
    let files = timbral::Inputs::find([folder.path()]).unwrap().files;
    let params = ClassifierParams {
        n_splits: 0,
        ..ClassifierParams::default()
    };
    let model = folder.path().join("genres.timbral");
    params
        .fit(&files, &mut ())
        .unwrap()
        .classifier
        .save(&model)
        .unwrap();
    let classifier = Classifier::load(&model).unwrap();
    let sql = format!(
        "SELECT g.genre AS genre, g.probability AS probability, array_length(g.genres) AS n, g.reason AS reason \
         FROM (SELECT predict_genre(path, '{}') AS g FROM (VALUES ('{}'), ('/no.wav')) AS t(path))",
        model.display(),
        files[3].display()
    );
    let rows = query(&sql).await;
    let expected = classifier.predict_file(&files[3]).unwrap();
    assert_eq!(texts(&rows, "genre"), [&*expected.genres[0].genre, ""]);
    let got = rows.column(1).as_primitive::<Float64Type>().value(0);
    assert_eq!(got.to_bits(), expected.genres[0].probability.to_bits());
    assert_eq!(texts(&rows, "reason"), ["", "not found"]);
    assert_eq!(texts(&rows, "n")[0], "10");
}
