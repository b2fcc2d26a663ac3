//! The table `evaluation` of a policy profile, as cells and as lines.

use crate::{
    Dimension, EvaluationRules, Unrated,
    import::{row::Row, table::Saying},
    kernel::evaluation::WHOLE,
};

/// What stands before each of their names.
const TABLE: &str = "evaluation.";
/// The plain numbers: their least and most, and what each means.
const NUMBERS: [(&str, u64, u64, &str); 7] = [
    ("evaluation.scale", 2, 10, "the best mark; the worst is 1"),
    ("evaluation.window_days", 1, 365, "an order may be evaluated after its end"),
    ("evaluation.appeal_days", 0, 365, "the agency may appeal against an evaluation"),
    ("evaluation.decision_days", 1, 365, "an appeal is decided; the evaluation is kept after that"),
    ("evaluation.applicant_weight", 0, 100, "of the applicant's evaluation, beside …"),
    ("evaluation.department_weight", 0, 100, "… that of the departments together"),
    ("evaluation.deemed_points", 0, 1000, "of an order that is deemed evaluated"),
];

const APPLICANT: &str = "evaluation.applicant_dimensions";
const DEPARTMENT: &str = "evaluation.department_dimensions";
const AGENCY: &str = "evaluation.agency_dimensions";
const UNRATED: &str = "evaluation.unrated";

/// The most things that are marked of one.
const MOST: usize = 10;

const NOT_DIMENSIONS: Saying = (
    "dimensions",
    "must be 1 to 10 dimensions, each a code, a name and a weight, such as: quality 服务质量 40",
    "应为 1 至 10 个维度，每个依次写代码、名称、权重，如 quality 服务质量 40",
);
const TWICE: Saying = ("duplicate", "names a code twice", "维度代码重复");
const NOT_WHOLE: Saying = ("sum", "the weights must add up to 100", "各维度权重之和应为 100");
const NO_WEIGHT: Saying = (
    "range",
    "must not be 0 together with evaluation.applicant_weight",
    "不能与申请人评价权重同时为 0",
);

/// The rules of a row, with what is wrong between them.
pub(super) fn read(row: &mut Row) -> Option<EvaluationRules> {
    let numbers = NUMBERS.map(|(column, least, most, _)| row.number::<u32>(column, least..=most));
    let [applicants, departments, agencies] =
        [APPLICANT, DEPARTMENT, AGENCY].map(|column| dimensions(row, column));
    let unrated: Option<Unrated> = row.word(UNRATED);
    let [scale, window, appeal, decision, applicant, department, deemed] = numbers;
    if (applicant, department) == (Some(0), Some(0)) {
        row.say("evaluation.department_weight", NO_WEIGHT);
    }
    Some(EvaluationRules {
        scale: scale?,
        window_days: window?,
        appeal_days: appeal?,
        decision_days: decision?,
        applicant_dimensions: applicants?,
        department_dimensions: departments?,
        agency_dimensions: agencies?,
        applicant_weight: applicant?,
        department_weight: department?,
        unrated: unrated?,
        deemed_points: deemed?,
    })
}

/// What is marked: different codes, whose weights make a whole.
fn dimensions(row: &mut Row, column: &str) -> Option<Vec<Dimension>> {
    let parts = row.list(column);
    let found: Vec<Dimension> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    if found.len() != parts.len() || !(1..=MOST).contains(&parts.len()) {
        row.say(column, NOT_DIMENSIONS);
        return None;
    }
    let mut codes: Vec<_> = found.iter().map(|one| &one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.len() < found.len() {
        row.say(column, TWICE);
        return None;
    }
    if found.iter().map(|one| one.weight).sum::<u32>() != WHOLE {
        row.say(column, NOT_WHOLE);
        return None;
    }
    Some(found)
}

/// Each by its name in the table, with what it means.
pub(super) fn lines(rules: &EvaluationRules) -> Vec<(&'static str, String, &'static str)> {
    let numbers = [
        rules.scale,
        rules.window_days,
        rules.appeal_days,
        rules.decision_days,
        rules.applicant_weight,
        rules.department_weight,
        rules.deemed_points,
    ];
    let plain = |column: &'static str| column.trim_start_matches(TABLE);
    let quoted = |all: &[Dimension]| {
        let words: Vec<String> = all.iter().map(|one| format!("\"{one}\"")).collect();
        format!("[{}]", words.join(", "))
    };
    let line = |at: usize| {
        let (column, _, _, note) = NUMBERS[at];
        (plain(column), numbers[at].to_string(), note)
    };
    let unrated = format!("\"{}\"", rules.unrated);
    vec![
        line(0),
        line(1),
        line(2),
        line(3),
        (plain(APPLICANT), quoted(&rules.applicant_dimensions), "code, name, percent"),
        (plain(DEPARTMENT), quoted(&rules.department_dimensions), ""),
        (plain(AGENCY), quoted(&rules.agency_dimensions), ""),
        line(4),
        line(5),
        (plain(UNRATED), unrated, "none, or deemed: an order that nobody evaluates"),
        line(6),
    ]
}
