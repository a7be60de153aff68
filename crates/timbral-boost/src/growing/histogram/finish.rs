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

/// Visits a word of a histogram.
pub(crate) fn visit_lines<V: Visit>(visitor: &V, lines: &[Line]) -> V::Output {
    let [output] = vectorize(OfOne { lines, visitor });
    output
}

struct OfOne<'a, V> {
    lines: &'a [Line],
    visitor: &'a V,
}

impl<V: Visit> WithOps for OfOne<'_, V> {
    type Output = [V::Output; 1];

    #[inline(always)]
    fn run(self, ops: impl Ops) -> Self::Output {
        self.visitor.visit(One(self.lines, ops))
    }
}

struct One<'a, O>(&'a [Line], O);

impl<O: Ops> Bins<1> for One<'_, O> {
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut([Lanes; 1])) {
        let Self(lines, ops) = self;
        for line in lines {
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
        let [output] = vectorize(Finish {
            sums,
            own: &mut *own,
            visitor,
        });
        (own, output)
    }

    /// Finishes a word and its rest and visits both.
    pub(crate) fn finish_both<V: Visit>(self, visitor: &V) -> ([&'a [Line]; 2], [V::Output; 2]) {
        let Self { sums, own, rest } = self;
        let outputs = vectorize(FinishBoth {
            sums,
            own: &mut *own,
            rest: &mut *rest,
            visitor,
        });
        ([own, rest], outputs)
    }
}

struct Finish<'a, V> {
    sums: &'a mut [Line],
    own: &'a mut [Line],
    visitor: &'a V,
}

impl<V: Visit> WithOps for Finish<'_, V> {
    type Output = [V::Output; 1];

    #[inline(always)]
    fn run(self, ops: impl Ops) -> Self::Output {
        self.visitor.visit(Own(self.sums, self.own, ops))
    }
}

struct Own<'a, O>(&'a mut [Line], &'a mut [Line], O);

impl<O: Ops> Bins<1> for Own<'_, O> {
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut([Lanes; 1])) {
        let Self(sums, own, ops) = self;
        for (own, sums) in own.iter_mut().zip(sums) {
            let line = std::mem::take(sums);
            *own = line;
            visit([ops.lanes(line)]);
        }
    }
}

struct FinishBoth<'a, V> {
    sums: &'a mut [Line],
    own: &'a mut [Line],
    rest: &'a mut [Line],
    visitor: &'a V,
}

impl<V: Visit> WithOps for FinishBoth<'_, V> {
    type Output = [V::Output; 2];

    #[inline(always)]
    fn run(self, ops: impl Ops) -> Self::Output {
        self.visitor
            .visit(Both(self.sums, self.own, self.rest, ops))
    }
}

struct Both<'a, O>(&'a mut [Line], &'a mut [Line], &'a mut [Line], O);

impl<O: Ops> Bins<2> for Both<'_, O> {
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut([Lanes; 2])) {
        let Self(sums, own, rest, ops) = self;
        for ((own, rest), sums) in own.iter_mut().zip(rest).zip(sums) {
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
    vectorize(OfParts { own, all, visitor })
}

struct OfParts<'a, V> {
    own: &'a mut [Line],
    all: &'a [Line],
    visitor: &'a V,
}

impl<V: Visit> WithOps for OfParts<'_, V> {
    type Output = [V::Output; 2];

    #[inline(always)]
    fn run(self, ops: impl Ops) -> Self::Output {
        self.visitor.visit(Parts(self.own, self.all, ops))
    }
}

struct Parts<'a, O>(&'a mut [Line], &'a [Line], O);

impl<O: Ops> Bins<2> for Parts<'_, O> {
    #[inline(always)]
    fn for_each(self, mut visit: impl FnMut([Lanes; 2])) {
        let Self(own, all, ops) = self;
        for (own, all) in own.iter_mut().zip(all) {
            let line = std::mem::take(own);
            visit([ops.lanes(line), ops.lanes(ops.minus(*all, line))]);
        }
    }
}
