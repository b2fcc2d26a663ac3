//! Deadlines: the working-day calendar and the policy profile in force when a step begins.

use super::Region;
use crate::{
    Calendar, Day, Error, PolicyProfile, Timestamp,
    store::{Db, Tx},
};

/// What a step's deadlines are reckoned by.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) now: Timestamp,
    pub(crate) calendar: Calendar,
    pub(crate) policy: PolicyProfile,
}

impl Clock {
    /// Today, in China.
    pub(crate) fn today(&self) -> Day {
        self.now.day()
    }

    /// The last day of a period of working days that begins today.
    pub(crate) fn within(&self, days: u32) -> Day {
        self.calendar.after(self.today(), days)
    }
}

impl Tx {
    /// The clock of a region, for a step of this unit of work.
    pub(crate) async fn clock(&mut self, region: &Region) -> Result<Clock, Error> {
        let now = self.at;
        self.reference().await?.clock(region, now)
    }
}

impl Db {
    /// The clock of a region, for looking at what a step would do now.
    pub(crate) async fn clock(&self, region: &Region, now: Timestamp) -> Result<Clock, Error> {
        self.reference().await?.clock(region, now)
    }
}
