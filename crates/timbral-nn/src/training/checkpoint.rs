//! Checkpoints: the file of a network with everything else that training needs.

use crate::error::Result;
use crate::model_file::{CHECKPOINT, Contents, TrainingConfig, invalid};
use crate::training::state::{Best, State};

/// What the checkpoint of a state holds.
pub(crate) fn contents(state: &State) -> Contents {
    let mut contents = Contents::model(&state.network);
    contents.config.kind = CHECKPOINT.into();
    contents.config.training = Some(TrainingConfig {
        params: state.params.clone(),
        history: state.history.clone(),
        best_epoch: state.best.as_ref().map(|best| best.epoch),
        data: state.data.clone(),
    });
    let mut keep = |name: String, vector: &[f32]| {
        contents.vectors.push((name, vector.to_vec()));
    };
    for (i, vector) in state.moments.iter().enumerate() {
        keep(format!("optimiser.{i}"), vector);
    }
    if let Some(ema) = &state.ema {
        keep("ema".into(), ema);
    }
    if let Some(best) = &state.best {
        keep("best.parameters".into(), &best.parameters);
        keep("best.statistics".into(), &best.statistics);
    }
    contents
}

/// The state that a checkpoint holds.
pub(crate) fn state(mut contents: Contents) -> Result<State> {
    let training = contents
        .config
        .training
        .take()
        .ok_or_else(|| invalid(CHECKPOINT, "it has no training"))?;
    let n_epochs = training.history.epochs.len();
    if training.best_epoch.is_some_and(|best| best >= n_epochs) {
        return Err(invalid(CHECKPOINT, "its best epoch is not in its history"));
    }
    let mut take = |name: &str, expected: usize| {
        let found = contents.vectors.iter().position(|(have, _)| have == name);
        match found.map(|i| contents.vectors.swap_remove(i).1) {
            Some(vector) if vector.len() == expected => Ok(vector),
            Some(_) => Err(invalid(CHECKPOINT, format!("{name} has a wrong length"))),
            None => Err(invalid(CHECKPOINT, format!("{name} is missing"))),
        }
    };
    let n_parameters = contents.network.parameters.len();
    let n_statistics = contents.network.statistics.len();
    let n_states = training.params.optimiser.state(0).len();
    let moments = (0..n_states)
        .map(|i| take(&format!("optimiser.{i}"), n_parameters))
        .collect::<Result<_>>()?;
    let ema = training.params.ema_decay.map(|_| take("ema", n_parameters));
    let ema = ema.transpose()?;
    let best = match training.best_epoch {
        None => None,
        Some(epoch) => Some(Best {
            epoch,
            parameters: take("best.parameters", n_parameters)?,
            statistics: take("best.statistics", n_statistics)?,
        }),
    };
    Ok(State {
        params: training.params,
        network: contents.network,
        moments,
        ema,
        best,
        history: training.history,
        data: training.data,
    })
}
