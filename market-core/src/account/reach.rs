//! What a token lets its bearer do, beside what the party may: decided in one place for every
//! call. Pure: no clock, no database.

use crate::{Refusal, store::text_enum};

text_enum! {
    /// What a key may do (权限范围). Each is named by what it allows; none allows anything of
    /// accounts, members or keys.
    pub enum Scope {
        /// See whatever the party may see.
        Read = "read",
        /// Open cases, decide their steps, link deliverables.
        Cases = "cases",
        /// Place orders and take their steps, deliver, pay.
        Orders = "orders",
        /// Run purchases, register for them, quote, open.
        Purchases = "purchases",
        /// Offer services: listings, their terms and whether they are shown.
        Listings = "listings",
        /// Keep the records of agencies: application, admission, certificates, practitioners.
        Agencies = "agencies",
        /// File and decide complaints, acknowledge alarms.
        Complaints = "complaints",
        /// Edit the vocabulary, and departments' opening keys.
        Catalogue = "catalogue",
        /// Save searches, and read what they found.
        Searches = "searches",
    }
}

text_enum! {
    /// What a person may do for a party (角色).
    pub enum Role {
        /// Everything, also to invite and remove people and to make keys.
        Admin = "admin",
        /// Everything but that.
        Member = "member",
        /// See what the party may see, and leave.
        Viewer = "viewer",
    }
}

/// What a call needs of the token that it comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// That it is good, and no more.
    Anybody,
    /// One of the scopes, or a person.
    Scope(Scope),
    /// A person, about their own account: no key does.
    Oneself,
    /// A person who looks at accounts, members or keys, or leaves.
    Look,
    /// A person who changes any of them.
    Person,
}

/// How far a token reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// As far as its person.
    Person(Role),
    /// Only to the setting up of a second factor, which the party asks for and the person lacks.
    Enrolling,
    /// As far as a key's scopes, and its person.
    Key(Role, Vec<Scope>),
}

impl Reach {
    /// Whether a call may be made, as far as the token goes.
    pub fn allows(&self, need: Need) -> Result<(), Refusal> {
        match (self, need) {
            (_, Need::Anybody) | (Self::Enrolling, Need::Oneself) => Ok(()),
            (Self::Enrolling, _) => Err(Refusal::SecondFactorRequired),
            (Self::Key(..), Need::Oneself | Need::Look | Need::Person) => Err(Refusal::PeopleOnly),
            (Self::Key(_, scopes), Need::Scope(scope)) if !scopes.contains(&scope) => {
                Err(Refusal::ScopeMissing)
            }
            (Self::Person(role) | Self::Key(role, _), need) => role.allows(need),
        }
    }
}

impl Role {
    fn allows(self, need: Need) -> Result<(), Refusal> {
        match (self, need) {
            (Self::Admin | Self::Member, _)
            | (
                Self::Viewer,
                Need::Anybody
                | Need::Oneself
                | Need::Look
                | Need::Scope(Scope::Read | Scope::Searches),
            ) => Ok(()),
            (Self::Viewer, Need::Scope(_) | Need::Person) => Err(Refusal::ViewersOnlyRead),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_one_answer_for_every_reach() {
        let needs = Scope::ALL.iter().map(|scope| Need::Scope(*scope));
        let needs: Vec<_> =
            needs.chain([Need::Anybody, Need::Oneself, Need::Look, Need::Person]).collect();
        let mut reaches = vec![Reach::Enrolling];
        reaches.extend(Role::ALL.iter().map(|role| Reach::Person(*role)));
        for role in Role::ALL {
            reaches.push(Reach::Key(*role, vec![Scope::Read]));
            reaches.push(Reach::Key(*role, vec![Scope::Read, Scope::Orders, Scope::Searches]));
        }
        let lines = reaches.iter().map(|reach| {
            let answers = needs.iter().map(|need| match reach.allows(*need) {
                Ok(()) => format!("  {need:?}: yes\n"),
                Err(refusal) => format!("  {need:?}: {}\n", refusal.code()),
            });
            format!("{reach:?}\n{}", answers.collect::<String>())
        });
        insta::assert_snapshot!(lines.collect::<String>());
    }

    #[test]
    fn a_viewer_saves_searches_for_themselves() {
        let viewer = Reach::Person(Role::Viewer);
        assert_eq!(viewer.allows(Need::Scope(Scope::Searches)), Ok(()));
    }
}
