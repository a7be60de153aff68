use super::sink::Sink;
use crate::model::{IntegerKind, Model, Values};

/// Writes the values of the categories of a model.
pub(super) fn cats<S: Sink>(model: &Model, out: &mut S) {
    let of_feature = model
        .encoding
        .as_ref()
        .map(|encoding| &encoding.of_feature[..]);
    let of_feature = of_feature.unwrap_or_default();
    out.begin_object();
    out.key("enc");
    out.begin_array(of_feature.len());
    for values in of_feature {
        out.begin_object();
        match &values.0 {
            Values::Names(names) => {
                out.key("offsets");
                // Without names no offsets, as XGBoost writes the columns of numbers.
                let mut offsets = vec![0; names.len().min(1)];
                offsets.extend(names.iter().scan(0, |end, name| {
                    *end += name.len() as i32;
                    Some(*end)
                }));
                out.typed(offsets.into_iter());
                out.key("values");
                let bytes: Vec<u8> = names.iter().flat_map(|name| name.bytes()).collect();
                out.typed(bytes.into_iter().map(|byte| byte as i8));
            }
            Values::Integers(kind, integers) => {
                out.key("type");
                out.integer(*kind as i64);
                out.key("values");
                let integers = integers.iter().copied();
                match kind {
                    IntegerKind::I8 => out.typed(integers.map(|x| x as i8)),
                    IntegerKind::U8 => out.typed(integers.map(|x| x as u8)),
                    IntegerKind::I16 => out.typed(integers.map(|x| x as i16)),
                    IntegerKind::U16 => out.typed(integers.map(|x| x as u16)),
                    IntegerKind::I32 => out.typed(integers.map(|x| x as i32)),
                    IntegerKind::U32 => out.typed(integers.map(|x| x as u32)),
                    IntegerKind::I64 => out.typed(integers),
                    IntegerKind::U64 => out.typed(integers.map(|x| x as u64)),
                }
            }
        }
        out.end_object();
    }
    out.end_array();
    out.key("feature_segments");
    let mut segments = vec![0; of_feature.len().min(1)];
    segments.extend(of_feature.iter().scan(0, |end, values| {
        *end += values.n_categories() as i32;
        Some(*end)
    }));
    out.typed(segments.into_iter());
    out.key("sorted_idx");
    let sorted = model.encoding.as_ref().map(|encoding| &encoding.sorted[..]);
    out.typed(sorted.unwrap_or_default().iter().copied());
    out.end_object();
}
