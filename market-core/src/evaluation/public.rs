//! What everybody may see of the evaluations of an agency: figures for each dimension, and the
//! evaluations themselves, without who gave them and in which case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};

use super::{EvaluationState, Evaluations, Mark, Rater, marks};
use crate::{
    Actor, Cursor, Error, Paging, Timestamp,
    code::ItemCode,
    id::{AgencyId, EvaluationId},
    store::{Db, statements},
};

statements! {
    PUBLIC = "\
        select e.id, e.role, w.item, e.marks, e.scale, e.points, e.comment, e.detail, e.created_at \
        from evaluations e join evaluation_windows w on w.order_id = e.order_id \
        where e.public and e.agency_id = $1";
    FIGURES = "\
        select m.dimension, m.scale, m.mark, max(m.name) as title, \
        cast(count(*) as bigint) as number \
        from evaluations e join evaluation_marks m on m.evaluation_id = e.id \
        where e.counted and e.agency_id = $1 \
        group by m.dimension, m.scale, m.mark order by m.dimension, m.scale, m.mark";
    ORDERS = "\
        select cast(count(*) as bigint), cast(coalesce(sum(points), 0) as bigint) \
        from evaluation_windows where points is not null and agency_id = $1";
    HIDDEN = "\
        select cast(count(*) as bigint) from evaluations \
        where about_agency and state = 'hidden' and agency_id = $1";
}

/// How often a mark was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkCount {
    /// The mark.
    pub mark: u32,
    /// How often it was given.
    pub count: u64,
}

/// What all evaluations of an agency that count say of one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DimensionFigures {
    /// The code of the dimension …
    pub code: String,
    /// … and its name.
    pub name: String,
    /// The best mark.
    pub scale: u32,
    /// How often it was marked.
    pub count: u64,
    /// The mean of the marks, with two digits after its point, such as `4.33`.
    #[cfg_attr(feature = "openapi", schema(example = "4.33"))]
    pub mean: String,
    /// How often each mark was given, the worst first.
    pub distribution: Vec<MarkCount>,
}

/// An evaluation of an agency, as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicEvaluation {
    /// Its id.
    pub id: EvaluationId,
    /// As what it was given: by the applicant, or by a department that used the deliverable.
    pub role: Rater,
    /// The service item that was bought.
    pub item: ItemCode,
    /// What was marked, and how.
    pub marks: Vec<Mark>,
    /// The best mark.
    pub scale: u32,
    /// What the marks add up to, from 0 to 1000.
    pub points: u32,
    /// What else was said.
    pub comment: String,
    /// Whether the agency appeals against it, so that it does not count now.
    pub appealed: bool,
    /// When it was given.
    pub created_at: Timestamp,
}

/// What everybody may see of the evaluations of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgencyEvaluations {
    /// The agency.
    pub agency_id: AgencyId,
    /// How many of its orders have evaluations that count.
    pub orders: u64,
    /// The mean of what those orders say, from 0 to 1000; nothing, if there is none.
    pub points: Option<u32>,
    /// How many evaluations were hidden, and count no more.
    pub hidden: u64,
    /// What the evaluations that count say of each dimension.
    pub dimensions: Vec<DimensionFigures>,
    /// The evaluations, the newest first.
    pub items: Vec<PublicEvaluation>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

#[derive(FromRow)]
struct PublicRow {
    id: EvaluationId,
    role: Rater,
    item: ItemCode,
    marks: Json<Vec<Mark>>,
    scale: i64,
    points: i64,
    comment: String,
    detail: Json<EvaluationState>,
    created_at: Timestamp,
}

impl From<PublicRow> for PublicEvaluation {
    fn from(row: PublicRow) -> Self {
        let number = |number: i64| u32::try_from(number).unwrap_or(0);
        Self {
            id: row.id,
            role: row.role,
            item: row.item,
            marks: row.marks.0,
            scale: number(row.scale),
            points: number(row.points),
            comment: row.comment,
            appealed: matches!(row.detail.0, EvaluationState::Appealed { .. }),
            created_at: row.created_at,
        }
    }
}

#[derive(FromRow)]
struct FigureRow {
    dimension: String,
    scale: i64,
    mark: i64,
    title: String,
    number: i64,
}

/// The figures of each dimension, from rows in their order: a dimension that was marked on another
/// scale is another one.
fn figures(rows: Vec<FigureRow>) -> Vec<DimensionFigures> {
    let mut all: BTreeMap<(String, u32), (String, BTreeMap<u32, u64>)> = BTreeMap::new();
    for row in rows {
        let number = |number: i64| u32::try_from(number).unwrap_or(0);
        let (title, marks) = all.entry((row.dimension, number(row.scale))).or_default();
        *title = row.title;
        marks.insert(number(row.mark), row.number.unsigned_abs());
    }
    let told = |((code, scale), (name, marks)): ((String, u32), (String, BTreeMap<u32, u64>))| {
        let count: u64 = marks.values().sum();
        let sum: u64 = marks.iter().map(|(mark, times)| u64::from(*mark) * times).sum();
        let times = |mark: u32| marks.get(&mark).copied().unwrap_or(0);
        DimensionFigures {
            mean: marks::mean(sum, count).unwrap_or_default(),
            distribution: (1..=scale).map(|mark| MarkCount { mark, count: times(mark) }).collect(),
            code,
            name,
            scale,
            count,
        }
    };
    all.into_iter().map(told).collect()
}

impl Evaluations<'_> {
    /// What everybody may see of the evaluations of an agency, the newest first.
    pub async fn of_agency(
        &self,
        actor: Option<&Actor>,
        id: AgencyId,
        paging: &Paging,
    ) -> Result<AgencyEvaluations, Error> {
        self.0.agencies().get(actor, id).await?;
        self.0.db.evaluations_of_agency(id, paging).await
    }
}

impl Db {
    async fn evaluations_of_agency(
        &self,
        id: AgencyId,
        paging: &Paging,
    ) -> Result<AgencyEvaluations, Error> {
        let after: Option<EvaluationId> = paging.key()?;
        let rows: Vec<PublicRow> = self
            .query(PUBLIC)
            .bind(id)
            .when(" and e.id < ", after)
            .with(" order by e.id desc limit ", paging.fetch())
            .all()
            .await?;
        let (orders, points): (i64, i64) = self.query(ORDERS).bind(id).one().await?;
        let (hidden,): (i64,) = self.query(HIDDEN).bind(id).one().await?;
        let of_dimensions = figures(self.query(FIGURES).bind(id).all().await?);
        let (orders, points) = (orders.unsigned_abs(), points.unsigned_abs());
        let page = paging.page(rows, |row| row.id.to_string());
        Ok(AgencyEvaluations {
            agency_id: id,
            orders,
            points: (orders > 0).then(|| marks::rounded(points, orders)),
            hidden: hidden.unsigned_abs(),
            dimensions: of_dimensions,
            items: page.items.into_iter().map(PublicEvaluation::from).collect(),
            next: page.next,
        })
    }
}
