/// The values that the categories `0, 1, ..` of a feature had in the table on which a model was trained.
///
/// XGBoost stores them for data frames. The rows to predict hold the numbers of categories, not their values;
/// [`code`](Self::code) finds the number of a name.
///
/// ```
/// use timbral_boost::Model;
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/golden/3.4/categorical-names.ubj");
/// let model = Model::load(path)?;
/// let genres = model.category_values(0).unwrap();
/// assert_eq!(genres.names().unwrap(), ["blues", "jazz", "métal", "rock"]);
/// assert_eq!(genres.code("métal"), Some(2));
/// assert_eq!(genres.code("polka"), None);
/// # Ok::<(), timbral_boost::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryValues(pub(crate) Values);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Names(Vec<String>),
    Integers(IntegerKind, Vec<i64>),
}

/// The types of integers that are categories, by their numbers in model files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntegerKind {
    I8 = 9,
    U8 = 10,
    I16 = 11,
    U16 = 12,
    I32 = 13,
    U32 = 14,
    I64 = 15,
    U64 = 16,
}

impl CategoryValues {
    /// Number of categories; 0 for a feature that is not categorical.
    pub fn n_categories(&self) -> usize {
        match &self.0 {
            Values::Names(names) => names.len(),
            Values::Integers(_, integers) => integers.len(),
        }
    }

    /// The names, if the categories were strings.
    pub fn names(&self) -> Option<&[String]> {
        match &self.0 {
            Values::Names(names) => Some(names),
            Values::Integers(..) => None,
        }
    }

    /// The integers, if the categories were such.
    pub fn integers(&self) -> Option<&[i64]> {
        match &self.0 {
            Values::Names(_) => None,
            Values::Integers(_, integers) => Some(integers),
        }
    }

    /// The number of the category with this name, which a row must hold for it; `None` if there is no such
    /// category.
    pub fn code(&self, name: &str) -> Option<usize> {
        self.names()?.iter().position(|other| other == name)
    }
}

impl IntegerKind {
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        use IntegerKind::{I8, I16, I32, I64, U8, U16, U32, U64};
        let all = [I8, U8, I16, U16, I32, U32, I64, U64];
        all.into_iter().find(|kind| *kind as i64 == number)
    }

    /// An integer of this kind from a file, in which an unsigned one may be that of the same bits with a sign.
    pub(crate) fn read(self, x: i64) -> Option<i64> {
        let (least, most, n_values) = match self {
            Self::I8 => (i8::MIN.into(), i8::MAX.into(), 0),
            Self::U8 => (0, u8::MAX.into(), 0),
            Self::I16 => (i16::MIN.into(), i16::MAX.into(), 0),
            Self::U16 => (0, u16::MAX.into(), 1 << 16),
            Self::I32 => (i32::MIN.into(), i32::MAX.into(), 0),
            Self::U32 => (0, u32::MAX.into(), 1 << 32),
            Self::I64 => (i64::MIN, i64::MAX, 0),
            Self::U64 => (0, i64::MAX, 0),
        };
        let x = if x < 0 { x.checked_add(n_values)? } else { x };
        (least..=most).contains(&x).then_some(x)
    }
}

/// The values of all features, as XGBoost stores them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoding {
    pub(crate) of_feature: Vec<CategoryValues>,
    /// The categories of each feature in the order of their values.
    pub(crate) sorted: Vec<i32>,
}
