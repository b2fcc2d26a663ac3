//! The numbers of open selection in `policy.toml`.

use crate::{
    Mode, SelectionRules,
    import::{row::Row, table::Saying},
    kernel::fund::Fund,
};

/// What stands before each of their names.
const TABLE: &str = "selection.";
/// The plain numbers: their least and most, and what each means.
const NUMBERS: [(&str, u64, u64, &str); 26] = [
    ("selection.review_days", 1, 365, "formal review before publication"),
    ("selection.minimum_drawn_fiscal", 1, 100, "fewest agencies of a draw"),
    ("selection.minimum_drawn_social", 1, 100, ""),
    ("selection.minimum_priced_fiscal", 1, 100, "fewest quotes where the price decides"),
    ("selection.minimum_priced_social", 1, 100, ""),
    ("selection.minimum_compared", 1, 100, "fewest where credit or comparison decides"),
    ("selection.registration_days", 0, 365, "open for registration, at least"),
    ("selection.opening_hours", 1, 8760, "hours to give the opening code"),
    ("selection.choosing_days", 1, 365, "the owner chooses"),
    ("selection.publicity_days", 1, 365, "an award is published"),
    ("selection.confirm_hours", 1, 8760, "hours for the winner to confirm"),
    ("selection.rounds", 1, 20, "rounds of quotes, at most"),
    ("selection.round_minutes", 1, 1440, "minutes of a round"),
    ("selection.negotiation_hours", 1, 8760, "hours of a round of negotiation"),
    ("selection.trim_from", 3, 1000, "quotes from which highest and lowest are left out"),
    ("selection.alternates", 0, 100, "drawn to be next in line"),
    ("selection.points_per_ticket", 1, 1000, "points of credit for one ticket"),
    ("selection.short_list", 1, 1000, "most of whom the owner chooses one by credit"),
    ("selection.least_reveals", 1, 10, "parties whose secrets make a draw"),
    ("selection.complaint_acceptance_days", 1, 365, "a complaint is accepted or not"),
    ("selection.complaint_decision_days", 1, 365, "an accepted complaint is decided"),
    ("selection.splitting_days", 1, 3650, "calendar days over which purchases add up"),
    ("selection.k_anonymity", 2, 1000, "fewest orders that a figure is made of"),
    ("selection.concentration_window", 2, 1000, "latest purchases of an owner looked at"),
    ("selection.concentration_wins", 2, 1000, "of them won by one agency: alarm"),
    ("selection.pattern_quotes", 3, 1000, "quotes from which a pattern is an alarm"),
];

const NOT_BASES: Saying = (
    "bases",
    "must be different whole percentages from 50 to 100",
    "应为 50 至 100 之间互不相同的整数百分比",
);
const NOT_FUNDS: Saying = ("word", "not one of: fiscal, social", "应为 fiscal 或 social");
const NOT_MODES: Saying =
    ("word", "must name modes of selection, each once", "应为选取方式的代码，每项一次");

/// Reads them from a row.
pub(super) fn read(row: &mut Row) -> Option<SelectionRules> {
    let numbers = NUMBERS.map(|(column, least, most, _)| row.number::<u32>(column, least..=most));
    let reviewed = words::<Fund>(row, "selection.reviewed", true, NOT_FUNDS);
    let modes_fiscal = words::<Mode>(row, "selection.modes_fiscal", false, NOT_MODES);
    let modes_social = words::<Mode>(row, "selection.modes_social", false, NOT_MODES);
    let random_limit = row.money("selection.random_limit");
    let best_price_bases = bases(row);
    let [
        review,
        drawn_fiscal,
        drawn_social,
        priced_fiscal,
        priced_social,
        compared,
        registration,
        opening,
        choosing,
        publicity,
        confirm,
        rounds,
        round,
        negotiation,
        trim,
        alternates,
        points,
        short_list,
        reveals,
        acceptance,
        decision,
        splitting,
        anonymity,
        window,
        wins,
        pattern,
    ] = numbers;
    Some(SelectionRules {
        reviewed: reviewed?,
        review_days: review?,
        modes_fiscal: modes_fiscal?,
        modes_social: modes_social?,
        random_limit: random_limit?,
        minimum_drawn_fiscal: drawn_fiscal?,
        minimum_drawn_social: drawn_social?,
        minimum_priced_fiscal: priced_fiscal?,
        minimum_priced_social: priced_social?,
        minimum_compared: compared?,
        registration_days: registration?,
        opening_hours: opening?,
        choosing_days: choosing?,
        publicity_days: publicity?,
        confirm_hours: confirm?,
        rounds: rounds?,
        round_minutes: round?,
        negotiation_hours: negotiation?,
        best_price_bases: best_price_bases?,
        trim_from: trim?,
        alternates: alternates?,
        points_per_ticket: points?,
        short_list: short_list?,
        least_reveals: reveals?,
        complaint_acceptance_days: acceptance?,
        complaint_decision_days: decision?,
        splitting_days: splitting?,
        k_anonymity: anonymity?,
        concentration_window: window?,
        concentration_wins: wins?,
        pattern_quotes: pattern?,
    })
}

/// A list of different words; an empty one only where that means something.
fn words<T: std::str::FromStr + Ord + Copy>(
    row: &mut Row,
    column: &str,
    may_be_empty: bool,
    otherwise: Saying,
) -> Option<Vec<T>> {
    let parts = row.list(column);
    let mut found: Vec<T> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let given = found.clone();
    found.sort_unstable();
    found.dedup();
    let is_good = found.len() == parts.len() && (may_be_empty || !parts.is_empty());
    if !is_good {
        row.say(column, otherwise);
    }
    is_good.then_some(given)
}

fn bases(row: &mut Row) -> Option<Vec<u32>> {
    const COLUMN: &str = "selection.best_price_bases";
    let found = words::<u32>(row, COLUMN, false, NOT_BASES)?;
    let is_good = found.iter().all(|base| (50..=100).contains(base));
    if !is_good {
        row.say(COLUMN, NOT_BASES);
    }
    is_good.then_some(found)
}

/// Their lines in a `TOML` file: name, value, and what it means.
pub(super) fn lines(rules: &SelectionRules) -> Vec<(&'static str, String, &'static str)> {
    let quoted = |words: Vec<&str>| format!("{words:?}");
    let modes = |modes: &[Mode]| quoted(modes.iter().map(|mode| mode.as_str()).collect());
    let reviewed = quoted(rules.reviewed.iter().map(|fund| fund.as_str()).collect());
    let limit = format!("\"{}\"", rules.random_limit);
    let mut lines = vec![
        ("reviewed", reviewed, "whose purchases are formally reviewed"),
        ("modes_fiscal", modes(&rules.modes_fiscal), ""),
        ("modes_social", modes(&rules.modes_social), ""),
        ("random_limit", limit, "a draw with fiscal money only below; yuan"),
        ("best_price_bases", format!("{:?}", rules.best_price_bases), "percent of the mean"),
    ];
    let numbers = [
        rules.review_days,
        rules.minimum_drawn_fiscal,
        rules.minimum_drawn_social,
        rules.minimum_priced_fiscal,
        rules.minimum_priced_social,
        rules.minimum_compared,
        rules.registration_days,
        rules.opening_hours,
        rules.choosing_days,
        rules.publicity_days,
        rules.confirm_hours,
        rules.rounds,
        rules.round_minutes,
        rules.negotiation_hours,
        rules.trim_from,
        rules.alternates,
        rules.points_per_ticket,
        rules.short_list,
        rules.least_reveals,
        rules.complaint_acceptance_days,
        rules.complaint_decision_days,
        rules.splitting_days,
        rules.k_anonymity,
        rules.concentration_window,
        rules.concentration_wins,
        rules.pattern_quotes,
    ];
    let plain = |column: &'static str| column.trim_start_matches(TABLE);
    let numbers = NUMBERS.iter().zip(numbers);
    lines.extend(
        numbers.map(|((name, _, _, note), number)| (plain(name), number.to_string(), *note)),
    );
    lines
}
