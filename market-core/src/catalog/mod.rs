//! The catalogue: categories (种类), qualification kinds (资质) and versioned service items
//! (中介服务事项).

use serde::{Deserialize, Serialize};

use crate::{
    Error, Market, Money, Page, Paging,
    code::{CategoryCode, DepartmentCode, ItemCode, LevelCode, QualificationKind},
    store::text_enum,
};

pub(crate) mod store;
#[cfg(test)]
mod tests;

/// A category of services (服务种类).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Category {
    /// Its code.
    pub code: CategoryCode,
    /// Its name.
    pub name: String,
    /// Its place among the categories, from 1.
    pub position: i64,
    /// What belongs to it.
    pub description: String,
}

/// A kind of qualification that agencies are certified for (资质类别).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QualificationType {
    /// Its code.
    pub kind: QualificationKind,
    /// Its name.
    pub name: String,
    /// Who issues the certificates.
    pub issuer: String,
    /// The majors (专业) that a certificate may carry.
    pub majors: Vec<String>,
    /// Its levels, highest first.
    pub levels: Vec<Level>,
}

impl QualificationType {
    /// A level of this kind.
    pub fn level(&self, code: &LevelCode) -> Option<&Level> {
        self.levels.iter().find(|level| level.level == *code)
    }
}

/// A level of a kind of qualification (资质等级).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Level {
    /// Its code, within the kind.
    pub level: LevelCode,
    /// Its name.
    pub name: String,
    /// 1 is the highest.
    pub rank: i64,
}

text_enum! {
    /// Why a service is bought (事项性质).
    pub enum Nature {
        /// An approval requires it by law (法定前置).
        Statutory = "statutory",
        /// A technical service commissioned for an approval (技术性服务).
        Technical = "technical",
        /// Bought or not, as the applicant likes.
        Voluntary = "voluntary",
    }
}

text_enum! {
    /// How many of several required qualifications an agency must hold.
    pub enum Rule {
        /// One of them.
        Any = "any",
        /// Every one.
        All = "all",
    }
}

text_enum! {
    /// How the price of a service is made (价格管理方式).
    pub enum PriceMode {
        /// By the market (市场调节价).
        Market = "market",
        /// Under the government's guidance (政府指导价).
        Guided = "guided",
        /// By the government (政府定价).
        Fixed = "fixed",
    }
}

text_enum! {
    /// What an agency hands over (服务成果类型).
    pub enum DeliverableKind {
        /// A report (报告书).
        Report = "report",
        /// A report form (报告表).
        Form = "form",
        /// A plan (方案).
        Plan = "plan",
        /// A review of drawings (审图意见).
        DrawingReview = "drawing_review",
        /// The result of a survey (测绘成果).
        SurveyResult = "survey_result",
        /// A test report (检测报告).
        TestReport = "test_report",
        /// An opinion (意见书).
        Opinion = "opinion",
        /// A certificate (证明).
        Certificate = "certificate",
        /// An audit report (审计报告).
        AuditReport = "audit_report",
    }
}

/// One required qualification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Requirement {
    /// Its kind.
    pub kind: QualificationKind,
    /// The lowest level that will do.
    pub level: LevelCode,
    /// The major that the certificate must carry.
    pub major: Option<String>,
}

/// A service item (中介服务事项), as of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceItem {
    /// Its code.
    pub code: ItemCode,
    /// The version, from 1; cases and orders keep the one they saw.
    pub version: i64,
    /// Its official name.
    pub name: String,
    /// The category that it belongs to.
    pub category: CategoryCode,
    /// The department whose approval asks for it.
    pub department: DepartmentCode,
    /// Other names that people use.
    pub aliases: Vec<String>,
    /// Why it is bought.
    pub nature: Nature,
    /// The law that it rests on.
    pub legal_basis: String,
    /// Whether one or all of the requirements must be met.
    pub rule: Rule,
    /// The qualifications that an agency needs; none for a service open to all.
    pub requirements: Vec<Requirement>,
    /// The time limit, in working days.
    pub days: u32,
    /// How its price is made.
    pub price_mode: PriceMode,
    /// The highest price that may be asked.
    pub price_cap: Option<Money>,
    /// What a price is for, such as 元/项.
    pub price_unit: String,
    /// What is handed over.
    pub deliverable: DeliverableKind,
    /// Removed from the list: no case may require it any more.
    pub withdrawn: bool,
}

/// Which service items a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// Only those of a category.
    pub category: Option<CategoryCode>,
    /// Only those that a department's approvals ask for.
    pub department: Option<DepartmentCode>,
}

/// What anybody may read in the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a>(pub(crate) &'a Market);

impl Catalog<'_> {
    /// Every category, in the order of display.
    pub async fn categories(&self) -> Result<Vec<Category>, Error> {
        self.0.db.categories().await
    }

    /// Every kind of qualification, by code.
    pub async fn qualification_types(&self) -> Result<Vec<QualificationType>, Error> {
        self.0.db.qualification_types().await
    }

    /// Service items on the list, by code.
    pub async fn items(
        &self,
        filter: &ItemFilter,
        paging: &Paging,
    ) -> Result<Page<ServiceItem>, Error> {
        self.0.db.service_items(filter, paging).await
    }

    /// The current version of a service item.
    pub async fn item(&self, code: &ItemCode) -> Result<ServiceItem, Error> {
        self.0.db.service_item(code).await
    }

    /// A version of a service item, such as the one that an order was placed for.
    pub async fn item_version(&self, code: &ItemCode, version: i64) -> Result<ServiceItem, Error> {
        self.0.db.service_item_version(code, version).await
    }
}
