//! Compares the parts of plans that a page shows with the plans of its examples.

use crate::page::Excerpt;
use serde_json::Value;

/// What is untrue of an excerpt: a step or an expectation of one of the plans must have all that it shows. Members may be
/// left out; `...` in a text stands for anything.
pub fn untrue(excerpt: &Excerpt, plans: &[Value]) -> Option<String> {
    let line = excerpt.line;
    let shown: Value = match serde_json::from_str(&excerpt.text) {
        Ok(shown) => shown,
        Err(error) => return Some(format!("line {line}: the excerpt is no JSON: {error}")),
    };
    let (list, key) = if shown.get("id").is_some() { ("steps", "id") } else { ("expects", "entity") };
    let real: Vec<&Value> = plans.iter().filter_map(|plan| plan[list].as_array()).flatten().collect();
    if real.iter().any(|real| shows(&shown, real)) {
        return None;
    }
    let near: Vec<String> =
        real.iter().filter(|real| shows(&shown[key], &real[key])).map(|real| real.to_string()).collect();
    if near.is_empty() {
        let all: Vec<&str> = real.iter().filter_map(|real| real[key].as_str()).collect();
        return Some(format!("line {line}: no plan of this page has {}, only {}", shown[key], all.join(", ")));
    }
    Some(format!("line {line}: the plan has another one:\n{}", near.join("\n")))
}

fn shows(shown: &Value, real: &Value) -> bool {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            shown.iter().all(|(key, shown)| real.get(key).is_some_and(|real| shows(shown, real)))
        }
        (Value::Array(shown), Value::Array(real)) => {
            shown.len() == real.len() && shown.iter().zip(real).all(|(shown, real)| shows(shown, real))
        }
        (Value::String(shown), Value::String(real)) => match shown.split_once("...") {
            Some((start, end)) => {
                real.len() >= start.len() + end.len() && real.starts_with(start) && real.ends_with(end)
            }
            None => shown == real,
        },
        _ => shown == real,
    }
}
