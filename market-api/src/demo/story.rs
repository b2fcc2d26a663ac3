//! What has happened in the demonstration market before it is first opened: cases and orders in
//! every state, told through the same calls that anybody makes, on a clock that stands where the
//! story is.

use bytes::Bytes;
use market_core::{
    Actor, Call, Day, Env, Error, Market, Paging, Party, Timestamp,
    agency::{Listing, ListingFilter, ListingState},
    case::{Case, CaseState, NewCase, StepState},
    code::{DepartmentCode, ItemCode},
    evaluation::NewEvaluation,
    id::{ApplicantId, CaseId, OrderId, PersonId},
    order::{Contract, NewDeliverable, NewOrder, NewReturn, Order, ReturnCode},
    sha256_hex,
};

use super::{
    chapters::{
        CHAPTERS, Chapter,
        Goal::{
            self, Accepted, Cancelled, Contracted, Declined, Delivered, InService, NotOrdered,
            Placed, ReturnedByDepartment, Reworking, SignedOff, Terminated,
        },
    },
    selections,
};

/// What applicants say of agencies, and the best mark that they give.
const SAID: [(&str, u32); 5] = [
    ("报告规范，沟通及时，比约定提前两天交付。", 5),
    ("现场人员专业，问题解释清楚。", 5),
    ("按期完成，资料齐全。", 4),
    ("收费与上架价格一致，没有额外费用。", 5),
    ("总体满意，联系响应可以再快一些。", 4),
];

/// A mark, the best or sometimes one less.
fn mark(code: &str, best: u32, seed: usize) -> (String, u32) {
    (code.to_owned(), best - u32::from(seed.is_multiple_of(3)))
}

/// The region of the demonstration.
pub(super) const REGION: &str = "330282";

/// Where the story is told.
struct Teller {
    market: Market,
    env: Env,
    end: Timestamp,
}

/// Tells the story, which ends shortly before `now`; gives its first case.
pub(super) async fn tell(
    market: &Market,
    now: Timestamp,
    applicants: &[ApplicantId],
) -> Result<CaseId, Error> {
    let env = Env::fixed(now.plus_seconds(-70 * DAY));
    let teller = Teller { market: market.with_env(env.clone()), env, end: now.plus_seconds(-HOUR) };
    let mut first = None;
    for chapter in CHAPTERS {
        let applicant = applicants[chapter.by % applicants.len()];
        let case = teller.tell(chapter, applicant, now).await?;
        first.get_or_insert(case);
    }
    selections::tell(&teller.market, now, applicants[1]).await?;
    first.ok_or(Error::Inconsistent("story"))
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Somebody of a party; the story's people have no accounts of their own.
fn of(party: Party) -> Call {
    Actor::new(PersonId(uuid::Uuid::nil()), party).into()
}

fn department(code: &DepartmentCode) -> Call {
    of(Party::Department(code.clone()))
}

impl Teller {
    /// Lets time pass, but not beyond the story's end.
    fn pass(&self, hours: i64) {
        self.env.set(self.env.now().plus_seconds(hours * HOUR).min(self.end));
    }

    async fn tell(
        &self,
        chapter: &Chapter,
        by: ApplicantId,
        now: Timestamp,
    ) -> Result<CaseId, Error> {
        self.env.set(now.plus_seconds(-chapter.days_ago * DAY));
        let applicant = of(Party::Applicant(by));
        let new = NewCase {
            matter: code(chapter.matter),
            title: chapter.title.to_owned(),
            region: code(REGION),
            fund: chapter.fund,
        };
        let case = self.market.cases().open(&applicant, new).await?;
        let opened = self.env.now();
        for (at, required) in case.requirements.iter().enumerate() {
            let last = chapter.goals.last().copied().unwrap_or(NotOrdered);
            let goal = chapter.goals.get(at).copied().unwrap_or(last);
            self.env.set(opened.plus_seconds(4 * HOUR));
            Box::pin(self.order(&applicant, case.id, &required.item, goal)).await?;
        }
        if chapter.approved {
            self.approve(&applicant, case.id).await?;
        }
        Ok(case.id)
    }

    /// Every department approves what it can, until there is nothing left to approve.
    async fn approve(&self, applicant: &Call, case: CaseId) -> Result<(), Error> {
        loop {
            let case: Case = self.market.cases().get(&applicant.actor, case).await?;
            let ready = case.steps.iter().find(|step| step.state == StepState::InReview);
            let Some(step) = ready.filter(|_| case.state == CaseState::Open) else { return Ok(()) };
            self.pass(6);
            let officer = department(&step.department);
            self.market.cases().approve(&officer, case.id, &step.step).await?;
        }
    }

    /// Buys a service and takes its order as far as the goal.
    async fn order(
        &self,
        applicant: &Call,
        case: CaseId,
        item: &ItemCode,
        goal: Goal,
    ) -> Result<(), Error> {
        if goal == NotOrdered {
            return Ok(());
        }
        let Some(listing) = self.eligible(applicant, case, item).await? else { return Ok(()) };
        let new = NewOrder {
            case_id: case,
            item: item.clone(),
            listing_id: listing.id,
            listing_number: listing.number,
            price: listing.terms.price,
        };
        let order = self.market.orders().place(applicant, new).await?;
        let agency = of(Party::Agency(listing.agency_id));
        self.pass(20);
        match goal {
            NotOrdered | Placed => {}
            Declined => {
                self.market
                    .orders()
                    .decline(&agency, order.id, "近期业务饱和，无法按期完成")
                    .await?;
            }
            Cancelled => {
                self.market.orders().cancel(applicant, order.id, "方案调整，暂不需要").await?;
            }
            _ => Box::pin(self.serve(applicant, &agency, order, goal)).await?,
        }
        Ok(())
    }

    /// A listing that may be bought for the case now.
    async fn eligible(
        &self,
        applicant: &Call,
        case: CaseId,
        item: &ItemCode,
    ) -> Result<Option<Listing>, Error> {
        let filter = ListingFilter {
            item: Some(item.clone()),
            state: Some(ListingState::Published),
            ..ListingFilter::default()
        };
        let paging = Paging { after: None, limit: 100 };
        let listings = self.market.listings().list(None, &filter, &paging).await?.items;
        // Not always the newest: start somewhere that depends on the case.
        let start = usize::from(case.0.as_bytes()[15]) % listings.len().max(1);
        for listing in listings.iter().cycle().skip(start).take(listings.len()) {
            let orders = self.market.orders();
            if orders.eligibility(&applicant.actor, case, listing.id).await?.eligible {
                return Ok(Some(listing.clone()));
            }
        }
        Ok(None)
    }

    /// From the agency's answer to the goal.
    async fn serve(
        &self,
        applicant: &Call,
        agency: &Call,
        order: Order,
        goal: Goal,
    ) -> Result<(), Error> {
        let orders = self.market.orders();
        let order = orders.accept(agency, order.id).await?;
        if goal == Accepted {
            return Ok(());
        }
        self.pass(18);
        let order =
            orders.record_contract(agency, order.id, contract(&order, self.env.now())).await?;
        if goal == Contracted {
            return Ok(());
        }
        self.pass(8);
        let order = orders.confirm_contract(applicant, order.id).await?;
        if goal == InService {
            return Ok(());
        }
        self.pass(50);
        if goal == Terminated {
            orders.terminate(applicant, order.id, "双方协商一致，终止服务").await?;
            return Ok(());
        }
        let order = self.deliver(agency, &order).await?;
        self.pass(10);
        match goal {
            Delivered => Ok(()),
            Reworking => {
                let why = ReturnCode::Incomplete;
                let new =
                    NewReturn { code: why, note: "缺少现场照片和原始记录".to_owned() };
                orders.return_for_rework(applicant, order.id, new).await.map(drop)
            }
            _ => self.finish(applicant, order, goal).await,
        }
    }

    /// From the applicant's acceptance to the departments' use.
    async fn finish(&self, applicant: &Call, order: Order, goal: Goal) -> Result<(), Error> {
        let orders = self.market.orders();
        let order = orders.sign_off(applicant, order.id).await?;
        if goal == SignedOff {
            return Ok(());
        }
        let agency = of(Party::Agency(order.terms.agency_id));
        let consumers = self.consumers(applicant, &order).await?;
        for code in &consumers {
            self.pass(7);
            let officer = department(code);
            if goal == ReturnedByDepartment {
                let why = ReturnCode::Substandard;
                let new = NewReturn {
                    code: why, note: "检测点位数量不符合标准要求".to_owned()
                };
                return orders.return_deliverable(&officer, order.id, new).await.map(drop);
            }
            orders.use_deliverable(&officer, order.id).await?;
        }
        self.evaluate(applicant, &agency, order.id, &consumers).await
    }

    /// Everybody who took part says how it went.
    async fn evaluate(
        &self,
        applicant: &Call,
        agency: &Call,
        order: OrderId,
        consumers: &[DepartmentCode],
    ) -> Result<(), Error> {
        let seed = usize::from(order.0.as_bytes()[15]);
        let (comment, best) = SAID[seed % SAID.len()];
        let about = |codes: &[&str], comment: &str| NewEvaluation {
            marks: (0..).zip(codes).map(|(at, code)| mark(code, best, seed + at)).collect(),
            comment: comment.to_owned(),
        };
        let of_agency = about(&["quality", "timeliness", "attitude", "fee"], comment);
        let of_applicant = about(&["cooperation", "payment"], "");
        let of_deliverable = about(&["quality", "lawfulness"], "");
        let all = self.market.evaluations();
        self.pass(30);
        all.give(applicant, order, of_agency).await?;
        self.pass(5);
        all.give(agency, order, of_applicant).await?;
        for code in consumers {
            self.pass(3);
            all.give(&department(code), order, of_deliverable.clone()).await?;
        }
        Ok(())
    }

    async fn consumers(
        &self,
        applicant: &Call,
        order: &Order,
    ) -> Result<Vec<DepartmentCode>, Error> {
        let case = self.market.cases().get(&applicant.actor, order.terms.case_id).await?;
        let matter = self.market.matters().version(&case.matter, case.matter_version).await?;
        Ok(matter.consumers(&order.terms.item))
    }

    async fn deliver(&self, agency: &Call, order: &Order) -> Result<Order, Error> {
        let text = format!(
            "演示成果\n订单: {}\n事项: {}\n本文件由演示程序生成，不具有任何效力。\n",
            order.id, order.terms.item
        );
        let new = NewDeliverable {
            name: format!("{}.txt", self.market.catalog().item(&order.terms.item).await?.name),
            media_type: "text/plain; charset=utf-8".to_owned(),
            sha256: sha256_hex(text.as_bytes()),
        };
        let content = Bytes::from(text);
        let kept = self.market.deliverables().upload(agency, order.id, new, content).await?;
        self.market.orders().deliver(agency, order.id, kept.number).await
    }
}

fn contract(order: &Order, now: Timestamp) -> Contract {
    let today: Day = now.day();
    Contract {
        number: format!("YS-{}", &order.id.to_string()[24..]),
        amount: order.terms.amount,
        signed_on: today,
        starts_on: today.plus(1),
        ends_on: today.plus(60),
        content: "按上架服务内容提供服务，成果一式三份".to_owned(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    }
}

/// A code that is written in this file.
pub(super) fn code<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the story's codes are codes")
}
