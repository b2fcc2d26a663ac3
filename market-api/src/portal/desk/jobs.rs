//! `/desk/jobs`: how the market fares, as the probes, the figures and the queues tell it, and what
//! the operator does where something is amiss.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Timestamp,
    jobs::{Jobs, LISTED, MailTrouble, OverdueStep, TimerKind, WebhookTrouble},
    vitals::{COUNTED, Heaps},
    webhook::Disabled,
};

use super::{
    super::{
        Frame, Link, Page,
        names::Parties,
        rows::Row,
        signed::{Signed, private},
        words,
    },
    AtDesk, inbox, trail,
};
use crate::{
    health::{Check, Health},
    problem::Problem,
};

#[derive(Debug, Template)]
#[template(path = "desk-jobs.html")]
struct JobsPage {
    frame: Frame,
    trail: Vec<Link>,
    at: String,
    parts: Vec<Part>,
}

/// Something that runs, and how it fares.
#[derive(Debug)]
struct Part {
    id: &'static str,
    name: &'static str,
    tag: String,
    tone: &'static str,
    facts: Vec<(String, String)>,
    rows: Vec<Row>,
    /// What to do about it.
    advice: &'static str,
}

impl Part {
    /// One that is well, or is not.
    fn new(id: &'static str, name: &'static str, amiss: usize, advice: &'static str) -> Self {
        let (tag, tone) = match amiss {
            0 => ("正常".to_owned(), "good"),
            amiss if amiss >= LISTED as usize => (format!("{amiss} 项以上要看"), "bad"),
            amiss => (format!("{amiss} 项要看"), "bad"),
        };
        Self { id, name, tag, tone, facts: Vec::new(), rows: Vec::new(), advice }
    }
}

/// So many entries a follower may be behind before somebody should look.
const FAR_BEHIND: i64 = 1_000;

pub(super) async fn show(
    State(market): State<Market>,
    State(health): State<Health>,
    AtDesk(signed): AtDesk,
) -> Result<Response, Problem> {
    let jobs = market.jobs(&signed.actor).await?;
    let now = market.env().now();
    let checks = health.checks(&market).await;
    let lags = health.look(&market).await;
    let heaps = market.vitals().heaps().await?;
    let mut followers = match &lags {
        Ok(lags) => lags.followers.clone(),
        Err(_) => Vec::new(),
    };
    if let Ok(lags) = &lags {
        followers.push(("search".to_owned(), lags.search));
    }
    let parts = vec![
        readiness(&checks),
        timers(&market, &signed, &jobs, now).await?,
        following(&followers),
        mail(&jobs),
        webhooks(&market, &signed, &jobs, now).await?,
        scans(&jobs),
        documents(&jobs, &followers),
        database(&market, &heaps),
    ];
    let page = Page::of(&JobsPage {
        frame: Frame::signed(&market, "运行状况", &signed).await?,
        trail: trail(&[]),
        at: words::instant(now),
        parts,
    })?;
    Ok(private(page.into_response()))
}

/// What must be well for requests to come here.
fn check(name: &str) -> &str {
    match name {
        "index" => "搜索索引已建好",
        "database" => "数据库有应答",
        "migrations" => "数据库表的版本",
        "search" => "搜索跟上了日志（落后条数）",
        "followers" => "后台任务跟上了日志（最多落后条数）",
        "stopping" => "服务正在停止",
        other => other,
    }
}

fn readiness(checks: &[Check]) -> Part {
    let amiss = checks.iter().filter(|one| one.wrong_with().is_some()).count();
    let advice = "这台服务器不就绪时，/readyz 会让流量转到别处。数据库没有应答：看它是否在运行、磁盘是否已满。表的版本太旧：先停下旧程序，再用新程序启动一次。";
    let mut part = Part::new("ready", "就绪检查", amiss, advice);
    part.rows = checks
        .iter()
        .map(|one| Row {
            title: check(one.name()).to_owned(),
            lines: one.says().map(words::number).into_iter().collect(),
            tag: if one.wrong_with().is_some() { "不正常" } else { "正常" }.to_owned(),
            tone: if one.wrong_with().is_some() { "bad" } else { "good" },
            ..Row::default()
        })
        .collect();
    part
}

/// How long ago something was.
fn ago(since: Timestamp, now: Timestamp) -> String {
    let seconds = (now.micros() - since.micros()).max(0) / 1_000_000;
    match seconds {
        0..60 => "不到 1 分钟".to_owned(),
        60..3_600 => format!("{} 分钟", seconds / 60),
        3_600..86_400 => format!("{} 小时", seconds / 3_600),
        _ => format!("{} 天", seconds / 86_400),
    }
}

const fn timer(of: TimerKind) -> &'static str {
    match of {
        TimerKind::Purchase => "采购项目",
        TimerKind::Order => "订单",
        TimerKind::EvaluationWindow => "评价期",
        TimerKind::Appeal => "评价申诉",
    }
}

async fn timers(
    market: &Market,
    signed: &Signed,
    jobs: &Jobs,
    now: Timestamp,
) -> Result<Part, Problem> {
    let overdue = jobs.timers.iter().map(|one| one.overdue.len()).sum();
    let advice = "到期的环节每秒办理一次。过期很久还没办的：看日志里的“due steps are not taken”（全部停了，看数据库）或“a due step failed”（这一项办不成，写明了原因）。";
    let mut part = Part::new("timers", "到期自动办理", overdue, advice);
    for one in &jobs.timers {
        let next = match one.next {
            Some(next) => format!("下一项 {}", words::instant(next)),
            None => "没有将要到期的".to_owned(),
        };
        part.facts.push((timer(one.kind).to_owned(), next));
        for OverdueStep { kind, id, since } in &one.overdue {
            let href = match kind {
                TimerKind::Purchase => Some(format!("/desk/purchases/{id}")),
                TimerKind::Appeal => Some(format!("/desk/evaluations/{id}")),
                TimerKind::Order | TimerKind::EvaluationWindow => match id.parse() {
                    Ok(id) => inbox::order_place(market, signed, id).await?,
                    Err(_) => None,
                },
            };
            part.rows.push(Row {
                href,
                title: format!("{} {id}", timer(*kind)),
                lines: vec![format!("{}到期", words::instant(*since))],
                tag: format!("过期 {}", ago(*since, now)),
                tone: "bad",
            });
        }
    }
    Ok(part)
}

/// What a follower of the journal does.
fn follower(name: &str) -> String {
    match name {
        "search" => "搜索索引",
        "saved_searches" => "订阅的搜索",
        "alarms" => "预警",
        "documents" => "文书出具",
        "parties" => "信息流和推送",
        "notices" => "通知",
        other => return other.to_owned(),
    }
    .to_owned()
}

fn following(followers: &[(String, i64)]) -> Part {
    let late = followers.iter().filter(|(_, behind)| *behind > FAR_BEHIND).count();
    let advice = "看过而没有要办的，满一千条才记一次，所以几百条不算落后。落后的条数一直增加时：看日志里的“do not follow the journal”，写明了原因；搜索索引可以用 market verify index 核对、market reindex 重建。";
    let mut part = Part::new("followers", "跟随日志的任务", late, advice);
    let fact = |(name, behind): &(String, i64)| {
        (follower(name), format!("落后 {} 条", words::number(*behind)))
    };
    part.facts = followers.iter().map(fact).collect();
    part
}

fn mail(jobs: &Jobs) -> Part {
    let advice = "对方拒收的：地址多半已经没有了，过几天自动停发，请本人换一个地址。很多地址同时送不到：看邮件服务器和日志里的“not taken”。";
    let mut part = Part::new("mail", "邮件", jobs.mail.len(), advice);
    let sends = if jobs.sends_mail { "已开通" } else { "没有开通" };
    part.facts = vec![
        ("邮件通知".to_owned(), sends.to_owned()),
        ("等待发送的通知".to_owned(), words::number(jobs.mail_waiting)),
    ];
    part.rows = jobs
        .mail
        .iter()
        .map(|MailTrouble { masked, tries, refused_since }| Row {
            title: masked.clone(),
            lines: vec![match refused_since {
                Some(since) => format!("{}起，对方的邮件服务器拒收", words::instant(*since)),
                None => format!("已试 {tries} 次，还没有送到"),
            }],
            tag: if refused_since.is_some() { "拒收" } else { "重试中" }.to_owned(),
            tone: if refused_since.is_some() { "bad" } else { "warn" },
            ..Row::default()
        })
        .collect();
    part
}

const fn disabled(of: Disabled) -> &'static str {
    match of {
        Disabled::Owner => "本单位停用",
        Disabled::Operator => "运营机构停用",
        Disabled::Gone => "对方答复地址已经取消（410）",
        Disabled::Failing => "连续 5 天没有送达",
    }
}

async fn webhooks(
    market: &Market,
    signed: &Signed,
    jobs: &Jobs,
    now: Timestamp,
) -> Result<Part, Problem> {
    let advice = "停用的不再推送，由本单位在“消息推送”里改好地址再启用；没有送达的会自动重试。请联系该单位。";
    let mut part = Part::new("webhooks", "消息推送", jobs.webhooks.len(), advice);
    let mut parties = Parties::new(market, &signed.actor);
    for WebhookTrouble { party, host, disabled: why, failing_since, waiting, .. } in &jobs.webhooks
    {
        let mut lines = vec![format!("推送到 {host}，{} 条等待", words::number(*waiting))];
        lines.extend(failing_since.map(|since| format!("{} 没有送达", ago(since, now))));
        lines.extend(why.map(|why| format!("停用的原因：{}", disabled(why))));
        part.rows.push(Row {
            title: parties.name(party).await?,
            lines,
            tag: if why.is_some() { "已停用" } else { "落后" }.to_owned(),
            tone: if why.is_some() { "bad" } else { "warn" },
            ..Row::default()
        });
    }
    Ok(part)
}

fn scans(jobs: &Jobs) -> Part {
    let scans = jobs.scans;
    let is_stuck = scans.waiting > 0 && (!scans.has_scanner || scans.most_tries > 0);
    let advice = "扫描以前，文件不能下载，也不能交付。试过多次的：看扫描程序（clamd）是否在运行、能否连上。查出恶意内容的，已经隔离，请联系上传的机构。";
    let mut part = Part::new("scans", "文件安全扫描", usize::from(is_stuck), advice);
    let has = if scans.has_scanner { "已设置" } else { "没有设置，文件不经扫描" };
    part.facts = vec![
        ("扫描程序".to_owned(), has.to_owned()),
        ("等待扫描的文件".to_owned(), words::number(scans.waiting)),
        ("试得最多的".to_owned(), format!("{} 次", scans.most_tries)),
        ("已隔离的文件".to_owned(), words::number(scans.withheld)),
    ];
    part
}

fn documents(jobs: &Jobs, followers: &[(String, i64)]) -> Part {
    let amiss = usize::from(jobs.no_font.is_some());
    let advice = "没有字体时，中选通知书和合同摘要等着，不会丢；装上字体（如 Noto Serif CJK）或用 --font 指明以后，一分钟内自动出具。";
    let mut part = Part::new("documents", "文书出具", amiss, advice);
    let behind = followers.iter().find(|(name, _)| name == "documents").map(|(_, behind)| *behind);
    let fonts = if amiss > 0 { "没有可用的字体，文书等待出具" } else { "有" };
    part.facts = vec![
        ("字体".to_owned(), fonts.to_owned()),
        ("还没有看过的日志".to_owned(), behind.map_or_else(|| "—".to_owned(), words::number)),
    ];
    part
}

/// A count that goes no further than [`COUNTED`].
fn counted(count: i64) -> String {
    if count >= COUNTED {
        format!("{} 以上", words::number(COUNTED))
    } else {
        words::number(count)
    }
}

fn database(market: &Market, heaps: &Heaps) -> Part {
    let connections = market.vitals().connections();
    let is_full = connections.open >= connections.most && connections.idle == 0;
    let is_unnumbered = heaps.unnumbered > FAR_BEHIND;
    let amiss = usize::from(is_full) + usize::from(is_unnumbered);
    let advice = "等待编号的日志一直增加：编号的服务器可能卡住了，逐台重启。连接都在用：看是否有导入或慢查询，PostgreSQL 可以加大连接数。磁盘余量由主机监控；这里没有。";
    let mut part = Part::new("database", "数据库和队列", amiss, advice);
    part.facts = vec![
        (
            "数据库连接".to_owned(),
            format!(
                "打开 {}，空闲 {}，最多 {}",
                connections.open, connections.idle, connections.most
            ),
        ),
        ("等待编号的日志".to_owned(), counted(heaps.unnumbered)),
        ("保留的幂等答复".to_owned(), counted(heaps.idempotency_keys)),
        (
            "搜索看得到的内容".to_owned(),
            words::number(i64::try_from(market.vitals().documents()).unwrap_or(i64::MAX)),
        ),
    ];
    let queue = |name: &str| match name {
        "asked" => "队列：搜索统计".to_owned(),
        "scans" => "队列：文件扫描".to_owned(),
        "webhooks" => "队列：消息推送".to_owned(),
        "mail" => "队列：邮件".to_owned(),
        other => format!("队列：{other}"),
    };
    part.facts.extend(heaps.queues.iter().map(|(name, waiting)| (queue(name), counted(*waiting))));
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_words() {
        let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        for (seconds, told) in [
            (5, "不到 1 分钟"),
            (61, "1 分钟"),
            (7_300, "2 小时"),
            (200_000, "2 天"),
            (-9, "不到 1 分钟"),
        ] {
            assert_eq!(ago(now.plus_seconds(-seconds), now), told);
        }
    }
}
