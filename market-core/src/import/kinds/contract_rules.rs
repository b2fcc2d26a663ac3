//! The table `contract` of a policy profile, as cells and as lines.

use crate::{
    ContractRules,
    import::{row::Row, table::Saying},
};

/// The numbers of the rules for contracts: their least and most, and what each means.
const CONTRACT: [(&str, u64, u64, &str); 5] = [
    ("contract.change_limit_percent", 0, 100, "percent of the first amount, all changes together"),
    ("contract.payment_days", 1, 365, "calendar days from acceptance, if none are agreed"),
    ("contract.payment_max_days", 1, 365, "the most that may be agreed"),
    ("contract.late_interest_per_myriad_day", 0, 100, "ten-thousandths a day, if none are agreed"),
    ("contract.least_interest_per_myriad_day", 0, 100, "the least that may be agreed"),
];

const DEEMED: &str = "contract.deemed_sign_off";
const DEEMED_NOTE: &str = "a deliverable not checked in time is deemed accepted";
const NOT_TRUE_OR_FALSE: Saying = ("word", "must be true or false", "只能填写：true、false");
const OVER_MOST: Saying =
    ("range", "must not be over contract.payment_max_days", "不能超过付款期限上限");
const UNDER_LEAST: Saying = (
    "range",
    "must not be under contract.least_interest_per_myriad_day",
    "不能低于约定逾期利率下限",
);

/// The rules of a row, with what is wrong between them.
pub(super) fn read(row: &mut Row) -> Option<ContractRules> {
    let numbers = CONTRACT.map(|(column, least, most, _)| row.number::<u32>(column, least..=most));
    let deemed_sign_off = row.parsed(DEEMED, NOT_TRUE_OR_FALSE);
    let [change_limit, days, most_days, interest, least_interest] = numbers;
    if days > most_days && most_days.is_some() {
        row.say("contract.payment_days", OVER_MOST);
    }
    if interest < least_interest && interest.is_some() {
        row.say("contract.late_interest_per_myriad_day", UNDER_LEAST);
    }
    Some(ContractRules {
        change_limit_percent: change_limit?,
        payment_days: days?,
        payment_max_days: most_days?,
        late_interest_per_myriad_day: interest?,
        least_interest_per_myriad_day: least_interest?,
        deemed_sign_off: deemed_sign_off?,
    })
}

/// Each number by its name in the table, with what it means.
pub(super) fn lines(rules: &ContractRules) -> Vec<(&'static str, String, &'static str)> {
    let numbers = [
        rules.change_limit_percent,
        rules.payment_days,
        rules.payment_max_days,
        rules.late_interest_per_myriad_day,
        rules.least_interest_per_myriad_day,
    ];
    let plain = |column: &'static str| column.trim_start_matches("contract.");
    let lines = CONTRACT.iter().zip(numbers);
    let lines =
        lines.map(|((column, _, _, note), number)| (plain(column), number.to_string(), *note));
    let deemed = (plain(DEEMED), rules.deemed_sign_off.to_string(), DEEMED_NOTE);
    lines.chain([deemed]).collect()
}
