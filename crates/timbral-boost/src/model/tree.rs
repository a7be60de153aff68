use super::categories::{CategorySet, CategorySets, END};
use super::vectors::Vectors;
use crate::error::{Error, Result};

/// One node of a [`Tree`], with the fields of XGBoost's model files.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// The children; `None` in a leaf.
    pub children: Option<Children>,
    /// The value of a leaf, already scaled by the learning rate; 0 in an inner node, and in trees whose
    /// leaves are vectors ([`Tree::leaf_values`]).
    pub leaf_value: f32,
    /// The value that an inner node would have as a leaf, before the learning rate is applied. For a leaf it is
    /// its value, as in XGBoost. 0 in trees whose leaves are vectors.
    pub base_weight: f32,
    /// Gain of the split over no split; 0 in a leaf.
    pub loss_change: f32,
    /// Sum of the hessians of the training rows that reached the node (its cover).
    pub sum_hessian: f32,
}

/// The split of an inner node of a [`Tree`], and its children.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Children {
    /// Column of the feature.
    pub feature: u32,
    /// A row goes left if its value is less than the threshold; 0 in a categorical split.
    pub threshold: f32,
    /// Whether a row with a missing value (NaN) goes left.
    pub default_left: bool,
    /// Whether the split is categorical: the categories of [`Tree::categories`] go right, and all others left.
    pub is_categorical: bool,
    /// Index of the left child.
    pub left: u32,
    /// Index of the right child.
    pub right: u32,
}

impl Node {
    /// A leaf.
    pub fn leaf(leaf_value: f32, base_weight: f32, sum_hessian: f32) -> Self {
        Self {
            children: None,
            leaf_value,
            base_weight,
            loss_change: 0.0,
            sum_hessian,
        }
    }

    /// An inner node with these children.
    pub fn split(children: Children, base_weight: f32, loss_change: f32, sum_hessian: f32) -> Self {
        Self {
            children: Some(children),
            leaf_value: 0.0,
            base_weight,
            loss_change,
            sum_hessian,
        }
    }
}

impl Children {
    /// A split of `feature` at `threshold`.
    pub fn new(feature: u32, threshold: f32, default_left: bool, left: u32, right: u32) -> Self {
        Self {
            feature,
            threshold,
            default_left,
            is_categorical: false,
            left,
            right,
        }
    }
}

/// A regression tree. Node 0 is the root, every child has a greater index than its parent, and every node
/// except the root has exactly one parent.
///
/// ```
/// use timbral_boost::{Children, Node, Tree};
/// let tree = Tree::new(vec![
///     Node::split(Children::new(0, 1.5, true, 1, 2), 0.0, 3.0, 8.0),
///     Node::leaf(-0.5, -5.0, 4.0),
///     Node::leaf(0.25, 2.5, 4.0),
/// ])?;
/// assert_eq!(tree.predict(&[1.0]), -0.5);
/// assert_eq!(tree.predict(&[1.5]), 0.25);
/// assert_eq!(tree.predict(&[f32::NAN]), -0.5);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    vectors: Option<Box<Vectors>>,
    /// `None` without categorical splits.
    categories: Option<Box<CategorySets>>,
}

impl Tree {
    /// Makes a tree of nodes, and checks them.
    ///
    /// # Errors
    /// [`Error::Format`] in each of these cases:
    ///
    /// - there is no node;
    /// - the index of a child is out of range, or not greater than that of its parent;
    /// - a node has two parents or none;
    /// - a split is categorical (see [`with_categories`](Self::with_categories));
    /// - the value of a leaf or a threshold is NaN. Infinite ones are allowed, as in files of XGBoost.
    pub fn new(nodes: Vec<Node>) -> Result<Self> {
        let mut parents = vec![0_u8; nodes.len()];
        let bad = |index: usize, reason: &str| Error::Format {
            path: None,
            place: format!("node {index}"),
            reason: reason.into(),
        };
        if nodes.is_empty() {
            return Err(bad(0, "a tree has at least one node"));
        }
        for (index, node) in nodes.iter().enumerate() {
            if node.children.is_some_and(|split| split.is_categorical) {
                let reason = "a categorical split is made by Tree::with_categories";
                return Err(bad(index, reason));
            }
            let threshold = node.children.map_or(0.0, |split| split.threshold);
            if node.leaf_value.is_nan() || threshold.is_nan() {
                return Err(bad(index, "a leaf value or a threshold is NaN"));
            }
            let Some(split) = node.children else {
                continue;
            };
            for child in [split.left as usize, split.right as usize] {
                if child <= index || child >= nodes.len() {
                    return Err(bad(
                        index,
                        "a child must come after its parent, within the tree",
                    ));
                }
                parents[child] += 1;
                if parents[child] > 1 {
                    return Err(bad(child, "a node has two parents"));
                }
            }
        }
        match parents.iter().skip(1).position(|&n| n == 0) {
            Some(orphan) => Err(bad(orphan + 1, "a node has no parent")),
            None => Ok(Self::from_grown(nodes)),
        }
    }

    /// A tree of nodes that are known to be valid, except that numbers may not be finite.
    pub(crate) fn from_grown(nodes: Vec<Node>) -> Self {
        Self {
            nodes,
            vectors: None,
            categories: None,
        }
    }

    /// Makes the split of a node categorical. Rows with one of these categories go right, all others left;
    /// missing values go as before. The category of a row is its value without the fraction. A value that is
    /// negative, or at least 2^24, is no category and goes left, as in XGBoost.
    ///
    /// ```
    /// use timbral_boost::{Children, Node, Tree};
    /// let tree = Tree::new(vec![
    ///     Node::split(Children::new(0, 0.0, true, 1, 2), 0.0, 3.0, 8.0),
    ///     Node::leaf(-0.5, -5.0, 4.0),
    ///     Node::leaf(0.25, 2.5, 4.0),
    /// ])?;
    /// let tree = tree.with_categories(0, &[5, 2])?;
    /// assert_eq!(tree.categories(0), Some(&[2, 5][..]));
    /// assert_eq!([2.0, 3.0, 5.0, 9.0].map(|value| tree.predict(&[value])), [0.25, -0.5, 0.25, -0.5]);
    /// assert_eq!(tree.predict(&[f32::NAN]), -0.5);
    /// # Ok::<(), timbral_boost::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Format`] if the tree has no such inner node, the list is empty, or a category is 2^24 or more.
    pub fn with_categories(mut self, node: usize, categories: &[u32]) -> Result<Self> {
        let bad = |reason: String| Error::Format {
            path: None,
            place: format!("node {node}"),
            reason,
        };
        if (self.nodes.get(node)).is_none_or(|node| node.children.is_none()) {
            return Err(bad("is not an inner node".into()));
        }
        if categories.is_empty() {
            return Err(bad("no category goes right".into()));
        }
        if let Some(category) = categories.iter().find(|&&category| category >= END) {
            return Err(bad(format!("category {category} is not below {END}")));
        }
        self.make_categorical(node, CategorySet::new(categories.to_vec()));
        Ok(self)
    }

    /// Makes the split of an inner node categorical.
    pub(crate) fn make_categorical(&mut self, node: usize, set: CategorySet) {
        if let Some(split) = &mut self.nodes[node].children {
            (split.is_categorical, split.threshold) = (true, 0.0);
        }
        let n_nodes = self.nodes.len();
        let sets = (self.categories).get_or_insert_with(|| Box::new(CategorySets::new(n_nodes)));
        sets.set(node, set);
    }

    /// The categories that go right at a node with a categorical split, ascending; `None` at any other node.
    pub fn categories(&self, node: usize) -> Option<&[u32]> {
        self.category_set(node).map(CategorySet::members)
    }

    pub(crate) fn has_categories(&self) -> bool {
        self.categories.is_some()
    }

    pub(crate) fn category_set(&self, node: usize) -> Option<&CategorySet> {
        let sets = self.categories.as_deref()?;
        let split = self.nodes.get(node)?.children?;
        split.is_categorical.then(|| sets.get(node))
    }

    /// The same tree with vectors as leaves, which have one entry per node and output.
    pub(crate) fn with_vectors(self, vectors: Vectors) -> Self {
        Self {
            vectors: Some(Box::new(vectors)),
            ..self
        }
    }

    /// The vectors of a tree whose leaves are vectors.
    pub(crate) fn vectors(&self) -> Option<&Vectors> {
        self.vectors.as_deref()
    }

    /// Number of values of a leaf: 1, or the number of outputs of the model if its leaves are vectors
    /// (XGBoost's `multi_strategy="multi_output_tree"`).
    pub fn n_outputs(&self) -> usize {
        self.vectors().map_or(1, |vectors| vectors.n_outputs)
    }

    /// The values of a leaf, one per output of the tree, scaled by the learning rate; zeros for an inner
    /// node.
    ///
    /// # Panics
    /// If the tree has no such node.
    pub fn leaf_values(&self, node: usize) -> &[f32] {
        match self.vectors() {
            Some(vectors) => vectors.values(node),
            None => std::slice::from_ref(&self.nodes[node].leaf_value),
        }
    }

    /// Whether every number is finite; thresholds may be infinite.
    pub(crate) fn is_finite(&self) -> bool {
        let vectors = self.vectors().into_iter();
        let mut in_vectors = vectors.flat_map(|vectors| vectors.weights.iter());
        let nodes = self.nodes.iter();
        in_vectors.all(|x| x.is_finite())
            && nodes.into_iter().all(|node| {
                [
                    node.leaf_value,
                    node.base_weight,
                    node.loss_change,
                    node.sum_hessian,
                ]
                .iter()
                .all(|x| x.is_finite())
            })
    }

    /// The nodes; the root is the first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Index of the leaf that a row reaches; columns that the row does not have count as missing.
    pub fn leaf(&self, row: &[f32]) -> usize {
        if let Some(sets) = self.categories.as_deref() {
            return self.leaf_by_categories(sets, row);
        }
        let mut index = 0;
        while let Some(split) = self.nodes[index].children {
            let value = row.get(split.feature as usize).copied().unwrap_or(f32::NAN);
            let left = if value.is_nan() {
                split.default_left
            } else {
                value < split.threshold
            };
            index = if left { split.left } else { split.right } as usize;
        }
        index
    }

    fn leaf_by_categories(&self, sets: &CategorySets, row: &[f32]) -> usize {
        let mut index = 0;
        while let Some(split) = self.nodes[index].children {
            let value = row.get(split.feature as usize).copied().unwrap_or(f32::NAN);
            let left = if value.is_nan() {
                split.default_left
            } else if split.is_categorical {
                sets.get(index).goes_left(value)
            } else {
                value < split.threshold
            };
            index = if left { split.left } else { split.right } as usize;
        }
        index
    }

    /// The value of the leaf that a row reaches; 0 if the leaves are vectors (see
    /// [`leaf_values`](Self::leaf_values)).
    pub fn predict(&self, row: &[f32]) -> f32 {
        self.nodes[self.leaf(row)].leaf_value
    }
}
