//! What differs from place to place and from year to year: regions, the working-day calendar and
//! policy profiles.

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Calendar, Day, DayKind, Error, Market, Point, PolicyProfile, code::RegionCode,
    kernel::authority::act, store::text_enum,
};

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

text_enum! {
    /// Whether a policy profile decides in its region today.
    pub enum ProfileStanding {
        /// It does.
        InForce = "in_force",
        /// It will from its first day on, unless another takes its place before.
        Coming = "coming",
        /// It did, or never will: another of its region goes before it.
        Past = "past",
    }
}

/// A policy profile, and whether it decides in its region today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// The profile.
    pub profile: PolicyProfile,
    /// Whether it decides.
    pub standing: ProfileStanding,
}

/// How each profile stands on a day: of a region, the one that began last decides, of those that
/// began on the same day the one of the highest version.
fn standing(profiles: Vec<PolicyProfile>, today: Day) -> Vec<StoredProfile> {
    let rank = |profile: &PolicyProfile| (profile.effective_from, profile.version);
    let found = profiles.iter().map(|one| {
        let others = profiles.iter().filter(|other| other.region == one.region);
        let mut later = others.filter(|other| rank(other) > rank(one));
        if one.effective_from > today {
            let is_covered = later.any(|other| other.effective_from == one.effective_from);
            if is_covered { ProfileStanding::Past } else { ProfileStanding::Coming }
        } else if later.any(|other| other.effective_from <= today) {
            ProfileStanding::Past
        } else {
            ProfileStanding::InForce
        }
    });
    let found: Vec<_> = found.collect();
    let stored = |(profile, standing)| StoredProfile { profile, standing };
    profiles.into_iter().zip(found).map(stored).collect()
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

    /// Every policy profile, by region and version, and whether it decides today.
    pub async fn profiles(&self, actor: &Actor) -> Result<Vec<StoredProfile>, Error> {
        const { act("policy.show") }.admits(actor)?;
        let today = self.0.env.now().day();
        Ok(standing(self.0.db.policies().await?, today))
    }
}
