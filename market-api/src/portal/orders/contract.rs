//! The forms of contracts: recorded, changed, and what is paid by them.

use market_core::{
    Error,
    order::{Contract, LedgerMilestone, Milestone, MilestoneState, NewChange, NewPayment, Order},
};

use super::super::{
    fields::{Field, Kind},
    form::Choice,
    signed::Reading,
    words,
};

/// So many milestones can be filled in.
const MILESTONES: usize = 3;

pub(super) fn fields(order: &Order) -> Vec<Field> {
    let mut fields = vec![
        Field::line("number", "合同编号", 64).hint("双方自己编的号"),
        Field::hidden("amount", &order.terms.amount),
        Field::new("signed_on", "签订日期", Kind::Day),
        Field::new("starts_on", "服务开始日期", Kind::Day),
        Field::new("ends_on", "服务结束日期", Kind::Day),
        Field::lines("content", "约定的内容", 2000).optional(),
        Field::new("agreed_payment_days", "到期应付后多少天内付清", Kind::Number)
            .hint("不填按规定的天数")
            .optional(),
        Field::new("agreed_interest_per_myriad_day", "逾期一天付万分之几的利息", Kind::Number)
            .hint("不填按规定的利率")
            .optional(),
    ];
    for n in 0..MILESTONES {
        let (at, place) = (format!("milestones/{n}"), n + 1);
        fields.extend([
            Field::line(format!("{at}/name"), format!("里程碑 {place}：达成什么"), 100)
                .hint("分期付款的才填；各期比例合计 100%")
                .optional(),
            Field::new(format!("{at}/due_on"), format!("里程碑 {place}：哪天以前"), Kind::Day)
                .optional(),
            Field::new(
                format!("{at}/share_percent"),
                format!("里程碑 {place}：付百分之几"),
                Kind::Number,
            )
            .optional(),
        ]);
    }
    fields
}

pub(super) fn contract(mut read: Reading<'_>) -> Result<Contract, Error> {
    let number = read.text("number");
    let (amount, signed_on) = (read.value("amount"), read.value("signed_on"));
    let (starts_on, ends_on) = (read.value("starts_on"), read.value("ends_on"));
    // A contract's text has no lines of its own.
    let content = read.line("content");
    let agreed_payment_days = read.optional("agreed_payment_days");
    let agreed_interest_per_myriad_day = read.optional("agreed_interest_per_myriad_day");
    let mut milestones = Vec::new();
    for n in 0..MILESTONES {
        let at = format!("milestones/{n}");
        let [name, due_on, share] =
            ["name", "due_on", "share_percent"].map(|one| format!("{at}/{one}"));
        if [&name, &due_on, &share].iter().all(|field| read.text(field).is_empty()) {
            continue;
        }
        let (due_on, share_percent) = (read.value(&due_on), read.value(&share));
        if let Some((due_on, share_percent)) = due_on.zip(share_percent) {
            let key = format!("m{}", n + 1);
            milestones.push(Milestone { key, name: read.text(&name), due_on, share_percent });
        }
    }
    let days = signed_on.zip(starts_on).zip(ends_on);
    let contract = amount.zip(days).map(|(amount, ((signed_on, starts_on), ends_on))| Contract {
        number,
        amount,
        signed_on,
        starts_on,
        ends_on,
        content,
        agreed_payment_days,
        agreed_interest_per_myriad_day,
        milestones,
    });
    read.end(contract)
}

pub(super) fn change_fields() -> Vec<Field> {
    vec![
        Field::new("amount", "新的合同金额（元）", Kind::Money).hint("不变的不填").optional(),
        Field::new("ends_on", "新的服务结束日期", Kind::Day).hint("不变的不填").optional(),
        Field::new("service_days", "新的服务时限（工作日）", Kind::Number)
            .hint("不变的不填")
            .optional(),
        Field::lines("scope", "新的约定内容", 2000).hint("不变的不填").optional(),
        Field::lines("reason", "变更的理由", 500),
    ]
}

pub(super) fn change(mut read: Reading<'_>) -> Result<NewChange, Error> {
    let change = NewChange {
        amount: read.optional("amount"),
        ends_on: read.optional("ends_on"),
        service_days: read.optional("service_days"),
        scope: read.given("scope").map(|text| text.replace('\n', " ")),
        reason: read.line("reason"),
    };
    if (&change.amount, &change.ends_on, &change.service_days, &change.scope)
        == (&None, &None, &None, &None)
        && !read.is_faulty()
    {
        read.fault("amount", "empty", "say what is to change");
    }
    read.end(Some(change))
}

/// What a change would change, in words.
pub(super) fn change_words(change: &NewChange) -> String {
    let parts = [
        change.amount.map(|amount| format!("金额改为 {}", words::yuan(amount))),
        change.ends_on.map(|day| format!("服务到{}", words::day(day))),
        change.service_days.map(|days| format!("时限改为 {days} 个工作日")),
        change.scope.clone().map(|scope| format!("约定内容改为“{scope}”")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("，")
}

pub(super) fn payment_fields(today: market_core::Day) -> Vec<Field> {
    vec![
        Field::new("amount", "付了多少（元）", Kind::Money),
        Field::new("paid_on", "哪天付的", Kind::Day).filled(&today),
        Field::line("reference", "凭证号", 100).hint("转账流水号或者发票号，机构凭它核对"),
        Field::line("note", "备注", 500).optional(),
    ]
}

pub(super) fn payment(mut read: Reading<'_>) -> Result<NewPayment, Error> {
    let (amount, paid_on) = (read.value("amount"), read.value("paid_on"));
    let (reference, note) = (read.text("reference"), read.text("note"));
    let payment = amount.zip(paid_on).map(|(amount, paid_on)| NewPayment {
        amount,
        paid_on,
        reference,
        note,
    });
    read.end(payment)
}

/// The milestones that wait to be confirmed.
pub(super) fn reached(milestones: &[LedgerMilestone]) -> Field {
    let reached = milestones.iter().filter(|one| one.progress.state == MilestoneState::Reached);
    let choices: Vec<_> = reached
        .map(|one| {
            let milestone = &one.progress.milestone;
            let note = one.progress.note.as_deref().unwrap_or_default();
            let label = format!("{}（{}%）：{note}", milestone.name, milestone.share_percent);
            Choice::of(&milestone.key, &label, None)
        })
        .collect();
    let first = choices.first().map(|one| one.value.clone()).unwrap_or_default();
    Field::new("milestone", "确认哪个里程碑", Kind::Radio(choices)).filled(&first)
}
