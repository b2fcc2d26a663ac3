//! `/desk`: what waits for a department or the operator, what is due first in front.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market, Paging, Party,
    case::Case,
    catalog::ServiceItem,
    code::MatterCode,
    deadline::{Deadline, DeadlineFilter, DeadlineKind},
    id::{AgencyId, CaseId, EvaluationId, OrderId, PurchaseId},
    matter::Matter,
};
use serde::Deserialize;

use super::{
    super::{
        Frame, Link, Page, Pager, cursor,
        form::{Choice, Select, list as list_of},
        known, members, names,
        rows::Row,
        said,
        signed::{Signed, private},
        typed, words,
    },
    AtDesk,
};
use crate::{parameters::Parameters, problem::Problem};

/// So many make a page; it may hold a few more.
const ENOUGH: usize = 20;
/// So many pages of running deadlines are looked through for those of whoever asks.
const LOOKED: usize = 10;

#[derive(Debug, Template)]
#[template(path = "desk.html")]
struct DeskPage {
    frame: Frame,
    cards: Vec<(Link, &'static str)>,
    selects: Vec<Select>,
    rows: Vec<Row>,
    pager: Pager,
}

/// Which page of what waits.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    matter: Option<MatterCode>,
    after: Option<String>,
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let first = cursor(asked.after.as_deref());
    let mut after = first.clone();
    let mut about = About::new(&market, &signed).await?;
    let mut rows = Vec::new();
    for _ in 0..LOOKED {
        let paging = Paging { after: after.take(), ..Paging::default() };
        let filter = DeadlineFilter::default();
        let page = market.deadlines().list(&signed.actor, &filter, &paging).await?;
        for deadline in page.items {
            if !deadline.holders.contains(&signed.actor.party) {
                continue;
            }
            let (matter, row) = about.told(deadline).await?;
            if asked.matter.is_none() || asked.matter == matter {
                rows.push(row);
            }
        }
        after = page.next;
        if after.is_none() || rows.len() >= ENOUGH {
            break;
        }
    }
    let chosen = asked.matter.as_ref().map(MatterCode::as_str);
    let matters = names::matters(&market).await?;
    let own = matters.iter().filter(|one| concerns(one, &signed.actor.party));
    let options = own.map(|one| Choice::of(one.code.as_str(), &one.name, chosen)).collect();
    let list = list_of("/desk", address);
    let page = Page::of(&DeskPage {
        frame: Frame::signed(&market, "工作台", &signed).await?,
        cards: cards(&signed.actor.party, members::manages(&market, &signed).await?),
        selects: vec![Select { name: "matter", label: "一件事", options }],
        rows,
        pager: Pager::within(&list, "list", first.as_ref(), after.as_ref()),
    })?;
    Ok(private(page.into_response()))
}

/// Whether a party has to do with a matter.
fn concerns(matter: &Matter, party: &Party) -> bool {
    match party {
        Party::Department(code) => matter.involves(code),
        _ => true,
    }
}

/// What else a desk has.
fn cards(party: &Party, manages_members: bool) -> Vec<(Link, &'static str)> {
    let all = [
        ("/desk/cases", "办件", "环节、中介服务和成果", false),
        ("/desk/purchases?state=in_review", "采购审查", "等形式审查的公告", true),
        ("/desk/purchases", "采购项目", "开标、暂停和公示", false),
        ("/desk/complaints", "投诉处理", "受理和决定", false),
        ("/desk/alarms?open=yes", "预警", "还没有人处置的", false),
        ("/desk/board", "监督看板", "逾期、集中度、抽取", false),
        ("/desk/audit", "审计日志", "谁对什么做了什么", false),
        ("/desk/agencies?state=applying", "机构核验", "入驻、暂停和恢复", true),
        ("/desk/phrases", "近义词", "搜不到的说法", true),
        ("/desk/policies", "政策参数", "版本、推演、登记", true),
        ("/desk/jobs", "运行状况", "定时任务、队列、邮件", true),
        ("/members", "经办人", "谁能代表本单位", false),
        ("/statistics", "公开统计", "价格、节约和时间", false),
        ("/calendar", "期限日历", "按日期看，可以导入日历", false),
        ("/inbox", "通知", "告知本单位的消息", false),
        ("/account", "我的账号", "代表谁，安全，退出登录", false),
    ];
    let is_operator = *party == Party::Operator;
    let own = all.into_iter().filter(|(.., operators)| is_operator || !operators);
    let own = own.filter(|(href, ..)| manages_members || *href != "/members");
    own.map(|(href, name, note, _)| (Link { href: href.to_owned(), name: name.to_owned() }, note))
        .collect()
}

/// What deadlines are about, each case and matter read once.
struct About<'a> {
    market: &'a Market,
    signed: &'a Signed,
    items: Vec<ServiceItem>,
    known: HashMap<CaseId, (Case, Matter)>,
}

impl<'a> About<'a> {
    async fn new(market: &'a Market, signed: &'a Signed) -> Result<Self, Error> {
        let items = names::items(market).await?;
        Ok(Self { market, signed, items, known: HashMap::new() })
    }

    async fn case(&mut self, id: CaseId) -> Result<&(Case, Matter), Error> {
        if !self.known.contains_key(&id) {
            let case = self.market.cases().get(&self.signed.actor, id).await?;
            let version = case.matter_version;
            let matter = self.market.matters().version(&case.matter, version).await?;
            self.known.insert(id, (case, matter));
        }
        self.known.get(&id).ok_or(Error::Inconsistent("case"))
    }

    /// What a deadline is about: of which matter, and how it is shown.
    async fn told(&mut self, deadline: Deadline) -> Result<(Option<MatterCode>, Row), Error> {
        let (href, case) = place(self.market, self.signed, &deadline).await?;
        let part = deadline.part.clone().unwrap_or_default();
        let item = self.items.iter().find(|item| item.code.as_str() == part);
        let item = item.map(|item| item.name.clone());
        let matter = match case {
            Some(case) => Some(self.case(case).await?.1.clone()),
            None => None,
        };
        let step =
            matter.as_ref().and_then(|one| one.steps.iter().find(|s| s.key.as_str() == part));
        let what = step.map(|step| step.name.clone()).or(item);
        let kind = said::deadline(deadline.kind);
        let mut lines = vec![match what {
            Some(what) => format!("{kind}：{what}"),
            None => kind.to_owned(),
        }];
        lines.extend(matter.as_ref().map(|one| format!("一件事：{}", one.name)));
        lines.push(format!("{}前办理", words::until(deadline.until)));
        lines.extend(deadline.then.map(|then| format!("到期以后：{}", said::consequence(then))));
        let (tag, tone) = if deadline.overdue { ("已过期", "bad") } else { ("等您", "warn") };
        let row = Row { href: Some(href), title: deadline.title, lines, tag: tag.to_owned(), tone };
        Ok((matter.map(|one| one.code), row))
    }
}

/// Where at a desk an order is: within its case, if whoever asks may know of both.
pub(in crate::portal) async fn order_place(
    market: &Market,
    signed: &Signed,
    id: OrderId,
) -> Result<Option<String>, Error> {
    let order = known(market.orders().get(&signed.actor, id).await)?;
    Ok(order.map(|one| format!("/desk/cases/{}#{}", one.terms.case_id, one.terms.item)))
}

/// Where at a desk the thing is that has a deadline, and its case, if it is in one.
pub(in crate::portal) async fn place(
    market: &Market,
    signed: &Signed,
    deadline: &Deadline,
) -> Result<(String, Option<CaseId>), Error> {
    let actor = &signed.actor;
    Ok(match deadline.kind {
        DeadlineKind::Step => {
            let case: CaseId = id(deadline)?;
            (format!("/desk/cases/{case}"), Some(case))
        }
        DeadlineKind::Order | DeadlineKind::Evaluation => {
            let order: OrderId = id(deadline)?;
            let case = market.orders().get(actor, order).await?.terms.case_id;
            let part = deadline.part.as_deref().unwrap_or_default();
            let is_rater = deadline.kind == DeadlineKind::Evaluation
                && deadline.holders.contains(&actor.party);
            let href = if is_rater {
                format!("/desk/orders/{order}/evaluate")
            } else {
                format!("/desk/cases/{case}#{part}")
            };
            (href, Some(case))
        }
        DeadlineKind::Review | DeadlineKind::Purchase => {
            let purchase: PurchaseId = id(deadline)?;
            let case = market.purchases().get(Some(actor), purchase).await?.case_id;
            (format!("/desk/purchases/{purchase}"), Some(case))
        }
        DeadlineKind::Check => (format!("/desk/agencies/{}", id::<AgencyId>(deadline)?), None),
        DeadlineKind::EvaluationAppeal => {
            (format!("/desk/evaluations/{}", id::<EvaluationId>(deadline)?), None)
        }
    })
}

/// The id of what has a deadline.
fn id<T: std::str::FromStr>(of: &Deadline) -> Result<T, Error> {
    of.id.parse().map_err(|_| Error::Inconsistent("deadline"))
}
