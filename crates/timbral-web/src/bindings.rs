//! The interface to JavaScript: a class for [`Analyzer`], a function for [`wav`](crate::wav()).
//!
//! Structs are passed as JSON with the names of their fields; waveforms and spectrograms are typed arrays.
//! Errors are exceptions with the message of the error. A panic, which can only be a fault in a decoder, is an
//! exception whose message begins with `panic: `; after it the instance cannot be used.

use serde::Serialize;
use timbral::{EncodedSound, SoundRows};
use wasm_bindgen::prelude::*;

use crate::analyzer::{Analyzer, SoundInfo};
use crate::picture::Picture;

/// [`Analyzer`] of one worker.
#[wasm_bindgen(js_name = Analyzer)]
#[derive(Debug)]
pub struct JsAnalyzer(Analyzer);

/// An [`Analysis`](crate::Analysis), as text, and its picture.
#[wasm_bindgen(js_name = Analysis)]
#[derive(Debug)]
pub struct JsAnalysis {
    json: String,
    picture: Option<Picture>,
}

/// The text of an analysis. Rows are a text inside it, which is passed back to [`JsAnalyzer::csv`] unchanged.
#[derive(Serialize)]
struct Text {
    info: SoundInfo,
    whole: String,
    parts: String,
}

/// The text of a classifier.
#[derive(Serialize)]
struct ClassifierText<'a> {
    classes: &'a [String],
    provenance: String,
}

#[wasm_bindgen(js_class = Analyzer)]
impl JsAnalyzer {
    /// As [`Analyzer::new`]; from then on panics are exceptions.
    ///
    /// # Errors
    ///
    /// Those of [`Analyzer::new`].
    #[wasm_bindgen(constructor)]
    pub fn new() -> Result<Self, JsError> {
        #[cfg(target_family = "wasm")]
        std::panic::set_hook(Box::new(|info| {
            wasm_bindgen::throw_str(&format!("panic: {info}"))
        }));
        Ok(Self(Analyzer::new()?))
    }

    /// The names of the features.
    pub fn columns(&self) -> Vec<String> {
        self.0.columns().to_vec()
    }

    /// As [`Analyzer::set_classifier`]; returns `{classes, provenance}`.
    ///
    /// # Errors
    ///
    /// Those of [`Analyzer::set_classifier`].
    #[wasm_bindgen(js_name = setClassifier)]
    pub fn set_classifier(&mut self, name: &str, bytes: &[u8]) -> Result<String, JsError> {
        let classifier = self.0.set_classifier(name, bytes)?;
        let text = ClassifierText {
            classes: classifier.classes(),
            provenance: classifier.provenance().to_string(),
        };
        Ok(serde_json::to_string(&text)?)
    }

    /// As [`Analyzer::analyze`], with the picture if it is wanted.
    ///
    /// # Errors
    ///
    /// Those of [`Analyzer::analyze`].
    pub fn analyze(
        &self,
        name: &str,
        bytes: Vec<u8>,
        picture: bool,
    ) -> Result<JsAnalysis, JsError> {
        let analysis = self.0.analyze(&EncodedSound::new(name, bytes))?;
        let picture = picture.then(|| analysis.picture()).transpose()?;
        let json = serde_json::to_string(&Text {
            info: analysis.info,
            whole: serde_json::to_string(&analysis.whole)?,
            parts: serde_json::to_string(&analysis.parts)?,
        })?;
        Ok(JsAnalysis { json, picture })
    }

    /// The genres of a sound file over time as [`Prediction::to_json`](timbral::Prediction::to_json) has them;
    /// `undefined` without a classifier.
    ///
    /// # Errors
    ///
    /// Those of [`Analyzer::predict`].
    pub fn predict(&self, name: &str, bytes: Vec<u8>) -> Result<Option<String>, JsError> {
        let prediction = self.0.predict(&EncodedSound::new(name, bytes))?;
        Ok(prediction.map(|p| p.to_json(name.as_ref(), true)))
    }

    /// As [`Analyzer::csv`], of the texts of rows.
    ///
    /// # Errors
    ///
    /// Those of [`Analyzer::csv`], and a text that is none of rows.
    pub fn csv(&self, parts: bool, sounds: Vec<String>) -> Result<String, JsError> {
        let sounds = sounds.iter().map(|text| serde_json::from_str(text));
        let sounds: Vec<SoundRows> = sounds.collect::<Result<_, _>>()?;
        Ok(self.0.csv(parts, &sounds)?)
    }
}

#[wasm_bindgen(js_class = Analysis)]
impl JsAnalysis {
    /// `{info, whole, parts}`, the latter two as texts of [`SoundRows`].
    pub fn json(&self) -> String {
        self.json.clone()
    }

    /// [`Picture::waveform`]; `undefined` without a picture.
    pub fn waveform(&self) -> Option<Vec<f32>> {
        Some(self.picture.as_ref()?.waveform.clone())
    }

    /// [`Picture::levels`], frame after frame; `undefined` without a picture.
    pub fn levels(&self) -> Option<Vec<u8>> {
        Some(self.picture.as_ref()?.levels.iter().copied().collect())
    }
}

/// As [`wav`](crate::wav()).
///
/// # Errors
///
/// Those of [`wav`](crate::wav()).
#[wasm_bindgen(js_name = wav)]
pub fn js_wav(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, JsError> {
    Ok(crate::wav(&EncodedSound::new(name, bytes))?)
}

/// Whether a file in a folder is taken for a sound: the extension of its name is one of sound files.
#[wasm_bindgen(js_name = isSoundName)]
pub fn is_sound_name(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(timbral::data::is_sound_extension)
}
