//! Places on the earth.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// The mean radius of the earth, in metres.
const RADIUS: f64 = 6_371_008.8;

/// So many millionths make a degree.
const MICRO: i32 = 1_000_000;

/// An angle in degrees with at most six decimals, such as 29.98: kept exactly, as millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Degrees(i32);

impl Degrees {
    /// From millionths of a degree.
    pub const fn from_micros(micros: i32) -> Self {
        Self(micros)
    }

    /// Millionths of a degree.
    pub const fn micros(self) -> i32 {
        self.0
    }

    fn radians(self) -> f64 {
        (f64::from(self.0) / f64::from(MICRO)).to_radians()
    }
}

/// Why a text or a pair of angles is not a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place such as 29.98,121.23: latitude from -90 to 90, longitude from -180 to 180")]
pub struct NotAPoint;

impl FromStr for Degrees {
    type Err = NotAPoint;

    fn from_str(text: &str) -> Result<Self, NotAPoint> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = (1..=3).contains(&whole.len()) && (1..=6).contains(&fraction.len());
        if !fits || !are_digits(whole) || !are_digits(fraction) {
            return Err(NotAPoint);
        }
        let number = |text: &str| text.parse::<i32>().map_err(|_| NotAPoint);
        Ok(Self(sign * (number(whole)? * MICRO + number(&format!("{fraction:0<6}"))?)))
    }
}

impl Display for Degrees {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / MICRO, self.0.abs() % MICRO);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", whole.abs())?;
        if fraction == 0 {
            return Ok(());
        }
        write!(f, ".{}", format!("{fraction:06}").trim_end_matches('0'))
    }
}

/// A place on the earth, written 29.98,121.23: latitude first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Point {
    latitude: Degrees,
    longitude: Degrees,
}

impl Point {
    /// A place by its latitude, positive in the north, and its longitude, positive in the east.
    pub fn new(latitude: Degrees, longitude: Degrees) -> Result<Self, NotAPoint> {
        let within = |angle: Degrees, most: i32| (-most * MICRO..=most * MICRO).contains(&angle.0);
        if within(latitude, 90) && within(longitude, 180) {
            Ok(Self { latitude, longitude })
        } else {
            Err(NotAPoint)
        }
    }

    /// How far north.
    pub const fn latitude(self) -> Degrees {
        self.latitude
    }

    /// How far east.
    pub const fn longitude(self) -> Degrees {
        self.longitude
    }

    /// The distance to another place along the surface of a globe (haversine), in metres. The
    /// earth is no globe: up to half a percent more or less.
    pub fn distance(&self, other: &Self) -> u32 {
        let half = |one: Degrees, other: Degrees| (one.radians() - other.radians()) / 2.0;
        let north = half(self.latitude, other.latitude).sin().powi(2);
        let east = half(self.longitude, other.longitude).sin().powi(2);
        let across = self.latitude.radians().cos() * other.latitude.radians().cos();
        let metres = 2.0 * RADIUS * (north + across * east).clamp(0.0, 1.0).sqrt().asin();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "no two places are farther apart than half way around, 20,015,114 m"
        )]
        let metres = metres.round() as u32;
        metres
    }
}

impl FromStr for Point {
    type Err = NotAPoint;

    fn from_str(text: &str) -> Result<Self, NotAPoint> {
        let (latitude, longitude) = text.split_once(',').ok_or(NotAPoint)?;
        Self::new(latitude.parse()?, longitude.parse()?)
    }
}

impl TryFrom<String> for Point {
    type Error = NotAPoint;

    fn try_from(text: String) -> Result<Self, NotAPoint> {
        text.parse()
    }
}

impl From<Point> for String {
    fn from(point: Point) -> Self {
        point.to_string()
    }
}

impl Display for Point {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.latitude, self.longitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(text: &str) -> Point {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_written_as_it_is_read() {
        for text in ["29.98,121.23", "30.170261,121.266561", "-0.5,-0.000001", "0,0", "90,-180"] {
            assert_eq!(point(text).to_string(), text);
        }
        assert_eq!(point("31.264600,121.50").to_string(), "31.2646,121.5");
        let micros = point("-0.5,121.000001");
        assert_eq!((micros.latitude.micros(), micros.longitude.micros()), (-500_000, 121_000_001));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for bad in [
            "",
            "30",
            "30,",
            ",121",
            "30,121,0",
            "90.000001,0",
            "-91,0",
            "0,180.000001",
            "0,-181",
            "30.1234567,121",
            "30.,121",
            ".5,121",
            "+30,121",
            "1e1,121",
            "30, 121",
            "NaN,0",
            "--1,0",
            "30,1211",
            "３０,121",
        ] {
            assert_eq!(bad.parse::<Point>(), Err(NotAPoint), "{bad}");
        }
    }

    /// The metres are those of the angle between two vectors from the middle of the globe, which
    /// is another formula.
    #[test]
    fn distances_are_those_on_a_globe() {
        for (one, other, metres) in [
            ("39.904211,116.407394", "31.230372,121.473662", 1_067_314),
            ("0,0", "0,1", 111_195),
            ("30,120", "30,121", 96_297),
            ("0,179.5", "0,-179.5", 111_195),
            ("90,0", "-90,0", 20_015_114),
            ("0,0", "0,180", 20_015_114),
            ("30.170261,121.266561", "30.170261,121.266571", 1),
            ("30.170261,121.266561", "30.170261,121.266561", 0),
        ] {
            assert_eq!(point(one).distance(&point(other)), metres, "{one} {other}");
            assert_eq!(point(other).distance(&point(one)), metres, "{other} {one}");
        }
    }
}
