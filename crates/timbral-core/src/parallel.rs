//! Loops over the threads of rayon that are compiled once.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Calls `task` with ranges that together are `0..n`, in parallel, in the rayon pool of the caller. A range is
/// `min_len` to `2 min_len - 1` long, unless `n` is less.
///
/// All functions of this module share this one compiled loop. rayon's own iterators are compiled again for every
/// closure, about 2,000 lines of LLVM each, and took a third of the time to compile a crate with many loops.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// timbral_core::parallel::ranges(100, 8, &|range| {
///     sum.fetch_add(range.sum(), Ordering::Relaxed);
/// });
/// assert_eq!(sum.into_inner(), 4950);
/// ```
pub fn ranges(n: usize, min_len: usize, task: &(dyn Fn(Range<usize>) + Sync)) {
    if n > 0 {
        halves(0..n, 2 * min_len.max(1), task);
    }
}

fn halves(range: Range<usize>, divided_from: usize, task: &(dyn Fn(Range<usize>) + Sync)) {
    if range.len() < divided_from {
        return task(range);
    }
    let middle = range.start + range.len() / 2;
    rayon::join(
        || halves(range.start..middle, divided_from, task),
        || halves(middle..range.end, divided_from, task),
    );
}

/// The results of `task` for the numbers `0..n`, in their order; at least `min_len` run one after the other.
///
/// ```
/// assert_eq!(timbral_core::parallel::map(4, 1, &|i| i * i), [0, 1, 4, 9]);
/// ```
pub fn map<R: Send>(n: usize, min_len: usize, task: &(dyn Fn(usize) -> R + Sync)) -> Vec<R> {
    map_init(n, min_len, &|| (), &|(), i| task(i))
}

/// As [`map`], with memory that `init` makes once per range for the tasks to reuse.
///
/// ```
/// let squares = timbral_core::parallel::map_init(3, 1, &Vec::new, &|memory: &mut Vec<usize>, i| {
///     memory.clear();
///     memory.extend(0..i);
///     memory.iter().sum::<usize>()
/// });
/// assert_eq!(squares, [0, 0, 1]);
/// ```
pub fn map_init<S, R: Send>(
    n: usize,
    min_len: usize,
    init: &(dyn Fn() -> S + Sync),
    task: &(dyn Fn(&mut S, usize) -> R + Sync),
) -> Vec<R> {
    let parts = Mutex::new(Vec::new());
    ranges(n, min_len, &|range| {
        let start = range.start;
        let mut state = init();
        let results: Vec<R> = range.map(|i| task(&mut state, i)).collect();
        lock(&parts).push((start, results));
    });
    let mut parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut all = Vec::new();
    for i in in_order(parts.iter().map(|(start, _)| *start).collect()) {
        match all.is_empty() {
            true => all = std::mem::take(&mut parts[i].1),
            false => all.append(&mut parts[i].1),
        }
    }
    all
}

/// The indices of the parts by their starts. Apart from the results, so that sorting is compiled once.
fn in_order(starts: Vec<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..starts.len()).collect();
    order.sort_unstable_by_key(|&i| starts[i]);
    order
}

/// The results of `task` as of [`map`], or its first error: that of the lowest number, at any number of threads. After an
/// error no task of a higher number is started.
///
/// ```
/// let halves = |n| timbral_core::parallel::try_map(n, 1, &|i| if i % 3 < 2 { Ok(i) } else { Err(i) });
/// assert_eq!(halves(2), Ok(vec![0, 1]));
/// assert_eq!(halves(100), Err(2));
/// ```
///
/// # Errors
///
/// That of the task.
pub fn try_map<R: Send, E: Send>(
    n: usize,
    min_len: usize,
    task: &(dyn Fn(usize) -> Result<R, E> + Sync),
) -> Result<Vec<R>, E> {
    let failed = AtomicUsize::new(usize::MAX);
    let one = |i: usize| {
        if failed.load(Ordering::Relaxed) < i {
            return None;
        }
        let result = task(i);
        if result.is_err() {
            failed.fetch_min(i, Ordering::Relaxed);
        }
        Some(result)
    };
    // What was not started comes after an error.
    map(n, min_len, &one).into_iter().flatten().collect()
}

/// Calls `task` with each item and its index, in parallel; at least `min_len` run one after the other. An item may be
/// a part of something that is changed, as one of `chunks_mut`.
///
/// ```
/// let mut values = [0; 5];
/// timbral_core::parallel::for_each(values.chunks_mut(2), 1, &|i, chunk| chunk.fill(i));
/// assert_eq!(values, [0, 0, 1, 1, 2]);
/// ```
pub fn for_each<T: Send>(
    items: impl IntoIterator<Item = T>,
    min_len: usize,
    task: &(dyn Fn(usize, T) + Sync),
) {
    let items = Items::new(items);
    ranges(items.0.len(), min_len, &|range| {
        for i in range {
            if let Some(item) = items.take(i) {
                task(i, item);
            }
        }
    });
}

/// Items that tasks take, each once.
struct Items<T>(Vec<Mutex<Option<T>>>);

impl<T> Items<T> {
    fn new(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(|item| Mutex::new(Some(item)));
        Self(items.collect())
    }

    fn take(&self, i: usize) -> Option<T> {
        lock(&self.0[i]).take()
    }
}

/// The results of `task` for each item and its index, in their order; at least `min_len` run one after the other.
///
/// ```
/// let lengths = timbral_core::parallel::map_each(["a", "bcd"], 1, &|i, text| i + text.len());
/// assert_eq!(lengths, [1, 4]);
/// ```
pub fn map_each<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    min_len: usize,
    task: &(dyn Fn(usize, T) -> R + Sync),
) -> Vec<R> {
    let items = Items::new(items);
    let one = |i: usize| items.take(i).map(|item| task(i, item));
    map(items.0.len(), min_len, &one)
        .into_iter()
        .flatten()
        .collect()
}

/// The results of `task` for each item, as of [`map_each`], or its first error, as of [`try_map`].
///
/// # Errors
///
/// That of the task.
pub fn try_map_each<T: Send, R: Send, E: Send>(
    items: impl IntoIterator<Item = T>,
    min_len: usize,
    task: &(dyn Fn(usize, T) -> Result<R, E> + Sync),
) -> Result<Vec<R>, E> {
    let items = Items::new(items);
    let one = |i: usize| items.take(i).map(|item| task(i, item)).transpose();
    let results = try_map(items.0.len(), min_len, &one)?;
    Ok(results.into_iter().flatten().collect())
}

/// Runs two tasks, in parallel where a thread is free.
///
/// ```
/// let (mut a, mut b) = (0, 0);
/// timbral_core::parallel::join(&mut || a = 1, &mut || b = 2);
/// assert_eq!((a, b), (1, 2));
/// ```
pub fn join(a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
    rayon::join(a, b);
}

/// A task that panicked ends the whole loop with its panic, so that its lock has nothing to tell.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap()
    }

    #[test]
    fn every_index_comes_once_and_in_its_place_at_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let pool = pool(threads);
            for n in [0, 1, 2, 3, 17, 1000] {
                for min_len in [0, 1, 3, 500, 2000] {
                    let numbers: Vec<usize> = (0..n).collect();
                    pool.install(|| {
                        assert_eq!(map(n, min_len, &|i| i), numbers);
                        assert_eq!(map_each(numbers.clone(), min_len, &|i, x| i * x + x), {
                            let squares = numbers.iter().map(|x| x * x + x);
                            squares.collect::<Vec<_>>()
                        });
                        let mut changed = numbers.clone();
                        for_each(&mut changed, min_len, &|i, x| *x += i);
                        assert!(changed.iter().enumerate().all(|(i, x)| *x == 2 * i));
                    });
                }
            }
        }
    }

    #[test]
    fn ranges_have_min_len_to_less_than_twice_as_much() {
        let lengths = Mutex::new(Vec::new());
        ranges(100, 7, &|range| lock(&lengths).push(range.len()));
        let lengths = lengths.into_inner().unwrap();
        assert_eq!(lengths.iter().sum::<usize>(), 100);
        assert!(lengths.iter().all(|n| (7..14).contains(n)), "{lengths:?}");
    }

    #[test]
    fn the_first_error_is_returned_at_any_number_of_threads_and_ends_the_loop() {
        for threads in [1, 2, 5] {
            let pool = pool(threads);
            for first in [0, 1, 37, 500, 999] {
                let started = AtomicUsize::new(0);
                let task = |i: usize| {
                    started.fetch_add(1, Ordering::Relaxed);
                    if i < first { Ok(i) } else { Err(i) }
                };
                let result = pool.install(|| try_map(1000, 1, &task));
                assert_eq!(result, Err(first));
                // Each thread starts what is before the first error, and its own first one after it.
                let started = started.load(Ordering::Relaxed);
                assert!(started <= first + 2 + 20 * threads, "{first}: {started}");
                let items = 0..1000;
                let of_items = || try_map_each(items, 1, &|_, i| task(i));
                assert_eq!(pool.install(of_items), Err(first));
            }
            let all = pool.install(|| try_map_each(["a", "b"], 1, &|i, x| Ok::<_, ()>((i, x))));
            assert_eq!(all, Ok(vec![(0, "a"), (1, "b")]));
        }
    }

    /// As with rayon's own loops.
    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_of_a_task_is_that_of_the_loop() {
        map(8, 1, &|i| assert!(i != 3, "the third"));
    }
}
