//! What is published of a purchase, and what is not.

use serde_json::Value;

use super::*;
use crate::{
    Mode, PolicyProfile, Refusal,
    case::Fund,
    order::Contract,
    purchase::{
        Avoidance, Contact, Failure, Notice, Purchase, PurchaseState,
        tests::world::{World, code, fixed, limits, notice, open_case, operator},
    },
    simulation::{Came, Difference},
    testing::on_both,
};

/// A notice with everything in it that is nobody's business.
fn guarded(world: &World, mode: Mode) -> Notice {
    Notice {
        avoid: vec![Avoidance {
            agency_id: world.agencies[3].0, reason: "回避缘由甲".to_owned()
        }],
        witnesses: vec![Contact {
            name: "见证人丙".to_owned(),
            phone: "0574-9999-0000".to_owned(),
        }],
        ..notice(mode, limits())
    }
}

async fn page(world: &World, filter: &PublicNoticeFilter) -> Vec<PublicNotice> {
    world.market.publicity().notices(filter, &Paging::default()).await.unwrap().items
}

async fn kinds(world: &World, id: PurchaseId) -> Vec<&'static str> {
    let told = world.market.publicity().notices_of(id).await.unwrap();
    told.iter().map(|notice| notice.kind().as_str()).collect()
}

/// Everything that is published of a purchase, as text.
async fn everything(world: &World, id: PurchaseId) -> String {
    let publicity = world.market.publicity();
    let filter = PublicNoticeFilter::default();
    let page = publicity.notices(&filter, &Paging::default()).await.unwrap();
    let packages =
        [publicity.release_package(id).await.unwrap(), publicity.record_package(id).await.unwrap()];
    serde_json::to_string(&page).unwrap() + &Value::from(packages.to_vec()).to_string()
}

/// Opens a purchase by price to three agencies.
async fn opened(world: &World, notice: Notice) -> Purchase {
    let open = world.publish(notice).await.unwrap();
    world.enter(open.id, &["300.07", "200.03", "100.01"]).await;
    open
}

/// Has the contract of an ordered purchase recorded and confirmed.
async fn contract(world: &World, ordered: &Purchase, agency: usize) {
    let PurchaseState::Ordered(state) = &ordered.state else { panic!("{:?}", ordered.state) };
    let today = world.now().day();
    let contract = Contract {
        number: "HT-2026-1".to_owned(),
        amount: state.award.amount,
        signed_on: today,
        starts_on: today,
        ends_on: today.plus(14),
        content: "合同内容丁".to_owned(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    };
    let orders = world.market.orders();
    orders.record_contract(world.agency(agency), state.order_id, contract).await.unwrap();
    orders.confirm_contract(&world.owner, state.order_id).await.unwrap();
}

on_both! {
    async fn a_purchase_is_told_of_from_its_notice_to_its_contract(url: &str) {
        let world = World::new(url, Fund::Social, 4).await;
        let guarded = guarded(&world, Mode::LowestPrice);
        let open = opened(&world, guarded.clone()).await;
        let corrected = Notice { content: "改正后的内容".to_owned(), ..guarded };
        world.market.purchases().correct(&world.owner, open.id, corrected).await.unwrap();
        assert_eq!(kinds(&world, open.id).await, ["purchase", "correction"]);
        let early = everything(&world, open.id).await;
        let open = world.get(open.id).await;
        let published = world.open(&open).await;
        assert_eq!(world.winner(&published), 2);
        let awarded = world.wait(&published).await;
        let purchases = world.market.purchases();
        purchases.decline(world.agency(2), awarded.id, "人手不足").await.unwrap();
        let awarded = world.wait(&awarded).await;
        let ordered = purchases.confirm(world.agency(1), awarded.id).await.unwrap();
        contract(&world, &ordered, 1).await;
        let told = ["purchase", "correction", "award", "award", "contract"];
        assert_eq!(kinds(&world, open.id).await, told);

        let late = everything(&world, open.id).await;
        for canary in ["回避缘由甲", "见证人丙", "9999-0000", "13800000000", "0574-1000-", "合同内容丁"] {
            assert!(!early.contains(canary) && !late.contains(canary), "{canary}");
        }
        for canary in ["第0检测", "第1检测", "第2检测", "300.07", "200.03", "100.01"] {
            assert!(!early.contains(canary), "{canary} before the award");
        }
        assert!(!late.contains("300.07"), "what losers quoted is in the proof only");
        assert!(late.contains("200.03") && late.contains("第0检测"));

        let notices = world.market.publicity().notices_of(open.id).await.unwrap();
        let NoticeBody::Correction { number: 2, notice } = &notices[1].body else { panic!() };
        assert_eq!(notice.content, "改正后的内容");
        let NoticeBody::Purchase { number: 1, notice } = &notices[0].body else { panic!() };
        assert_eq!((notice.content.as_str(), notice.avoid.len()), ("开业前检测\n出具检测报告", 0));
        let NoticeBody::Award { winner, amount, place: 1, until: Some(_), .. } = &notices[3].body
        else {
            panic!("{:?}", notices[3])
        };
        assert_eq!((winner.id, amount.to_string().as_str()), (world.agencies[1].0, "200.03"));
        let NoticeBody::Contract { winner, number, .. } = &notices[4].body else { panic!() };
        assert_eq!((winner.id, number.as_str()), (world.agencies[1].0, "HT-2026-1"));
        assert_eq!(notices[4].owner.name, "李**");
        let again = world.market.publicity().notice(notices[3].pos).await.unwrap();
        assert_eq!(again, notices[3]);
    }

    async fn notices_are_found_by_kind_place_item_and_day(url: &str) {
        let world = World::new(url, Fund::Social, 4).await;
        let open = opened(&world, notice(Mode::LowestPrice, limits())).await;
        world.market.purchases().void(&world.owner, open.id, "不买了").await.unwrap();
        let all = PublicNoticeFilter::default();
        let kinds_of = async |filter: PublicNoticeFilter| {
            let found = page(&world, &filter).await;
            found.iter().map(|notice| notice.kind().as_str()).collect::<Vec<_>>()
        };
        assert_eq!(kinds_of(all.clone()).await, ["failure", "purchase"]);
        let failures = PublicNoticeFilter { kind: Some(NoticeKind::Failure), ..all.clone() };
        assert_eq!(kinds_of(failures).await, ["failure"]);
        let region = |code: &str| Some(code.parse().unwrap());
        let province = PublicNoticeFilter { region: region("330000"), ..all.clone() };
        assert_eq!(kinds_of(province).await.len(), 2);
        let elsewhere = PublicNoticeFilter { region: region("330281"), ..all.clone() };
        assert!(kinds_of(elsewhere).await.is_empty());
        let item = PublicNoticeFilter { item: Some(open.item.clone()), ..all.clone() };
        assert_eq!(kinds_of(item).await.len(), 2);
        let other = PublicNoticeFilter { item: Some("no-such".parse().unwrap()), ..all.clone() };
        assert!(kinds_of(other).await.is_empty());
        let today = world.now().day();
        let since = PublicNoticeFilter { since: Some(today), ..all.clone() };
        assert_eq!(kinds_of(since).await.len(), 2);
        let tomorrow = PublicNoticeFilter { since: Some(today.plus(1)), ..all.clone() };
        assert!(kinds_of(tomorrow).await.is_empty());

        let publicity = world.market.publicity();
        let one = Paging { after: None, limit: 1 };
        let first = publicity.notices(&all, &one).await.unwrap();
        let second = Paging { after: first.next, limit: 1 };
        let second = publicity.notices(&all, &second).await.unwrap();
        assert_eq!((second.items[0].kind(), second.next), (NoticeKind::Purchase, None));
        let NoticeBody::Failure { failure: None, reason: Some(reason) } = &first.items[0].body
        else {
            panic!("{:?}", first.items)
        };
        assert_eq!(reason, "不买了");
    }

    async fn what_was_never_published_stays_unknown(url: &str) {
        let world = World::new(url, Fund::Social, 0).await;
        let draft = world.draft(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.market.purchases().void(&world.owner, draft.id, "不买了").await.unwrap();
        let publicity = world.market.publicity();
        assert!(matches!(publicity.notices_of(draft.id).await, Err(Error::NotFound(_))));
        assert!(matches!(publicity.record_package(draft.id).await, Err(Error::NotFound(_))));
        assert!(page(&world, &PublicNoticeFilter::default()).await.is_empty());
        let hidden = world.market.purchases().get(None, draft.id).await;
        assert!(matches!(hidden, Err(Error::NotFound(_))), "{hidden:?}");
    }

    async fn figures_are_of_groups_that_are_large_enough(url: &str) {
        let world = World::new(url, Fund::Social, 4).await;
        let figures = async |filter: &FiguresFilter| {
            world.market.publicity().figures(filter).await.unwrap()
        };
        let all = FiguresFilter::default();
        let none = figures(&all).await;
        assert_eq!((none.purchases, none.success, none.median_days_to_award), (0, None, None));
        let closes_at = world.now().plus_seconds(10 * 24 * 3600 + 60);
        let mut world = world.clone();
        let mut open = Vec::new();
        for _ in 0..5 {
            world.case = open_case(&world.market, &world.owner, Fund::Social).await;
            let new = Notice { closes_at, ..notice(Mode::LowestPrice, limits()) };
            open.push(opened(&world, new).await);
        }
        assert_eq!(world.until(closes_at).await, 5);
        let purchases = world.market.purchases();
        for purchase in &open {
            purchases.open(&world.owner, purchase.id, &code()).await.unwrap();
        }
        let due = world.get(open[0].id).await.state.due_at().unwrap();
        assert_eq!(world.until(due).await, 5);
        for (count, purchase) in (1..).zip(&open) {
            purchases.confirm(world.agency(2), purchase.id).await.unwrap();
            let now = figures(&all).await;
            assert_eq!((now.purchases, now.success), (5, Some(10_000)));
            assert_eq!(now.savings.is_empty(), count < 5, "four orders are too few to tell of");
            assert_eq!((now.k_anonymity, now.withheld), (5, i64::from(count < 5)));
        }
        let now = figures(&all).await;
        assert_eq!(now.by_state, [("ordered".to_owned(), 5)].into());
        assert_eq!(now.by_mode, [("lowest_price".to_owned(), 5)].into());
        assert_eq!(now.median_days_to_award, Some(10));
        let savings = &now.savings[0];
        assert_eq!((savings.orders, savings.paid.to_string().as_str()), (5, "500.05"));
        assert_eq!(savings.budget.to_string(), "1000000.00");
        assert_eq!(savings.saved, 9_994);
        let prices = &now.prices[0];
        assert_eq!((prices.p25, prices.p75), (prices.p50, prices.p50));
        assert_eq!(prices.p50.to_string(), "100.01");
        assert_eq!((now.concentration[0].agencies, now.concentration[0].hhi), (1, 10_000));
        let region = Some("330281".parse().unwrap());
        let elsewhere = FiguresFilter { region, ..all.clone() };
        assert_eq!(figures(&elsewhere).await.purchases, 0);
        let until = Some("2026-11-23".parse().unwrap());
        assert!(figures(&FiguresFilter { until, ..all }).await.prices.is_empty());
    }

    async fn other_policy_is_held_against_what_was(url: &str) {
        let world = World::new(url, Fund::Social, 4).await;
        let open = opened(&world, notice(Mode::LowestPrice, limits())).await;
        let published = world.open(&open).await;
        let region = world.market.rules().region(&open.region).await.unwrap();
        let policy = world.market.rules().policy(&region.code, world.now().day()).await.unwrap();
        let since = "2026-01-01".parse().unwrap();
        let simulate = async |change: fn(&mut PolicyProfile)| {
            let mut profile = policy.clone();
            change(&mut profile);
            let found = world.market.purchases().simulate(&profile, since).await.unwrap();
            assert_eq!((found.purchases, found.orders), (1, 0));
            let mut otherwise = found.otherwise.into_iter();
            otherwise.next().map(|one| one.differences).unwrap_or_default()
        };
        assert_eq!(simulate(|_| ()).await, [], "the same policy decides the same");
        let refused = simulate(|policy| policy.selection.modes_social = vec![Mode::Random]).await;
        assert_eq!(refused, [Difference::Refused { code: "mode-not-allowed".to_owned() }]);
        let failed = simulate(|policy| policy.selection.minimum_priced_social = 4).await;
        let registration_id = published.state.award().unwrap().registration_id;
        let was = Came::Winner { registration_id };
        let would_be = Came::Failed { reason: "too_few_registrants".to_owned() };
        assert_eq!(failed, [Difference::Outcome { was, would_be }]);
        let longer = simulate(|policy| policy.selection.publicity_days += 1).await;
        assert!(
            matches!(&longer[..], [Difference::Deadline { event, was, would_be }]
                if event == "award_published" && was < would_be),
            "{longer:?}"
        );
        let reviewed = simulate(|policy| policy.selection.reviewed.push(Fund::Social)).await;
        assert_eq!(reviewed, [Difference::Review { was: false, would_be: true }]);
        let window = simulate(|policy| policy.selection.registration_days = 30).await;
        assert!(matches!(&window[..], [Difference::Deadline { event, .. }]
            if event == "purchase_published"), "{window:?}");
        let mut profile = policy.clone();
        profile.selection.publicity_days += 1;
        let operator = operator().actor;
        let tried = world.market.purchases().try_out(&operator, &profile, since).await.unwrap();
        assert_eq!(tried, world.market.purchases().simulate(&profile, since).await.unwrap());
        assert!(tried.is_whole && tried.otherwise.len() == 1, "{tried:?}");
        let refused = world.market.purchases().try_out(&world.owner.actor, &profile, since).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OperatorOnly))), "{refused:?}");
        // A nearer region's own profile goes before one of the province.
        let mut province = policy.clone();
        province.region = "330000".parse().unwrap();
        let found = world.market.purchases().simulate(&province, since).await.unwrap();
        assert_eq!((found.purchases, found.otherwise.len()), (0, 0));
    }

    async fn too_few_for_one_policy_are_enough_for_another(url: &str) {
        let world = World::new(url, Fund::Fiscal, 2).await;
        let open = world.publish(notice(Mode::Random, fixed())).await.unwrap();
        world.register(0, open.id).await.unwrap();
        world.register(1, open.id).await.unwrap();
        let failed = world.wait(&open).await;
        assert_eq!(failed.state.name(), "failed");
        let policy = world.market.rules().policy(&open.region, world.now().day()).await.unwrap();
        let mut profile = policy.clone();
        profile.selection.minimum_drawn_fiscal = 2;
        let since = "2026-01-01".parse().unwrap();
        let found = world.market.purchases().simulate(&profile, since).await.unwrap();
        let differences = &found.otherwise[0].differences;
        assert_eq!(*differences, [Difference::Minimum { had: 2, minimum: 2 }]);
        let told = world.market.publicity().notices_of(open.id).await.unwrap();
        let NoticeBody::Failure { failure, .. } = &told[1].body else { panic!("{told:?}") };
        assert_eq!(*failure, Some(Failure::TooFewRegistrants));
    }
}
