use std::collections::BTreeMap;

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
    /// Any other of XGBoost's, or one of the above with several targets: a model of it predicts
    /// margins.
    Other {
        /// Its name in the model file.
        name: String,
        /// Margins a row.
        n_outputs: usize,
        /// Its parameters in the model file, such as
        /// `poisson_regression_param: {max_delta_step: "0.7"}`.
        params: BTreeMap<String, BTreeMap<String, String>>,
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
    /// `binary:logistic`, `binary:logitraw` and `reg:logistic`, `ln(s)` for `count:poisson`,
    /// `reg:gamma`, `reg:tweedie`, `survival:aft` and `survival:cox`, the number itself otherwise.
    pub fn base_margin(&self, base_score: f32) -> f32 {
        match self.name() {
            "binary:logistic" | "binary:logitraw" | "reg:logistic" => {
                -(1.0 / base_score - 1.0).ln()
            }
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:aft" | "survival:cox" => {
                base_score.ln()
            }
            _ => base_score,
        }
    }
}
