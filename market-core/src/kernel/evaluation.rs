//! The numbers of evaluations after orders.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::store::text_enum;

/// What all weights of a list of dimensions add up to.
pub(crate) const WHOLE: u32 = 100;

text_enum! {
    /// What an order says of its agency that nobody evaluates.
    pub enum Unrated {
        /// Nothing (不计).
        None = "none",
        /// As much as if somebody had given it `deemed_points` (视为默认评价).
        Deemed = "deemed",
    }
}

/// One thing that is marked (评价维度): written as its code, its name and its weight in percent,
/// such as `quality 服务质量 40`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dimension {
    /// Its code: small letters and `_`, at most 30.
    pub code: String,
    /// Its name, for people: 1 to 20 characters without blanks.
    pub name: String,
    /// Its part in the whole evaluation, in percent.
    pub weight: u32,
}

/// Why a text is no dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a dimension: a code, a name and a weight from 1 to 100, such as: quality 服务质量 40")]
pub struct NotADimension;

impl FromStr for Dimension {
    type Err = NotADimension;

    fn from_str(text: &str) -> Result<Self, NotADimension> {
        let mut words = text.split_whitespace();
        let (Some(code), Some(name), Some(weight), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(NotADimension);
        };
        let is_code = code.len() <= 30 && code.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
        let is_name = name.chars().count() <= 20 && !name.contains(['|', '"', '\\']);
        let weight = weight.parse().ok().filter(|weight| (1..=WHOLE).contains(weight));
        match weight {
            Some(weight) if is_code && is_name => {
                Ok(Self { code: code.to_owned(), name: name.to_owned(), weight })
            }
            _ => Err(NotADimension),
        }
    }
}

impl TryFrom<String> for Dimension {
    type Error = NotADimension;

    fn try_from(text: String) -> Result<Self, NotADimension> {
        text.parse()
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.name, self.weight)
    }
}

impl From<Dimension> for String {
    fn from(dimension: Dimension) -> Self {
        dimension.to_string()
    }
}

/// How orders are evaluated once they have ended (评价参数). Days are working days. The rules of
/// the day on which a window opens hold for all evaluations in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRules {
    /// The best mark; the worst is 1.
    pub scale: u32,
    /// For how long an order may be evaluated.
    pub window_days: u32,
    /// For how long the agency may appeal against a published evaluation.
    pub appeal_days: u32,
    /// Within how many days an appeal is decided; the evaluation is kept after that.
    pub decision_days: u32,
    /// What an applicant marks of the agency.
    pub applicant_dimensions: Vec<Dimension>,
    /// What a department marks of the agency whose deliverable it used.
    pub department_dimensions: Vec<Dimension>,
    /// What the agency marks of the applicant.
    pub agency_dimensions: Vec<Dimension>,
    /// What the applicant's evaluation weighs …
    pub applicant_weight: u32,
    /// … beside that of the departments together.
    pub department_weight: u32,
    /// What an order says that nobody evaluates.
    pub unrated: Unrated,
    /// The points of such an order, if it says anything.
    pub deemed_points: u32,
}

/// What profiles have that were written before there were evaluations: the project's defaults, as
/// `data/policy.toml` has them.
impl Default for EvaluationRules {
    fn default() -> Self {
        let dimensions = |all: &[(&str, &str, u32)]| {
            let one = |(code, name, weight): &(&str, &str, u32)| Dimension {
                code: (*code).to_owned(),
                name: (*name).to_owned(),
                weight: *weight,
            };
            all.iter().map(one).collect()
        };
        Self {
            scale: 5,
            window_days: 15,
            appeal_days: 5,
            decision_days: 15,
            applicant_dimensions: dimensions(&[
                ("quality", "服务质量", 40),
                ("timeliness", "服务时效", 25),
                ("attitude", "服务态度", 15),
                ("fee", "收费规范", 20),
            ]),
            department_dimensions: dimensions(&[
                ("quality", "成果质量", 60),
                ("lawfulness", "合法合规", 40),
            ]),
            agency_dimensions: dimensions(&[
                ("cooperation", "配合程度", 50),
                ("payment", "付款及时", 50),
            ]),
            applicant_weight: 5,
            department_weight: 3,
            unrated: Unrated::None,
            deemed_points: 800,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyFile;

    #[test]
    fn a_dimension_is_read_as_it_is_written() {
        let quality: Dimension = "quality 服务质量 40".parse().unwrap();
        assert_eq!((&*quality.name, quality.weight), ("服务质量", 40));
        assert_eq!(quality.to_string(), "quality 服务质量 40");
        let long = format!("{} 质量 1", "a".repeat(31));
        for wrong in [
            "",
            "quality 40",
            "Quality 质量 40",
            "quality 质量 0",
            "quality 质量 101",
            "quality 质量 40 %",
            "quality 质|量 40",
            &long,
        ] {
            assert_eq!(wrong.parse::<Dimension>(), Err(NotADimension), "{wrong}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_pack() {
        let pack: PolicyFile = toml::from_str(include_str!("../../../data/policy.toml")).unwrap();
        for profile in pack.profiles {
            assert_eq!(profile.evaluation, EvaluationRules::default());
            assert_eq!(profile.ranking.evaluation_weight, 500);
        }
    }
}
