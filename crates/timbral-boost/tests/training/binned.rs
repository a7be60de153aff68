//! Rows cut into bins block by block train the model of the table in memory, bit for bit.

use ndarray::{Array2, s};
use timbral_boost::{
    BinnedRows, BoostParams, Dataset, Error, GrowPolicy, MultiStrategy, Objective, Result,
    RowSource, Training,
};

/// A table read in blocks of some rows.
struct Blocks {
    features: Array2<f32>,
    labels: Vec<f32>,
    weights: Option<Vec<f32>>,
    block: usize,
    /// What it says of itself.
    n_rows: usize,
    /// Readings so far.
    n_read: usize,
    /// A value that is changed after some readings.
    change: Option<(usize, f32)>,
}

impl Blocks {
    /// Columns of many values, of few, and with missing values if they are wanted.
    fn new(n_rows: usize, n_classes: usize, missing: bool) -> Self {
        let draw = |row: usize, column: usize| {
            let x = (row as u32)
                .wrapping_mul(2_654_435_761)
                .rotate_left(column as u32 * 5 + 7);
            f64::from(x.wrapping_mul(40_503 + column as u32) >> 8) / f64::from(1 << 24)
        };
        let features = Array2::from_shape_fn((n_rows, 11), |(row, column)| match column {
            1 => (draw(row, column) * 5.0).floor() as f32,
            2 if missing && draw(row, 20) < 0.2 => f32::NAN,
            _ => draw(row, column) as f32,
        });
        let label = |row: usize| {
            let x = features[[row, 0]] + features[[row, 1]] * 0.1 + 0.3 * features[[row, 7]];
            (x * n_classes as f32 / 1.8)
                .floor()
                .min(n_classes as f32 - 1.0)
        };
        Self {
            labels: (0..n_rows).map(label).collect(),
            weights: None,
            block: 1000,
            n_rows,
            n_read: 0,
            change: None,
            features,
        }
    }

    fn data(&self) -> Dataset<'_> {
        let data = Dataset::new(self.features.view(), &self.labels).unwrap();
        match &self.weights {
            Some(weights) => data.with_weights(weights).unwrap(),
            None => data,
        }
    }
}

impl RowSource for Blocks {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_features(&self) -> usize {
        self.features.ncols()
    }

    fn visit(&mut self, visit: &mut dyn FnMut(&Dataset<'_>) -> Result<()>) -> Result<()> {
        if let Some((n_read, value)) = self.change
            && n_read == self.n_read
        {
            self.features[[3, 0]] = value;
        }
        self.n_read += 1;
        for start in (0..self.labels.len()).step_by(self.block) {
            let end = self.labels.len().min(start + self.block);
            let data = Dataset::new(
                self.features.slice(s![start..end, ..]),
                &self.labels[start..end],
            )?;
            match &self.weights {
                Some(weights) => visit(&data.with_weights(&weights[start..end])?)?,
                None => visit(&data)?,
            }
        }
        Ok(())
    }
}

/// Trains on the table and on its bins, with one thread and with three.
fn assert_equal(params: &BoostParams, mut rows: Blocks, n_read: usize) {
    let model = params.fit(&rows.data()).unwrap();
    for n_threads in [1, 3] {
        rows.n_read = 0;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        let binned = pool.install(|| {
            let bins = BinnedRows::read(params, &mut rows)?;
            Ok::<_, Error>(Training::on_bins(params, &bins).run()?.model)
        });
        assert_eq!(rows.n_read, n_read);
        assert_eq!(binned.unwrap(), model, "{params:?}");
    }
}

fn params(n_classes: usize) -> BoostParams {
    BoostParams {
        objective: Objective::Softprob { n_classes },
        n_rounds: 3,
        max_depth: 4,
        ..Default::default()
    }
}

/// Classes in one group, in several with one left over, and too many for the sums of all of them at once.
#[test]
fn softmax() {
    for n_classes in [3, 9, 17] {
        assert_equal(&params(n_classes), Blocks::new(5000, n_classes, false), 2);
    }
}

#[test]
fn missing_values_take_one_more_reading() {
    assert_equal(&params(6), Blocks::new(5000, 6, true), 3);
    let mut rows = Blocks::new(400, 6, true);
    rows.block = 7;
    rows.features.column_mut(4).fill(f32::NAN);
    assert_equal(&params(6), rows, 3);
}

/// From 65536 rows on, sums are made of several parts.
#[test]
fn many_rows() {
    for n_classes in [5, 18] {
        let mut rows = Blocks::new(100_000, n_classes, false);
        rows.block = 33_333;
        let params = BoostParams {
            n_rounds: 2,
            ..params(n_classes)
        };
        assert_equal(&params, rows, 2);
    }
}

#[test]
fn other_objectives_strategies_and_samples() {
    let base = params(5);
    let of = |params| assert_equal(&params, Blocks::new(3000, 5, true), 3);
    of(BoostParams {
        objective: Objective::SquaredError,
        ..base.clone()
    });
    of(BoostParams {
        multi_strategy: MultiStrategy::MultiOutputTree,
        ..base.clone()
    });
    of(BoostParams {
        subsample: 0.6,
        colsample_bynode: 0.7,
        num_parallel_tree: 2,
        ..base.clone()
    });
    of(BoostParams {
        grow_policy: GrowPolicy::LossGuide,
        max_leaves: 12,
        max_depth: 0,
        ..base.clone()
    });
    // More bins than a byte can number.
    of(BoostParams {
        max_bin: 700,
        ..base
    });
}

#[test]
fn weights_of_rows_and_classes() {
    let mut rows = Blocks::new(3000, 5, false);
    rows.weights = Some((0..3000).map(|row| (row % 4) as f32 * 0.5).collect());
    let params = BoostParams {
        class_weights: vec![1.0, 2.0, 0.0, 1.0, 0.25],
        ..params(5)
    };
    assert_equal(&params, rows, 2);
}

fn message(params: &BoostParams, mut rows: Blocks) -> String {
    BinnedRows::read(params, &mut rows).unwrap_err().to_string()
}

#[test]
fn a_source_that_does_not_hold_what_it_says_is_named() {
    let rows = || Blocks::new(2000, 3, false);
    let with = |change: &dyn Fn(&mut Blocks)| {
        let mut rows = rows();
        change(&mut rows);
        message(&params(3), rows)
    };
    let fewer = with(&|rows| rows.n_rows = 2001);
    assert_eq!(
        fewer,
        "cannot read rows: there are fewer rows than announced"
    );
    let more = with(&|rows| rows.n_rows = 1999);
    assert_eq!(more, "cannot read rows: there are more rows than announced");
    let none = with(&|rows| rows.n_rows = 0);
    assert_eq!(none, "features is empty");
    let infinite = with(&|rows| rows.features[[1500, 2]] = f32::INFINITY);
    assert!(infinite.starts_with("features[5502] = inf"), "{infinite}");
    let bins = BoostParams {
        max_bin: 1,
        ..params(3)
    };
    assert_eq!(
        message(&bins, rows()),
        "max_bin = 1: must be from 2 to 65535"
    );
    let short = BoostParams {
        class_weights: vec![1.0; 2],
        ..params(3)
    };
    assert!(message(&short, rows()).contains("must be a class number below the length"));
}

/// A value is there in the first reading and missing in the second, or the other way round.
#[test]
fn a_source_that_changes_is_an_error_or_has_the_bins_of_the_last_reading() {
    let mut rows = Blocks::new(2000, 3, true);
    rows.change = Some((1, f32::NAN));
    let changed = "cannot read rows: a second reading found other values";
    assert_eq!(message(&params(3), rows), changed);
    let mut rows = Blocks::new(2000, 3, false);
    rows.change = Some((1, f32::NAN));
    assert_eq!(message(&params(3), rows), changed);
    // A value beyond all cuts belongs to the last bin.
    let mut rows = Blocks::new(2000, 3, false);
    rows.change = Some((1, 1e9));
    assert!(BinnedRows::read(&params(3), &mut rows).is_ok());
}

#[test]
fn what_needs_the_table_or_other_bins_is_refused() {
    let params = params(3);
    let mut rows = Blocks::new(500, 3, false);
    let bins = BinnedRows::read(&params, &mut rows).unwrap();
    let model = Training::on_bins(&params, &bins).run().unwrap().model;
    let more = Training::on_bins(&params, &bins)
        .continue_from(&model)
        .run();
    assert!(matches!(more, Err(Error::Unsupported { .. })), "{more:?}");
    let other = BoostParams {
        max_bin: 16,
        ..params
    };
    let other = Training::on_bins(&other, &bins).run().unwrap_err();
    assert_eq!(
        other.to_string(),
        "max_bin = 16: must be that with which the rows were cut into bins"
    );
}
