//! The rows of the four files that describe agencies, column for column.

use serde::Serialize;

/// A row of `agencies.csv`: who the agency is and whether it may take orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgencyRow {
    pub uscc: String,
    pub name: String,
    pub nature: String,
    pub legal_representative: String,
    pub region: String,
    pub address: String,
    pub phone: String,
    pub established_on: String,
    pub capital: String,
    pub scope: String,
    pub origin: String,
    pub state: String,
    pub suspended_until: String,
    pub state_reason: String,
    pub attached_to: String,
}

/// A row of `agency-qualifications.csv`: a certificate that an agency holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QualificationRow {
    pub uscc: String,
    pub kind: String,
    pub level: String,
    pub majors: String,
    pub number: String,
    pub issuer: String,
    pub valid_from: String,
    pub valid_until: String,
}

/// A row of `practitioners.csv`: a person who works for an agency with a certificate of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PractitionerRow {
    pub uscc: String,
    pub name: String,
    pub specialty: String,
    pub certificate: String,
    pub valid_until: String,
}

/// A row of `listings.csv`: a service that an agency offers at a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListingRow {
    pub uscc: String,
    pub code: String,
    pub item: String,
    pub title: String,
    pub summary: String,
    pub price: String,
    pub unit: String,
    pub regions: String,
    pub days: String,
    pub state: String,
}
