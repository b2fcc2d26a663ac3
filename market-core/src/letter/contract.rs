//! The contract summary.

use serde::{Deserialize, Serialize};

use super::{
    Fonts, Unprintable, Verification,
    paper::{Paper, Part},
    table::Row,
    words,
};
use crate::{Day, Money, Uscc, sha256_hex};

/// A contract summary (合同备案摘要): what both sides have put on record of their contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractSummary {
    /// The number of the record.
    pub record: String,
    /// Which version of the record it is, from 1: each approved change makes the next.
    pub revision: usize,
    /// The number that the two sides gave the contract.
    pub number: String,
    /// How the agency was found.
    pub bought: Bought,
    /// The title of the purchase, or of what was ordered.
    pub title: String,
    /// The code of the purchase, or of the order.
    pub code: String,
    /// The name of the owner.
    pub owner: String,
    /// The name of the agency.
    pub agency: String,
    /// The agency's unified social credit code.
    pub uscc: Uscc,
    /// The name of the service item.
    pub item: String,
    /// The amount.
    pub amount: Money,
    /// When it was signed.
    pub signed_on: Day,
    /// The first day of the service.
    pub starts_on: Day,
    /// The last day of the service.
    pub ends_on: Day,
    /// What was agreed.
    pub scope: String,
    /// The name of the marketplace that keeps the record.
    pub issuer: String,
    /// The day of the record.
    pub recorded_on: Day,
    /// How anybody can verify the summary.
    pub verification: Verification,
}

/// How the agency of a contract was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bought {
    /// By an open selection (公开选取).
    Selected,
    /// By an order of what the agency lists (直接选取).
    Ordered,
}

impl ContractSummary {
    /// The SHA-256 of what the summary says, as its foot shows it.
    pub fn digest(&self) -> String {
        sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// The summary as a PDF: the same summary gives the same bytes.
    pub fn render(&self, fonts: &Fonts) -> Result<Vec<u8>, Unprintable> {
        Paper {
            title: "合同备案摘要",
            number: &self.record,
            issuer: &self.issuer,
            issued_on: self.recorded_on,
            verification: &self.verification,
            digest: self.digest(),
            parts: vec![
                Part::Paragraph(
                    "下列合同已由双方在本平台确认并备案，摘要如下。合同全文以双方签字盖章的文本为准。"
                        .to_owned(),
                ),
                Part::Table(self.rows()),
            ],
        }
        .print(fonts)
    }

    fn rows(&self) -> Vec<Row> {
        let (title, code, agency) = match self.bought {
            Bought::Selected => ("采购项目名称", "采购项目编号", "乙方（中选机构）"),
            Bought::Ordered => ("办件名称", "订单编号", "乙方（中介机构）"),
        };
        let changed = (self.revision > 1)
            .then(|| Row::one("备案版本", &format!("第{}版，替代此前各版", self.revision)));
        let rows = vec![
            Row::one("合同编号", &self.number),
            Row::one(title, &self.title),
            Row::one(code, &self.code),
            Row::one("甲方（项目业主）", &self.owner),
            Row::one(agency, &self.agency),
            Row::one("统一社会信用代码", self.uscc.as_str()),
            Row::one("中介服务事项", &self.item),
            Row::one("合同金额", &words::money(self.amount)),
            Row::two(
                ("签订日期", &words::day(self.signed_on)),
                ("备案日期", &words::day(self.recorded_on)),
            ),
            Row::one("服务期限", &words::days(self.starts_on, self.ends_on)),
            Row::one("服务内容", &self.scope),
        ];
        changed.into_iter().chain(rows).collect()
    }
}
