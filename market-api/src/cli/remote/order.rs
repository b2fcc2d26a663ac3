//! `market order`: one's orders on a server, and their steps.

use std::io::Read;

use clap::{Args, Subcommand};
use market_core::{
    Env,
    id::{CaseId, OrderId},
};
use serde_json::{Value, json};

use super::{
    Asking, PageAsked, Query, client,
    client::Change,
    json,
    table::{self, Columns},
};
use crate::cli::{Failure, out};

#[derive(Debug, Args)]
pub(in crate::cli) struct OrderCommand {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the orders that one is party to: id, state, item, amount, since when
    List {
        /// Only those in the state of this name
        #[arg(long)]
        state: Option<String>,
        /// Only those of this case
        #[arg(long, value_name = "CASE")]
        case: Option<CaseId>,
        #[command(flatten)]
        page: PageAsked,
    },
    /// Show an order, and what may be done with it
    Show {
        /// Its id
        id: OrderId,
    },
    /// Take a step of an order, as `market order show` lists them
    #[command(after_help = "Examples:\n  \
        market order act ID accept\n  \
        market order act ID decline --reason 人手不足\n  \
        market order act ID record-contract --body @contract.json --version 2\n  \
        market order act ID changes/1/approve --validate-only\n\n\
        A step is taken once, however often its answer is lost on the way: it is sent again under\n\
        the same Idempotency-Key. If no answer comes at all, the key is told, and the same command\n\
        with --key gives the answer of what was done.\n\
        Exit codes: 0 done, 1 refused or failed, 2 wrong usage.")]
    Act(Act),
}

#[derive(Debug, Args)]
struct Act {
    /// The order's id
    id: OrderId,
    /// The step, such as accept, sign-off or changes/1/approve
    #[arg(value_parser = step)]
    step: String,
    /// Why: for steps that take a reason
    #[arg(long, conflicts_with = "body")]
    reason: Option<String>,
    /// What the step takes, as JSON; `@FILE` for what is in a file, `-` for standard input
    #[arg(long, value_name = "JSON")]
    body: Option<String>,
    /// Only if this is still the order's version
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    version: Option<i64>,
    /// Have all of it done, answered, and taken back (预检)
    #[arg(long)]
    validate_only: bool,
    /// The Idempotency-Key of a call that was not answered
    #[arg(long, value_parser = key)]
    key: Option<String>,
}

fn step(text: &str) -> Result<String, String> {
    let plain = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty() && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if text.len() <= 200 && text.split('/').all(plain) {
        Ok(text.to_owned())
    } else {
        Err("not a step: a-z, 0-9 and hyphen, in parts with / between".to_owned())
    }
}

fn key(text: &str) -> Result<String, String> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err("not 1 to 255 visible ASCII characters".to_owned()) }
}

pub(in crate::cli) async fn obey(
    OrderCommand { asking, verb }: OrderCommand,
) -> Result<(), Failure> {
    match verb {
        Verb::List { state, case, page } => {
            let query = Query::new("/orders").with("state", state).with("case_id", case);
            let columns: Columns<'_> =
                &["/id", "/state/state", "/terms/item", "/terms/amount", "/since"];
            asking.list(&query.page(&page), columns).await
        }
        Verb::Show { id } => {
            let found = asking.one(&format!("/orders/{id}")).await?;
            found.map_or(Ok(()), |order| table::order(&order))
        }
        Verb::Act(act) => take(&asking, act).await,
    }
}

async fn take(asking: &Asking, act: Act) -> Result<(), Failure> {
    let body = match (&act.reason, &act.body) {
        (Some(reason), _) => Some(json!({ "reason": reason })),
        (None, Some(body)) => Some(given(body)?),
        (None, None) => None,
    };
    let rehearsed = if act.validate_only { "?validate_only=true" } else { "" };
    let change = Change {
        path: format!("/orders/{}/{}{rehearsed}", act.id, act.step),
        body,
        key: act.key.unwrap_or_else(|| Env::real().id().to_string()),
        version: act.version.map_or_else(|| "*".to_owned(), |version| format!("\"{version}\"")),
    };
    let answer = client(&asking.remote)?.change(&change).await?;
    if answer.says("validate-only") {
        out::remark("this was a rehearsal: nothing of it was kept 预检：未办理");
    }
    if answer.says("idempotent-replayed") {
        out::remark("it was done before, and this is its answer 此前已办理");
    }
    if asking.json {
        return json(&answer.json);
    }
    if answer.json["terms"].is_object() {
        return table::order(&answer.json);
    }
    // Other steps answer with a payment or a change.
    if let Some(version) = answer.version() {
        out::remark(format_args!("version {version}"));
    }
    json(&answer.json)
}

/// What a step takes.
fn given(body: &str) -> Result<Value, Failure> {
    let (name, text) = match body.strip_prefix('@') {
        Some(file) => {
            let text = std::fs::read_to_string(file);
            (file, text.map_err(|why| Failure::Usage(format!("{file}: {why}")))?)
        }
        None if body == "-" => {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text)?;
            ("standard input", text)
        }
        None => ("--body", body.to_owned()),
    };
    serde_json::from_str(&text).map_err(|why| Failure::Usage(format!("{name}: not JSON: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_stays_under_its_order() {
        for good in ["accept", "record-contract", "changes/1/approve"] {
            assert!(step(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a//b", "../people", "accept?x=1", "Accept", "accept/", "a b", "验收"]
        {
            assert!(step(bad).is_err(), "{bad}");
        }
    }
}
