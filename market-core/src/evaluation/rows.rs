//! Rows of windows and evaluations, and what they are.

use sqlx::{FromRow, types::Json};

use super::{Evaluation, EvaluationState, EvaluationWindow, Mark, Rater, WindowState};
use crate::{
    Error, EvaluationRules, Party, Timestamp,
    code::{DepartmentCode, ItemCode},
    id::{AgencyId, ApplicantId, CaseId, EvaluationId, OrderId},
};

#[derive(FromRow)]
pub(super) struct WindowRow {
    order_id: OrderId,
    case_id: CaseId,
    agency_id: AgencyId,
    applicant_id: ApplicantId,
    item: ItemCode,
    supervisor: DepartmentCode,
    raters: Json<Vec<Party>>,
    rules: Json<EvaluationRules>,
    policy_version: i64,
    detail: Json<WindowState>,
    points: Option<i64>,
    version: i64,
    opened_at: Timestamp,
    updated_at: Timestamp,
}

impl From<WindowRow> for EvaluationWindow {
    fn from(row: WindowRow) -> Self {
        Self {
            order_id: row.order_id,
            case_id: row.case_id,
            agency_id: row.agency_id,
            applicant_id: row.applicant_id,
            item: row.item,
            supervisor: row.supervisor,
            raters: row.raters.0,
            rules: row.rules.0,
            policy_version: row.policy_version,
            state: row.detail.0,
            points: row.points.and_then(|points| u32::try_from(points).ok()),
            version: row.version,
            opened_at: row.opened_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(FromRow)]
pub(super) struct EvaluationRow {
    id: EvaluationId,
    order_id: OrderId,
    agency_id: AgencyId,
    applicant_id: ApplicantId,
    rater: String,
    role: Rater,
    marks: Json<Vec<Mark>>,
    scale: i64,
    points: i64,
    comment: String,
    supervisor: String,
    detail: Json<EvaluationState>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<EvaluationRow> for Evaluation {
    type Error = Error;

    fn try_from(row: EvaluationRow) -> Result<Self, Error> {
        let party = |text: String| text.parse().map_err(|_| Error::Inconsistent("evaluation"));
        let number = |number: i64| u32::try_from(number).unwrap_or(0);
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            rater: party(row.rater)?,
            role: row.role,
            about: match row.role {
                Rater::Agency => Party::Applicant(row.applicant_id),
                Rater::Applicant | Rater::Department => Party::Agency(row.agency_id),
            },
            marks: row.marks.0,
            scale: number(row.scale),
            points: number(row.points),
            comment: row.comment,
            supervisor: party(row.supervisor)?,
            state: row.detail.0,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
