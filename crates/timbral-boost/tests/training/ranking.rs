//! Ranking: what is refused, early stopping by a score that rises, and pairs that are drawn.

use ndarray::Array2;
use timbral_boost::{
    BoostParams, Dataset, Error, LambdaRankParams, Metric, Objective, PairMethod, Training,
};

const GROUPS: [usize; 8] = [30, 1, 25, 40, 4, 50, 20, 30];

/// 200 rows whose relevance from 0 to 4 follows two of three columns.
fn table() -> (Array2<f32>, Vec<f32>) {
    let features = Array2::from_shape_fn((200, 3), |(row, column)| {
        ((row * (2 * column + 3) * 7919) % 101) as f32
    });
    let label = |row: usize| {
        let row = features.row(row);
        ((row[0] + row[1]) / 42.0).floor()
    };
    let labels = (0..200).map(label).collect();
    (features, labels)
}

fn params(ranking: LambdaRankParams) -> BoostParams {
    BoostParams {
        objective: Objective::RankNdcg(ranking),
        min_child_weight: 0.1,
        n_rounds: 20,
        ..Default::default()
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels).unwrap();
    let refused = |params: &BoostParams, data: &Dataset<'_>| match params.fit(data) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{params:?}"),
    };
    let ranking = params(LambdaRankParams::default());
    for (sizes, expected) in [
        (&[199][..], "groups: expected length 200, got 199"),
        (
            &[200, 0],
            "groups[1] = 0: a group must have at least one row",
        ),
        (&[usize::MAX, 201], "groups: expected length 200"),
    ] {
        let error = data.with_groups(sizes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let grouped = data.with_groups(&GROUPS).unwrap();
    let error = grouped
        .with_group_weights(&[1.0; 7])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("group_weights: expected length 8, got 7"),
        "{error}"
    );
    assert!(grouped.with_group_weights(&[0.0; 8]).is_err());
    let weights = [1.0; 200];
    let error = refused(&ranking, &grouped.with_weights(&weights).unwrap());
    assert!(
        error.contains("ranking has weights of groups only"),
        "{error}"
    );
    let group_weights = [1.0; 8];
    let weighted = grouped.with_group_weights(&group_weights).unwrap();
    let error = refused(&BoostParams::default(), &weighted);
    assert!(error.contains("are for objectives of ranking"), "{error}");
    let class_weights = BoostParams {
        class_weights: vec![1.0],
        ..ranking.clone()
    };
    assert!(refused(&class_weights, &grouped).contains("class_weights"));
    let none = LambdaRankParams {
        num_pair_per_sample: Some(0),
        ..Default::default()
    };
    assert!(refused(&params(none), &grouped).contains("num_pair_per_sample = 0"));
    let map = BoostParams {
        objective: Objective::RankMap(LambdaRankParams::default()),
        ..ranking.clone()
    };
    assert!(refused(&map, &grouped).contains("must be 0 or 1"));
    for bad in [-1.0, 32.0, 0.5] {
        let mut labels = labels.clone();
        labels[7] = bad;
        let data = Dataset::new(features.view(), &labels).unwrap();
        assert!(refused(&ranking, &data).contains("labels[7]"));
        // A metric may allow less than the objective.
        let pairwise = BoostParams {
            objective: Objective::RankPairwise(LambdaRankParams::default()),
            ..ranking.clone()
        };
        assert!(pairwise.fit(&data).is_ok());
        let evaluated = Training::new(&pairwise, &data)
            .evaluate("train", &data)
            .run();
        assert!(matches!(
            evaluated,
            Err(Error::InvalidValue { index: 7, .. })
        ));
    }
}

#[test]
fn training_stops_when_the_score_no_longer_rises() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels)
        .unwrap()
        .with_groups(&GROUPS)
        .unwrap();
    let params = BoostParams {
        n_rounds: 500,
        early_stopping_rounds: Some(4),
        eval_metric: Some(Metric::Ndcg { k: Some(5) }),
        ..params(LambdaRankParams::default())
    };
    let trained = Training::new(&params, &data).validate(&data).run().unwrap();
    let scores = trained.history.scores("validation").unwrap();
    assert_eq!(trained.history.metric, "ndcg@5");
    assert!(scores.len() < 500);
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(scores[trained.best_round.unwrap()], best);
    assert!(best > 0.95 && best > scores[0], "{scores:?}");
}

#[test]
fn drawn_pairs_rank_too_and_follow_the_seed() {
    let (features, labels) = table();
    let data = Dataset::new(features.view(), &labels)
        .unwrap()
        .with_groups(&GROUPS)
        .unwrap();
    let ranking = LambdaRankParams {
        pair_method: PairMethod::Mean,
        num_pair_per_sample: Some(2),
        ..Default::default()
    };
    let fit = |seed| {
        let params = BoostParams {
            seed,
            ..params(ranking.clone())
        };
        Training::new(&params, &data)
            .evaluate("train", &data)
            .run()
            .unwrap()
    };
    let trained = fit(1);
    assert_eq!(trained.history.metric, "ndcg");
    assert!(
        trained.history.last_score().unwrap() > 0.95,
        "{:?}",
        trained.history
    );
    assert_eq!(fit(1).model, trained.model);
    assert_ne!(fit(2).model, trained.model);
    let read = timbral_boost::Model::from_slice(trained.model.to_json().as_bytes()).unwrap();
    assert_eq!(read, trained.model);
}
