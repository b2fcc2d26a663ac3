//! `/desk/policies/simulate`: profiles are held against the purchases and orders that there were,
//! and what would have been otherwise is told. Nothing changes.

use askama::Template;
use axum::{
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use market_core::{
    Day, Error, Fault, Market, Mode, PolicyProfile,
    catalog::ServiceItem,
    plain_cell,
    simulation::{Difference, Simulated, Simulation, Subject, TRIED},
};

use super::{
    super::{
        super::{
            Frame, Link, Page,
            fields::{Field, Kind},
            filling::Form,
            known, names,
            names::Regions,
            said,
            signed::{Answers, Instead, Signed, private, returnable},
            uploading::{FILE, Sending, Upload},
            words,
        },
        AtDesk, DeskAnswers, has_desk, inbox, trail,
    },
    Begin, LIST, LONGEST, PROFILE, read,
    told::{self, Names},
};
use crate::{
    parameters::Parameters,
    problem::{Code, Problem},
};

/// The largest file of profiles, in bytes.
const MAX_FILE: u64 = 64 << 10;
/// So many things are shown of a profile; the file has all.
const SHOWN: usize = 30;
/// So many days are looked back on, unless others are asked for.
const DAYS: i64 = 365;

fn form(since: Day) -> Form {
    let mut form = Form::new("推演政策参数", "/desk/policies/simulate".to_owned(), "推演");
    form.trail = trail(&[LIST]);
    form.lead = "把一套参数放到已有的采购和订单上，看会有什么不同。只推演算得出的：能否受理、家数够不够、同样的报价和种子选出谁、期限。推演什么也不改变。".to_owned();
    form.fields = vec![
        Field::new("since", "从哪天起的采购和订单", Kind::Day).filled(&since),
        Field::lines(PROFILE, "政策参数", LONGEST)
            .hint("与 policy.toml 的格式相同：每套参数以 [[profile]] 开头；可以从某一版开始改")
            .optional(),
        Field::new(FILE, "或者选一个文件", Kind::File(".toml"))
            .hint("policy.toml，不超过 64 KB；选了文件，就不看上面填的")
            .optional(),
    ];
    form
}

fn a_year_ago(market: &Market) -> Day {
    market.env().now().day().plus(-DAYS)
}

pub(in super::super) async fn ask(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    Parameters(begin): Parameters<Begin>,
) -> Result<Response, Problem> {
    let text = begin.text(&market, &signed).await?;
    let mut form = form(a_year_ago(&market));
    form.fields[1] = form.fields[1].clone().filled(&text);
    form.show(&market, &signed).await
}

/// What is asked: profiles, and from which day on.
struct Asked {
    text: String,
    since: Day,
    profiles: Vec<PolicyProfile>,
}

async fn asked(
    market: &Market,
    sent: &Answers,
    text: String,
    field: &'static str,
) -> Result<Result<Asked, Error>, Error> {
    let mut reading = sent.reading();
    let since = reading.value::<Day>("since");
    let since = reading.end(since);
    let profiles = read(market, &sent.signed, &text, field).await?;
    Ok(match (since, profiles) {
        (Ok(since), Ok(profiles)) => Ok(Asked { text, since, profiles }),
        (Err(Error::Invalid(mut faults)), Err(Error::Invalid(more))) => {
            faults.extend(more);
            Err(Error::Invalid(faults))
        }
        (Err(why), _) | (_, Err(why)) => Err(why),
    })
}

pub(in super::super) async fn tried(
    State(market): State<Market>,
    sending: Sending,
) -> Result<Response, Instead> {
    if !has_desk(&sending.signed.actor.party) {
        return Err(Code::NOT_FOUND.into());
    }
    let upload = sending.receive(&market, Ok(MAX_FILE)).await?;
    Ok(try_all(&market, upload).await?)
}

async fn try_all(market: &Market, upload: Upload) -> Result<Response, Problem> {
    let Upload { sent, file, refused } = upload;
    let mut form = form(a_year_ago(market));
    for field in &mut form.fields {
        field.value = sent.get(&field.name).unwrap_or_default().to_owned();
    }
    if let Some(why) = refused {
        return form.fails(market, &sent, why).await;
    }
    let (text, field) = match file {
        None => (sent.reading().text(PROFILE), PROFILE),
        Some(file) => {
            let content = file.content.content().await?;
            let Ok(text) = String::from_utf8(content.to_vec()) else {
                let message = "the file is not UTF-8 / 文件不是 UTF-8 编码的文本";
                let fault = Fault::new(FILE, "encoding", message);
                return form.fails(market, &sent, Error::Invalid(vec![fault])).await;
            };
            (text.trim_start_matches('\u{feff}').replace("\r\n", "\n"), FILE)
        }
    };
    // A file is not sent twice by itself: what was in it can be mended where it stands now.
    form.fields[1].value.clone_from(&text);
    let Asked { text, since, profiles } = match asked(market, &sent, text, field).await? {
        Ok(asked) => asked,
        Err(why) => return form.fails(market, &sent, why).await,
    };
    let mut sections = Vec::new();
    let items = names::items(market).await?;
    for profile in &profiles {
        sections.push(section(market, &sent.signed, profile, since, &items).await?);
    }
    let page = Page::of(&TriedPage {
        frame: Frame::signed(market, "推演结果", &sent.signed).await?,
        trail: trail(&[LIST, ("/desk/policies/simulate", "推演政策参数")]),
        sections,
        text,
        since: since.to_string(),
        proof: sent.signed.proof.clone(),
        key: market.env().id().to_string(),
    })?;
    Ok(returnable(page.into_response()))
}

#[derive(Debug, Template)]
#[template(path = "desk-simulation.html")]
struct TriedPage {
    frame: Frame,
    trail: Vec<Link>,
    sections: Vec<Section>,
    /// What was asked, to be asked again for the file.
    text: String,
    since: String,
    proof: String,
    key: String,
}

/// What came of a profile.
#[derive(Debug)]
struct Section {
    id: String,
    name: String,
    looked: String,
    /// What was not looked at.
    cut: Option<String>,
    rows: Vec<Told>,
    /// How many more there are in the file.
    more: usize,
}

/// A purchase or an order for which something would have been otherwise.
#[derive(Debug)]
struct Told {
    href: Option<String>,
    title: String,
    about: String,
    differences: Vec<String>,
}

async fn section(
    market: &Market,
    signed: &Signed,
    profile: &PolicyProfile,
    since: Day,
    items: &[ServiceItem],
) -> Result<Section, Problem> {
    let found = market.purchases().try_out(&signed.actor, profile, since).await?;
    let Simulation { region, version, purchases, orders, is_whole, otherwise, .. } = found;
    let mut rows = Vec::new();
    for one in otherwise.iter().take(SHOWN) {
        let mut told = told_of(market, signed, one, items).await?;
        told.href = match one.subject {
            Subject::Purchase(id) => Some(format!("/desk/purchases/{id}")),
            Subject::Order(id) => inbox::order_place(market, signed, id).await?,
        };
        rows.push(told);
    }
    Ok(Section {
        id: format!("of-{region}-{version}"),
        name: format!("{}第 {version} 版", Regions::new(market).name(&region).await?),
        looked: format!(
            "看了 {purchases} 项采购、{orders} 单直接委托，{} 项会有不同。",
            otherwise.len()
        ),
        cut: (!is_whole).then(|| {
            format!("一次最多看最早的 {TRIED} 项采购和 {TRIED} 单，后面的没有看；请从更晚的日期起再推演。")
        }),
        rows,
        more: otherwise.len().saturating_sub(SHOWN),
    })
}

async fn told_of(
    market: &Market,
    signed: &Signed,
    one: &Simulated,
    items: &[ServiceItem],
) -> Result<Told, Error> {
    let (title, about) = match one.subject {
        Subject::Purchase(_) => {
            let mode = one.mode.map(Mode::zh).unwrap_or_default();
            (one.title.clone(), format!("采购，{mode}，{}", words::stage(&one.state)))
        }
        Subject::Order(_) => {
            let item = items.iter().find(|item| item.code.as_str() == one.title);
            let name = item.map_or_else(|| one.title.clone(), |item| item.name.clone());
            (name, format!("直接委托，{}", said::order_state(&one.state)))
        }
    };
    let mut named = Names::new();
    let has_outcome = one.differences.iter().any(|one| matches!(one, Difference::Outcome { .. }));
    if let (Subject::Purchase(id), true) = (one.subject, has_outcome) {
        let registrations = known(market.purchases().registrations(&signed.actor, id).await)?;
        for registration in registrations.unwrap_or_default() {
            let agency =
                known(market.agencies().get(Some(&signed.actor), registration.agency_id).await)?;
            named.extend(agency.map(|agency| (registration.id, agency.name)));
        }
    }
    let tell = |of: &Difference| told::difference(of, one.subject, &named);
    let differences = one.differences.iter().map(tell).collect();
    Ok(Told { href: None, title, about, differences })
}

/// The names of the file's columns.
const COLUMNS: [&str; 7] = ["地区编码", "版本", "种类", "编号", "名称", "方式和状态", "会有的不同"];

/// Spreadsheets take a file for UTF-8 by this.
const MARK: &[u8] = "\u{feff}".as_bytes();

pub(in super::super) async fn file(
    State(market): State<Market>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let text = sent.reading().text(PROFILE);
    let Asked { since, profiles, .. } = match asked(&market, &sent, text, PROFILE).await? {
        Ok(asked) => asked,
        Err(why) => return Err(why.into()),
    };
    let items = names::items(&market).await?;
    let mut rows = csv::Writer::from_writer(MARK.to_vec());
    let failed = |_| Problem::from(Code::INTERNAL);
    rows.write_record(COLUMNS).map_err(failed)?;
    for profile in &profiles {
        let found = market.purchases().try_out(&sent.signed.actor, profile, since).await?;
        for one in &found.otherwise {
            let told = told_of(&market, &sent.signed, one, &items).await?;
            let (kind, id) = match one.subject {
                Subject::Purchase(id) => ("采购", id.to_string()),
                Subject::Order(id) => ("订单", id.to_string()),
            };
            rows.write_record([
                found.region.as_str(),
                &found.version.to_string(),
                kind,
                &id,
                &plain_cell(&told.title),
                &told.about,
                &plain_cell(&told.differences.join("\n")),
            ])
            .map_err(failed)?;
        }
    }
    let bytes = rows.into_inner().map_err(|_| Problem::from(Code::INTERNAL))?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"simulation.csv\""),
    ];
    Ok(private((headers, bytes).into_response()))
}
