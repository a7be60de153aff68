/// What a model predicts, with XGBoost's names.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Objective {
    /// `reg:squarederror`: a number; `(margin - y)^2 / 2`.
    SquaredError,
    /// `reg:pseudohubererror`: a number; `d^2 (sqrt(1 + (r / d)^2) - 1)` of the residual `r`.
    PseudoHuber {
        /// The `d` above which a residual counts linearly (`huber_slope`).
        slope: f32,
    },
    /// `binary:logistic`: the probability of class 1 of two.
    Logistic,
    /// `multi:softprob`: the probability of each class.
    Softprob {
        /// Number of classes.
        n_classes: usize,
    },
    /// `multi:softmax`: trained as [`Softprob`](Self::Softprob), predicts the class.
    Softmax {
        /// Number of classes.
        n_classes: usize,
    },
    /// Any other, known by name only: a model of it predicts margins.
    Other {
        /// Its name in the model file.
        name: String,
        /// Margins a row.
        n_outputs: usize,
    },
}

impl Objective {
    /// XGBoost's name, as in a model file.
    pub fn name(&self) -> &str {
        match self {
            Self::SquaredError => "reg:squarederror",
            Self::PseudoHuber { .. } => "reg:pseudohubererror",
            Self::Logistic => "binary:logistic",
            Self::Softprob { .. } => "multi:softprob",
            Self::Softmax { .. } => "multi:softmax",
            Self::Other { name, .. } => name,
        }
    }

    /// Margins a row: one a class, or one.
    pub fn n_outputs(&self) -> usize {
        match *self {
            Self::Softprob { n_classes } | Self::Softmax { n_classes } => n_classes,
            Self::Other { n_outputs, .. } => n_outputs,
            _ => 1,
        }
    }

    /// The margin of a `base_score` as model files hold it: `ln(p / (1 - p))` for
    /// [`Logistic`](Self::Logistic), the number itself otherwise.
    pub fn base_margin(&self, base_score: f32) -> f32 {
        match self {
            Self::Logistic => -(1.0 / base_score - 1.0).ln(),
            _ => base_score,
        }
    }
}
