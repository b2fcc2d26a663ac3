//! `/desk/audit`: who did what to what when, as the audit log has it, on a page and as a file.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use market_core::{
    Day, Error, Kind, Market, Page as Entries, Paging, Party,
    audit::{AuditEntry, AuditFilter},
    id::PersonId,
    plain_cell,
};
use serde::Deserialize;

use super::{
    super::{
        Frame, Link, Page, Pager, cursor,
        fields::{Field, Kind as Filled},
        form::{Choice, list as list_of},
        known,
        names::party_name,
        said,
        signed::{Signed, private},
        typed, words,
        wrong::Wrong,
    },
    AtDesk, trail,
};
use crate::{
    parameters::Parameters,
    problem::{Code, Problem},
};

/// So many entries make a page.
const SHOWN: u32 = 20;
/// So many are read at once for a file, …
const READ: u32 = 100;
/// … and so many times.
const READS: usize = 50;

/// Which page of which entries.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    kind: Option<Kind>,
    #[serde(default)]
    object: String,
    #[serde(default, deserialize_with = "typed")]
    person: Option<PersonId>,
    #[serde(default, deserialize_with = "typed")]
    party: Option<Party>,
    #[serde(default, deserialize_with = "typed")]
    since: Option<Day>,
    #[serde(default, deserialize_with = "typed")]
    until: Option<Day>,
    after: Option<String>,
}

impl Asked {
    fn filter(&self) -> AuditFilter {
        let object = self.object.trim().to_owned();
        AuditFilter {
            kind: self.kind,
            object: Some(object).filter(|object| !object.is_empty()),
            person: self.person,
            party: self.party.clone(),
            since: self.since,
            until: self.until,
        }
    }

    /// What the entries are narrowed by.
    fn fields(&self, signed: &Signed) -> Vec<Field> {
        let chosen = self.kind.map(Kind::as_str);
        let kinds = Kind::ALL.iter().filter(|kind| !HIDDEN.contains(kind));
        let kinds = kinds.map(|kind| Choice::of(kind.as_str(), thing(*kind), chosen)).collect();
        let text = |value: Option<String>| value.unwrap_or_default();
        let mut fields = vec![
            Field::new("kind", "事项的种类", Filled::Select(kinds))
                .filled(chosen.unwrap_or_default()),
            Field::line("object", "事项的编号", 100).filled(&self.object),
            Field::line("person", "经办人的编号", 36)
                .filled(&text(self.person.as_ref().map(PersonId::to_string))),
            Field::line("party", "代表谁", 100)
                .filled(&text(self.party.as_ref().map(Party::to_string))),
            Field::new("since", "从哪天起", Filled::Day)
                .filled(&text(self.since.as_ref().map(Day::to_string))),
            Field::new("until", "到哪天止", Filled::Day)
                .filled(&text(self.until.as_ref().map(Day::to_string))),
        ];
        // Of persons the operator alone is told.
        fields.retain(|field| field.name != "person" || signed.actor.party == Party::Operator);
        fields.into_iter().map(Field::optional).collect()
    }
}

/// Of what nothing is told.
const HIDDEN: [Kind; 2] = [Kind::Registration, Kind::SavedSearch];

/// What a kind of thing is called.
const fn thing(kind: Kind) -> &'static str {
    match kind {
        Kind::Rules => "规则（区划、日历、参数）",
        Kind::Category => "服务类别",
        Kind::QualificationKind => "资质类别",
        Kind::ServiceItem => "服务事项",
        Kind::Department => "部门",
        Kind::Matter => "一件事",
        Kind::Synonym => "近义词",
        Kind::Applicant => "申请人",
        Kind::EvaluationWindow => "评价期",
        Kind::Evaluation => "评价",
        Kind::Alarm => "预警",
        Kind::Account => "账号",
        Kind::Party => "主体",
        Kind::ApiKey => "接口密钥",
        Kind::Invitation => "邀请",
        Kind::SavedSearch => "订阅",
        Kind::Webhook => "消息推送",
        other => said::thing(other),
    }
}

/// What happened, in words: also to what nobody but the operator is told of.
fn event(kind: Kind, name: &str) -> &str {
    match name {
        "account_created" => "开立账号",
        "account_disabled" => "停用账号",
        "account_enabled" => "启用账号",
        "password_set" => "设置密码",
        "signed_in" => "登录",
        "session_ended" | "sessions_ended" => "结束登录",
        "session_switched" => "更换代表的主体",
        "session_replayed" => "登录凭证被重复使用，已作废",
        "token_issued" => "签发令牌",
        "token_revoked" => "吊销令牌",
        "second_factor_confirmed" => "启用验证码",
        "second_factor_dropped" => "停用验证码",
        "identity_linked" => "关联其他身份",
        "identity_unlinked" => "取消关联身份",
        "membership_granted" => "准许代表主体",
        "membership_revoked" => "不再代表主体",
        "role_changed" => "更改经办人权限",
        "throttle_set" => "调整尝试频次",
        "party_disabled" => "停用主体",
        "party_enabled" => "启用主体",
        "api_key_made" => "新建接口密钥",
        "api_key_revoked" => "吊销接口密钥",
        "invitation_made" => "发出邀请",
        "invitation_accepted" => "接受邀请",
        "invitation_declined" => "谢绝邀请",
        "invitation_revoked" => "撤回邀请",
        "applicant_registered" => "登记申请人",
        "alarm_raised" => "发出预警",
        "alarm_acknowledged" => "处置预警",
        other => said::event(kind, other),
    }
}

/// Where a thing stands after an entry, of things whose states have names in words.
fn state(kind: Kind, name: &str) -> Option<&'static str> {
    match kind {
        Kind::Purchase => Some(words::stage(name)),
        Kind::Order => Some(said::order_state(name)),
        Kind::Complaint => Some(said::complaint(name)),
        _ => None,
    }
}

#[derive(Debug, Template)]
#[template(path = "desk-audit.html")]
struct AuditPage {
    frame: Frame,
    trail: Vec<Link>,
    fields: Vec<Field>,
    wrong: Option<Wrong>,
    rows: Vec<Told>,
    pager: Pager,
    /// Where the same is as a file.
    file: String,
    /// How many the file holds at most.
    most: usize,
}

/// An entry, in words.
#[derive(Debug)]
struct Told {
    what: String,
    at: String,
    by: String,
    state: Option<&'static str>,
    links: Vec<Link>,
}

/// The names of parties, as whoever asks knows them.
struct Named<'a> {
    market: &'a Market,
    signed: &'a Signed,
    known: BTreeMap<Party, String>,
}

impl Named<'_> {
    async fn name(&mut self, party: &Party) -> Result<String, Error> {
        if let Some(name) = self.known.get(party) {
            return Ok(name.clone());
        }
        // Who an applicant is, is read where it may be.
        let name = match party {
            Party::Applicant(id) => format!("申请人 {id}"),
            party => known(party_name(self.market, &self.signed.actor, party).await)?
                .unwrap_or_else(|| party.to_string()),
        };
        self.known.insert(party.clone(), name.clone());
        Ok(name)
    }

    /// On whose behalf something was done.
    async fn by(&mut self, entry: &AuditEntry) -> Result<String, Error> {
        let is_system = entry.person.is_some_and(|person| person.0.is_nil());
        match &entry.party {
            Some(_) if is_system => Ok("系统自动".to_owned()),
            Some(party) => self.name(party).await,
            None => Ok("（不显示）".to_owned()),
        }
    }
}

/// The entries that are alike in something.
fn alike(pairs: &[(&str, &str)], name: impl Into<String>) -> Link {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    Link { href: format!("/desk/audit?{query}"), name: name.into() }
}

async fn told(entry: &AuditEntry, named: &mut Named<'_>) -> Result<Told, Error> {
    let (kind, object) = (entry.kind, entry.object.as_str());
    let name = format!("{} {object}", thing(kind));
    let mut links = vec![alike(&[("kind", kind.as_str()), ("object", object)], name)];
    if let Some(person) = entry.person.filter(|person| !person.0.is_nil()) {
        let person = person.to_string();
        links.push(alike(&[("person", &person)], format!("经办人 {person}")));
    }
    if let Some(party) = &entry.party {
        links.push(alike(&[("party", &party.to_string())], "该主体的其他记录"));
    }
    let new_state = entry.new_state.as_deref();
    Ok(Told {
        what: event(kind, &entry.event).to_owned(),
        at: words::instant(entry.at),
        by: named.by(entry).await?,
        state: new_state.and_then(|name| state(kind, name)),
        links,
    })
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = Paging { after: cursor(asked.after.as_deref()), limit: SHOWN };
    let mut fields = asked.fields(&signed);
    let found = market.audit().list(&signed.actor, &asked.filter(), &paging).await;
    let (page, wrong, problem) = match found {
        Ok(page) => (page, None, None),
        Err(why @ Error::Invalid(_)) => {
            let wrong = Wrong::of(&why, &mut fields);
            (Entries { items: Vec::new(), next: None }, wrong, Some(Problem::from(why)))
        }
        Err(why) => return Err(why.into()),
    };
    let mut named = Named { market: &market, signed: &signed, known: BTreeMap::new() };
    let mut rows = Vec::new();
    for entry in &page.items {
        rows.push(told(entry, &mut named).await?);
    }
    let (list, next) = (list_of("/desk/audit", address), page.next.as_ref());
    let page = Page::of(&AuditPage {
        frame: Frame::signed(&market, "审计日志", &signed).await?,
        trail: trail(&[]),
        fields,
        wrong,
        rows,
        pager: Pager::within(&list, "list", paging.after.as_ref(), next),
        file: list.replacen("/desk/audit?", "/desk/audit.csv?", 1),
        most: READ as usize * READS,
    })?;
    Ok(private(match problem {
        Some(problem) => page.told(problem),
        None => page.into_response(),
    }))
}

/// The names of the file's columns.
const COLUMNS: [&str; 12] = [
    "序号",
    "时间",
    "发生了什么",
    "事件代码",
    "事项的种类",
    "事项的编号",
    "版本",
    "代表谁",
    "经办人",
    "办件",
    "变更前状态",
    "变更后状态",
];

/// Spreadsheets take a file for UTF-8 by this.
const MARK: &[u8] = "\u{feff}".as_bytes();

pub(super) async fn file(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let (filter, mut after) = (asked.filter(), None);
    let mut named = Named { market: &market, signed: &signed, known: BTreeMap::new() };
    let mut rows = csv::Writer::from_writer(MARK.to_vec());
    let failed = |_| Problem::from(Code::INTERNAL);
    rows.write_record(COLUMNS).map_err(failed)?;
    for _ in 0..READS {
        let paging = Paging { after, limit: READ };
        let page = market.audit().list(&signed.actor, &filter, &paging).await?;
        for entry in &page.items {
            let by = named.by(entry).await?;
            let text = |value: Option<String>| value.unwrap_or_default();
            rows.write_record([
                entry.pos.to_string(),
                entry.at.to_string(),
                event(entry.kind, &entry.event).to_owned(),
                entry.event.clone(),
                thing(entry.kind).to_owned(),
                plain_cell(&entry.object),
                entry.version.to_string(),
                plain_cell(&by),
                text(entry.person.map(|person| person.to_string())),
                text(entry.case_id.map(|case| case.to_string())),
                text(entry.old_state.clone()),
                text(entry.new_state.clone()),
            ])
            .map_err(failed)?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let bytes = rows.into_inner().map_err(|_| Problem::from(Code::INTERNAL))?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok(private((headers, bytes).into_response()))
}
