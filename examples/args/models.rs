//! What is compared, as options of a command.

use std::path::PathBuf;

use timbral::boost::BoostParams;
use timbral::data::SplitMethod;
use timbral::{Classical, CompareParams, DenseParams, Recipe};

#[derive(clap::Args)]
pub(crate) struct ModelArgs {
    /// A table of features with a column `label`
    pub(crate) table: PathBuf,
    /// The ways to split: random, grouped (by recording), fault-filtered (GTZAN's)
    #[arg(long, value_delimiter = ',', default_value = "random,grouped")]
    splits: Vec<SplitMethod>,
    /// Splits of each way
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The models; by default all: nearest-centroid, naive-bayes, k-nearest, logistic, decision-tree,
    /// random-forest, extra-trees, svm, boosted-trees, dense
    #[arg(long, value_delimiter = ',')]
    models: Vec<Model>,
    /// Hold back no validation rows, which takes half the time: no ensemble is chosen, and the first
    /// model is what the others are tested against
    #[arg(long)]
    no_ensembles: bool,
}

#[derive(Clone, Copy)]
enum Model {
    Classical(Classical),
    Boosted,
    Dense,
}

impl std::str::FromStr for Model {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "boosted-trees" => Ok(Self::Boosted),
            "dense" => Ok(Self::Dense),
            name => (name.parse().map(Self::Classical))
                .map_err(|none: String| format!("{none}, boosted-trees, dense")),
        }
    }
}

impl ModelArgs {
    pub(crate) fn params(&self) -> CompareParams {
        CompareParams {
            splits: self.splits.clone(),
            seeds: self.seeds,
            ensembles: !self.no_ensembles,
        }
    }

    /// The models with their defaults: those of scikit-learn, of XGBoost, and the dense recipe.
    pub(crate) fn recipes(&self) -> Vec<(String, Box<dyn Recipe>)> {
        let all = Classical::all().map(Model::Classical).into_iter();
        let all: Vec<Model> = all.chain([Model::Boosted, Model::Dense]).collect();
        let chosen = if self.models.is_empty() {
            &all
        } else {
            &self.models
        };
        let recipes = chosen.iter().map(|model| -> Box<dyn Recipe> {
            match model {
                Model::Classical(model) => Box::new(*model),
                Model::Boosted => Box::new(BoostParams::default()),
                Model::Dense => Box::new(DenseParams::default()),
            }
        });
        recipes.map(|recipe| (recipe.name(), recipe)).collect()
    }
}
