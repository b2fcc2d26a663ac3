//! What shows that something looks like abuse, in words: what the market tells by codes and ids is
//! called by its name.

use std::{collections::BTreeMap, str::FromStr};

use market_core::{
    Error, Market, Money, Party, Timestamp,
    alarm::Alarm,
    id::{AgencyId, ApplicantId, PurchaseId},
};
use serde_json::Value;

use super::{
    super::{
        known,
        names::{item, items, party_name},
        signed::Signed,
        words,
    },
    called,
};

/// What codes and ids are called.
type Names = BTreeMap<String, String>;

/// The evidence of an alarm, a line for each piece.
pub(super) async fn evidence(
    market: &Market,
    signed: &Signed,
    alarm: &Alarm,
) -> Result<Vec<(&'static str, String)>, Error> {
    let mut codes = Vec::new();
    gather("", &alarm.evidence, &mut codes);
    let mut names = Names::new();
    for (of, code) in codes {
        if let Some(name) = name(market, signed, of, code).await? {
            names.insert(code.to_owned(), name);
        }
    }
    let text = match &alarm.evidence {
        Value::Object(all) => {
            let line = |(of, value): (&String, &Value)| {
                format!("{}：{}", called::evidence(of), told(of, value, &names))
            };
            all.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        other => told("", other, &names),
    };
    Ok(vec![("证据", text)])
}

/// Every text of a piece of evidence, and what it is given as.
fn gather<'v>(of: &'v str, value: &'v Value, found: &mut Vec<(&'v str, &'v str)>) {
    match value {
        Value::String(text) => found.push((of, text)),
        Value::Array(all) => all.iter().for_each(|one| gather(of, one, found)),
        Value::Object(all) => all.iter().for_each(|(of, one)| gather(of, one, found)),
        _ => {}
    }
}

/// What a code or an id is called; nothing, of what is neither.
async fn name(
    market: &Market,
    signed: &Signed,
    of: &str,
    code: &str,
) -> Result<Option<String>, Error> {
    let actor = &signed.actor;
    let party = match of {
        "owner" => id(code).map(Party::Applicant),
        "agency" | "agencies" | "group_of" | "winner" | "winner_then" => {
            id(code).map(Party::Agency)
        }
        "withheld_by" => return withholder(market, signed, code).await.map(Some),
        "failed" | "won" => {
            let Some(id) = id::<PurchaseId>(code) else { return Ok(None) };
            let purchase = known(market.purchases().get(Some(actor), id).await)?;
            return Ok(purchase.map(|one| one.notice.title));
        }
        "item" => {
            let code = code.parse().ok();
            let all = items(market).await?;
            return Ok(code.map(|code| item(&all, &code)));
        }
        _ => None,
    };
    match party {
        Some(party) => known(party_name(market, actor, &party).await),
        None => Ok(None),
    }
}

/// Who has not given what was promised: the owner, an agency, or who else drew.
async fn withholder(market: &Market, signed: &Signed, code: &str) -> Result<String, Error> {
    let party: Option<Party> = code.parse().ok();
    let party = party.or_else(|| id::<AgencyId>(code).map(Party::Agency));
    let party = party.or_else(|| id::<ApplicantId>(code).map(Party::Applicant));
    let name = match (code, party) {
        ("owner", _) => Some("项目业主".to_owned()),
        ("platform", _) => Some("平台".to_owned()),
        (_, Some(party)) => known(party_name(market, &signed.actor, &party).await)?,
        _ => None,
    };
    Ok(name.unwrap_or_else(|| code.to_owned()))
}

fn id<T: FromStr>(code: &str) -> Option<T> {
    code.parse().ok()
}

/// A piece of evidence in words.
fn told(of: &str, value: &Value, names: &Names) -> String {
    match value {
        Value::Null => "无".to_owned(),
        Value::String(text) => names.get(text).cloned().unwrap_or_else(|| plain(of, text)),
        Value::Array(all) => {
            all.iter().map(|one| told(of, one, names)).collect::<Vec<_>>().join("；")
        }
        Value::Object(all) => {
            let one = |(of, value): (&String, &Value)| {
                format!("{} {}", called::evidence(of), told(of, value, names))
            };
            all.iter().map(one).collect::<Vec<_>>().join("，")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A text that names nothing.
fn plain(of: &str, text: &str) -> String {
    let amount = || text.parse::<Money>().ok().map(words::yuan);
    let found = match of {
        "amount" | "sum" | "limit_amount" => amount(),
        "at" => text.parse::<Timestamp>().ok().map(words::instant),
        "limit" | "pattern" | "kind" => called::piece(text).map(str::to_owned),
        _ => None,
    };
    found.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn evidence_is_told_in_words() {
        let names = Names::from([("3".to_owned(), "甲公司".to_owned())]);
        for (of, value, text) in [
            ("sum", json!("12000"), "￥12,000.00"),
            ("agencies", json!(["3", "4"]), "甲公司；4"),
            ("pattern", json!("even_steps"), "等差"),
            ("limit", json!("selection.random_limit"), "随机抽取限额"),
            ("quotes", json!([{ "agency": "3", "quote": null }]), "机构 甲公司，报价 无"),
            ("registered", json!(2), "2"),
        ] {
            assert_eq!(told(of, &value, &names), text);
        }
    }
}
