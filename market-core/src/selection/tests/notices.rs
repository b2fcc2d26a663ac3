//! What a notice may say, and how it is written.

use serde_json::{Value, json};

use super::*;
use crate::{Mode, selection::OffLimits};

fn places(rule: Rule, minimum: usize, limits: Option<Limits>) -> Vec<(String, String)> {
    let faults = Selection { rule, minimum, limits }.validate("/selection");
    faults.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
}

/// The faults of a rule whose minimum and limits are right.
fn faults(rule: Rule) -> Vec<(String, String)> {
    let limits = rule.mode().wants_quotes().then_some(ANY_AMOUNT);
    places(rule, 1, limits)
}

fn at(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(place, code)| (format!("/selection{place}"), (*code).to_owned()))
        .collect()
}

#[test]
fn numbers_have_their_bounds() {
    let best = |bases: &[u32], trim_from| Rule::BestPrice { bases: bases.to_vec(), trim_from };
    assert_eq!(faults(best(&[50, 100], 3)), []);
    assert_eq!(
        faults(best(&[49, 95, 101, 95], 2)),
        at(&[
            ("/rule/trim_from", "range"),
            ("/rule/bases/0", "range"),
            ("/rule/bases/2", "range"),
            ("/rule/bases/3", "duplicate"),
        ])
    );
    assert_eq!(faults(best(&[], 6)), at(&[("/rule/bases", "missing")]));

    let credit = |long_list, short_list, points_per_ticket| Rule::CreditPreferred {
        long_list,
        short_list,
        points_per_ticket,
    };
    assert_eq!(faults(credit(3, 3, 1)), []);
    assert_eq!(faults(credit(3, 4, 1)), at(&[("/rule/short_list", "range")]));
    assert_eq!(
        faults(credit(0, 0, 0)),
        at(&[
            ("/rule/long_list", "range"),
            ("/rule/short_list", "range"),
            ("/rule/points_per_ticket", "range"),
        ])
    );

    assert_eq!(faults(Rule::Random { alternates: 0 }), []);
    assert_eq!(faults(Rule::Random { alternates: 1001 }), at(&[("/rule/alternates", "range")]));
    for rounds in [0, 11] {
        assert_eq!(faults(Rule::MultiRound { rounds }), at(&[("/rule/rounds", "range")]));
        assert_eq!(faults(Rule::Negotiation { rounds }), at(&[("/rule/rounds", "range")]));
    }
    assert_eq!(places(Rule::LowestPrice {}, 0, Some(ANY_AMOUNT)), at(&[("/minimum", "range")]));
}

#[test]
fn weights_make_a_hundred_and_keys_are_plain_and_unique() {
    let faults = |change: fn(&mut Vec<Criterion>)| {
        let mut criteria = criteria();
        change(&mut criteria);
        faults(Rule::Inquiry { criteria })
    };
    assert_eq!(faults(|_| ()), []);
    assert_eq!(faults(|all| all[0].weight = 41), at(&[("/rule/criteria", "sum")]));
    assert_eq!(faults(Vec::clear), at(&[("/rule/criteria", "length")]));
    assert_eq!(
        faults(|all| (all[0].weight, all[1].weight) = (75, 0)),
        at(&[("/rule/criteria/1/weight", "range")])
    );
    assert_eq!(
        faults(|all| (all[0].weight, all[1].weight) = (u32::MAX, u32::MAX)),
        at(&[
            ("/rule/criteria/0/weight", "range"),
            ("/rule/criteria/1/weight", "range"),
            ("/rule/criteria", "sum"),
        ])
    );
    assert_eq!(
        faults(|all| {
            all[0].key = "价格".to_owned();
            all[1].key = "price".to_owned();
            all[2].name = " ".to_owned();
        }),
        at(&[
            ("/rule/criteria/0/key", "format"),
            ("/rule/criteria/2/key", "duplicate"),
            ("/rule/criteria/2/name", "length"),
        ])
    );
}

#[test]
fn limits_stand_where_quotes_are_asked_for_and_there_only() {
    let lowest = || Rule::LowestPrice {};
    let random = || Rule::Random { alternates: 0 };
    assert_eq!(places(lowest(), 1, None), at(&[("/limits", "missing")]));
    assert_eq!(places(random(), 1, Some(ANY_AMOUNT)), at(&[("/limits", "choice")]));
    let limits = |low, high| Some(Limits::Amount { low: money(low), high: money(high) });
    assert_eq!(places(lowest(), 1, limits("5", "5")), []);
    assert_eq!(places(lowest(), 1, limits("5.01", "5")), at(&[("/limits/amount/low", "range")]));
    let [low, high] = ["7", "6.99"].map(|percent| percent.parse().unwrap());
    let limits = Some(Limits::Discount { low, high });
    assert_eq!(places(lowest(), 1, limits), at(&[("/limits/discount/low", "range")]));
}

#[test]
fn a_quote_off_the_limits_says_which_it_breaks() {
    let limits = Limits::Amount { low: money("90"), high: money("100") };
    let said = |quote: Quote| quote.check(&limits).map_err(|why| (why.code(), why.to_string()));
    assert_eq!(said(amount("90")), Ok(()));
    assert_eq!(said(amount("100")), Ok(()));
    let low = "the quote is under the lower limit of 90.00 yuan".to_owned();
    assert_eq!(said(amount("89.99")), Err(("too-low", low)));
    let high = "the quote is over the upper limit of 100.00 yuan".to_owned();
    assert_eq!(said(amount("100.01")), Err(("too-high", high)));
    let kind = "the quote must be given as amount".to_owned();
    assert_eq!(said(discount("5")), Err(("kind", kind)));
    let over = OffLimits::TooHigh(discount("10"));
    let limits = Limits::Discount { low: Rate::default(), high: "10".parse().unwrap() };
    assert_eq!(discount("10.01").check(&limits), Err(over));
    assert_eq!(over.to_string(), "the quote is over the upper limit of 10.00 %");
}

#[test]
fn a_discount_is_taken_off_the_ceiling_and_rounded_half_up() {
    for (percent, ceiling, award) in [
        ("0", "12000.00", "12000.00"),
        ("12.50", "12000.00", "10500.00"),
        ("100", "12000.00", "0.00"),
        ("50", "0.01", "0.01"),
        ("50.01", "0.01", "0.00"),
        ("33.33", "100.00", "66.67"),
        ("0.01", "999999999999.99", "999899999999.99"),
    ] {
        assert_eq!(discount(percent).award_amount(money(ceiling)), money(award), "{percent} %");
    }
    assert_eq!(amount("77.70").award_amount(money("100")), money("77.70"));
}

fn written(selection: &Selection) -> Value {
    let value = serde_json::to_value(selection).unwrap();
    assert_eq!(serde_json::from_value::<Selection>(value.clone()).unwrap(), *selection);
    value
}

#[test]
fn a_notice_writes_each_rule_by_its_mode_without_a_float() {
    let limits = json!({"amount": {"low": "0.00", "high": "999999999999.99"}});
    let criteria_json = json!([
        {"key": "service", "name": "服务方案", "weight": 40},
        {"key": "people", "name": "人员", "weight": 35},
        {"key": "price", "name": "报价", "weight": 25},
    ]);
    for (rule, expected) in [
        (Rule::Random { alternates: 2 }, json!({"mode": "random", "alternates": 2})),
        (Rule::LowestPrice {}, json!({"mode": "lowest_price"})),
        (
            Rule::BestPrice { bases: vec![95, 96], trim_from: 6 },
            json!({"mode": "best_price", "bases": [95, 96], "trim_from": 6}),
        ),
        (
            Rule::CreditPreferred { long_list: 10, short_list: 3, points_per_ticket: 100 },
            json!({
                "mode": "credit_preferred", "long_list": 10, "short_list": 3, "points_per_ticket": 100,
            }),
        ),
        (
            Rule::PlanPreferred { criteria: criteria() },
            json!({"mode": "plan_preferred", "criteria": criteria_json}),
        ),
        (
            Rule::Inquiry { criteria: criteria() },
            json!({"mode": "inquiry", "criteria": criteria_json}),
        ),
        (Rule::MultiRound { rounds: 3 }, json!({"mode": "multi_round", "rounds": 3})),
        (Rule::Negotiation { rounds: 3 }, json!({"mode": "negotiation", "rounds": 3})),
    ] {
        let mode = rule.mode();
        assert_eq!(expected["mode"], mode.as_str());
        let limits = if mode.wants_quotes() { limits.clone() } else { Value::Null };
        let selection = selection(rule, 3);
        assert_eq!(written(&selection), json!({"rule": expected, "minimum": 3, "limits": limits}));
    }
}

#[test]
fn what_a_notice_does_not_know_is_refused() {
    for (rule, limits) in [
        (json!({"mode": "lowest_price", "alternates": 1}), json!(null)),
        (json!({"mode": "random", "alternates": 1, "rounds": 1}), json!(null)),
        (json!({"mode": "direct"}), json!(null)),
        (json!({"mode": "random", "alternates": -1}), json!(null)),
        (json!({"mode": "random", "alternates": 1.0}), json!(null)),
        (json!({"mode": "lowest_price"}), json!({"amount": {"low": "0", "high": "1", "x": 1}})),
        (json!({"mode": "lowest_price"}), json!({"amount": {"low": 0, "high": "1"}})),
        (json!({"mode": "lowest_price"}), json!({"discount": {"low": "0", "high": "100.5"}})),
    ] {
        let notice = json!({"rule": rule, "minimum": 3, "limits": limits});
        assert!(serde_json::from_value::<Selection>(notice.clone()).is_err(), "{notice}");
    }
}

#[test]
fn outcomes_are_read_as_they_are_written() {
    let bids = asking(&["10000", "9500", "9500", "9400", "9400", "9000"]);
    let winner = decided(&best_price(&[98]), &bids);
    let value = serde_json::to_value(&winner).unwrap();
    assert_eq!(value["outcome"], "winner");
    assert_eq!(
        value["facts"],
        json!({
            "by": "best_price",
            "base": 98,
            "reference": {"amount": "9261.00"},
            "trimmed": {"highest": registration(1), "lowest": registration(6)},
        })
    );
    let failed = Outcome::Failed { reason: FailureReason::TooFewQuotes };
    let text = r#"{"outcome":"failed","reason":"too_few_quotes"}"#;
    assert_eq!(serde_json::to_string(&failed).unwrap(), text);
    let scored = selection(Rule::Inquiry { criteria: criteria() }, 2);
    let short_list = decided(&credit_preferred(5, 2), &bids);
    let picked = short_list.clone().pick(match &short_list {
        Outcome::ShortList { candidates, .. } => candidates[1],
        other => panic!("{other:?}"),
    });
    for outcome in [
        winner,
        failed,
        short_list,
        picked.unwrap(),
        decided(&scored, &bids),
        decided(&selection(Rule::Random { alternates: 1 }, 3), &bids),
    ] {
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
    }
}

#[test]
fn the_rules_in_words_name_every_mode_and_every_failure() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/selection.md");
    let words = std::fs::read_to_string(path).unwrap();
    let modes = Mode::ALL.iter().map(|mode| (mode.zh(), mode.as_str()));
    let failures = FailureReason::ALL.iter().map(|reason| (reason.zh(), reason.as_str()));
    for (zh, word) in modes.chain(failures) {
        assert!(words.contains(zh) && words.contains(&format!("`{word}`")), "{zh} {word}");
    }
}
