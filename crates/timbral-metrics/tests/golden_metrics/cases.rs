//! The cases of `golden/metrics.py`, number by number.

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Ties,
    Good,
    Absent,
    OneClass,
    TwoClasses,
}

const KINDS: [Kind; 12] = [
    Kind::Plain,
    Kind::Ties,
    Kind::Good,
    Kind::Plain,
    Kind::Ties,
    Kind::Good,
    Kind::Plain,
    Kind::Ties,
    Kind::Good,
    Kind::Absent,
    Kind::OneClass,
    Kind::TwoClasses,
];

pub(crate) struct Lcg(u32);

impl Lcg {
    pub(crate) fn new(seed: usize) -> Self {
        Self(seed as u32)
    }

    pub(crate) fn draw(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.draw() % n
    }
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) y_true: Vec<usize>,
    pub(crate) y_pred: Vec<usize>,
    pub(crate) weighting: usize,
    pub(crate) weight: Option<Vec<f64>>,
    pub(crate) proba: Vec<f64>,
    pub(crate) binary: Vec<bool>,
    pub(crate) score: Vec<f64>,
    pub(crate) target: Vec<f64>,
    pub(crate) estimate: Vec<f64>,
    pub(crate) groups: Vec<usize>,
    pub(crate) n_splits: usize,
    pub(crate) test_fold: Vec<Option<usize>>,
    pub(crate) first: Vec<bool>,
    pub(crate) second: Vec<bool>,
}

impl Case {
    pub(crate) fn new(number: usize) -> Self {
        let g = &mut Lcg::new(number * 7919 + 1);
        let kind = KINDS[number % KINDS.len()];
        let turn = number / 12;
        let n = match number % 5 {
            0 => 1 + g.below(30),
            _ => 40 + g.below(110),
        };
        let k = if kind == Kind::TwoClasses {
            2
        } else {
            3 + g.below(5)
        };

        let (one, same) = (g.below(k), turn.is_multiple_of(2));
        let (mut y_true, mut y_pred) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let (mut t, mut p, luck) = (g.below(k), g.below(k), g.below(4));
            match kind {
                Kind::Absent => t = 1 + t % (k - 1),
                Kind::OneClass => t = one,
                _ => {}
            }
            if (kind == Kind::Good && luck > 0) || (kind == Kind::OneClass && same) {
                p = t;
            }
            y_true.push(t);
            y_pred.push(p);
        }

        let weighting = number % 7 % 3;
        let drawn: Vec<usize> = (0..n).map(|_| g.draw()).collect();
        let weight = match weighting {
            0 => None,
            1 => {
                let mut halves: Vec<f64> = drawn.iter().map(|d| (d % 4) as f64 / 2.0).collect();
                halves[0] = 1.5;
                Some(halves)
            }
            _ => Some(
                drawn
                    .iter()
                    .map(|d| (d + 1) as f64 / 16_777_216.0)
                    .collect(),
            ),
        };

        let mut proba = Vec::new();
        for _ in 0..n {
            let limit = if kind == Kind::Ties { 4 } else { 1000 };
            let mut row: Vec<usize> = (0..k).map(|_| g.below(limit)).collect();
            row[0] += usize::from(row.iter().sum::<usize>() == 0);
            let sum: usize = row.iter().sum();
            proba.extend(row.iter().map(|x| *x as f64 / sum as f64));
        }

        let (mut binary, mut score) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let (b, s) = (g.below(2), g.draw());
            binary.push(if kind == Kind::OneClass {
                turn / 2 % 2 == 1
            } else {
                b == 1
            });
            score.push(match kind {
                Kind::Ties => (s % 5) as f64 / 4.0,
                _ => s as f64 / 16_777_216.0,
            });
        }

        let (mut target, mut estimate) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let mut t = (g.below(2001) as f64 - 1000.0) / 64.0;
            let e = (g.below(401) as f64 - 200.0) / 32.0;
            if kind == Kind::OneClass {
                t = 2.0;
            }
            target.push(t);
            estimate.push(if kind == Kind::OneClass && same {
                2.0
            } else {
                t + e
            });
        }

        let n_groups = 3 + g.below(if number % 2 == 1 { n } else { 12 });
        let groups = (0..n).map(|_| g.below(n_groups)).collect();
        let n_splits = 2 + g.below(4);
        let test_fold = (0..n).map(|_| g.below(5).checked_sub(1)).collect();
        let rows = 1 + g.below(400);
        let first = (0..rows).map(|_| g.below(4) > 0).collect();
        let second = (0..rows).map(|_| g.below(3) > 0).collect();
        Self {
            n,
            k,
            y_true,
            y_pred,
            weighting,
            weight,
            proba,
            binary,
            score,
            target,
            estimate,
            groups,
            n_splits,
            test_fold,
            first,
            second,
        }
    }
}
