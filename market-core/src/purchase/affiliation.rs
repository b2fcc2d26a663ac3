//! Which registrants belong together, so that they have one ticket and not many (关联机构).

use std::collections::HashMap;

use super::{closing::marks, eligibility::Entrant};
use crate::{Error, id::AgencyId, store::Tx};

impl Tx {
    /// Whether two agencies are one, or belong together as registrants would.
    pub(crate) async fn are_affiliated(
        &mut self,
        one: AgencyId,
        other: AgencyId,
    ) -> Result<bool, Error> {
        if one == other {
            return Ok(true);
        }
        let both: [Entrant; 2] = [self.entrant(one).await?, self.entrant(other).await?];
        Ok(groups(&both.map(|entrant| marks(&entrant))) == [0, 0])
    }
}

/// Numbers the groups of things that share a mark, directly or through others: the group of each
/// is the place of the first in it.
pub(super) fn groups(marks: &[Vec<String>]) -> Vec<usize> {
    let mut group: Vec<usize> = (0..marks.len()).collect();
    let mut first_with: HashMap<&str, usize> = HashMap::new();
    for (at, marks) in marks.iter().enumerate() {
        for mark in marks {
            match first_with.get(mark.as_str()) {
                Some(before) => join(&mut group, *before, at),
                None => drop(first_with.insert(mark, at)),
            }
        }
    }
    (0..marks.len()).map(|at| root(&group, at)).collect()
}

fn root(group: &[usize], mut at: usize) -> usize {
    while group[at] != at {
        at = group[at];
    }
    at
}

/// Joins two groups under the earlier first.
fn join(group: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(group, one), root(group, other));
    group[one.max(other)] = one.min(other);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(of: &[&[&str]]) -> Vec<Vec<String>> {
        of.iter().map(|marks| marks.iter().map(|mark| (*mark).to_owned()).collect()).collect()
    }

    #[test]
    fn who_shares_a_mark_belongs_together_through_others_too() {
        let given = marks(&[&["a"], &["b"], &["c", "b"], &["d"], &["a", "c"], &[]]);
        assert_eq!(groups(&given), [0, 0, 0, 3, 0, 5]);
        assert_eq!(groups(&[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn a_group_split_into_more_members_stays_one(
            marks in prop::collection::vec(prop::collection::vec("[a-e]", 1..3), 1..12),
            copies in 1_usize..5,
        ) {
            let tickets = |marks: &[Vec<String>]| {
                let mut groups = groups(marks);
                groups.sort_unstable();
                groups.dedup();
                groups.len()
            };
            let mut more = marks.clone();
            more.extend(std::iter::repeat_n(marks[0].clone(), copies));
            prop_assert_eq!(tickets(&more), tickets(&marks));
        }
    }
}
