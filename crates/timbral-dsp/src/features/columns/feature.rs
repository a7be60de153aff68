use crate::error::{InvalidParameter, Result, check};
use crate::rhythm::Aggregate;

/// A feature of a [`FeatureSet`](crate::FeatureSet): a series of numbers per frame that is summarised by
/// statistics, or one number per signal. The names are those of librosa's functions. Each feature equals that
/// function with its defaults, except for the parameters in this table, and the sample rate, `n_fft`,
/// `hop_length` and `pad_mode` of the set.
///
/// | name | rows | parameters and their defaults |
/// |---|---|---|
/// | `chroma_stft` | `n_chroma` | `n_chroma` 12 |
/// | `chroma_cqt` | `n_chroma` | `n_chroma` 12, `bins_per_octave` 36, `n_octaves` 7 |
/// | `chroma_vqt` | `bins_per_octave` | `bins_per_octave` 12, `n_octaves` 7; intervals Pythagorean |
/// | `chroma_cens` | `n_chroma` | those of `chroma_cqt`, `win_len_smooth` 41 |
/// | `tonnetz` | 6 | `chroma` `cqt` or `cens`, those of `chroma_cqt` |
/// | `melspectrogram` | `n_mels` | `n_mels` 128 |
/// | `mfcc` | `n_mfcc` | `n_mfcc` 20, `n_mels` 128 |
/// | `rms` | 1 | `spectrum` false: of the samples; true: of the spectrogram, `rms(S=S)` |
/// | `zero_crossing_rate`, `spectral_centroid` | 1 | |
/// | `spectral_bandwidth` | 1 | `p` 2 |
/// | `spectral_contrast` | `n_bands + 1` | `n_bands` 6, `fmin` 200, `quantile` 0.02 |
/// | `spectral_flatness` | 1 | |
/// | `spectral_rolloff` | 1 | `roll_percent` 0.85 |
/// | `poly_features` | `order + 1` | `order` 1 |
/// | `onset_strength` | 1 | `aggregate` `mean` or `median`, `n_mels` 128 |
/// | `tempo` | one number | `aggregate` `mean`, `n_mels` 128, both of the onsets |
/// | `tempogram` | `win_length` | `win_length` 384 |
/// | `fourier_tempogram`, `hybrid_tempogram` | `win_length / 2 + 1` | `win_length` 384; magnitudes |
/// | `tempogram_ratio` | 13 | `win_length` 384 |
/// | `metrogram` | 4 | `win_length` 384; of the magnitudes of the Fourier tempogram |
/// | `plp` | 1 | `win_length` 384 |
/// | `yin` | 1 | `fmin` 65.406, `fmax` 2093.005 |
/// | `pyin` | 2: pitch, voiced probability | `fmin` 65.406, `fmax` 2093.005; unvoiced frames have their most probable pitch |
/// | `harmonic`, `percussive` | 1, per sample | `whole` true: as long as the signal; false: up to the last whole hop |
///
/// ```
/// use timbral_dsp::Feature;
///
/// let mfcc: Feature = "mfcc(n_mfcc=13)".parse()?;
/// assert_eq!(mfcc, Feature::Mfcc { n_mfcc: 13, n_mels: 128 });
/// assert_eq!((mfcc.name(), mfcc.n_rows()), ("mfcc", 13));
/// # Ok::<(), timbral_dsp::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the table above has variants and parameters")]
pub enum Feature {
    ChromaStft {
        n_chroma: usize,
    },
    ChromaCqt {
        n_chroma: usize,
        bins_per_octave: usize,
        n_octaves: usize,
    },
    ChromaVqt {
        bins_per_octave: usize,
        n_octaves: usize,
    },
    ChromaCens {
        n_chroma: usize,
        bins_per_octave: usize,
        n_octaves: usize,
        win_len_smooth: usize,
    },
    Tonnetz {
        chroma: TonalChroma,
        n_chroma: usize,
        bins_per_octave: usize,
        n_octaves: usize,
        win_len_smooth: usize,
    },
    Melspectrogram {
        n_mels: usize,
    },
    Mfcc {
        n_mfcc: usize,
        n_mels: usize,
    },
    Rms {
        spectrum: bool,
    },
    ZeroCrossingRate,
    SpectralCentroid,
    SpectralBandwidth {
        p: f64,
    },
    SpectralContrast {
        n_bands: usize,
        fmin: f64,
        quantile: f64,
    },
    SpectralFlatness,
    SpectralRolloff {
        roll_percent: f64,
    },
    PolyFeatures {
        order: usize,
    },
    OnsetStrength {
        aggregate: Aggregate,
        n_mels: usize,
    },
    Tempo {
        aggregate: Aggregate,
        n_mels: usize,
    },
    Tempogram {
        win_length: usize,
    },
    FourierTempogram {
        win_length: usize,
    },
    HybridTempogram {
        win_length: usize,
    },
    TempogramRatio {
        win_length: usize,
    },
    Metrogram {
        win_length: usize,
    },
    Plp {
        win_length: usize,
    },
    Yin {
        fmin: f64,
        fmax: f64,
    },
    Pyin {
        fmin: f64,
        fmax: f64,
    },
    Harmonic {
        whole: bool,
    },
    Percussive {
        whole: bool,
    },
}

/// The chromagram of [`Feature::Tonnetz`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TonalChroma {
    /// `chroma_cqt`, librosa's default.
    #[default]
    Cqt,
    /// `chroma_cens`.
    Cens,
}

/// The number of factors of librosa's `tempogram_ratio`.
const TEMPOGRAM_RATIOS: usize = 13;
/// The factors of librosa's `metrogram`.
pub(in crate::features) const METRES: [f64; 4] = [1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0, 1.0 / 7.0];
/// C2 and C7.
const PITCHES: (f64, f64) = (65.406_391_325_149_66, 2_093.004_522_404_789);
const WIN_LENGTH: usize = 384;
const N_MELS: usize = 128;

/// A parameter of a feature.
pub(super) enum Slot<'a> {
    Count(&'a mut usize),
    Number(&'a mut f64),
    Flag(&'a mut bool),
    Aggregate(&'a mut Aggregate),
    Chroma(&'a mut TonalChroma),
}

impl Feature {
    /// All features with their defaults, in the order of the table.
    pub(super) fn all() -> Vec<Self> {
        let (n_chroma, bins_per_octave, n_octaves) = (12, 36, 7);
        let (win_len_smooth, aggregate) = (41, Aggregate::Mean);
        let (fmin, fmax) = PITCHES;
        let (n_mels, win_length, whole) = (N_MELS, WIN_LENGTH, true);
        vec![
            Self::ChromaStft { n_chroma },
            Self::ChromaCqt {
                n_chroma,
                bins_per_octave,
                n_octaves,
            },
            Self::ChromaVqt {
                bins_per_octave: 12,
                n_octaves,
            },
            Self::ChromaCens {
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            },
            Self::Tonnetz {
                chroma: TonalChroma::Cqt,
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            },
            Self::Melspectrogram { n_mels },
            Self::Mfcc { n_mfcc: 20, n_mels },
            Self::Rms { spectrum: false },
            Self::ZeroCrossingRate,
            Self::SpectralCentroid,
            Self::SpectralBandwidth { p: 2.0 },
            Self::SpectralContrast {
                n_bands: 6,
                fmin: 200.0,
                quantile: 0.02,
            },
            Self::SpectralFlatness,
            Self::SpectralRolloff { roll_percent: 0.85 },
            Self::PolyFeatures { order: 1 },
            Self::OnsetStrength { aggregate, n_mels },
            Self::Tempo { aggregate, n_mels },
            Self::Tempogram { win_length },
            Self::FourierTempogram { win_length },
            Self::HybridTempogram { win_length },
            Self::TempogramRatio { win_length },
            Self::Metrogram { win_length },
            Self::Plp { win_length },
            Self::Yin { fmin, fmax },
            Self::Pyin { fmin, fmax },
            Self::Harmonic { whole },
            Self::Percussive { whole },
        ]
    }

    /// The name of the feature, which is that of librosa's function.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ChromaStft { .. } => "chroma_stft",
            Self::ChromaCqt { .. } => "chroma_cqt",
            Self::ChromaVqt { .. } => "chroma_vqt",
            Self::ChromaCens { .. } => "chroma_cens",
            Self::Tonnetz { .. } => "tonnetz",
            Self::Melspectrogram { .. } => "melspectrogram",
            Self::Mfcc { .. } => "mfcc",
            Self::Rms { .. } => "rms",
            Self::ZeroCrossingRate => "zero_crossing_rate",
            Self::SpectralCentroid => "spectral_centroid",
            Self::SpectralBandwidth { .. } => "spectral_bandwidth",
            Self::SpectralContrast { .. } => "spectral_contrast",
            Self::SpectralFlatness => "spectral_flatness",
            Self::SpectralRolloff { .. } => "spectral_rolloff",
            Self::PolyFeatures { .. } => "poly_features",
            Self::OnsetStrength { .. } => "onset_strength",
            Self::Tempo { .. } => "tempo",
            Self::Tempogram { .. } => "tempogram",
            Self::FourierTempogram { .. } => "fourier_tempogram",
            Self::HybridTempogram { .. } => "hybrid_tempogram",
            Self::TempogramRatio { .. } => "tempogram_ratio",
            Self::Metrogram { .. } => "metrogram",
            Self::Plp { .. } => "plp",
            Self::Yin { .. } => "yin",
            Self::Pyin { .. } => "pyin",
            Self::Harmonic { .. } => "harmonic",
            Self::Percussive { .. } => "percussive",
        }
    }

    /// The feature of this name with its defaults.
    pub(super) fn named(name: &str) -> Result<Self> {
        let found = Self::all().into_iter().find(|f| f.name() == name);
        let rule =
            "is no feature; see the table of `Feature` (mfcc, chroma_cqt, spectral_contrast, ...)";
        Ok(found.ok_or_else(|| InvalidParameter::new("feature", name, rule))?)
    }

    /// The number of rows, 1 for one number per signal.
    pub fn n_rows(&self) -> usize {
        match *self {
            Self::ChromaStft { n_chroma }
            | Self::ChromaCqt { n_chroma, .. }
            | Self::ChromaCens { n_chroma, .. } => n_chroma,
            Self::ChromaVqt {
                bins_per_octave, ..
            } => bins_per_octave,
            Self::Tonnetz { .. } => 6,
            Self::Melspectrogram { n_mels } => n_mels,
            Self::Mfcc { n_mfcc, .. } => n_mfcc,
            Self::SpectralContrast { n_bands, .. } => n_bands.saturating_add(1),
            Self::PolyFeatures { order } => order.saturating_add(1),
            Self::Tempogram { win_length } => win_length,
            Self::FourierTempogram { win_length } | Self::HybridTempogram { win_length } => {
                win_length / 2 + 1
            }
            Self::TempogramRatio { .. } => TEMPOGRAM_RATIOS,
            Self::Metrogram { .. } => METRES.len(),
            Self::Pyin { .. } => 2,
            _ => 1,
        }
    }

    /// Whether every feature of this kind has one row, whose columns are not numbered.
    pub(super) fn is_single(&self) -> bool {
        match self {
            Self::Rms { .. }
            | Self::ZeroCrossingRate
            | Self::SpectralCentroid
            | Self::SpectralBandwidth { .. }
            | Self::SpectralFlatness
            | Self::SpectralRolloff { .. }
            | Self::OnsetStrength { .. }
            | Self::Tempo { .. }
            | Self::Plp { .. }
            | Self::Yin { .. } => true,
            _ => self.is_waveform(),
        }
    }

    /// Whether the feature is one number per signal, which has no statistics.
    pub fn is_scalar(&self) -> bool {
        matches!(self, Self::Tempo { .. })
    }

    /// Whether it has one value per sample.
    pub(crate) fn is_waveform(&self) -> bool {
        matches!(self, Self::Harmonic { .. } | Self::Percussive { .. })
    }

    /// The parameters and their names.
    pub(super) fn slots(&mut self) -> Vec<(&'static str, Slot<'_>)> {
        match self {
            Self::ChromaStft { n_chroma } => vec![("n_chroma", Slot::Count(n_chroma))],
            Self::ChromaCqt {
                n_chroma,
                bins_per_octave,
                n_octaves,
            } => vec![
                ("n_chroma", Slot::Count(n_chroma)),
                ("bins_per_octave", Slot::Count(bins_per_octave)),
                ("n_octaves", Slot::Count(n_octaves)),
            ],
            Self::ChromaVqt {
                bins_per_octave,
                n_octaves,
            } => vec![
                ("bins_per_octave", Slot::Count(bins_per_octave)),
                ("n_octaves", Slot::Count(n_octaves)),
            ],
            Self::ChromaCens {
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            } => vec![
                ("n_chroma", Slot::Count(n_chroma)),
                ("bins_per_octave", Slot::Count(bins_per_octave)),
                ("n_octaves", Slot::Count(n_octaves)),
                ("win_len_smooth", Slot::Count(win_len_smooth)),
            ],
            Self::Tonnetz {
                chroma,
                n_chroma,
                bins_per_octave,
                n_octaves,
                win_len_smooth,
            } => vec![
                ("chroma", Slot::Chroma(chroma)),
                ("n_chroma", Slot::Count(n_chroma)),
                ("bins_per_octave", Slot::Count(bins_per_octave)),
                ("n_octaves", Slot::Count(n_octaves)),
                ("win_len_smooth", Slot::Count(win_len_smooth)),
            ],
            Self::Melspectrogram { n_mels } => vec![("n_mels", Slot::Count(n_mels))],
            Self::Mfcc { n_mfcc, n_mels } => vec![
                ("n_mfcc", Slot::Count(n_mfcc)),
                ("n_mels", Slot::Count(n_mels)),
            ],
            Self::Rms { spectrum } => vec![("spectrum", Slot::Flag(spectrum))],
            Self::SpectralBandwidth { p } => vec![("p", Slot::Number(p))],
            Self::SpectralContrast {
                n_bands,
                fmin,
                quantile,
            } => vec![
                ("n_bands", Slot::Count(n_bands)),
                ("fmin", Slot::Number(fmin)),
                ("quantile", Slot::Number(quantile)),
            ],
            Self::SpectralRolloff { roll_percent } => {
                vec![("roll_percent", Slot::Number(roll_percent))]
            }
            Self::PolyFeatures { order } => vec![("order", Slot::Count(order))],
            Self::OnsetStrength { aggregate, n_mels } | Self::Tempo { aggregate, n_mels } => vec![
                ("aggregate", Slot::Aggregate(aggregate)),
                ("n_mels", Slot::Count(n_mels)),
            ],
            Self::Tempogram { win_length }
            | Self::FourierTempogram { win_length }
            | Self::HybridTempogram { win_length }
            | Self::TempogramRatio { win_length }
            | Self::Metrogram { win_length }
            | Self::Plp { win_length } => vec![("win_length", Slot::Count(win_length))],
            Self::Yin { fmin, fmax } | Self::Pyin { fmin, fmax } => {
                vec![("fmin", Slot::Number(fmin)), ("fmax", Slot::Number(fmax))]
            }
            Self::Harmonic { whole } | Self::Percussive { whole } => {
                vec![("whole", Slot::Flag(whole))]
            }
            Self::ZeroCrossingRate | Self::SpectralCentroid | Self::SpectralFlatness => vec![],
        }
    }

    /// Sets the parameter `key` to the value in a text.
    pub(super) fn set(&mut self, key: &str, text: &str) -> Result<()> {
        let name = self.name();
        let slots = self.slots();
        let known = slots.into_iter().find(|(slot, _)| *slot == key);
        let Some((parameter, slot)) = known else {
            let rule = "is no parameter of this feature; see the table of `Feature`";
            return Err(InvalidParameter::new("feature", format!("{name}({key})"), rule).into());
        };
        let bad = |rule: &'static str| InvalidParameter::new(parameter, text, rule);
        match slot {
            Slot::Count(v) => *v = text.parse().map_err(|_| bad("must be a whole number"))?,
            Slot::Number(v) => *v = text.parse().map_err(|_| bad("must be a number"))?,
            Slot::Flag(v) => *v = text.parse().map_err(|_| bad("must be true or false"))?,
            Slot::Aggregate(v) => {
                *v = match text {
                    "mean" => Aggregate::Mean,
                    "median" => Aggregate::Median,
                    _ => return Err(bad("must be mean or median").into()),
                }
            }
            Slot::Chroma(v) => {
                *v = match text {
                    "cqt" => TonalChroma::Cqt,
                    "cens" => TonalChroma::Cens,
                    _ => return Err(bad("must be cqt or cens").into()),
                }
            }
        }
        Ok(())
    }

    /// Checks the bounds of the number of rows; the plan checks the rest.
    pub(super) fn validate(&self) -> Result<()> {
        let rows = self.n_rows();
        let rule = "must have from 1 to 65536 rows";
        check((1..=1 << 16).contains(&rows), "feature", self.name(), rule)?;
        Ok(())
    }
}
