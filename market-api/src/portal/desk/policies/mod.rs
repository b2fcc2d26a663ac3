//! `/desk/policies`: the policy profiles by region and version, and which decides; one with its
//! numbers and what it changes of the version before. `trying` holds others against what there was,
//! `putting` adds a version, `told` is what all of it is called.

use askama::Template;
use axum::{
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Fault, Market, PolicyProfile,
    code::RegionCode,
    import::{BadRow, Parameter, parameters, policy_text},
    rules::{ProfileStanding, StoredProfile},
};
use serde::Deserialize;

pub(super) use self::{
    putting::{ask as put_page, put},
    trying::{ask as try_page, file as tried_file, tried},
};
use super::{
    super::{
        Frame, Link, Page,
        names::Regions,
        rows::Row,
        signed::{Signed, private},
        typed, words,
    },
    AtDesk,
    shown::List,
    trail,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

mod putting;
mod told;
mod trying;

/// The list of profiles.
const LIST: (&str, &str) = ("/desk/policies", "政策参数");

/// The field with the text of profiles.
const PROFILE: &str = "profile";
/// The most characters of that text.
const LONGEST: u32 = 20_000;

/// With which profile a form begins.
#[derive(Debug, Deserialize)]
pub(super) struct Begin {
    #[serde(default, deserialize_with = "typed")]
    region: Option<RegionCode>,
    #[serde(default, deserialize_with = "typed")]
    version: Option<i64>,
}

impl Begin {
    /// The text of that profile; of none, nothing.
    async fn text(&self, market: &Market, signed: &Signed) -> Result<String, Problem> {
        let all = market.rules().profiles(&signed.actor).await?;
        match (&self.region, self.version) {
            (Some(region), Some(version)) => {
                Ok(policy_text(&[found(all, region, version)?.0.profile]))
            }
            _ => Ok(String::new()),
        }
    }
}

/// A profile, and the version of its region before it.
fn found(
    all: Vec<StoredProfile>,
    region: &RegionCode,
    version: i64,
) -> Result<(StoredProfile, Option<PolicyProfile>), Problem> {
    let of_region = all.into_iter().filter(|one| one.profile.region == *region);
    let (mut this, mut before) = (None, None::<PolicyProfile>);
    for one in of_region {
        if one.profile.version == version {
            this = Some(one);
        } else if one.profile.version < version {
            before = Some(one.profile);
        }
    }
    Ok((this.ok_or(Code::NOT_FOUND)?, before))
}

/// How a profile stands, and how that looks.
const fn standing(of: ProfileStanding) -> (&'static str, &'static str) {
    match of {
        ProfileStanding::InForce => ("施行中", "good"),
        ProfileStanding::Coming => ("尚未生效", "warn"),
        ProfileStanding::Past => ("已被取代", ""),
    }
}

/// What is wrong with the text of profiles, at a field, by its lines.
fn wrong(bad: Vec<BadRow>, field: &'static str) -> Error {
    let fault = |one: BadRow| {
        let (en, zh) = one.reason.split_once(" / ").unwrap_or((&one.reason, &one.reason));
        let line = if one.row > 0 { format!("第 {} 行，", one.row) } else { String::new() };
        let column = match Parameter::zh_of(&one.column) {
            Some(name) => format!("{name}（{}）：", one.column),
            None if ["", "file"].contains(&one.column.as_str()) => String::new(),
            None => format!("{}：", one.column),
        };
        let message = format!("line {}, {}: {en} / {line}{column}{zh}", one.row, one.column);
        Fault::new(field, "bad-line", message)
    };
    Error::Invalid(bad.into_iter().map(fault).collect())
}

/// Reads profiles; where anything is wrong, says so at a field.
async fn read(
    market: &Market,
    signed: &Signed,
    text: &str,
    field: &'static str,
) -> Result<Result<Vec<PolicyProfile>, Error>, Error> {
    if text.trim().is_empty() {
        let missing = Fault::new(field, "missing", "must be given");
        return Ok(Err(Error::Invalid(vec![missing])));
    }
    if text.chars().count() > LONGEST as usize {
        let long = Fault::new(field, "length", format!("must have 1 to {LONGEST} characters"));
        return Ok(Err(Error::Invalid(vec![long])));
    }
    let read = market.read_policies(&signed.actor, text).await?;
    Ok(if read.bad.is_empty() { Ok(read.profiles) } else { Err(wrong(read.bad, field)) })
}

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
) -> Result<Response, Problem> {
    let mut regions = Regions::new(&market);
    let mut rows = Vec::new();
    for StoredProfile { profile, standing: is } in market.rules().profiles(&signed.actor).await? {
        let (tag, tone) = standing(is);
        let PolicyProfile { region, version, effective_from, .. } = profile;
        rows.push(Row {
            href: Some(format!("{}/{region}/{version}", LIST.0)),
            title: format!("{}第 {version} 版", regions.name(&region).await?),
            lines: vec![format!("{}起施行", words::day(effective_from))],
            tag: tag.to_owned(),
            tone,
        });
    }
    let link = |href: &str, name: &str| Link { href: href.to_owned(), name: name.to_owned() };
    List {
        title: LIST.1,
        lead: "时限、限额、家数等参数，按地区和版本。一个地区没有自己的参数时，用上级地区的。登记过的版本不能修改，只能登记新的版本。",
        rows,
        none: "还没有参数。",
        more: vec![
            link("/desk/policies/simulate", "推演一套参数"),
            link("/desk/policies/put", "登记新版本"),
        ],
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

#[derive(Debug, Template)]
#[template(path = "desk-policy.html")]
struct PolicyPage {
    frame: Frame,
    trail: Vec<Link>,
    state: &'static str,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    links: Vec<Link>,
    numbers: Vec<Number>,
    /// Which version was before.
    before: Option<i64>,
    /// Numbers that are others: their name, what they were and what they are.
    changed: Vec<(&'static str, String, String)>,
    basis: String,
    file: String,
}

/// A number of a profile.
#[derive(Debug)]
struct Number {
    zh: &'static str,
    name: &'static str,
    value: String,
    unit: &'static str,
    source: Option<String>,
}

/// The numbers that differ between two profiles.
fn changed(
    before: &PolicyProfile,
    now: &PolicyProfile,
) -> Result<Vec<(&'static str, String, String)>, Error> {
    let pairs = parameters(before)?.into_iter().zip(parameters(now)?);
    let told = |one: &Parameter| told::with_unit(one);
    let differing = pairs.filter(|(before, now)| before.value != now.value);
    Ok(differing.map(|(before, now)| (now.zh, told(&before), told(&now))).collect())
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((region, version)): At<(RegionCode, i64)>,
) -> Result<Response, Problem> {
    let all = market.rules().profiles(&signed.actor).await?;
    let (StoredProfile { profile, standing: is }, before) = found(all, &region, version)?;
    let name = Regions::new(&market).full_name(&region).await?;
    let name = if name.is_empty() { Regions::new(&market).name(&region).await? } else { name };
    let (state, tone) = standing(is);
    let query = format!("region={region}&version={version}");
    let link = |page: &str, name: &str| Link {
        href: format!("{}/{page}?{query}", LIST.0),
        name: name.to_owned(),
    };
    let numbers = parameters(&profile)?.into_iter().map(|one| Number {
        value: told::value(&one),
        unit: told::unit(one.name),
        zh: one.zh,
        name: one.name,
        source: one.source,
    });
    let page = Page::of(&PolicyPage {
        frame: Frame::signed(&market, format!("{name}第 {version} 版"), &signed).await?,
        trail: trail(&[LIST]),
        state,
        tone,
        facts: vec![
            ("地区", name),
            ("版本", version.to_string()),
            ("施行日期", words::day(profile.effective_from)),
        ],
        links: vec![
            link("simulate", "改几个数，推演会有什么不同"),
            link("put", "在这一版上改，登记新版本"),
        ],
        numbers: numbers.collect(),
        before: before.as_ref().map(|one| one.version),
        changed: match &before {
            Some(before) => changed(before, &profile)?,
            None => Vec::new(),
        },
        basis: profile.basis,
        file: format!("{}/{region}/{version}/file", LIST.0),
    })?;
    Ok(private(page.into_response()))
}

/// The file of one profile, as it is loaded.
pub(super) async fn file(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((region, version)): At<(RegionCode, i64)>,
) -> Result<Response, Problem> {
    let all = market.rules().profiles(&signed.actor).await?;
    let text = policy_text(&[found(all, &region, version)?.0.profile]);
    let headers = [
        (CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"policy-{region}-{version}.toml\"")),
    ];
    Ok(private((headers, text).into_response()))
}
