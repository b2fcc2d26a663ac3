//! The award letter.

use serde::{Deserialize, Serialize};

use super::{
    Fonts, Unprintable, Verification,
    paper::{Paper, Part},
    table::Row,
    words,
};
use crate::{Day, Money, Timestamp, Uscc, sha256_hex};

/// An award letter (中选通知书): tells an agency that it was selected, and what to do until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardLetter {
    /// The number of the letter.
    pub number: String,
    /// The title of the purchase.
    pub title: String,
    /// The code of the purchase.
    pub code: String,
    /// The name of the owner.
    pub owner: String,
    /// The name of the agency that was selected.
    pub agency: String,
    /// The agency's unified social credit code.
    pub uscc: Uscc,
    /// The name of the service item.
    pub item: String,
    /// The name of the region.
    pub region: String,
    /// The mode of selection, in Chinese: `随机选取`.
    pub mode: String,
    /// For how much.
    pub price: Price,
    /// The day of the selection.
    pub awarded_on: Day,
    /// The first day of the award's publicity.
    pub publicity_from: Day,
    /// The last day of the award's publicity.
    pub publicity_to: Day,
    /// Whether the agency has confirmed.
    pub confirmation: Confirmation,
    /// Within how many working days of that the contract is to be signed.
    pub contract_days: u32,
    /// The name of the marketplace that issues the letter.
    pub issuer: String,
    /// The day of the letter.
    pub issued_on: Day,
    /// How anybody can verify the letter.
    pub verification: Verification,
}

/// For how much an agency was selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// An amount.
    Amount(Money),
    /// A discount from what is charged, in percent: `12.50` (下浮率), and what the contract will
    /// cost by it.
    Discount {
        /// The discount.
        rate: String,
        /// The amount.
        amount: Money,
    },
}

/// Where the agency's confirmation stands when a letter is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// It must come before an instant.
    Until(Timestamp),
    /// It was given on a day.
    Given(Day),
}

impl AwardLetter {
    /// The SHA-256 of what the letter says, as its foot shows it.
    pub fn digest(&self) -> String {
        sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// The letter as a PDF: the same letter gives the same bytes.
    pub fn render(&self, fonts: &Fonts) -> Result<Vec<u8>, Unprintable> {
        Paper {
            title: "中选通知书",
            number: &self.number,
            issuer: &self.issuer,
            issued_on: self.issued_on,
            verification: &self.verification,
            digest: self.digest(),
            parts: self.parts(),
        }
        .print(fonts)
    }

    fn parts(&self) -> Vec<Part> {
        let Self { title, code, agency, mode, .. } = self;
        vec![
            Part::Salutation(format!("{agency}：")),
            Part::Paragraph(format!(
                "在“{title}”（采购项目编号：{code}）的公开选取中，经{mode}，你单位被确定为中选机构。现将有关事项通知如下："
            )),
            Part::Table(self.rows()),
            Part::Paragraph(match self.confirmation {
                Confirmation::Until(at) => format!(
                    "请你单位于{}前在本平台确认中选；逾期未确认的，视为放弃中选。",
                    words::instant(at)
                ),
                Confirmation::Given(day) => {
                    format!("你单位已于{}在本平台确认中选。", words::day(day))
                }
            }),
            Part::Paragraph(format!(
                "请你单位自确认中选之日起{}个工作日内与项目业主签订合同，并在本平台备案。合同金额应当与中选结果一致，服务范围应当与采购公告一致。",
                self.contract_days
            )),
            Part::Paragraph("特此通知。".to_owned()),
        ]
    }

    fn rows(&self) -> Vec<Row> {
        let (discount, amount) = match &self.price {
            Price::Amount(amount) => (None, amount),
            Price::Discount { rate, amount } => (Some(format!("{rate}%")), amount),
        };
        let discount = discount.map(|rate| Row::one("中选下浮率", &rate));
        let begin = vec![
            Row::one("采购项目名称", &self.title),
            Row::one("采购项目编号", &self.code),
            Row::one("项目业主", &self.owner),
            Row::one("中选机构", &self.agency),
            Row::one("统一社会信用代码", self.uscc.as_str()),
            Row::one("中介服务事项", &self.item),
            Row::two(("选取方式", &self.mode), ("项目所在地", &self.region)),
        ];
        let end = [
            Row::one("中选金额", &words::money(*amount)),
            Row::one("中选日期", &words::day(self.awarded_on)),
            Row::one("中选公示期", &words::days(self.publicity_from, self.publicity_to)),
        ];
        begin.into_iter().chain(discount).chain(end).collect()
    }
}
