use super::line::{Lanes, Line, Ops, WithOps, vectorize};

/// The bins of a word of `N` histograms. All methods must be inlined: they are compiled for the
/// instruction set of the machine with all that they call.
pub(crate) trait Bins<const N: usize> {
    fn for_each(self, visit: impl FnMut([Lanes; N]));
}

/// What is done with the bins of a word of one or two histograms.
pub(crate) trait Visit: Sync {
    type Output: Default + Send;

    /// Must be inlined, too.
    fn visit<const N: usize>(&self, bins: impl Bins<N>) -> [Self::Output; N];
}

/// The lines of a word of `N` histograms.
trait Source<const N: usize> {
    fn for_each(self, ops: impl Ops, visit: impl FnMut([Lanes; N]));
}

/// Visits the bins of a source, compiled for the instruction set of this machine.
fn pass<const N: usize, V: Visit>(visitor: &V, source: impl Source<N>) -> [V::Output; N] {
    vectorize(Pass { source, visitor })
}

struct Pass<'a, const N: usize, S: Source<N>, V> {
    source: S,
    visitor: &'a V,
}

impl<const N: usize, S: Source<N>, V: Visit> WithOps for Pass<'_, N, S, V> {
    type Output = [V::Output; N];

    #[inline(always)]
    fn run(self, ops: impl Ops) -> Self::Output {
        self.visitor.visit(SourceBins(self.source, ops))
    }
}

struct SourceBins<S, O>(S, O);

impl<const N: usize, S: Source<N>, O: Ops> Bins<N> for SourceBins<S, O> {
    #[inline(always)]
    fn for_each(self, visit: impl FnMut([Lanes; N])) {
        self.0.for_each(self.1, visit);
    }
}

/// Visits a word of a histogram.
pub(crate) fn visit_lines<V: Visit>(visitor: &V, lines: &[Line]) -> V::Output {
    let [output] = pass(visitor, Kept(lines));
    output
}

struct Kept<'a>(&'a [Line]);

impl Source<1> for Kept<'_> {
    #[inline(always)]
    fn for_each(self, ops: impl Ops, mut visit: impl FnMut([Lanes; 1])) {
        for line in self.0 {
            visit([ops.lanes(*line)]);
        }
    }
}

/// A word of the histogram of some rows whose sums are known, and of the rest.
pub(crate) struct Word<'a> {
    /// The sums; to be set to zero.
    pub(super) sums: &'a mut [Line],
    /// Where they belong.
    pub(super) own: &'a mut [Line],
    /// From what they are to be subtracted; empty if that is not wanted.
    pub(super) rest: &'a mut [Line],
}

impl<'a> Word<'a> {
    /// Finishes a word without a rest and visits it.
    pub(crate) fn finish<V: Visit>(self, visitor: &V) -> (&'a [Line], V::Output) {
        let Self { sums, own, .. } = self;
        let [output] = pass(
            visitor,
            Own {
                sums,
                own: &mut *own,
            },
        );
        (own, output)
    }

    /// Finishes a word and its rest and visits both.
    pub(crate) fn finish_both<V: Visit>(self, visitor: &V) -> ([&'a [Line]; 2], [V::Output; 2]) {
        let Self { sums, own, rest } = self;
        let (own_lines, rest_lines) = (&mut *own, &mut *rest);
        let outputs = pass(
            visitor,
            Both {
                sums,
                own: own_lines,
                rest: rest_lines,
            },
        );
        ([own, rest], outputs)
    }
}

struct Own<'a> {
    sums: &'a mut [Line],
    own: &'a mut [Line],
}

impl Source<1> for Own<'_> {
    #[inline(always)]
    fn for_each(self, ops: impl Ops, mut visit: impl FnMut([Lanes; 1])) {
        for (own, sums) in self.own.iter_mut().zip(self.sums) {
            let line = std::mem::take(sums);
            *own = line;
            visit([ops.lanes(line)]);
        }
    }
}

struct Both<'a> {
    sums: &'a mut [Line],
    own: &'a mut [Line],
    rest: &'a mut [Line],
}

impl Source<2> for Both<'_> {
    #[inline(always)]
    fn for_each(self, ops: impl Ops, mut visit: impl FnMut([Lanes; 2])) {
        for ((own, rest), sums) in self.own.iter_mut().zip(self.rest).zip(self.sums) {
            let line = std::mem::take(sums);
            let others = ops.minus(*rest, line);
            (*own, *rest) = (line, others);
            visit([ops.lanes(line), ops.lanes(others)]);
        }
    }
}

/// Visits a word of the histogram of some rows, which is set to zero, and that of the others among `all`, which
/// is not kept.
pub(crate) fn visit_parts<V: Visit>(visitor: &V, own: &mut [Line], all: &[Line]) -> [V::Output; 2] {
    pass(visitor, Parts { own, all })
}

struct Parts<'a> {
    own: &'a mut [Line],
    all: &'a [Line],
}

impl Source<2> for Parts<'_> {
    #[inline(always)]
    fn for_each(self, ops: impl Ops, mut visit: impl FnMut([Lanes; 2])) {
        for (own, all) in self.own.iter_mut().zip(self.all) {
            let line = std::mem::take(own);
            visit([ops.lanes(line), ops.lanes(ops.minus(*all, line))]);
        }
    }
}
