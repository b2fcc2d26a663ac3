//! Applicants (申请人, 项目业主): who runs a matter and buys the services that it needs.

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Call, Error, Fault, Intent, Market, Outcome, Party, Refusal, Timestamp, Uscc,
    account::{NewPerson, Origin, Person, Role},
    id::{ApplicantId, IdentityId},
    kernel::{
        authority::{Act, Relation, act},
        text::check_text,
    },
    store::{
        Tx, begin,
        journal::{Entry, Kind},
        retry, text_enum,
    },
};

pub(crate) mod store;

use self::store::Acquaintance;

text_enum! {
    /// What an applicant is in law.
    pub enum ApplicantKind {
        /// A natural person (自然人).
        Natural = "natural",
        /// A legal person (法人).
        Legal = "legal",
        /// Another organisation (非法人组织).
        Other = "other",
    }
}

/// An applicant (申请人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Applicant {
    /// Its id.
    pub id: ApplicantId,
    /// What it is in law.
    pub kind: ApplicantKind,
    /// Its name.
    pub name: String,
    /// Its unified social credit code; every legal person has one, no natural person does.
    pub uscc: Option<Uscc>,
    /// Its telephone; only the applicant itself and agencies that serve it see all of it.
    pub phone: String,
    /// Grows by one with every change.
    pub version: i64,
    /// When it registered.
    pub created_at: Timestamp,
}

impl Applicant {
    /// The applicant as others may see it: `138****0000`.
    #[must_use]
    pub fn masked(self) -> Self {
        Self { phone: mask(&self.phone), ..self }
    }
}

/// A telephone number of which the middle cannot be read; nothing of a short one can.
fn mask(phone: &str) -> String {
    let length = phone.chars().count();
    if length < 10 {
        return "****".to_owned();
    }
    let shown = |from, count| phone.chars().skip(from).take(count).collect::<String>();
    shown(0, 3) + "****" + &shown(length - 4, 4)
}

/// An applicant to be registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewApplicant {
    /// What it is in law.
    pub kind: ApplicantKind,
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub name: String,
    /// Its unified social credit code; a legal person must have one, a natural person has none.
    pub uscc: Option<Uscc>,
    /// Its telephone.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9+-]{5,20}$"))]
    pub phone: String,
}

impl NewApplicant {
    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_text(&format!("{at}/name"), &self.name, 1, 128, faults);
        let dialled = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-');
        if !(5..=20).contains(&self.phone.len()) || !self.phone.chars().all(dialled) {
            let message = "must have 5 to 20 digits, '+' and '-'";
            faults.push(Fault::new(format!("{at}/phone"), "phone", message));
        }
        let wrong = match (self.kind, &self.uscc) {
            (ApplicantKind::Legal, None) => Some(("missing", "a legal person has one")),
            (ApplicantKind::Natural, Some(_)) => Some(("superfluous", "a natural person has none")),
            _ => None,
        };
        if let Some((code, message)) = wrong {
            faults.push(Fault::new(format!("{at}/uscc"), code, message));
        }
    }

    fn make(&self, market: &Market) -> Applicant {
        let Self { kind, name, uscc, phone } = self.clone();
        let (id, created_at) = (ApplicantId(market.env.id()), market.env.now());
        Applicant { id, kind, name, uscc, phone, version: 1, created_at }
    }
}

const SHOW: Act = act("applicant.show");
const PHONE: Act = act("field.applicant.phone");

/// The applicants of a market.
#[derive(Debug, Clone, Copy)]
pub struct Applicants<'a>(pub(crate) &'a Market);

impl Applicants<'_> {
    /// Gives a person who has no account yet one, with the applicant that they act for. So many
    /// may come from one address.
    pub async fn sign_up(
        &self,
        person: NewPerson,
        applicant: NewApplicant,
        from: &Origin,
    ) -> Result<(Person, Applicant), Error> {
        self.enrol(person, applicant, from, Intent::Do, Outcome::default()).await
    }

    /// What signing up would answer; nothing of it is kept.
    pub async fn rehearse_sign_up(
        &self,
        person: NewPerson,
        applicant: NewApplicant,
        from: &Origin,
        outcome: &Outcome,
    ) -> Result<(Person, Applicant), Error> {
        self.enrol(person, applicant, from, Intent::Rehearse, outcome.clone()).await
    }

    async fn enrol(
        &self,
        person: NewPerson,
        applicant: NewApplicant,
        from: &Origin,
        intent: Intent,
        outcome: Outcome,
    ) -> Result<(Person, Applicant), Error> {
        let mut faults = Vec::new();
        person.check("", &mut faults);
        if person.password.is_none() {
            faults.push(Fault::new("/password", "missing", "a password is needed to sign in"));
        }
        applicant.check("/applicant", &mut faults);
        Error::unless_faultless(faults)?;
        self.0.accounts().count_sign_up(from).await?;
        let (person, password) = person.make(self.0).await?;
        let applicant = applicant.make(self.0);
        // Under no key: there is nobody yet whose it could be. The login stands for it.
        let actor = Actor::new(person.id, Party::Applicant(applicant.id));
        let call = Call { intent, outcome, ..Call::from(actor) };
        retry(|| self.enrol_once(&call, &person, password.as_deref(), &applicant)).await
    }

    async fn enrol_once(
        &self,
        call: &Call,
        person: &Person,
        password: Option<&str>,
        applicant: &Applicant,
    ) -> Result<(Person, Applicant), Error> {
        let mut tx = self.0.work_for(call).await?;
        tx.insert_person(person, password).await?;
        add(&mut tx, applicant).await?;
        tx.finish((person.clone(), applicant.clone())).await
    }

    /// Gives who is back from another provider an account, with the applicant that they act for,
    /// where that provider makes accounts.
    pub async fn sign_up_identified(
        &self,
        secret: &str,
        person: NewPerson,
        applicant: NewApplicant,
        from: &Origin,
    ) -> Result<Person, Error> {
        let provider = self.0.accounts().waiting(secret).await?.provider;
        if !provider.makes_accounts {
            return Err(Refusal::AccountsNotMade.into());
        }
        let mut faults = Vec::new();
        person.check("", &mut faults);
        applicant.check("/applicant", &mut faults);
        Error::unless_faultless(faults)?;
        self.0.accounts().count_sign_up(from).await?;
        let (person, _) = NewPerson { password: None, ..person }.make(self.0).await?;
        let applicant = applicant.make(self.0);
        let call = Call::from(Actor::new(person.id, Party::Applicant(applicant.id)));
        retry(|| async {
            let mut tx = self.0.work_for(&call).await?;
            tx.insert_person(&person, None).await?;
            add(&mut tx, &applicant).await?;
            let id = IdentityId(self.0.env.id());
            let person = tx.identify(person.clone(), secret, &provider.issuer, id).await?;
            tx.finish(person).await
        })
        .await
    }

    /// Registers another applicant, for which the person who registers it may act from now on.
    pub async fn register(&self, call: &Call, new: NewApplicant) -> Result<Applicant, Error> {
        let mut faults = Vec::new();
        new.check("", &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| self.register_once(call, &new)).await
    }

    async fn register_once(&self, call: &Call, new: &NewApplicant) -> Result<Applicant, Error> {
        let mut tx = begin!(self.0, call, "applicants.register", new);
        let applicant = new.make(self.0);
        add(&mut tx, &applicant).await?;
        tx.finish(applicant).await
    }

    /// An applicant: itself sees all of it, and so does an agency that took on an order of it; the
    /// operator, departments and an agency that was asked see all but its telephone.
    pub async fn get(&self, actor: &Actor, id: ApplicantId) -> Result<Applicant, Error> {
        let (relation, state) = self.standing(actor, id).await?;
        SHOW.permits(actor, relation, state)?;
        let found = self.0.db.applicant(id).await?.ok_or(Error::NotFound("applicant"))?;
        Ok(if PHONE.shows(actor, relation, state) { found } else { found.masked() })
    }

    /// How an actor stands to an applicant, and how far they have come with each other.
    async fn standing(
        &self,
        actor: &Actor,
        id: ApplicantId,
    ) -> Result<(Relation, &'static str), Error> {
        let Party::Agency(agency) = actor.party else {
            return Ok((Relation::party_if(actor.party == Party::Applicant(id)), ""));
        };
        Ok(match self.0.db.acquaintance(id, agency).await? {
            Acquaintance::None => (Relation::Stranger, ""),
            Acquaintance::Asked => (Relation::Party, "asked"),
            Acquaintance::Served => (Relation::Party, ""),
        })
    }
}

/// Writes a new applicant, and lets the person who adds it act for it.
async fn add(tx: &mut Tx, applicant: &Applicant) -> Result<(), Error> {
    tx.insert_applicant(applicant).await?;
    let (person, at) = (tx.actor.person, tx.at);
    tx.insert_membership(person, &Party::Applicant(applicant.id), Role::Admin).await?;
    let entry = Entry::new(Kind::Applicant, &applicant.id, 1, "applicant_registered");
    tx.record(entry, at).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_phone_number_is_masked() {
        assert_eq!(mask("13800000000"), "138****0000");
        assert_eq!(mask("0574-00000001"), "057****0001");
        assert_eq!(mask("5551234"), "****");
        assert_eq!(mask(""), "****");
    }

    #[test]
    fn a_legal_person_has_a_code_and_a_natural_person_has_none() {
        let codes = |kind, uscc: Option<&str>| {
            let uscc = uscc.map(|code| code.parse().unwrap());
            let (name, phone) = ("慈溪某某餐饮店".to_owned(), "13800000000".to_owned());
            let mut faults = Vec::new();
            NewApplicant { kind, name, uscc, phone }.check("", &mut faults);
            faults.into_iter().map(|fault| fault.pointer + " " + &fault.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(ApplicantKind::Legal, None), ["/uscc missing"]);
        assert_eq!(
            codes(ApplicantKind::Natural, Some("91350100M000100Y43")),
            ["/uscc superfluous"]
        );
        assert_eq!(codes(ApplicantKind::Other, None), [""; 0]);
    }
}
