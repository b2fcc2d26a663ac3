//! The notice of a purchase as a form: only what its mode of selection asks for.

use market_core::{
    Error, Mode, Money, Timestamp,
    draw::{Beacon, PublicNumber},
    purchase::{Contact, Notice, Price},
    selection::{Criterion, Rate},
};

use super::super::{
    fields::{Field, Kind, local, to_local},
    form::Choice,
    signed::Reading,
    words,
};

/// So many criteria can be filled in.
const CRITERIA: usize = 4;

/// What a notice begins with that is not written yet.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) title: String,
    pub(super) service_days: u32,
    pub(super) closes_at: Timestamp,
    pub(super) contact: Contact,
}

/// Where the public number is written down that a notice names.
pub(in crate::portal) fn number_field(notice: &Notice) -> Option<Field> {
    let field = |name: &str| Field::line("value", name, 200);
    notice.beacon.as_ref().map(|beacon| match beacon {
        Beacon::Words(words) => field(words),
        Beacon::Number(PublicNumber { name, decimals, .. }) => {
            field(name).hint(format!("正好 {decimals} 位小数，不带空格、千位分隔符"))
        }
    })
}

/// What a public number is said to be.
pub(in crate::portal) fn number(mut read: Reading<'_>) -> Result<String, Error> {
    let value = read.line("value");
    read.end(Some(value))
}

/// How a mode chooses, in a line.
pub(super) const fn explained(mode: Mode) -> &'static str {
    match mode {
        Mode::Random => "价格由您定，从报名的机构里摇号选一家。最省事。",
        Mode::LowestPrice => "机构报价，最低的中选。",
        Mode::BestPrice => "机构报价，最接近抽取的平均价比例的中选，避免恶意低价。",
        Mode::CreditPreferred => "价格由您定，按信用抽出几家，由您选一家。",
        Mode::PlanPreferred => "机构交方案和报价，由您按评分标准打分。",
        Mode::Inquiry => "机构答复询问并报价，由您比较打分。",
        Mode::MultiRound => "机构分几轮往下报价，最后最低的中选。",
        Mode::Negotiation => "您与机构几轮交流，最后报价最低的中选。",
    }
}

/// The fields of a notice in a mode.
pub(super) fn fields(mode: Mode, begin: &Beginning) -> Vec<Field> {
    let mut fields = vec![
        Field::hidden("mode", &mode),
        Field::line("title", "采购项目名称", 100).filled(&begin.title),
        Field::lines("content", "要做什么", 4000).hint("做什么、做到什么程度、交什么成果"),
        Field::line("scale", "规模", 200).hint("例如建筑面积、投资额").optional(),
        Field::line("project_code", "投资项目代码", 64).optional(),
        Field::new("service_days", "多少个工作日内做完", Kind::Number)
            .hint("从合同确认那天算起")
            .filled(&begin.service_days),
    ];
    if mode.wants_quotes() {
        let kinds = vec![
            Choice::of("amount", "报金额", None),
            Choice::of("discount", "报下浮率（在最高限价上打折）", None),
        ];
        fields.extend([
            Field::new("price/kind", "机构怎么报价", Kind::Radio(kinds)).filled("amount"),
            Field::new("price/high", "最高限价（元），就是您的预算", Kind::Money),
            Field::line("price/low", "最低限价", 20)
                .hint("报金额的填元，防止恶意低价；报下浮率的填最低下浮率，例如 0"),
            Field::line("price/most", "最高下浮率（%）", 10).hint("只有报下浮率的才填").optional(),
        ]);
    } else {
        fields.push(
            Field::new("price/amount", "价格（元）", Kind::Money).hint("固定价格，机构不再报价"),
        );
    }
    if mode.is_scored() {
        for n in 0..CRITERIA {
            let (at, place) = (format!("criteria/{n}"), n + 1);
            let name = Field::line(format!("{at}/name"), format!("评分项 {place}"), 50);
            let weight = Field::new(
                format!("{at}/weight"),
                format!("评分项 {place} 占百分之几"),
                Kind::Number,
            );
            let [name, weight] =
                [name, weight].map(|one| if n == 0 { one } else { one.optional() });
            fields.extend([name.hint("各项合计 100%"), weight]);
        }
    }
    if mode == Mode::CreditPreferred {
        fields.extend([
            Field::new("long_list", "信用前多少名参加抽取", Kind::Number).filled(&10),
            Field::new("short_list", "从中抽取几家供您选", Kind::Number).filled(&3),
        ]);
    }
    if mode.has_rounds() {
        fields.push(Field::new("rounds", "几轮报价", Kind::Number).filled(&3));
    }
    fields.extend([
        Field::new("practitioners", "至少要几名执业人员", Kind::Number).filled(&0),
        Field::lines("other_requirements", "其他要求", 2000)
            .hint("不得用来排斥有资质的机构")
            .optional(),
        Field::new("closes_at", "报名截止时间", Kind::Instant).filled(&to_local(begin.closes_at)),
        Field::line("contact/name", "联系人", 50).filled(&begin.contact.name).completed("name"),
        Field::new("contact/phone", "联系电话", Kind::Phone)
            .filled(&begin.contact.phone)
            .completed("tel"),
        Field::new("complaint_phone", "投诉电话", Kind::Phone).filled(&begin.contact.phone),
        Field::line("beacon/name", "公共数", 200)
            .hint("想让抽取更公开的才填：写明截止以后才有的公开数字，例如某日上证指数收盘价")
            .optional(),
        Field::new("beacon/known_at", "公共数何时公布", Kind::Instant)
            .hint("要在报名截止以后；没有公共数的不填")
            .optional(),
        Field::new("beacon/decimals", "公共数有几位小数", Kind::Number)
            .hint("0 到 8，例如收盘价是 2；没有公共数的不填")
            .optional(),
    ]);
    fields
}

/// The same, filled in with a notice.
pub(super) fn filled(notice: &Notice) -> Vec<Field> {
    let begin = Beginning {
        title: notice.title.clone(),
        service_days: notice.service_days,
        closes_at: notice.closes_at,
        contact: notice.contact.clone(),
    };
    let mut fields = fields(notice.mode, &begin);
    for field in &mut fields {
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        let value = match field.name.as_str() {
            "content" => Some(notice.content.clone()),
            "scale" => Some(notice.scale.clone()),
            "project_code" => Some(notice.project_code.clone()),
            "other_requirements" => Some(notice.other_requirements.clone()),
            "complaint_phone" => Some(notice.complaint_phone.clone()),
            "beacon/name" => notice.beacon.as_ref().map(|beacon| beacon.name().to_owned()),
            "beacon/known_at" => number_of(notice).map(|number| to_local(number.known_at)),
            "beacon/decimals" => number_of(notice).map(|number| number.decimals.to_string()),
            "long_list" => number(notice.long_list),
            "short_list" => number(notice.short_list),
            "rounds" => number(notice.rounds),
            "practitioners" => Some(notice.practitioners.to_string()),
            "price/kind" => match notice.price {
                Price::Discount { .. } => Some("discount".to_owned()),
                _ => Some("amount".to_owned()),
            },
            "price/amount" | "price/high" => Some(notice.price.budget().to_string()),
            "price/low" => match &notice.price {
                Price::Fixed { .. } => None,
                Price::Amount { low, .. } => Some(low.to_string()),
                Price::Discount { low, .. } => Some(low.to_string()),
            },
            "price/most" => match &notice.price {
                Price::Discount { high, .. } => Some(high.to_string()),
                _ => None,
            },
            name => criterion(name).and_then(|(n, part)| {
                let criterion = notice.criteria.get(n)?;
                Some(if part == "name" {
                    criterion.name.clone()
                } else {
                    criterion.weight.to_string()
                })
            }),
        };
        if let Some(value) = value {
            field.value = value;
        }
    }
    fields
}

/// Which criterion a field is about, and what of it.
fn criterion(name: &str) -> Option<(usize, &str)> {
    let (n, part) = name.strip_prefix("criteria/")?.split_once('/')?;
    Some((n.parse().ok()?, part))
}

/// Reads a notice. Whom it avoids and who watches, which the form does not ask, stay as they were.
pub(super) fn notice(mut read: Reading<'_>, before: Option<&Notice>) -> Result<Notice, Error> {
    let mode = read.value::<Mode>("mode");
    let price = mode.and_then(|mode| price(&mut read, mode));
    let service_days = read.value("service_days");
    let closes_at = read.text("closes_at");
    let close = local(&closes_at);
    if close.is_none() {
        let code = if closes_at.is_empty() { "missing" } else { "format" };
        read.fault("closes_at", code, "must be a day and a time");
    }
    let criteria = criteria(&mut read);
    let practitioners = read.optional("practitioners").unwrap_or(0);
    let beacon = beacon(&mut read, before.and_then(|before| before.beacon.as_ref()));
    let notice = |mode, price, service_days, closes_at, read: &mut Reading<'_>| Notice {
        title: read.text("title"),
        content: read.text("content"),
        scale: read.text("scale"),
        project_code: read.text("project_code"),
        mode,
        price,
        service_days,
        criteria,
        long_list: read.optional("long_list"),
        short_list: read.optional("short_list"),
        rounds: read.optional("rounds"),
        practitioners,
        other_requirements: read.text("other_requirements"),
        closes_at,
        contact: Contact { name: read.text("contact/name"), phone: read.text("contact/phone") },
        complaint_phone: read.text("complaint_phone"),
        avoid: before.map(|before| before.avoid.clone()).unwrap_or_default(),
        witnesses: before.map(|before| before.witnesses.clone()).unwrap_or_default(),
        witness_department: before.and_then(|before| before.witness_department.clone()),
        beacon,
    };
    let notice = match (mode, price, service_days, close) {
        (Some(mode), Some(price), Some(service_days), Some(closes_at)) => {
            Some(notice(mode, price, service_days, closes_at, &mut read))
        }
        _ => None,
    };
    read.end(notice)
}

/// The public number of a notice, where it is named with all that leaves no choice.
fn number_of(notice: &Notice) -> Option<&PublicNumber> {
    match &notice.beacon {
        Some(Beacon::Number(number)) => Some(number),
        Some(Beacon::Words(_)) | None => None,
    }
}

/// The public number; what an earlier notice named in words alone stays as it was.
fn beacon(read: &mut Reading<'_>, before: Option<&Beacon>) -> Option<Beacon> {
    let name = read.text("beacon/name");
    let at = read.text("beacon/known_at");
    if at.is_empty() && read.text("beacon/decimals").is_empty() {
        let words = before.filter(|before| matches!(before, Beacon::Words(_)));
        match words.filter(|words| words.name() == name) {
            None if name.is_empty() => return None,
            Some(words) => return Some(words.clone()),
            None => {}
        }
    }
    let known_at = local(&at);
    if known_at.is_none() {
        let code = if at.is_empty() { "missing" } else { "format" };
        read.fault("beacon/known_at", code, "must be a day and a time");
    }
    let decimals = read.value("beacon/decimals");
    let (known_at, decimals) = known_at.zip(decimals)?;
    Some(Beacon::Number(PublicNumber { name, known_at, decimals }))
}

fn price(read: &mut Reading<'_>, mode: Mode) -> Option<Price> {
    if !mode.wants_quotes() {
        return read.value("price/amount").map(|amount| Price::Fixed { amount });
    }
    let high: Option<Money> = read.value("price/high");
    if read.text("price/kind") == "discount" {
        let (low, most): (Option<Rate>, Option<Rate>) =
            (read.value("price/low"), read.value("price/most"));
        let (ceiling, (low, high)) = high.zip(low.zip(most))?;
        return Some(Price::Discount { ceiling, low, high });
    }
    let low: Option<Money> = read.value("price/low");
    high.zip(low).map(|(high, low)| Price::Amount { low, high })
}

fn criteria(read: &mut Reading<'_>) -> Vec<Criterion> {
    let mut all = Vec::new();
    for n in 0..CRITERIA {
        let name = read.text(&format!("criteria/{n}/name"));
        let weight = format!("criteria/{n}/weight");
        if name.is_empty() && read.text(&weight).is_empty() {
            continue;
        }
        let weight = read.value(&weight);
        all.extend(weight.map(|weight| Criterion { key: format!("c{}", n + 1), name, weight }));
    }
    all
}

/// What a notice says, row by row.
pub(in crate::portal) fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("选取方式", notice.mode.zh().to_owned()),
        ("价格", words::purchase_price(&notice.price)),
        ("服务时限", format!("{} 个工作日", notice.service_days)),
        ("报名截止", words::instant(notice.closes_at)),
        ("联系人", format!("{} {}", notice.contact.name, notice.contact.phone)),
        ("投诉电话", notice.complaint_phone.clone()),
        ("要做什么", notice.content.clone()),
    ];
    if !notice.criteria.is_empty() {
        let one = |criterion: &Criterion| format!("{} {}%", criterion.name, criterion.weight);
        let all = notice.criteria.iter().map(one).collect::<Vec<_>>();
        facts.push(("评分标准", all.join("，")));
    }
    if !notice.other_requirements.is_empty() {
        facts.push(("其他要求", notice.other_requirements.clone()));
    }
    facts
}
