//! The method of Liu and Nocedal (1989): L-BFGS.

use std::collections::VecDeque;

/// Pairs of steps and changes of the gradient that are kept.
const MEMORY: usize = 10;
/// The fraction of the decrease predicted by the slope that a step must reach.
const DECREASE: f64 = 1e-4;
/// Number of times that a step is halved before the search ends.
const HALVINGS: usize = 40;

/// Minimises a smooth convex function from `x` on. `f` returns its value and writes its gradient.
///
/// It ends when no part of the gradient is above `tolerance`, after `max_iterations`, or where no step makes the value
/// smaller. All sums are in a fixed order, so that the result has the same bits everywhere.
pub(super) fn minimise(
    x: &mut Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) {
    let n = x.len();
    let (mut gradient, mut next_gradient) = (vec![0.0; n], vec![0.0; n]);
    let mut value = f(x, &mut gradient);
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for _ in 0..max_iterations {
        if gradient.iter().all(|g| g.abs() <= tolerance) {
            return;
        }
        let mut direction = direction(&gradient, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            pairs.clear();
            direction = gradient.iter().map(|g| -g).collect();
            slope = -dot(&gradient, &gradient);
        }
        let mut step = match pairs.is_empty() {
            true => 1.0 / dot(&gradient, &gradient).sqrt().max(1.0),
            false => 1.0,
        };
        let mut found = None;
        for _ in 0..HALVINGS {
            let next: Vec<f64> = x
                .iter()
                .zip(&direction)
                .map(|(x, d)| x + step * d)
                .collect();
            let next_value = f(&next, &mut next_gradient);
            if next_value <= value + DECREASE * step * slope {
                found = Some((next, next_value));
                break;
            }
            step /= 2.0;
        }
        let Some((next, next_value)) = found else {
            return;
        };
        let s: Vec<f64> = next.iter().zip(&*x).map(|(a, b)| a - b).collect();
        let changes = next_gradient.iter().zip(&gradient);
        let y: Vec<f64> = changes.map(|(a, b)| a - b).collect();
        let curvature = dot(&s, &y);
        if curvature > 1e-12 * dot(&y, &y) {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back((s, y, curvature));
        }
        *x = next;
        value = next_value;
        std::mem::swap(&mut gradient, &mut next_gradient);
    }
}

/// The direction of the next step: the inverse of the approximated curvature times the falling gradient.
fn direction(gradient: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(pairs.len());
    for (s, y, curvature) in pairs.iter().rev() {
        let alpha = dot(s, &d) / curvature;
        add(&mut d, -alpha, y);
        alphas.push(alpha);
    }
    if let Some((_, y, curvature)) = pairs.back() {
        let scale = curvature / dot(y, y);
        d.iter_mut().for_each(|d| *d *= scale);
    }
    for ((s, y, curvature), alpha) in pairs.iter().zip(alphas.into_iter().rev()) {
        let beta = dot(y, &d) / curvature;
        add(&mut d, alpha - beta, s);
    }
    d
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut()
        .zip(from)
        .for_each(|(to, x)| *to += factor * x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quadratic_and_a_valley_have_their_minimum() {
        // (x - 1)^2 + 100 (y + 2)^2 + x y, whose gradient is 0 where 2 x + y = 2 and x + 200 y = -400.
        let mut x = vec![5.0, 5.0];
        minimise(&mut x, 1e-10, 100, |x, g| {
            g[0] = 2.0 * (x[0] - 1.0) + x[1];
            g[1] = 200.0 * (x[1] + 2.0) + x[0];
            (x[0] - 1.0).powi(2) + 100.0 * (x[1] + 2.0).powi(2) + x[0] * x[1]
        });
        let expected = [800.0 / 399.0, -802.0 / 399.0];
        for (x, expected) in x.iter().zip(expected) {
            assert!((x - expected).abs() < 1e-9, "{x} {expected}");
        }
        // Not convex everywhere: Rosenbrock's function, from its usual start.
        let mut x = vec![-1.2, 1.0];
        minimise(&mut x, 1e-9, 500, |x, g| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        });
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-6), "{x:?}");
    }
}
