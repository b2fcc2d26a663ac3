//! `/desk/board`: what supervisors keep an eye on: what is late, what looks like abuse, who has how
//! much of the market, and how agencies were drawn.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Paging,
    alarm::AlarmFilter,
    complaint::ComplaintFilter,
    deadline::{DeadlineFilter, Window},
    publicity::FiguresFilter,
};

use super::{
    super::{
        Frame, Link, Page, known,
        names::Parties,
        rows::Row,
        said,
        signed::private,
        statistics::{Group, groups, share},
        words,
    },
    AtDesk, alarms, inbox, trail,
};
use crate::problem::Problem;

/// So many of each are counted; where there are more, the number says so.
const COUNTED: u32 = 100;
/// So many of each are shown.
const SHOWN: usize = 10;

#[derive(Debug, Template)]
#[template(path = "desk-board.html")]
struct BoardPage {
    frame: Frame,
    trail: Vec<Link>,
    numbers: Vec<(&'static str, String)>,
    late: Vec<Row>,
    alarms: Vec<Row>,
    draws: Vec<Row>,
    groups: Vec<Group>,
    /// How many groups are too small to be told of.
    withheld: i64,
}

fn counted(found: usize) -> String {
    if found >= COUNTED as usize { format!("{COUNTED} 以上") } else { found.to_string() }
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
) -> Result<Response, Problem> {
    let actor = &signed.actor;
    let paging = Paging { after: None, limit: COUNTED };
    let filter = DeadlineFilter { kind: None, window: Window::Overdue };
    let overdue = market.deadlines().list(actor, &filter, &paging).await?.items;
    let mut parties = Parties::new(&market, actor);
    let mut late = Vec::new();
    for one in overdue.iter().take(SHOWN) {
        let held = parties.names(&one.holders).await?;
        late.push(Row {
            href: Some(inbox::place(&market, &signed, one).await?.0),
            title: one.title.clone(),
            lines: vec![format!(
                "{}，{}前应由{held}办理",
                said::deadline(one.kind),
                words::until(one.until)
            )],
            tag: "已过期".to_owned(),
            tone: "bad",
        });
    }
    let open = AlarmFilter { open: true, ..AlarmFilter::default() };
    let open = known(market.alarms().list(actor, &open, &paging).await)?;
    let open = open.map(|page| page.items).unwrap_or_default();
    let complaints = ComplaintFilter { overdue: true, ..ComplaintFilter::default() };
    let complaints = market.complaints().list(actor, &complaints, &paging).await?.items;
    let first = Paging { after: None, limit: 10 };
    let draws = market.purchases().draws(&first).await?.items.into_iter().map(|one| Row {
        href: Some(format!("/purchases/{}/draw", one.purchase_id)),
        title: one.title,
        lines: vec![format!("{}，{}", one.mode.zh(), words::instant(one.proved_at))],
        ..Row::default()
    });
    let figures = market.publicity().figures(&FiguresFilter::default()).await?;
    let numbers = vec![
        ("已逾期的事项", counted(overdue.len())),
        ("未处置的预警", counted(open.len())),
        ("逾期的投诉", counted(complaints.len())),
        ("采购项目", figures.purchases.to_string()),
        ("成交率", figures.success.map_or_else(|| "—".to_owned(), share)),
        (
            "公告到中选（天，中位数）",
            figures.median_days_to_award.map_or_else(|| "—".to_owned(), |days| days.to_string()),
        ),
    ];
    let mut groups = groups(&market, &figures).await?;
    groups.sort_by_key(|one| std::cmp::Reverse(one.hhi));
    let page = Page::of(&BoardPage {
        frame: Frame::signed(&market, "监督看板", &signed).await?,
        trail: trail(&[]),
        numbers,
        late,
        alarms: open.iter().take(SHOWN).map(alarms::row).collect(),
        draws: draws.collect(),
        groups,
        withheld: figures.withheld,
    })?;
    Ok(private(page.into_response()))
}
