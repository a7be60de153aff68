//! Damaged files give an error with the place: no panic, no memory for sizes that a file only declares.

use serde_json::{Value, json};
use timbral_boost::{Error, Model, Result};
use timbral_core::Rng;

use crate::{VERSIONS, golden};

/// Mutants of each golden file.
const N_MUTANTS: usize = 300;

/// A model of one round with two trees, the first with a categorical split, the second a leaf.
fn document() -> Value {
    let tree = |n: usize| {
        json!({
            "base_weights": vec![0.5; n], "default_left": vec![0; n],
            "left_children": if n == 1 { vec![-1] } else { vec![1, -1, 3, -1, -1] },
            "categories": if n == 1 { vec![] } else { vec![0, 3] },
            "categories_nodes": if n == 1 { vec![] } else { vec![2] },
            "categories_segments": if n == 1 { vec![] } else { vec![0] },
            "categories_sizes": if n == 1 { vec![] } else { vec![2] },
            "loss_changes": vec![0; n],
            "right_children": if n == 1 { vec![-1] } else { vec![2, -1, 4, -1, -1] },
            "split_conditions": vec![1.5; n], "split_indices": vec![0; n],
            "split_type": if n == 1 { vec![0] } else { vec![0, 0, 1, 0, 0] }, "sum_hessian": vec![1; n],
            "tree_param": {
                "num_deleted": "0", "num_nodes": n.to_string(), "size_leaf_vector": "1",
            },
        })
    };
    json!({"learner": {
        "attributes": {},
        "feature_names": ["a", "b"],
        "feature_types": ["c", "q"],
        "gradient_booster": {"name": "gbtree", "model": {
            "cats": {
                "enc": [{"offsets": [0, 1, 3], "values": [97, 98, 99]}, {"type": 13, "values": [5]}],
                "feature_segments": [0, 2, 3], "sorted_idx": [0, 1, 0],
            },
            "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "2"},
            "iteration_indptr": [0, 2], "tree_info": [0, 1], "trees": [tree(5), tree(1)],
        }},
        "learner_model_param": {
            "base_score": "[0,1E0]", "num_class": "2", "num_feature": "2", "num_target": "1",
        },
        "objective": {"name": "multi:softprob"},
    }})
}

/// A place in [`document`], the value written there, and a part of the error message.
const DAMAGE: &str = r#"
trees/0/left_children [1,-1,3,-1] => trees[0].left_children: 4 for 5 nodes
trees/0/left_children [0,-1,3,-1,-1] => trees[0].left_children[0]: node 0 is reached twice
trees/0/left_children [1,-1,1,-1,-1] => trees[0].left_children[2]: node 1 is reached twice
trees/0/left_children [1,-1,0,-1,-1] => trees[0].left_children[2]: node 0 is reached twice
trees/0/left_children [1,-1,5,-1,-1] => trees[0].left_children[2]: 5 of 5 nodes
trees/0/left_children [1,-1,-2,-1,-1] => trees[0].left_children[2]: -2 of 5 nodes
trees/0/left_children [1,-1,-1,-1,-1] => trees[0].left_children[2]: -1 of 5 nodes
trees/0/right_children [2,-1,-1,-1,-1] => trees[0].right_children[2]: -1 of 5 nodes
trees/0/right_children [2,-1,2,-1,-1] => trees[0].right_children[2]: node 2 is reached twice
trees/0/right_children [2,-1,1e9,-1,-1] => JSON: invalid type: floating point
trees/0/right_children [2,-1,3000000000,-1,-1] => JSON: invalid value: integer
trees/0/split_indices [0,0,2,0,0] => trees[0].split_indices[2]: feature 2 of 2
trees/0/split_indices [0,0,-1,0,0] => trees[0].split_indices[2]: feature -1 of 2
trees/0/split_type [0,0,2,0,0] => trees[0].split_type[2]: 2
trees/0/categories [0] => trees[0].categories_sizes[0]: 2, expected 1 to 1
trees/0/categories [0,-1] => trees[0].categories[1]: -1, expected 0 to 16777215
trees/0/categories [16777216,0] => trees[0].categories[0]: 16777216, expected 0 to 16777215
trees/0/categories [0,9223372036854775808] => JSON: invalid value: integer
trees/0/categories [0,1.5] => JSON: invalid type: floating point
trees/0/categories_nodes [] => trees[0].categories_segments: 1 for 0 nodes
trees/0/categories_nodes [1] => trees[0].categories_nodes: node 2 has a categorical split without categories
trees/0/categories_segments [1] => trees[0].categories_segments[0]: 1, but the segment before it ends at 0
trees/0/categories_segments [-1] => trees[0].categories_segments[0]: -1, but the segment before it ends at 0
trees/0/categories_sizes [] => trees[0].categories_sizes: 0 for 1 nodes
trees/0/categories_sizes [0] => trees[0].categories_sizes[0]: 0, expected 1 to 2
trees/0/categories_sizes [9223372036854775807] => trees[0].categories_sizes[0]: 9223372036854775807, expected
trees/0/split_conditions [1e39,0,0,0,0] => JSON: number out of range
trees/0/base_weights [] => trees[0].base_weights: 0 for 5 nodes
trees/0/base_weights {} => JSON: invalid type: map, expected a sequence
trees/0/default_left [0,0,2,0,0] => JSON: expected 0 or 1, got 2
trees/0/loss_changes null => JSON: invalid type: null
trees/0/tree_param {} => JSON: missing field `num_deleted`
trees/0/tree_param/num_nodes "x" => trees[0].tree_param.num_nodes: "x"
trees/0/tree_param/num_nodes "-1" => trees[0].tree_param.num_nodes: "-1"
trees/0/tree_param/num_nodes "99999999999" => trees[0].base_weights: 5 for 99999999999 nodes
trees/0/tree_param/num_deleted "1" => trees[0].left_children: 5 of 5 nodes are reached
cats/enc [{"type":13,"values":[]}] => cats.enc: 1 for 2 features
cats/enc/0/offsets [1,2,3] => cats.enc[0].offsets: from 1 to 3, but there are 3 bytes
cats/enc/0/offsets [0,1,2] => cats.enc[0].offsets: from 0 to 2, but there are 3 bytes
cats/enc/0/offsets [0,4,3] => cats.enc[0].offsets[1]: 4 after 0
cats/enc/0/offsets [0,-1,3] => cats.enc[0].offsets[1]: -1 after 0
cats/enc/0/values [97,98,200] => cats.enc[0].values[2]: 200 is not a byte
cats/enc/0/values [97,98,-1] => cats.enc[0].values: name 1 is not UTF-8
cats/enc/1 {"values":[5]} => cats.enc[1]: neither offsets nor a type
cats/enc/1/values [2147483648] => cats.enc[1].values[0]: 2147483648 is not a I32
cats/feature_segments [0,2] => cats.feature_segments: [0, 2], expected [0, 2, 3]
cats/sorted_idx [0,1] => cats.sorted_idx: 2 for 3 categories
tree_info [0,2] => tree_info[1]: 2 of 2
tree_info [0,-1] => tree_info[1]: -1 of 2
tree_info [0] => tree_info: 1 for 2 trees
tree_info null => gradient_booster.model: no tree_info
trees [] => gbtree_model_param.num_trees: 2 for 0 trees
iteration_indptr [1,2] => iteration_indptr[0]: 1, expected 0 to 0
iteration_indptr [0,2,1] => iteration_indptr[2]: 1, expected 2 to 2
iteration_indptr [0,-1,2] => iteration_indptr[1]: -1, expected 0 to 2
iteration_indptr [0,3] => iteration_indptr[1]: 3, expected 0 to 2
iteration_indptr [0,1] => iteration_indptr: does not end
iteration_indptr [] => iteration_indptr: does not end
learner_model_param/num_feature "99999999999" => num_feature: 99999999999, but at most
learner_model_param/num_feature "0" => feature_names: 2 for 0 features
learner_model_param/num_class "99999999999" => learner_model_param: 99999999999 outputs
learner_model_param/num_class "0" => learner_model_param: multi:softprob with 0 classes
learner_model_param/num_target "2" => 2 classes and 2 targets
learner_model_param/base_score "[0,1,2]" => base_score: 3 numbers for 2 outputs
learner_model_param/base_score "[]" => base_score: ""
learner_model_param/base_score "nan" => base_score: NaN has no finite margin
feature_names ["a"] => feature_names: 1 for 2 features
feature_types ["q"] => feature_types: 1 for 2 features
attributes {"timbral.class_names":"["} => attributes.timbral.class_names: EOF
attributes {"timbral.class_names":"[\"a\"]"} => attributes.timbral.class_names: class_names
gradient_booster {"name":"gbtree"} => gradient_booster: no model
gradient_booster {"name":"dart"} => gradient_booster: no gbtree
objective {} => objective: no name
objective {"name":{}} => objective: no name
objective {"name":1} => JSON: invalid type: integer
objective {"name":"multi:softprob","x":{"y":1}} => JSON: invalid type: integer
"#;

#[test]
fn errors_name_the_damaged_place() {
    let model = Model::from_slice(document().to_string().as_bytes()).unwrap();
    assert_eq!(model.base_margin(), [0.0, 1.0]);
    for line in DAMAGE.trim().lines() {
        let (damage, expected) = line.split_once(" => ").unwrap();
        let (key, value) = damage.split_once(' ').unwrap();
        let mut damaged = document();
        let learner = format!("/learner/{key}");
        let model = format!("/learner/gradient_booster/model/{key}");
        let place = [learner, model]
            .into_iter()
            .find(|place| damaged.pointer(place).is_some());
        *damaged.pointer_mut(&place.unwrap()).unwrap() = serde_json::from_str(value).unwrap();
        match Model::from_slice(damaged.to_string().as_bytes()) {
            Err(error @ Error::Format { .. }) if error.to_string().contains(expected) => {}
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn a_missing_iteration_indptr_makes_equal_rounds() {
    let mut document = document();
    let forest = document
        .pointer_mut("/learner/gradient_booster/model")
        .unwrap();
    forest["iteration_indptr"] = Value::Null;
    let model = Model::from_slice(document.to_string().as_bytes()).unwrap();
    assert_eq!(model.n_rounds(), 1);
    for parallel in ["0", "2", "18446744073709551615"] {
        let forest = document
            .pointer_mut("/learner/gradient_booster/model")
            .unwrap();
        forest["gbtree_model_param"]["num_parallel_tree"] = json!(parallel);
        let error = Model::from_slice(document.to_string().as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("trees: 2, not a multiple"),
            "{error}"
        );
    }
}

#[test]
fn nodes_in_any_order_are_sorted() {
    let mut document = document();
    let tree = document
        .pointer_mut("/learner/gradient_booster/model/trees/0")
        .unwrap();
    // The root's right child has its own children before it, and node 5 is deleted.
    tree["left_children"] = json!([3, -1, -1, -1, 1, -1]);
    tree["right_children"] = json!([4, -1, -1, -1, 2, -1]);
    tree["split_indices"] = json!([0, 0, 0, 0, 1, 2_147_483_647]);
    tree["split_conditions"] = json!([1, 10, 20, 30, 2, 40]);
    for key in [
        "base_weights",
        "default_left",
        "loss_changes",
        "split_type",
        "sum_hessian",
    ] {
        tree[key] = json!(vec![0; 6]);
    }
    tree["tree_param"]["num_nodes"] = json!("6");
    tree["tree_param"]["num_deleted"] = json!("1");
    let model = Model::from_slice(document.to_string().as_bytes()).unwrap();
    let tree = &model.trees()[0];
    assert_eq!(tree.nodes().len(), 5);
    assert_eq!(tree.predict(&[0.0, 0.0]), 30.0);
    assert_eq!(tree.predict(&[1.0, 1.0]), 10.0);
    assert_eq!(tree.predict(&[1.0, 2.0]), 20.0);
}

#[test]
fn damaged_bytes() {
    let text = document().to_string();
    let deep = "[".repeat(1_000_000);
    for bytes in [
        String::new(),
        "{".into(),
        "binf".into(),
        deep.clone(),
        format!("{{\"a\":{deep}"),
        format!("{text}x"),
        text.replace("1.5", "NaN"),
        text.replace(
            "\"name\":\"gbtree\"",
            "\"name\":\"gbtree\",\"name\":\"gbtree\"",
        ),
        text.replace(
            "\"attributes\":{}",
            "\"attributes\":{\"a\":\"\",\"a\":\"\"}",
        ),
    ] {
        let start: String = bytes.chars().take(40).collect();
        match Model::from_slice(bytes.as_bytes()) {
            Err(Error::Format { .. }) => {}
            other => panic!("{start}: {other:?}"),
        }
    }
}

#[test]
fn an_unknown_objective_is_not_supported() {
    let mut document = document();
    document["learner"]["objective"] = json!({"name": "reg:newest"});
    match Model::from_slice(document.to_string().as_bytes()) {
        Err(Error::Unsupported { what, .. }) => assert_eq!(what, "the objective \"reg:newest\""),
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_as_categories_are_not_supported() {
    let mut document = document();
    let place = "/learner/gradient_booster/model/cats/enc/1/type";
    *document.pointer_mut(place).unwrap() = json!(7);
    match Model::from_slice(document.to_string().as_bytes()) {
        Err(Error::Unsupported { what, .. }) => {
            assert!(what.contains("categories of type 7"), "{what}")
        }
        other => panic!("{other:?}"),
    }
}

/// Segments that overlap would take memory by the square of the size of the file.
#[test]
fn segments_must_not_overlap() {
    for (nodes, segments, sizes, expected) in [
        (
            [0, 2],
            [0, 0],
            [2, 2],
            "categories_segments[1]: 0, but the segment before it ends at 2",
        ),
        (
            [0, 2],
            [0, 2],
            [2, 1],
            "categories_sizes[1]: 1, expected 1 to 0",
        ),
        (
            [2, 2],
            [0, 1],
            [1, 1],
            "categories_nodes[1]: node 2 is not above the node before it",
        ),
        (
            [2, 0],
            [0, 1],
            [1, 1],
            "categories_nodes[1]: node 0 is not above the node before it",
        ),
    ] {
        let mut document = document();
        let tree = &mut document["learner"]["gradient_booster"]["model"]["trees"][0];
        tree["split_type"] = json!([1, 0, 1, 0, 0]);
        tree["categories_nodes"] = json!(nodes);
        tree["categories_segments"] = json!(segments);
        tree["categories_sizes"] = json!(sizes);
        let error = Model::from_slice(document.to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn nan_is_refused() {
    let model = Model::from_slice(document().to_string().as_bytes()).unwrap();
    let mut bytes = model.to_ubjson();
    let key = b"split_conditions[$d#L\0\0\0\0\0\0\0\x05";
    let at = bytes.windows(key.len()).position(|w| w == key).unwrap() + key.len();
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_be_bytes());
    let error = Model::from_slice(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("trees[0].split_conditions[0]: NaN: the training"),
        "{error}"
    );
}

fn below(rng: &mut Rng, n: usize) -> usize {
    (rng.next_u64() % n as u64) as usize
}

/// Changes, removes, repeats or copies some bytes, one to five times.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    const SPECIAL: &[u8] = b"\0\x01\x7f\x80\xff[]{}\":,-.0129eE$#iUIlLdDSTFZN";
    for _ in 0..=below(rng, 4) {
        if bytes.is_empty() {
            return;
        }
        let at = below(rng, bytes.len());
        let end = (at + 1 + below(rng, 12)).min(bytes.len());
        match below(rng, 6) {
            _ if below(rng, 2) == 0 && bytes[at].is_ascii_digit() => {
                bytes[at] = b'0' + below(rng, 10) as u8;
            }
            0 => bytes[at] ^= 1 << below(rng, 8),
            1 => bytes[at] = SPECIAL[below(rng, SPECIAL.len())],
            2 => bytes.insert(at, SPECIAL[below(rng, SPECIAL.len())]),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.extend_from_within(at..end),
            _ => {
                let to = below(rng, bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(to..to, part);
            }
        }
    }
}

/// A model that can be loaded is a valid one: it predicts, and it can be saved and loaded.
fn check(bytes: &[u8]) -> Result<()> {
    let model = Model::from_slice(bytes)?;
    for tree in model.trees() {
        assert!(!tree.predict(&[0.0; 4]).is_nan());
    }
    // Statistics may be NaN, which is not equal to itself.
    let json = model.to_json();
    assert_eq!(Model::from_slice(json.as_bytes())?.to_json(), json);
    assert_eq!(Model::from_slice(&model.to_ubjson())?.to_json(), json);
    Ok(())
}

#[test]
fn mutated_and_truncated_files_do_no_harm() {
    let (mut n_good, mut n_bad) = (0, 0);
    let mut rng = Rng::new(1);
    for version in VERSIONS {
        let folder = golden(version, "");
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.ends_with("expected.json"))
            .collect();
        paths.sort();
        for path in paths {
            let whole = std::fs::read(&path).unwrap();
            for i in 0..N_MUTANTS {
                let mut bytes = whole.clone();
                match i % 3 {
                    0 => bytes.truncate(below(&mut rng, whole.len())),
                    _ => mutate(&mut bytes, &mut rng),
                }
                match check(&bytes) {
                    Ok(()) => n_good += 1,
                    Err(Error::Format { .. } | Error::Unsupported { .. }) => n_bad += 1,
                    Err(other) => panic!("{path:?}, mutant {i}: {other}"),
                }
            }
        }
    }
    assert!(n_good > 1000 && n_bad > 1000, "{n_good} good, {n_bad} bad");
    // All tests of this binary together; memory for a declared count would be gigabytes.
    if let Some(mib) = peak_mib() {
        assert!(mib < 512, "peak memory {mib} MiB");
    }
}

/// Peak memory of this process so far, if the system reports it.
fn peak_mib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
