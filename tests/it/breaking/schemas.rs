//! Two schemas, and what of the one a caller misses in the other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Which way values of a schema go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// From the caller: less is broken.
    Taken,
    /// To the caller: more is broken, and what is missing.
    Given,
}

/// Two descriptions being compared.
pub(super) struct Comparing<'d> {
    old: &'d Value,
    new: &'d Value,
    /// References that were followed already.
    seen: BTreeSet<(Way, String, String)>,
    /// What was found.
    pub(super) broken: Vec<String>,
}

impl<'d> Comparing<'d> {
    pub(super) fn new(old: &'d Value, new: &'d Value) -> Self {
        Self { old, new, seen: BTreeSet::new(), broken: Vec::new() }
    }

    pub(super) fn note(&mut self, what: String) {
        self.broken.push(what);
    }

    /// What is taken from callers.
    pub(super) fn taken(&mut self, place: &str, old: &Value, new: &Value) {
        self.compare(Way::Taken, place, old, new);
    }

    /// What is given to callers.
    pub(super) fn given(&mut self, place: &str, old: &Value, new: &Value) {
        self.compare(Way::Given, place, old, new);
    }

    fn compare(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        if let (Some(before), Some(after)) = (old["$ref"].as_str(), new["$ref"].as_str())
            && !self.seen.insert((way, before.to_owned(), after.to_owned()))
        {
            return;
        }
        let (old, new) = (whole(self.old, old), whole(self.new, new));
        self.types(way, place, &old, &new);
        if way == Way::Taken {
            self.values(place, &old, &new);
            self.limits(place, &old, &new);
        }
        self.fields(way, place, &old, &new);
        self.forms(way, place, &old, &new);
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.compare(way, &format!("{place}/*"), old, new);
        }
    }

    fn types(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        let (before, after) = (kinds(old), kinds(new));
        if before.is_empty() && after.is_empty() {
            return;
        }
        match way {
            Way::Taken if !after.is_empty() => {
                for kind in before.difference(&after) {
                    self.note(format!("{place} is no longer a {kind}"));
                }
            }
            Way::Given if !before.is_empty() => {
                for kind in after.difference(&before) {
                    self.note(format!("{place} may be a {kind} now"));
                }
            }
            _ => {}
        }
    }

    fn values(&mut self, place: &str, old: &Value, new: &Value) {
        let Some(after) = new["enum"].as_array() else { return };
        match old["enum"].as_array() {
            Some(before) => {
                for value in before.iter().filter(|value| !after.contains(value)) {
                    self.note(format!("{place} no longer takes {value}"));
                }
            }
            None => self.note(format!("{place} takes only some values now")),
        }
    }

    fn limits(&mut self, place: &str, old: &Value, new: &Value) {
        for (name, is_most) in [
            ("minLength", false),
            ("maxLength", true),
            ("minimum", false),
            ("maximum", true),
            ("minItems", false),
            ("maxItems", true),
        ] {
            let Some(after) = new[name].as_f64() else { continue };
            let before = old[name].as_f64();
            if before.is_none_or(|before| if is_most { after < before } else { after > before }) {
                self.note(format!("{place} has a stricter {name}"));
            }
        }
        for name in ["pattern", "format"] {
            if !new[name].is_null() && new[name] != old[name] {
                self.note(format!("{place} has another {name}"));
            }
        }
    }

    fn fields(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        let none = Map::new();
        let fields = |schema: &'_ Value| schema["properties"].as_object().cloned();
        let (before, after) = (fields(old), fields(new).unwrap_or_default());
        let needs = |schema: &Value, name: &str| {
            schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)))
        };
        for (name, field) in before.as_ref().unwrap_or(&none) {
            let at = format!("{place}/{name}");
            let Some(same) = after.get(name) else {
                if way == Way::Given || new["additionalProperties"] == false {
                    self.note(format!("{at} is gone"));
                }
                continue;
            };
            if way == Way::Given && needs(old, name) && !needs(new, name) {
                self.note(format!("{at} may be missing now"));
            }
            self.compare(way, &at, field, same);
        }
        if way == Way::Taken {
            for name in after.keys().filter(|name| needs(new, name) && !needs(old, name)) {
                self.note(format!("{place}/{name} must be given now"));
            }
        }
    }

    /// The forms of which a value has one: each of the old is held against the new of its name.
    fn forms(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        let (before, after) = (forms(self.old, old), forms(self.new, new));
        for (name, form) in &before {
            match after.iter().find(|(other, _)| other == name) {
                Some((_, same)) => self.compare(way, place, form, same),
                None if way == Way::Taken && !after.is_empty() => {
                    self.note(format!("{place} no longer takes one of its forms: {name}"));
                }
                None => {}
            }
        }
    }
}

/// A schema with its reference followed and the parts that it is made of in one.
fn whole(description: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let found = description.pointer(reference.trim_start_matches('#'));
        return found.map_or(Value::Null, |found| whole(description, found));
    }
    let Some(parts) = schema["allOf"].as_array() else { return schema.clone() };
    let mut made = schema.clone();
    for part in parts {
        let part = whole(description, part);
        for (name, value) in part.as_object().into_iter().flatten() {
            match (&mut made[name], value) {
                (Value::Object(known), Value::Object(more)) => known.extend(more.clone()),
                (Value::Array(known), Value::Array(more)) => known.extend(more.iter().cloned()),
                (known, value) => *known = value.clone(),
            }
        }
    }
    made.as_object_mut().and_then(|made| made.remove("allOf"));
    made
}

fn kinds(schema: &Value) -> BTreeSet<String> {
    match &schema["type"] {
        Value::String(kind) => [kind.clone()].into(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

/// The forms of a value, each by what tells it from the others.
fn forms(description: &Value, schema: &Value) -> Vec<(String, Value)> {
    let forms = schema["oneOf"].as_array().into_iter().flatten();
    // What has a name keeps it, whatever it is made of.
    let named = forms.map(|form| {
        let own = form["$ref"].as_str().map(str::to_owned);
        let form = whole(description, form);
        (own.unwrap_or_else(|| name(&form)), form)
    });
    named.collect()
}

/// The only kind or state of a form, or its fields, or its type.
fn name(form: &Value) -> String {
    let fields = form["properties"].as_object();
    let told = fields.into_iter().flatten().find_map(|(_, field)| match field["enum"].as_array() {
        Some(values) if values.len() == 1 => values[0].as_str().map(str::to_owned),
        _ => None,
    });
    let needed = || match &form["required"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => kinds(form).into_iter().collect(),
    };
    told.unwrap_or_else(needed)
}
