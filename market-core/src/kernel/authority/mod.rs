//! Who may do what, and who sees what: one file says it, `permissions.csv`.
//!
//! A row is an act, in some states of its thing or in all others; its cells say what comes of it
//! for each kind of party. [`decide`] reads a cell, and nothing else: no clock, no database, no
//! request. A slice says how an actor stands to a thing ([`Relation`]) and what state the thing is
//! in; what follows from that stands in the file alone. What may happen next is not here but in the
//! states of each slice: an act that the file allows may still come at the wrong time.
//!
//! The test of every endpoint and the page `docs/permissions.md` come from the same file; `table`
//! reads it, `page` writes the page.

mod page;
mod table;
#[cfg(test)]
mod tests;

pub use self::{
    page::page,
    table::{Row, rows},
};
use super::{
    actor::{Actor, Party},
    error::{Error, Refusal},
};
use crate::store::text_enum;

/// The file, as it is reviewed.
const FILE: &str = include_str!("permissions.csv");

text_enum! {
    /// What kind of party somebody acts for.
    pub enum Role {
        /// Nobody who says who they are.
        Anonymous = "anonymous",
        /// An applicant, who buys.
        Applicant = "applicant",
        /// An agency, which sells.
        Agency = "agency",
        /// An approval department.
        Department = "department",
        /// The operator of the marketplace.
        Operator = "operator",
    }
}

text_enum! {
    /// How an actor stands to a thing.
    pub enum Relation {
        /// It is theirs, or their business: they own it, sell it, use it, witness it.
        Party = "party",
        /// Of a department: it leads the matter, or has another part in it.
        Supervisor = "supervisor",
        /// They have nothing to do with it.
        Stranger = "stranger",
    }
}

text_enum! {
    /// A column of the file: who asks.
    pub enum Seat {
        /// Nobody who says who they are.
        Anonymous = "anonymous",
        /// The applicant whose thing it is.
        Owner = "owner",
        /// Another applicant.
        OtherOwner = "other_owner",
        /// The agency whose thing it is, or which takes part in it.
        Agency = "agency",
        /// Another agency.
        OtherAgency = "other_agency",
        /// A department whose business it is.
        Department = "department",
        /// A department without a part in the matter.
        OtherDepartment = "other_department",
        /// The department that leads the matter, or has another part in it.
        Supervisor = "supervisor",
        /// The operator of the marketplace.
        Operator = "operator",
    }
}

impl Seat {
    /// Where somebody with a role and a relation sits.
    pub const fn of(role: Role, relation: Relation) -> Self {
        match (role, relation) {
            (Role::Anonymous, _) => Self::Anonymous,
            (Role::Applicant, Relation::Party) => Self::Owner,
            (Role::Applicant, _) => Self::OtherOwner,
            (Role::Agency, Relation::Party) => Self::Agency,
            (Role::Agency, _) => Self::OtherAgency,
            (Role::Department, Relation::Party) => Self::Department,
            (Role::Department, Relation::Stranger) => Self::OtherDepartment,
            (Role::Department, Relation::Supervisor) => Self::Supervisor,
            (Role::Operator, _) => Self::Operator,
        }
    }

    /// Its role.
    pub const fn role(self) -> Role {
        match self {
            Self::Anonymous => Role::Anonymous,
            Self::Owner | Self::OtherOwner => Role::Applicant,
            Self::Agency | Self::OtherAgency => Role::Agency,
            Self::Department | Self::OtherDepartment | Self::Supervisor => Role::Department,
            Self::Operator => Role::Operator,
        }
    }
}

/// What comes of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may be done; of a field: all of it is seen.
    Allowed,
    /// It may be done, and reaches no further than what is the actor's own.
    Own,
    /// It may be done, without what the fields of the thing hide; of a field: a part is seen.
    Masked,
    /// It may not be done, and the actor is told why.
    Refused(Refusal),
    /// To the actor, there is no such thing.
    Hidden,
    /// Whoever asks must say who they are.
    SignIn,
}

/// How far an act reaches that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To all of the thing.
    All,
    /// To what is the actor's own.
    Own,
}

/// An act or a field: a row of the file, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Act(&'static str);

/// The act of this name. In a constant, a name without a row does not compile.
///
/// # Panics
///
/// Where the name has no row and is not looked for in a constant.
pub const fn act(name: &'static str) -> Act {
    assert!(table::names(FILE, name), "permissions.csv has no such act");
    Act(name)
}

/// What comes of an act by somebody, on a thing in a state. What the file does not know is hidden.
pub fn decide(act: Act, role: Role, relation: Relation, state: &str) -> Decision {
    table::row(act.0, state).map_or(Decision::Hidden, |row| row.cell(Seat::of(role, relation)))
}

impl Act {
    /// What the file calls it.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The noun of its thing: that of `order.accept` is `order`.
    fn noun(self) -> &'static str {
        self.0.split('.').next().unwrap_or(self.0)
    }

    fn decision(self, actor: Option<&Actor>, relation: Relation, state: &str) -> Decision {
        decide(self, actor.map_or(Role::Anonymous, Actor::role), relation, state)
    }

    /// How far an actor may go, once the thing of this name was looked up.
    pub(crate) fn permits_of<'a>(
        self,
        what: &'static str,
        actor: impl Into<Option<&'a Actor>>,
        relation: Relation,
        state: &str,
    ) -> Result<Reach, Error> {
        match self.decision(actor.into(), relation, state) {
            Decision::Allowed | Decision::Masked => Ok(Reach::All),
            Decision::Own => Ok(Reach::Own),
            Decision::Refused(refusal) => Err(refusal.into()),
            Decision::Hidden => Err(Error::NotFound(what)),
            Decision::SignIn => Err(Error::Anonymous),
        }
    }

    /// Refuses an actor to whom the file gives one and the same refusal, however they stand to the
    /// thing and whatever its state: before anything is looked up, so that the answer tells nothing
    /// of what there is.
    pub(crate) fn admits(self, actor: &Actor) -> Result<(), Refusal> {
        table::refusal(self.0, actor.role()).map_or(Ok(()), Err)
    }

    /// How far an actor may go, once the thing of the act was looked up.
    pub(crate) fn permits<'a>(
        self,
        actor: impl Into<Option<&'a Actor>>,
        relation: Relation,
        state: &str,
    ) -> Result<Reach, Error> {
        self.permits_of(self.noun(), actor, relation, state)
    }

    /// Whether somebody with a role may, who knows of the thing: what would be hidden belongs to
    /// others.
    pub(crate) fn allows(self, role: Role, relation: Relation, state: &str) -> Result<(), Refusal> {
        match decide(self, role, relation, state) {
            Decision::Allowed | Decision::Own | Decision::Masked => Ok(()),
            Decision::Refused(refusal) => Err(refusal),
            Decision::Hidden | Decision::SignIn => Err(Refusal::OtherSide),
        }
    }

    /// Whether an actor sees a field whole.
    pub(crate) fn shows<'a>(
        self,
        actor: impl Into<Option<&'a Actor>>,
        relation: Relation,
        state: &str,
    ) -> bool {
        matches!(self.decision(actor.into(), relation, state), Decision::Allowed | Decision::Own)
    }
}

impl Relation {
    /// That of a party, or of a stranger.
    pub(crate) const fn party_if(it_is: bool) -> Self {
        if it_is { Self::Party } else { Self::Stranger }
    }

    /// That of a department whose business a thing is or not, in a matter in which it has a part
    /// or not.
    pub(crate) const fn of_department(is_its: bool, is_involved: bool) -> Self {
        match (is_its, is_involved) {
            (true, _) => Self::Party,
            (false, true) => Self::Supervisor,
            (false, false) => Self::Stranger,
        }
    }
}

impl Actor {
    /// The kind of party that the actor acts for.
    pub const fn role(&self) -> Role {
        match self.party {
            Party::Applicant(_) => Role::Applicant,
            Party::Agency(_) => Role::Agency,
            Party::Department(_) => Role::Department,
            Party::Operator => Role::Operator,
        }
    }
}
