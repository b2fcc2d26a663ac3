//! Instants and days.

use serde::{Deserialize, Serialize};
use time::{
    Date, Duration, Month, OffsetDateTime, UtcOffset,
    format_description::{StaticFormatDescription, well_known::Rfc3339},
    macros::{datetime, format_description, offset},
};

/// China has one time zone, without summer time.
const CHINA: UtcOffset = offset!(+8);

/// What is told of the market happens between these instants; days and clocks of China are known of
/// each, and of any instant that a term of some centuries makes of one.
const RANGE: [OffsetDateTime; 2] = [datetime!(1900-01-01 0:00 UTC), datetime!(9000-01-01 0:00 UTC)];

/// The first and the last instant that can be written.
const WRITTEN: [OffsetDateTime; 2] =
    [datetime!(0001-01-01 0:00 UTC), datetime!(9999-12-31 23:59:59.999999 UTC)];

/// An instant in UTC, in microseconds since 1970, the finest that `PostgreSQL` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime))]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The day in China at this instant.
    pub fn day(self) -> Day {
        Day(self.in_china().date())
    }

    /// The hour and minute in China at this instant.
    pub fn clock(self) -> (u8, u8) {
        let time = self.in_china();
        (time.hour(), time.minute())
    }

    /// So many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The first instant after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether the instant can be written.
    pub(crate) fn is_plain(self) -> bool {
        i128::from(self.0) * 1000 == self.time().unix_timestamp_nanos()
    }

    /// The instant, or the first or last that can be written.
    fn time(self) -> OffsetDateTime {
        let [first, last] = WRITTEN;
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000);
        time.unwrap_or(if self.0 < 0 { first } else { last }).clamp(first, last)
    }

    /// The time in China; past the last day that can be written, there is no later one.
    fn in_china(self) -> OffsetDateTime {
        let time = self.time();
        time.checked_to_offset(CHINA).unwrap_or(time)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        let micros = time.unix_timestamp_nanos() / 1000;
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// Why a text is not an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an instant of the years 1900 to 8999, such as 2026-11-24T08:00:00Z")]
pub struct NotAnInstant;

impl std::str::FromStr for Timestamp {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NotAnInstant)?;
        let [first, end] = RANGE;
        if (first..end).contains(&time) { Ok(time.into()) } else { Err(NotAnInstant) }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = NotAnInstant;

    fn try_from(text: String) -> Result<Self, NotAnInstant> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.time().format(&Rfc3339).map_err(|_| std::fmt::Error)?)
    }
}

const DAY: StaticFormatDescription = format_description!("[year]-[month]-[day]");

/// A calendar day in China, such as a deadline or the last day of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = Date, pattern = "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$", example = "2026-11-24"))]
pub struct Day(Date);

impl Day {
    /// The day as a date.
    pub const fn date(self) -> Date {
        self.0
    }

    /// So many calendar days later; the last day there is, past the end of time.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(Duration::days(days)))
    }

    /// How many calendar days this day is after another; negative, if it is before.
    pub fn days_since(self, other: Self) -> i64 {
        (self.0 - other.0).whole_days()
    }

    /// The day that a period of so many months from this day ends on: the same day of the later
    /// month, or its last (民法典 art. 202).
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let months = i64::from(self.0.year()) * 12
            + i64::from(u8::from(self.0.month()) - 1)
            + i64::from(months);
        let year = i32::try_from(months / 12).unwrap_or(i32::MAX);
        let month = Month::January.nth_next(u8::try_from(months % 12).unwrap_or(0));
        let day = self.0.day().min(month.length(year));
        Self(Date::from_calendar_date(year, month, day).unwrap_or(Date::MAX))
    }

    /// The instant in China at which the day is over.
    pub fn end(self) -> Timestamp {
        let midnight = self.plus(1).0.midnight().assume_offset(CHINA);
        midnight.into()
    }

    /// Monday to Friday.
    pub fn is_weekday(self) -> bool {
        self.0.weekday().number_days_from_monday() < 5
    }

    /// Whether the day is in a year of four digits, which is all that a day's text can hold.
    fn is_plain(self) -> bool {
        (1000..=9999).contains(&self.0.year())
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

/// Why a text is not a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day such as 2026-11-24")]
pub struct NotADay;

impl std::str::FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let day = Date::parse(text, DAY).map(Self).map_err(|_| NotADay)?;
        if day.is_plain() { Ok(day) } else { Err(NotADay) }
    }
}

impl TryFrom<String> for Day {
    type Error = NotADay;

    fn try_from(text: String) -> Result<Self, NotADay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.format(DAY).map_err(|_| std::fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        let before: Timestamp = "2026-11-23T15:59:59Z".parse().unwrap();
        assert_eq!(before.day().to_string(), "2026-11-23");
        assert_eq!(before.plus_seconds(1).day().to_string(), "2026-11-24");
        assert_eq!(before.clock(), (23, 59));
        assert_eq!(before.plus_seconds(1).clock(), (0, 0));
    }

    #[test]
    fn a_day_is_over_at_midnight_in_china() {
        let end = "2026-11-24".parse::<Day>().unwrap().end();
        assert_eq!(end.to_string(), "2026-11-24T16:00:00Z");
        assert_eq!(end.day().to_string(), "2026-11-25");
    }

    #[test]
    fn instants_are_of_years_that_everything_can_show() {
        for text in ["1900-01-01T00:00:00Z", "8999-12-31T23:59:59.999999Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        for bad in [
            "9999-12-31T20:00:00Z",
            "9000-01-01T00:00:00Z",
            "1899-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "2026-11-24",
            "",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(NotAnInstant), "{bad}");
            assert!(serde_json::from_value::<Timestamp>(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_instant_is_too_far_to_be_shown() {
        let last: Day = "9999-12-31".parse().unwrap();
        for far in [i64::MAX, i64::MAX / 2, 253_402_286_400_000_000, last.end().micros()] {
            let far = Timestamp::from_micros(far).plus_seconds(i64::MAX).next();
            assert_eq!((far.day(), far.clock()), (last, (23, 59)));
            assert_eq!(far.to_string(), "9999-12-31T23:59:59.999999Z");
        }
        let early = Timestamp::from_micros(i64::MIN).plus_seconds(i64::MIN);
        assert_eq!(early.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(early.clock(), (8, 0));
        let late: Timestamp = Timestamp::from_micros(253_402_286_400_000_000);
        assert_eq!(late.to_string(), "9999-12-31T20:00:00Z");
        assert_eq!(late.day(), last);
    }

    #[test]
    fn months_end_on_the_same_day_or_the_last() {
        for (start, months, end) in [
            ("2026-11-24", 3, "2027-02-24"),
            ("2026-11-30", 3, "2027-02-28"),
            ("2026-12-31", 12, "2027-12-31"),
            ("2026-01-31", 0, "2026-01-31"),
        ] {
            let start: Day = start.parse().unwrap();
            assert_eq!(start.plus_months(months).to_string(), end);
        }
    }

    #[test]
    fn days_are_strict() {
        for bad in ["2026-2-3", "2026-02-30", "20260203", "2026-02-03T00:00:00Z", "", "今天"] {
            assert_eq!(bad.parse::<Day>(), Err(NotADay), "{bad}");
        }
    }
}
