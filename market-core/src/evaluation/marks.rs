//! From marks to points: whole numbers only, rounded half up.

use std::collections::BTreeMap;

use super::{Evaluation, Mark, Rater};
use crate::{Dimension, Error, EvaluationRules, Fault, kernel::evaluation::WHOLE};

/// The full points of an evaluation.
const FULL: u64 = 1000;
/// The most marks that are read of what somebody sends.
const MOST: usize = 20;

impl EvaluationRules {
    /// What somebody in a role marks.
    pub(crate) fn dimensions(&self, role: Rater) -> &[Dimension] {
        match role {
            Rater::Applicant => &self.applicant_dimensions,
            Rater::Agency => &self.agency_dimensions,
            Rater::Department => &self.department_dimensions,
        }
    }
}

/// The marks of somebody in a role, in the order of the dimensions; every one of them is marked,
/// and nothing else.
pub(super) fn read(
    given: &BTreeMap<String, u32>,
    role: Rater,
    rules: &EvaluationRules,
) -> Result<Vec<Mark>, Error> {
    let dimensions = rules.dimensions(role);
    let mut faults = Vec::new();
    let known: Vec<&str> = dimensions.iter().map(|one| one.code.as_str()).collect();
    for code in given.keys().filter(|code| !known.contains(&code.as_str())).take(MOST) {
        let shown: String = code.chars().take(60).collect();
        let pointer = format!("/marks/{}", shown.replace('~', "~0").replace('/', "~1"));
        let message = format!("no such dimension; there are: {}", known.join(", "));
        faults.push(Fault::new(pointer, "unknown", message));
    }
    let mut marks = Vec::new();
    for Dimension { code, name, weight } in dimensions {
        let pointer = || format!("/marks/{code}");
        match given.get(code) {
            None => faults.push(Fault::new(pointer(), "missing", "must be marked")),
            Some(mark) if !(1..=rules.scale).contains(mark) => {
                let message = format!("must be from 1 to {}", rules.scale);
                faults.push(Fault::new(pointer(), "range", message));
            }
            Some(mark) => {
                let (code, name) = (code.clone(), name.clone());
                marks.push(Mark { code, name, weight: *weight, mark: *mark });
            }
        }
    }
    Error::unless_faultless(faults)?;
    Ok(marks)
}

/// The points of one evaluation: the weighted mean of its marks, of which the best is worth 1000.
pub(super) fn of_marks(marks: &[Mark], scale: u32) -> u32 {
    let sum: u64 = marks.iter().map(|one| u64::from(one.weight) * u64::from(one.mark)).sum();
    rounded(sum * FULL, u64::from(WHOLE) * u64::from(scale))
}

/// The points of an order: those of its applicant's evaluation beside the mean of the departments',
/// by their weights; of those that count. None, if none does.
pub(super) fn of_order<'e>(
    rules: &EvaluationRules,
    given: impl Iterator<Item = &'e Evaluation>,
) -> Option<u32> {
    let (mut of_applicant, mut of_departments) = ((0, 0), (0, 0));
    for one in given.filter(|one| one.state.counts()) {
        let (sum, number) = match one.role {
            Rater::Applicant => &mut of_applicant,
            Rater::Department => &mut of_departments,
            Rater::Agency => continue,
        };
        *sum += u64::from(one.points);
        *number += 1;
    }
    // Both over one denominator, so that nothing is rounded before the end.
    let (mut above, mut below) = (0, 0);
    let weighed =
        [(of_applicant, rules.applicant_weight), (of_departments, rules.department_weight)];
    let all: u64 = weighed.iter().map(|((_, number), _)| (*number).max(1)).product();
    for ((sum, number), weight) in weighed {
        if let Some(share) = all.checked_div(number) {
            above += u64::from(weight) * sum * share;
            below += u64::from(weight) * all;
        }
    }
    (below > 0).then(|| rounded(above, below))
}

/// A quotient, rounded half up.
pub(super) fn rounded(above: u64, below: u64) -> u32 {
    u32::try_from((2 * above + below) / (2 * below)).unwrap_or(u32::MAX)
}

/// A mean with two digits after its point, rounded half up, such as `4.33`.
pub(super) fn mean(sum: u64, number: u64) -> Option<String> {
    (number > 0).then(|| {
        let hundredths = rounded(sum * 100, number);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    })
}
