use timbral_nn::Training;

use super::tables::with_file;
use crate::seeds::networks::{ROWS, small_net, train_params};

/// A checkpoint of the same training goes on to its end.
pub(crate) fn open(bytes: &[u8]) {
    with_file(".safetensors", bytes, |path| {
        let params = train_params();
        let training = Training::new(small_net(), &params, &ROWS).resume(path);
        if let Ok(trained) = training.run() {
            assert!(trained.history.epochs.len() <= params.epochs);
        }
    });
}
