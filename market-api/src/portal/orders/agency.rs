//! What an agency does with an order: the forms of its own steps.

use axum::{extract::State, response::Response};
use market_core::{
    Actor, Call, Error, Market, Party,
    agency::Practitioner,
    file::Received,
    id::{OrderId, PaymentId},
    order::{
        Deliverable, Ledger, MilestoneReached, MilestoneState, NewDeliverable, NewHandOver, Order,
        PaymentState,
    },
};

use super::{
    super::{
        Link,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        said,
        signed::{Answers, Instead, Reading, Signed},
        uploading::{Chosen, FILE, Sending, Upload},
        words,
    },
    steps::check,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// Whether an actor acts for the agency of an order.
pub(super) fn is_agency(actor: &Actor, order: &Order) -> bool {
    actor.party == Party::Agency(order.terms.agency_id)
}

/// What a step is called, to whoever takes it.
pub(super) fn step_name(actor: &Actor, name: &str) -> Option<&'static str> {
    match (name, &actor.party) {
        ("evaluate", Party::Agency(_)) => Some("评价委托人"),
        _ => said::order_step(name),
    }
}

/// What is said above the form of a step, and whether it cannot be taken back.
pub(super) fn told(step: &str) -> Option<(&'static str, bool)> {
    Some(match step {
        "accept" => ("接单以后，由一方登记合同，另一方确认，然后开始服务。", true),
        "decline" => ("不接单的，委托人会看到原因，并另选机构；不接单计入履约记录。", true),
        "deliver" => ("交付以后由委托人验收；不符合约定的会退回返工。", false),
        "reach-milestone" => ("由委托人确认以后，这一期的款项到期应付。", false),
        "confirm-payment" => ("请先核对款项已经到账。确认以后不能撤回。", true),
        "dispute-payment" => ("没有收到，或者金额不对的，说明情况，由委托人核对。", false),
        "evaluate" => ("每单评价一次，提交后不能修改；评价期结束以前，双方互相看不到。", true),
        _ => return None,
    })
}

/// What is asked at a step of an agency's.
pub(super) async fn fields(
    market: &Market,
    signed: &Signed,
    order: &Order,
    step: &str,
) -> Result<Vec<Field>, Problem> {
    let (actor, id) = (&signed.actor, order.id);
    Ok(match step {
        "decline" => vec![Field::lines("reason", "不接单的原因", 500)],
        "deliver" => {
            let files = uploaded(&market.deliverables().list(actor, id).await?);
            let agency = order.terms.agency_id;
            let people = market.agencies().practitioners(Some(actor), agency).await?;
            let people: Vec<_> = people.iter().map(practitioner).collect();
            let signed = (!people.is_empty()).then(|| {
                let field = Field::new("practitioner", "由谁签字负责", Kind::Radio(people));
                field.hint("不选的，由机构负责；交付以后记入成果护照").optional()
            });
            std::iter::once(files).chain(signed).collect()
        }
        "reach-milestone" => {
            let ledger = ledger(market, signed, id).await?;
            let note = Field::lines("note", "做了什么，凭什么说已经达成", 1000);
            vec![planned(ledger.as_ref()), note]
        }
        "confirm-payment" | "dispute-payment" => {
            let ledger = ledger(market, signed, id).await?;
            let is_open = |state| match step {
                "confirm-payment" => state != PaymentState::Confirmed,
                _ => state == PaymentState::Recorded,
            };
            let mut fields = vec![payments(ledger.as_ref(), is_open)];
            if step == "dispute-payment" {
                fields.push(Field::lines("reason", "哪里不对", 500));
            }
            fields
        }
        _ => Vec::new(),
    })
}

/// One of a few, of which the first is chosen unless somebody chooses.
fn one_of(name: &str, label: &str, choices: Vec<Choice>) -> Field {
    let first = choices.first().map(|one| one.value.clone()).unwrap_or_default();
    Field::new(name, label, Kind::Radio(choices)).filled(&first)
}

/// The files that may be handed over, the latest first.
fn uploaded(files: &[Deliverable]) -> Field {
    let choice = |file: &Deliverable| {
        let at = words::instant(file.uploaded_at);
        let label = format!("第 {} 份 {}（{at}上传）", file.number, file.name);
        Choice::of(&file.number.to_string(), &label, None)
    };
    one_of("deliverable", "交付哪个文件", files.iter().rev().map(choice).collect())
        .hint("要先上传文件；没有列出的，请返回订单上传")
}

/// A practitioner who may answer for a deliverable.
fn practitioner(one: &Practitioner) -> Choice {
    let label = format!("{}（证书 {}）", one.name, one.certificate);
    Choice::of(&one.id.to_string(), &label, None)
}

/// The ledger, once there is a contract to pay by.
async fn ledger(market: &Market, signed: &Signed, id: OrderId) -> Result<Option<Ledger>, Problem> {
    match market.orders().ledger(&signed.actor, id, None).await {
        Ok(ledger) => Ok(Some(ledger)),
        Err(Error::Refused(_)) => Ok(None),
        Err(why) => Err(why.into()),
    }
}

fn planned(ledger: Option<&Ledger>) -> Field {
    let planned = ledger.into_iter().flat_map(|one| &one.milestones).map(|one| &one.progress);
    let planned = planned.filter(|one| one.state == MilestoneState::Planned);
    let choice = |one: &market_core::order::MilestoneProgress| {
        let milestone = &one.milestone;
        let due = words::day(milestone.due_on);
        let label = format!("{}（{due}前，{}%）", milestone.name, milestone.share_percent);
        Choice::of(&milestone.key, &label, None)
    };
    one_of("milestone", "哪个里程碑", planned.map(choice).collect())
}

fn payments(ledger: Option<&Ledger>, is_open: impl Fn(PaymentState) -> bool) -> Field {
    let open = ledger.into_iter().flat_map(|one| &one.payments).filter(|one| is_open(one.state));
    let choice = |one: &market_core::order::Payment| {
        let (amount, day) = (words::yuan(one.amount), words::day(one.paid_on));
        let label = format!("{amount}，{day}付，凭证 {}", one.reference);
        Choice::of(&one.id.to_string(), &label, None)
    };
    one_of("payment", "哪一笔", open.map(choice).collect())
}

/// Takes what was sent at a step of an agency's.
pub(super) async fn done(
    market: &Market,
    sent: &Answers,
    id: OrderId,
    step: &str,
    form: Form,
) -> Result<Response, Problem> {
    let (orders, to) = (market.orders(), format!("/orders/{id}"));
    let mut read = sent.reading();
    macro_rules! take {
        ($new:expr, |$call:ident, $given:pat_param| $done:expr) => {
            form.take(
                market,
                sent,
                $new,
                move |$call: Call, $given| async move { $done.await.map(drop) },
                |()| to,
            )
            .await
        };
    }
    match step {
        "accept" => take!(read.end(Some(())), |call, ()| orders.accept(&call, id)),
        "decline" => take!(read.reason(), |call, why| orders.decline(&call, id, &why)),
        "deliver" => {
            let number: Option<i64> = read.value("deliverable");
            let practitioner = read.optional("practitioner");
            let new = number.map(|deliverable| NewHandOver { deliverable, practitioner });
            take!(read.end(new), |call, new| orders.hand_over(&call, id, new))
        }
        "reach-milestone" => {
            take!(reached(read), |call, (key, note)| orders.reach_milestone(&call, id, &key, note))
        }
        "confirm-payment" => {
            let payment: Option<PaymentId> = read.value("payment");
            take!(read.end(payment), |call, one| orders.confirm_payment(&call, id, one))
        }
        "dispute-payment" => {
            let payment: Option<PaymentId> = read.value("payment");
            let why = read.line("reason");
            let new = read.end(payment.map(|one| (one, why)));
            take!(new, |call, (one, why)| orders.dispute_payment(&call, id, one, &why))
        }
        _ => Err(Code::NOT_FOUND.into()),
    }
}

fn reached(mut read: Reading<'_>) -> Result<(String, MilestoneReached), Error> {
    let key: Option<String> = read.value("milestone");
    let note = read.line("note");
    read.end(key.map(|key| (key, MilestoneReached { note })))
}

/// The form by which a file is uploaded.
async fn uploading(market: &Market, signed: &Signed, id: OrderId) -> Result<Form, Problem> {
    let order = market.orders().get(&signed.actor, id).await?;
    let label = said::order_step("upload").ok_or(Code::NOT_FOUND)?;
    let item = market.catalog().item(&order.terms.item).await?;
    let mut form = Form::new(label, format!("/orders/{id}/upload"), "上传");
    form.trail = vec![
        Link { href: "/orders".to_owned(), name: "我的订单".to_owned() },
        Link { href: format!("/orders/{id}"), name: item.name },
    ];
    form.lead = "上传以后还要交付，委托人才看得到。没有上传成功的，要重新选一次文件。".to_owned();
    form.version = Some(order.version);
    let mut file = Field::new(FILE, "文件", Kind::File(""));
    // Whoever may not upload learns so from the form.
    if let Ok(limit) = market.deliverables().limit(&signed.actor, id).await {
        file = file.hint(format!("不超过 {} MB", limit >> 20));
    }
    form.fields = vec![
        file,
        Field::line("sha256", "文件的 SHA-256", 64)
            .hint("知道的填上，上传以后会核对；不填的，由系统计算，显示在订单里")
            .optional(),
    ];
    Ok(form)
}

pub(in crate::portal) async fn upload(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<OrderId>,
) -> Result<Response, Problem> {
    let form = uploading(&market, &signed, id).await?;
    form.offer(check(&market, &signed, id, "upload").await?, &market, &signed).await
}

pub(in crate::portal) async fn uploaded_file(
    State(market): State<Market>,
    At(id): At<OrderId>,
    sending: Sending,
) -> Result<Response, Instead> {
    let form = uploading(&market, &sending.signed, id).await?;
    let limit = market.deliverables().limit(&sending.signed.actor, id).await;
    let Upload { sent, file, refused } = sending.receive(&market, limit).await?;
    let new = Upload::read(sent.reading(), file, refused, |read, Chosen { name, content }| {
        let given = read.given("sha256").map(|digest| digest.to_ascii_lowercase());
        let new = NewDeliverable {
            name,
            // What a browser says of a file, it takes from the name.
            media_type: "application/octet-stream".to_owned(),
            sha256: given.unwrap_or_else(|| content.sha256().to_owned()),
        };
        Some((new, content))
    });
    let market = &market;
    let keep = |call, (new, file): (_, Received)| async move {
        market.deliverables().take(&call, id, new, &file).await
    };
    Ok(form.take(market, &sent, new, keep, |_| format!("/orders/{id}/deliver")).await?)
}
