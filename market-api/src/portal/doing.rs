//! What may be done with a thing: the market's own actions, as buttons and as reasons why not.

use market_core::{Action, Error, Refusal};

use crate::problem::{Code, Problem};

/// Something that may be done, or why not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doing {
    pub(super) label: String,
    /// Where it is done; nowhere, if it may not be done now.
    pub(super) href: Option<String>,
    /// Why it may not be done.
    pub(super) why: Option<&'static str>,
}

/// What a party may do with a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Doings {
    pub(super) may: Vec<Doing>,
    pub(super) may_not: Vec<Doing>,
}

impl Doings {
    /// What `named` calls, of all actions of a thing; `at` says where each is done.
    pub(super) fn of(
        actions: &[Action],
        named: impl Fn(&str) -> Option<String>,
        at: impl Fn(&str) -> String,
    ) -> Self {
        let mut doings = Self::default();
        for action in actions {
            let Some(label) = named(&action.name) else { continue };
            match action.refusal {
                None => {
                    let href = Some(at(&action.name));
                    doings.may.push(Doing { label, href, why: None });
                }
                Some(refusal) if is_anothers(refusal) => {}
                Some(refusal) => {
                    doings.may_not.push(Doing { label, href: None, why: Some(refusal.zh()) });
                }
            }
        }
        doings
    }

    /// Takes what is done at a place out of the others, if it may be done.
    pub(super) fn take(&mut self, href: &str) -> Option<Doing> {
        let place = self.may.iter().position(|one| one.href.as_deref() == Some(href))?;
        Some(self.may.remove(place))
    }
}

/// Whether an action is never this party's, so that it is of no interest why.
pub(super) const fn is_anothers(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::OtherSide
            | Refusal::ApplicantsOnly
            | Refusal::AgenciesOnly
            | Refusal::DepartmentsOnly
            | Refusal::OtherDepartment
            | Refusal::OperatorOnly
            | Refusal::SupervisorsOnly
            | Refusal::NotYourStep
            | Refusal::NotACandidate
    )
}

/// Whether an action of a thing may be taken, or why not yet; what a thing does not have, and what is
/// always somebody else's, is not there.
pub(super) fn allowed(actions: &[Action], name: &str) -> Result<Result<(), Error>, Problem> {
    let action = actions.iter().find(|one| one.name == name).ok_or(Code::NOT_FOUND)?;
    match action.refusal {
        None => Ok(Ok(())),
        Some(refusal) if is_anothers(refusal) => Err(Code::NOT_FOUND.into()),
        Some(refusal) => Ok(Err(refusal.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_anothers_is_not_told() {
        let actions = [
            Action::of("cancel", Ok(())),
            Action::of("accept", Err(Refusal::OtherSide)),
            Action::of("sign-off", Err(Refusal::OrderNotDelivered)),
            Action::of("unheard-of", Ok(())),
        ];
        let named = |name: &str| (name != "unheard-of").then(|| name.to_owned());
        let mut doings = Doings::of(&actions, named, |name| format!("/orders/1/{name}"));
        assert_eq!(doings.may.len(), 1);
        assert_eq!(doings.may[0].href.as_deref(), Some("/orders/1/cancel"));
        assert_eq!(doings.may_not.len(), 1);
        assert_eq!(doings.may_not[0].why, Some("没有待验收的成果"));
        assert!(doings.take("/orders/1/sign-off").is_none());
        assert!(doings.take("/orders/1/cancel").is_some() && doings.may.is_empty());
    }

    #[test]
    fn what_is_anothers_is_not_there() {
        let actions = [
            Action::of("cancel", Ok(())),
            Action::of("accept", Err(Refusal::OtherSide)),
            Action::of("sign-off", Err(Refusal::OrderNotDelivered)),
        ];
        assert!(matches!(allowed(&actions, "cancel"), Ok(Ok(()))));
        assert!(matches!(allowed(&actions, "sign-off"), Ok(Err(Error::Refused(_)))));
        for name in ["accept", "unheard-of"] {
            assert_eq!(allowed(&actions, name).unwrap_err().status(), 404, "{name}");
        }
    }
}
