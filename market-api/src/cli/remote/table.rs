//! What servers answer, as lines. Answers are read field by field, so that a newer server, which
//! says more or in other states, is understood all the same.

use serde_json::Value;

use crate::cli::{
    Failure,
    out::{self, plain},
};

/// The places of a thing that are its columns.
pub(super) type Columns<'a> = &'a [&'a str];

/// What stands at a place, as text; nothing of what is not there.
pub(super) fn text(value: &Value, place: &str) -> String {
    match value.pointer(place) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => plain(text),
        Some(Value::Array(values)) => {
            values.iter().map(|value| text(value, "")).collect::<Vec<_>>().join(", ")
        }
        Some(party @ Value::Object(_)) if party["kind"].is_string() => {
            let (kind, id) = (text(party, "/kind"), text(party, "/id"));
            if id.is_empty() { kind } else { format!("{kind}:{id}") }
        }
        Some(other) => plain(&other.to_string()),
    }
}

fn several<'v>(value: &'v Value, place: &str) -> &'v [Value] {
    value.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A line for each thing, with tabs between its columns.
pub(super) fn each(items: &Value, columns: Columns<'_>) -> Result<(), Failure> {
    for item in several(items, "") {
        let cells: Vec<_> = columns.iter().map(|place| text(item, place)).collect();
        out::line(cells.join("\t"))?;
    }
    Ok(())
}

/// A line of a name and what stands at a place, if anything does.
fn row(name: &str, value: &Value, place: &str) -> Result<(), Failure> {
    let said = text(value, place);
    if said.is_empty() { Ok(()) } else { out::line(format_args!("{name:<12}  {said}")) }
}

/// Rows of names and places.
fn rows(value: &Value, names: &[(&str, &str)]) -> Result<(), Failure> {
    names.iter().try_for_each(|(name, place)| row(name, value, place))
}

pub(super) fn item(item: &Value) -> Result<(), Failure> {
    rows(
        item,
        &[
            ("code", "/code"),
            ("name", "/name"),
            ("version", "/version"),
            ("category", "/category"),
            ("department", "/department"),
            ("also called", "/aliases"),
            ("nature", "/nature"),
            ("law", "/legal_basis"),
            ("days", "/days"),
            ("price", "/price_mode"),
            ("price cap", "/price_cap"),
            ("unit", "/price_unit"),
            ("deliverable", "/deliverable"),
            ("withdrawn", "/withdrawn"),
            ("needs", "/rule"),
        ],
    )?;
    for one in several(item, "/requirements") {
        let [kind, level, major] = ["/kind", "/level", "/major"].map(|place| text(one, place));
        out::line(format_args!("  {kind}:{level} {major}").to_string().trim_end())?;
    }
    Ok(())
}

pub(super) fn matter(matter: &Value) -> Result<(), Failure> {
    rows(
        matter,
        &[
            ("code", "/code"),
            ("name", "/name"),
            ("version", "/version"),
            ("lead", "/lead"),
            ("audience", "/audience"),
            ("by law", "/statutory_days"),
            ("promised", "/promised_days"),
            ("withdrawn", "/withdrawn"),
        ],
    )?;
    for step in several(matter, "/steps") {
        let [key, name, department, days, after] =
            ["/key", "/name", "/department", "/promised_days", "/after"]
                .map(|place| text(step, place));
        let after = if after.is_empty() { after } else { format!(", after {after}") };
        out::line(format_args!("step  {key:<4}  {name}  {department}, {days} days{after}"))?;
    }
    for need in several(matter, "/needs") {
        let [item, steps, why] = ["/item", "/steps", "/why"].map(|place| text(need, place));
        out::line(format_args!("needs {item}  for {steps}: {why}"))?;
    }
    Ok(())
}

/// Who holds something, and until when.
fn held(value: &Value) -> String {
    let (parties, until) = (text(value, "/holder/parties"), text(value, "/holder/until"));
    match (parties.is_empty(), until.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("  waits for {parties}"),
        (false, false) => format!("  waits for {parties} until {until}"),
    }
}

pub(super) fn case(case: &Value) -> Result<(), Failure> {
    rows(
        case,
        &[
            ("id", "/id"),
            ("title", "/title"),
            ("matter", "/matter_name"),
            ("region", "/region"),
            ("fund", "/fund"),
            ("state", "/state"),
            ("version", "/version"),
            ("promised", "/due_on"),
        ],
    )?;
    for step in several(case, "/steps") {
        let [key, name, state] = ["/step", "/name", "/state"].map(|place| text(step, place));
        out::line(format_args!("step  {key:<4}  {state:<9}  {name}{}", held(step)))?;
    }
    for need in several(case, "/requirements") {
        let [item, name, order, state] =
            ["/item", "/service/name", "/order/id", "/order/state"].map(|place| text(need, place));
        let order =
            if order.is_empty() { "not ordered".to_owned() } else { format!("{state} {order}") };
        out::line(format_args!("needs {item}  {name}  {order}{}", held(need)))?;
    }
    actions(case)
}

pub(super) fn order(order: &Value) -> Result<(), Failure> {
    rows(
        order,
        &[
            ("id", "/id"),
            ("state", "/state/state"),
            ("since", "/since"),
            ("until", "/state/due"),
            ("version", "/version"),
            ("case", "/terms/case_id"),
            ("item", "/terms/item"),
            ("amount", "/terms/amount"),
            ("days", "/terms/service_days"),
            ("applicant", "/terms/applicant_id"),
            ("agency", "/terms/agency_id"),
            ("listing", "/terms/listing_id"),
            ("purchase", "/terms/purchase_id"),
            ("contract", "/state/contract/number"),
            ("ends", "/state/contract/ends_on"),
            ("deliverable", "/state/deliverable"),
            ("returned", "/state/returned/note"),
            ("reason", "/state/reason"),
        ],
    )?;
    for one in several(order, "/state/uses") {
        let [department, state] = ["/department", "/state"].map(|place| text(one, place));
        out::line(format_args!("used by {department}: {state}"))?;
    }
    actions(order)
}

pub(super) fn purchase(purchase: &Value) -> Result<(), Failure> {
    rows(
        purchase,
        &[
            ("id", "/id"),
            ("title", "/notice/title"),
            ("item", "/item"),
            ("region", "/region"),
            ("fund", "/fund"),
            ("mode", "/notice/mode"),
            ("price", "/notice/price/amount"),
            ("ceiling", "/notice/price/ceiling"),
            ("from", "/notice/price/low"),
            ("to", "/notice/price/high"),
            ("state", "/state/state"),
            ("closes", "/notice/closes_at"),
            ("until", "/state/until"),
            ("project", "/notice/project_code"),
            ("contact", "/notice/contact/phone"),
            ("complaints", "/notice/complaint_phone"),
            ("notice", "/notice_number"),
            ("version", "/version"),
            ("follows", "/predecessor"),
        ],
    )?;
    actions(purchase)
}

/// What may be done now, and why not the rest.
fn actions(thing: &Value) -> Result<(), Failure> {
    for action in several(thing, "/actions") {
        let [name, refusal, sentence] =
            ["/name", "/refusal", "/sentence"].map(|place| text(action, place));
        if action["allowed"] == true {
            out::line(format_args!("can   {name}"))?;
        } else {
            out::line(format_args!("not   {name}: {sentence} ({refusal})"))?;
        }
    }
    Ok(())
}
