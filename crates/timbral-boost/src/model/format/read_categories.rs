use super::fault::{bad, unsupported};
use super::schema;
use crate::error::Result;
use crate::model::{CATEGORIES_END, CategoryValues, Encoding, IntegerKind, Values};

/// The categories of the nodes of a tree of a file.
pub(super) struct Segments<'a> {
    categories: &'a [i64],
    /// Node, start and end of each segment, by ascending nodes.
    of_nodes: Vec<(i64, usize, usize)>,
    /// Index of the tree.
    tree: usize,
}

impl<'a> Segments<'a> {
    /// Checks that segments follow one another, so that together they are not longer than the file.
    pub(super) fn new<F>(raw: &'a schema::Tree<F>, tree: usize) -> Result<Self> {
        let place = |key: &str| format!("trees[{tree}].{key}");
        let n = raw.categories_nodes.len();
        for (key, len) in [
            ("categories_segments", raw.categories_segments.len()),
            ("categories_sizes", raw.categories_sizes.len()),
        ] {
            if len != n {
                return Err(bad(place(key), format!("{len} for {n} nodes")));
            }
        }
        let mut of_nodes: Vec<(i64, usize, usize)> = Vec::with_capacity(n);
        let (mut start, n_categories) = (0, raw.categories.len());
        for (i, &node) in raw.categories_nodes.iter().enumerate() {
            if of_nodes.last().is_some_and(|last| last.0 >= node) {
                let reason = format!("node {node} is not above the node before it");
                return Err(bad(place(&format!("categories_nodes[{i}]")), reason));
            }
            let (begin, size) = (raw.categories_segments[i], raw.categories_sizes[i]);
            if begin != start as i64 {
                let reason = format!("{begin}, but the segment before it ends at {start}");
                return Err(bad(place(&format!("categories_segments[{i}]")), reason));
            }
            let left = n_categories - start;
            let Some(size) = usize::try_from(size)
                .ok()
                .filter(|size| (1..=left).contains(size))
            else {
                let reason = format!("{size}, expected 1 to {left}");
                return Err(bad(place(&format!("categories_sizes[{i}]")), reason));
            };
            of_nodes.push((node, start, start + size));
            start += size;
        }
        Ok(Self {
            categories: &raw.categories,
            of_nodes,
            tree,
        })
    }

    /// The categories of a node.
    pub(super) fn of_node(&self, node: usize) -> Result<Vec<u32>> {
        let place = |key: &str| format!("trees[{}].{key}", self.tree);
        let found = self
            .of_nodes
            .binary_search_by_key(&(node as i64), |segment| segment.0);
        let Ok(found) = found else {
            let reason = format!("node {node} has a categorical split without categories");
            return Err(bad(place("categories_nodes"), reason));
        };
        let (_, start, end) = self.of_nodes[found];
        let category = |(i, &category): (usize, &i64)| {
            let good = u32::try_from(category)
                .ok()
                .filter(|&category| category < CATEGORIES_END);
            good.ok_or_else(|| {
                let reason = format!("{category}, expected 0 to {}", CATEGORIES_END - 1);
                bad(place(&format!("categories[{}]", start + i)), reason)
            })
        };
        self.categories[start..end]
            .iter()
            .enumerate()
            .map(category)
            .collect()
    }
}

/// The values of the categories of a file; `None` if there are none.
pub(super) fn encoding(cats: schema::Cats, n_features: usize) -> Result<Option<Encoding>> {
    let place = |key: &str| format!("gradient_booster.model.cats.{key}");
    if cats.enc.is_empty() {
        return Ok(None);
    }
    if cats.enc.len() != n_features {
        let reason = format!("{} for {n_features} features", cats.enc.len());
        return Err(bad(place("enc"), reason));
    }
    let of_feature = cats.enc.into_iter().enumerate();
    let of_feature: Vec<CategoryValues> = of_feature
        .map(|(feature, cats)| values(cats, &place(&format!("enc[{feature}]"))))
        .collect::<Result<_>>()?;
    let mut segments = vec![0];
    for values in &of_feature {
        segments.push(segments[segments.len() - 1] + values.n_categories());
    }
    let given = cats.feature_segments.iter().map(|&n| i64::from(n));
    if !given.eq(segments.iter().map(|&n| n as i64)) {
        let reason = format!("{:?}, expected {segments:?}", cats.feature_segments);
        return Err(bad(place("feature_segments"), reason));
    }
    let sorted = cats.sorted_idx;
    if !sorted.is_empty() && sorted.len() != segments[n_features] {
        let reason = format!("{} for {} categories", sorted.len(), segments[n_features]);
        return Err(bad(place("sorted_idx"), reason));
    }
    Ok(Some(Encoding { of_feature, sorted }))
}

fn values(cats: schema::CatsOfFeature, place: &str) -> Result<CategoryValues> {
    let Some(offsets) = cats.offsets else {
        let kind = cats
            .kind
            .ok_or_else(|| bad(place, "neither offsets nor a type"))?;
        let Some(kind) = IntegerKind::from_number(kind) else {
            return Err(unsupported(format!("categories of type {kind}: {place}")));
        };
        let integers = cats.values.into_iter().enumerate().map(|(i, value)| {
            let read = kind.read(value);
            read.ok_or_else(|| {
                bad(
                    format!("{place}.values[{i}]"),
                    format!("{value} is not a {kind:?}"),
                )
            })
        });
        let integers = integers.collect::<Result<_>>()?;
        return Ok(CategoryValues(Values::Integers(kind, integers)));
    };
    let byte = |(i, &value): (usize, &i64)| {
        let byte = i8::try_from(value).map(|byte| byte as u8);
        byte.map_err(|_| {
            bad(
                format!("{place}.values[{i}]"),
                format!("{value} is not a byte"),
            )
        })
    };
    let bytes: Vec<u8> = cats
        .values
        .iter()
        .enumerate()
        .map(byte)
        .collect::<Result<_>>()?;
    let ends = [offsets.first(), offsets.last()].map(|offset| offset.copied().unwrap_or(0));
    if ends[0] != 0 || usize::try_from(ends[1]) != Ok(bytes.len()) {
        let reason = format!(
            "from {} to {}, but there are {} bytes",
            ends[0],
            ends[1],
            bytes.len()
        );
        return Err(bad(format!("{place}.offsets"), reason));
    }
    let name = |(i, pair): (usize, &[i32])| {
        let range = pair[0] as usize..pair[1] as usize;
        let name = bytes.get(range).ok_or_else(|| {
            bad(
                format!("{place}.offsets[{}]", i + 1),
                format!("{} after {}", pair[1], pair[0]),
            )
        })?;
        let name = std::str::from_utf8(name);
        name.map(str::to_owned)
            .map_err(|_| bad(format!("{place}.values"), format!("name {i} is not UTF-8")))
    };
    let names = offsets
        .windows(2)
        .enumerate()
        .map(name)
        .collect::<Result<_>>()?;
    Ok(CategoryValues(Values::Names(names)))
}
