//! What is written as JSON is of the forms that `docs/schema` describes: `mangrove roots --format
//! json`, and reports of `mangrove stress`.
//!
//! The checker has the words of JSON Schema that the schema uses, and knows no others: a schema
//! that uses more does not pass unchecked.

use serde_json::{Map, Value};
use std::path::Path;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schema("roots"));
static STRESS: LazyLock<Value> = LazyLock::new(|| schema("stress"));

fn schema(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let path = folder.join(format!("{name}.schema.json"));
    let text = std::fs::read_to_string(path).expect("there is a schema");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Asserts that a text is a document, or a list of them, and returns it.
#[track_caller]
pub fn document(text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(error) = check(&SCHEMA, &SCHEMA, &value, "document") {
        panic!("{error}");
    }
    value
}

/// Asserts that a text is a report of a stress run, and returns it.
#[track_caller]
pub fn stress_report(text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(error) = check(&STRESS, &STRESS, &value, "report") {
        panic!("{error}");
    }
    value
}

/// Whether a value is of a schema, which is part of `root`.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Value::Object(words) = schema else {
        return Err(format!("{at}: {schema} is no schema"));
    };
    for (word, argument) in words {
        holds(root, word, argument, words, value, at)?;
    }
    Ok(())
}

fn holds(
    root: &Value,
    word: &str,
    argument: &Value,
    schema: &Map<String, Value>,
    value: &Value,
    at: &str,
) -> Result<(), String> {
    let fails = |why: String| Err(format!("{at}: {why}: {}", shortened(value)));
    match word {
        "$schema" | "$id" | "title" | "description" | "$defs" => Ok(()),
        "$ref" => {
            let path = argument.as_str().and_then(|path| path.strip_prefix('#'));
            let target = path.and_then(|path| root.pointer(path));
            check(
                root,
                target.ok_or(format!("{argument} leads nowhere"))?,
                value,
                at,
            )
        }
        "oneOf" => {
            let choices = argument.as_array().expect("a list");
            let errors: Vec<String> = choices
                .iter()
                .filter_map(|choice| check(root, choice, value, at).err())
                .collect();
            match choices.len() - errors.len() {
                1 => Ok(()),
                0 => Err(errors.join("\nor ")),
                many => fails(format!("{many} of oneOf hold")),
            }
        }
        "const" if argument != value => fails(format!("is not {argument}")),
        "enum" if !argument.as_array().expect("a list").contains(value) => {
            fails(format!("is none of {argument}"))
        }
        "const" | "enum" => Ok(()),
        "type" => match argument {
            Value::String(name) if is_of(name, value) => Ok(()),
            Value::Array(names)
                if names
                    .iter()
                    .any(|name| is_of(name.as_str().unwrap(), value)) =>
            {
                Ok(())
            }
            _ => fails(format!("is no {argument}")),
        },
        "minimum"
            if value
                .as_f64()
                .is_some_and(|value| value < argument.as_f64().unwrap()) =>
        {
            fails(format!("is below {argument}"))
        }
        "minItems"
            if value
                .as_array()
                .is_some_and(|all| (all.len() as u64) < argument.as_u64().unwrap()) =>
        {
            fails(format!("has fewer than {argument}"))
        }
        "minimum" | "minItems" => Ok(()),
        "items" => {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| {
                check(root, argument, item, &format!("{at}[{index}]"))
            })
        }
        "required" => {
            let names = argument.as_array().expect("a list");
            let missing = names.iter().find(|name| {
                value.is_object() && value.get(name.as_str().expect("a name")).is_none()
            });
            missing.map_or(Ok(()), |name| fails(format!("has no {name}")))
        }
        "properties" => {
            let properties = argument.as_object().expect("properties");
            properties
                .iter()
                .try_for_each(|(name, schema)| match value.get(name) {
                    Some(inner) => check(root, schema, inner, &format!("{at}.{name}")),
                    None => Ok(()),
                })
        }
        "additionalProperties" => {
            let known = schema.get("properties");
            let known = |name: &String| known.is_some_and(|known| known.get(name).is_some());
            let others = value.as_object().into_iter().flatten();
            others
                .filter(|(name, _)| !known(name))
                .try_for_each(|(name, inner)| match argument {
                    Value::Bool(false) => fails(format!("has {name}, which is not described")),
                    schema => check(root, schema, inner, &format!("{at}.{name}")),
                })
        }
        _ => Err(format!("{at}: the word {word} is not known")),
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("no type {name}"),
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}

#[test]
fn what_is_not_described_is_seen() {
    let wrong = |definition: &str, text: &str| {
        let schema = &SCHEMA["$defs"][definition];
        assert!(schema.is_object(), "{definition}");
        let value = serde_json::from_str(text).unwrap();
        check(&SCHEMA, schema, &value, definition).unwrap_err()
    };
    assert!(wrong("count", "-1").contains("is below 0"));
    assert!(wrong("count", "1.5").contains("is no \"integer\""));
    assert!(wrong("counted", r#"{"count": 1}"#).contains("has no \"bytes\""));
    let more = r#"{"count": 1, "bytes": 1, "age": 1}"#;
    assert!(wrong("counted", more).contains("has age, which is not described"));
    assert!(wrong("maybe_counted", "7").contains("or"));
    assert!(wrong("state", r#""gone""#).contains("is none of"));
    assert!(
        check(
            &SCHEMA,
            &serde_json::json!({ "pattern": "x" }),
            &Value::Null,
            ""
        )
        .is_err()
    );
}
