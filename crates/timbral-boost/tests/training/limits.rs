//! Parameters, labels and losses at and beyond their limits: an error with a name, never a panic, an abort or
//! a model of numbers that are not finite.

use ndarray::{Array2, array};
use timbral_boost::{BoostParams, Dataset, Error, Loss, Model, Objective, Training};

/// A loss with the given numbers for everything.
struct Given {
    n_outputs: usize,
    base_score: Vec<f32>,
    gradient: [f32; 2],
}

impl Default for Given {
    fn default() -> Self {
        Self {
            n_outputs: 1,
            base_score: vec![0.5],
            gradient: [1.0, 1.0],
        }
    }
}

impl Loss for Given {
    fn name(&self) -> &str {
        "given"
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn base_score(&self) -> Vec<f32> {
        self.base_score.clone()
    }

    fn gradients(&self, _: f32, _: &[f32], gradients: &mut [[f32; 2]]) {
        gradients.fill(self.gradient);
    }
}

fn features() -> Array2<f32> {
    array![[0.0], [1.0], [2.0], [3.0]]
}

/// Trains on labels 0, 1, 2, 3, with a loss if there is one.
fn fit(params: &BoostParams, loss: Option<&Given>) -> Result<Model, Error> {
    let features = features();
    let data = Dataset::new(features.view(), &[0.0, 1.0, 2.0, 3.0])?;
    let training = Training::new(params, &data);
    Ok(match loss {
        Some(loss) => training.loss(loss),
        None => training,
    }
    .run()?
    .model)
}

#[test]
fn parameters_are_checked_with_a_loss_of_ones_own_too() {
    let d = BoostParams::default;
    #[rustfmt::skip]
    let wrong = [
        ("learning_rate = NaN", BoostParams { learning_rate: f32::NAN, ..d() }),
        ("learning_rate = inf", BoostParams { learning_rate: f32::INFINITY, ..d() }),
        ("lambda = NaN", BoostParams { lambda: f32::NAN, ..d() }),
        ("lambda = -1", BoostParams { lambda: -1.0, ..d() }),
        ("subsample = 0", BoostParams { subsample: 0.0, ..d() }),
        ("subsample = 5", BoostParams { subsample: 5.0, ..d() }),
        ("num_parallel_tree = 0", BoostParams { num_parallel_tree: 0, ..d() }),
        ("num_parallel_tree = 18446744073709551615", BoostParams { num_parallel_tree: usize::MAX, ..d() }),
        ("max_bin = 0", BoostParams { max_bin: 0, ..d() }),
        ("monotone_constraints: expected length 1, got 2", BoostParams { monotone_constraints: vec![1, 1], ..d() }),
        ("monotone_constraints = 2", BoostParams { monotone_constraints: vec![2], ..d() }),
        ("early_stopping_rounds = 0", BoostParams { early_stopping_rounds: Some(0), ..d() }),
        ("min_delta = inf", BoostParams { min_delta: f64::INFINITY, ..d() }),
        ("base_score: expected length 1, got 2", BoostParams { base_score: Some(vec![0.0; 2]), ..d() }),
        ("base_score = NaN", BoostParams { base_score: Some(vec![f32::NAN]), ..d() }),
        ("class_weights = -1", BoostParams { class_weights: vec![-1.0], ..d() }),
    ];
    for (text, params) in wrong {
        for loss in [None, Some(&Given::default())] {
            let error = fit(&params, loss).unwrap_err().to_string();
            assert!(error.starts_with(text), "{text}: {error}");
        }
    }
}

#[test]
fn a_loss_is_checked() {
    let params = BoostParams::default();
    let given = Given::default;
    #[rustfmt::skip]
    let wrong = [
        ("Loss::n_outputs = 0: ", Given { n_outputs: 0, ..given() }),
        ("Loss::n_outputs = 1000000000: ", Given { n_outputs: 1_000_000_000, ..given() }),
        ("Loss::base_score: expected length 2, got 1", Given { n_outputs: 2, ..given() }),
        ("Loss::base_score: expected length 1, got 0", Given { base_score: vec![], ..given() }),
        ("Loss::base_score = inf: ", Given { base_score: vec![f32::INFINITY], ..given() }),
        ("training diverged in round 0: a gradient", Given { gradient: [f32::NAN, 1.0], ..given() }),
        ("training diverged in round 0: a gradient", Given { gradient: [1.0, f32::INFINITY], ..given() }),
    ];
    for (text, loss) in wrong {
        let error = fit(&params, Some(&loss)).unwrap_err().to_string();
        assert!(error.starts_with(text), "{text}: {error}");
    }
}

#[test]
fn a_declared_base_score_is_used() {
    let params = BoostParams {
        base_score: Some(vec![7.0]),
        n_rounds: 1,
        ..Default::default()
    };
    let model = fit(&params, Some(&Given::default())).unwrap();
    assert_eq!(model.base_margin(), [7.0]);
    let params = BoostParams {
        base_score: None,
        ..params
    };
    assert_eq!(
        fit(&params, Some(&Given::default())).unwrap().base_margin(),
        [0.5]
    );
}

#[test]
fn class_weights_must_cover_the_labels() {
    for (objective, loss, text) in [
        (
            Objective::SquaredError,
            Some(Given::default()),
            "labels[2] = 2: must be a class number",
        ),
        (
            Objective::SquaredError,
            None,
            "class_weights: expected length 1, got 2",
        ),
        (
            Objective::Softprob { n_classes: 4 },
            None,
            "class_weights: expected length 4, got 2",
        ),
    ] {
        let params = BoostParams {
            class_weights: vec![1.0; 2],
            objective,
            ..Default::default()
        };
        let error = fit(&params, loss.as_ref()).unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
    }
    // One number is predicted, so one weight fits, but the labels are not classes.
    let params = BoostParams {
        class_weights: vec![1.0],
        ..Default::default()
    };
    let error = fit(&params, None).unwrap_err().to_string();
    assert!(
        error.starts_with("labels[1] = 1: must be a class number"),
        "{error}"
    );
    let params = BoostParams {
        class_weights: vec![0.0; 4],
        objective: Objective::Softprob { n_classes: 4 },
        ..Default::default()
    };
    let error = fit(&params, None).unwrap_err().to_string();
    assert!(error.contains("no row has a weight above 0"), "{error}");
}

#[test]
fn too_many_classes_are_refused() {
    for n_classes in [0, 1, 65_537, 1_000_000_000, usize::MAX] {
        for objective in [
            Objective::Softprob { n_classes },
            Objective::Softmax { n_classes },
        ] {
            let params = BoostParams {
                objective,
                ..Default::default()
            };
            let error = fit(&params, None).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("n_classes = {n_classes}: ")),
                "{error}"
            );
        }
    }
}

#[test]
fn divergence_is_an_error() {
    // Steps that double the error with a sign change.
    let rising = BoostParams {
        learning_rate: 1e3,
        lambda: 0.0,
        ..Default::default()
    };
    let error = fit(&rising, None).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert!(error.to_string().contains("lower learning_rate"), "{error}");
    let at_once = BoostParams {
        learning_rate: f32::MAX,
        ..Default::default()
    };
    assert!(matches!(fit(&at_once, None), Err(Error::Diverged { .. })));

    // Labels whose differences are beyond f32.
    let features = features();
    let labels = [f32::MAX, -f32::MAX, f32::MAX, -f32::MAX];
    let data = Dataset::new(features.view(), &labels).unwrap();
    for params in [BoostParams::default(), rising] {
        match params.fit(&data) {
            Ok(model) => assert!(!model.to_json().contains("Infinity")),
            Err(Error::Diverged { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    // Weights whose sum is beyond f32.
    let data = Dataset::new(features.view(), &[0.0, 1.0, 2.0, 3.0]).unwrap();
    let weights = [f32::MAX; 4];
    let result = BoostParams::default().fit(&data.with_weights(&weights).unwrap());
    assert!(matches!(result, Err(Error::Diverged { .. })), "{result:?}");
}

#[test]
fn the_best_iteration_is_one_of_the_rounds() {
    let features = features();
    let data = Dataset::new(features.view(), &[0.0, 1.0, 2.0, 3.0]).unwrap();
    let params = |n_rounds| BoostParams {
        n_rounds,
        early_stopping_rounds: Some(2),
        ..Default::default()
    };
    let (two, none) = (params(2), params(0));
    let first = Training::new(&two, &data)
        .validate(&data)
        .run()
        .unwrap()
        .model;
    assert_eq!(first.best_iteration(), Some(1));
    for model in [None, Some(&first)] {
        let training = Training::new(&none, &data).validate(&data);
        let training = match model {
            Some(model) => training.continue_from(model),
            None => training,
        };
        let trained = training.run().unwrap();
        assert_eq!(
            (trained.model.best_iteration(), trained.best_round),
            (None, None)
        );
        assert!(!trained.model.to_json().contains("best_iteration"));
    }
    // The number of rounds may be any.
    let endless = params(usize::MAX);
    let held_out = Dataset::new(features.view(), &[3.0, 2.0, 1.0, 0.0]).unwrap();
    let training = Training::new(&endless, &data).validate(&held_out);
    let model = training.continue_from(&first).run().unwrap().model;
    assert!(model.best_iteration().unwrap() < model.n_rounds());
}

#[test]
fn weights_of_one_change_nothing() {
    let features = Array2::from_shape_fn((200, 3), |(i, j)| ((i * (j + 3)) % 37) as f32);
    let labels: Vec<f32> = (0..200).map(|i| (i % 3) as f32).collect();
    let binary: Vec<f32> = labels.iter().map(|y| y.min(1.0)).collect();
    let ones = vec![1.0; 200];
    for objective in [
        Objective::SquaredError,
        // Hessians far below the least one of XGBoost's softmax.
        Objective::PseudoHuber { slope: 1e-6 },
        Objective::Logistic,
        Objective::Softprob { n_classes: 3 },
    ] {
        let labels = if objective == Objective::Logistic {
            &binary
        } else {
            &labels
        };
        let data = Dataset::new(features.view(), labels).unwrap();
        let params = BoostParams {
            n_rounds: 20,
            min_child_weight: 0.0,
            objective,
            ..Default::default()
        };
        let plain = params.fit(&data).unwrap();
        let weighted = params.fit(&data.with_weights(&ones).unwrap()).unwrap();
        assert_eq!(
            plain.to_ubjson(),
            weighted.to_ubjson(),
            "{:?}",
            params.objective
        );
    }
    // A loss whose hessians are 0.
    struct Flat;
    impl Loss for Flat {
        fn name(&self) -> &str {
            "flat"
        }
        fn gradients(&self, label: f32, margins: &[f32], gradients: &mut [[f32; 2]]) {
            gradients[0] = [margins[0] - label, if label > 1.0 { 0.0 } else { 1e-20 }];
        }
    }
    let data = Dataset::new(features.view(), &labels).unwrap();
    let params = BoostParams {
        min_child_weight: 0.0,
        n_rounds: 3,
        ..Default::default()
    };
    let weighted_data = data.with_weights(&ones).unwrap();
    let plain = Training::new(&params, &data)
        .loss(&Flat)
        .run()
        .unwrap()
        .model;
    let weighted = Training::new(&params, &weighted_data)
        .loss(&Flat)
        .run()
        .unwrap()
        .model;
    assert_eq!(plain.to_ubjson(), weighted.to_ubjson());
}
