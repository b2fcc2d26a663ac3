//! What differs from place to place and from year to year: regions, the working-day calendar and
//! policy profiles.

use serde::{Deserialize, Serialize};

use crate::{Calendar, Day, DayKind, Error, Market, Point, PolicyProfile, code::RegionCode};

mod clock;
pub(crate) mod store;
#[cfg(test)]
mod tests;

pub(crate) use self::clock::Clock;

/// A division of China, within others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
    /// What it lies in; the country lies in nothing.
    pub parent: Option<RegionCode>,
    /// The codes from the country down to itself.
    pub path: Vec<RegionCode>,
    /// Its centre as latitude,longitude in degrees, good to some hundred metres, where it is known.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Option<String>, example = "30.170261,121.266561")
    )]
    pub centre: Option<Point>,
}

/// What is given of a region; where it lies follows from its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewRegion {
    /// Its code.
    pub(crate) code: RegionCode,
    /// Its name.
    pub(crate) name: String,
    /// What it lies in.
    pub(crate) parent: Option<RegionCode>,
    /// Its centre.
    pub(crate) centre: Option<Point>,
}

/// A day of an official notice (放假安排).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CalendarDay {
    /// The day.
    pub(crate) day: Day,
    /// Off, or worked in exchange.
    pub(crate) kind: DayKind,
    /// For which festival.
    pub(crate) name: String,
}

/// What anybody may read about regions, working days and policy profiles.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a>(pub(crate) &'a Market);

impl Rules<'_> {
    /// A region by its code.
    pub async fn region(&self, code: &RegionCode) -> Result<Region, Error> {
        self.0.db.region(code).await
    }

    /// What lies directly in a region, by code; without one, the country.
    pub async fn regions(&self, parent: Option<&RegionCode>) -> Result<Vec<Region>, Error> {
        self.0.db.regions_in(parent).await
    }

    /// The working-day calendar.
    pub async fn calendar(&self) -> Result<Calendar, Error> {
        self.0.db.calendar().await
    }

    /// The policy profile that is in force in a region on a day.
    pub async fn policy(&self, region: &RegionCode, day: Day) -> Result<PolicyProfile, Error> {
        let region = self.region(region).await?;
        self.0.db.policy(&region, day).await
    }
}
