//! How people sign in here: what an installation chooses.

use super::provider::Provider;
use crate::{Party, sealing::ServerKey, store::text_enum};

text_enum! {
    /// A kind of party.
    pub enum PartyKind {
        /// Applicants.
        Applicant = "applicant",
        /// Agencies.
        Agency = "agency",
        /// Departments: officers, and supervisors.
        Department = "department",
        /// The operator.
        Operator = "operator",
    }
}

impl PartyKind {
    /// The kind of a party.
    pub const fn of(party: &Party) -> Self {
        match party {
            Party::Applicant(_) => Self::Applicant,
            Party::Agency(_) => Self::Agency,
            Party::Department(_) => Self::Department,
            Party::Operator => Self::Operator,
        }
    }
}

/// How people sign in, and for how long (登录设置).
#[derive(Debug, Clone)]
pub struct Identity {
    /// How long an access token is good.
    pub access_seconds: i64,
    /// After how long without a refresh a session is over.
    pub idle_seconds: i64,
    /// After how long a session is over in any case.
    pub session_seconds: i64,
    /// After how long without a request a browser's session is over.
    pub browser_idle_seconds: i64,
    /// After how long a browser's session is over in any case.
    pub browser_seconds: i64,
    /// For which kinds of parties nobody acts without a second factor.
    pub second_factor_for: Vec<PartyKind>,
    /// What the secrets of second factors are sealed to, without which nobody can set one up, and
    /// what the market signs with.
    pub server_key: Option<ServerKey>,
    /// Other providers by which people sign in.
    pub providers: Vec<Provider>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            access_seconds: 15 * 60,
            idle_seconds: 12 * 60 * 60,
            session_seconds: 7 * 24 * 60 * 60,
            browser_idle_seconds: 30 * 60,
            browser_seconds: 12 * 60 * 60,
            second_factor_for: Vec::new(),
            server_key: None,
            providers: Vec::new(),
        }
    }
}
