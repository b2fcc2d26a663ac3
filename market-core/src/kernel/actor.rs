//! Who acts, and on whose behalf.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    code::DepartmentCode,
    error::Refusal,
    id::{AgencyId, ApplicantId, PersonId},
};

/// A side of the market on whose behalf a person acts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Party {
    /// An applicant, who buys.
    Applicant(ApplicantId),
    /// An agency, which sells.
    Agency(AgencyId),
    /// An approval department, which decides.
    Department(DepartmentCode),
    /// The operator of the marketplace (运营机构).
    Operator,
}

impl Party {
    /// The kind of party, as stored and shown.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Applicant(_) => "applicant",
            Self::Agency(_) => "agency",
            Self::Department(_) => "department",
            Self::Operator => "operator",
        }
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Applicant(id) => write!(f, "applicant:{id}"),
            Self::Agency(id) => write!(f, "agency:{id}"),
            Self::Department(code) => write!(f, "department:{code}"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// Why a text names no party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a party: operator, applicant:<id>, agency:<id> or department:<code>")]
pub struct NotAParty;

impl std::str::FromStr for Party {
    type Err = NotAParty;

    fn from_str(text: &str) -> Result<Self, NotAParty> {
        match text.split_once(':') {
            None if text == "operator" => Ok(Self::Operator),
            Some(("applicant", id)) => id.parse().map(Self::Applicant).map_err(|_| NotAParty),
            Some(("agency", id)) => id.parse().map(Self::Agency).map_err(|_| NotAParty),
            Some(("department", code)) => code.parse().map(Self::Department).map_err(|_| NotAParty),
            _ => Err(NotAParty),
        }
    }
}

/// A person acting for a party.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// Who acts.
    pub person: PersonId,
    /// On whose behalf.
    pub party: Party,
}

impl Actor {
    /// A person acting for a party. Whether the person may is decided where a token is checked
    /// ([`crate::account`]); an embedding program answers for it itself.
    pub const fn new(person: PersonId, party: Party) -> Self {
        Self { person, party }
    }

    /// The program itself, on the operator's behalf: imports and timed work.
    pub const fn system() -> Self {
        Self { person: PersonId(Uuid::nil()), party: Party::Operator }
    }

    pub(crate) fn applicant(&self) -> Result<ApplicantId, Refusal> {
        match self.party {
            Party::Applicant(id) => Ok(id),
            _ => Err(Refusal::ApplicantsOnly),
        }
    }

    pub(crate) fn agency(&self) -> Result<AgencyId, Refusal> {
        match self.party {
            Party::Agency(id) => Ok(id),
            _ => Err(Refusal::AgenciesOnly),
        }
    }

    pub(crate) fn department(&self) -> Result<&DepartmentCode, Refusal> {
        match &self.party {
            Party::Department(code) => Ok(code),
            _ => Err(Refusal::DepartmentsOnly),
        }
    }

    pub(crate) fn operator(&self) -> Result<(), Refusal> {
        match self.party {
            Party::Operator => Ok(()),
            _ => Err(Refusal::OperatorOnly),
        }
    }
}
