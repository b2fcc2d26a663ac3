//! Where questions and answers are kept.

use sqlx::FromRow;

use super::{Answered, Question};
use crate::{
    Error, Paging, Timestamp,
    id::{AgencyId, PurchaseId, QuestionId},
    store::{Db, Tx, statements},
};

statements! {
    INSERT = "\
        insert into purchase_questions (id, purchase_id, agency_id, text, asked_at) \
        values ($1, $2, $3, $4, $5)";
    ANSWER = "update purchase_questions set answer = $2, answered_at = $3 where id = $1";
    BY_ID = "\
        select id, purchase_id, text, asked_at, answer, answered_at from purchase_questions \
        where purchase_id = $1 and id = $2";
    LIST = "\
        select id, purchase_id, text, asked_at, answer, answered_at from purchase_questions \
        where purchase_id = $1";
}

#[derive(FromRow)]
struct QuestionRow {
    id: QuestionId,
    purchase_id: PurchaseId,
    text: String,
    asked_at: Timestamp,
    answer: Option<String>,
    answered_at: Option<Timestamp>,
}

impl From<QuestionRow> for Question {
    fn from(row: QuestionRow) -> Self {
        let answered = row.answer.zip(row.answered_at);
        Self {
            id: row.id,
            purchase_id: row.purchase_id,
            text: row.text,
            asked_at: row.asked_at,
            answered: answered.map(|(text, at)| Answered { text, at }),
        }
    }
}

impl Tx {
    /// Keeps a question, and with it who asked, which nobody is shown.
    pub(super) async fn insert_question(
        &mut self,
        question: &Question,
        agency: AgencyId,
    ) -> Result<(), Error> {
        self.query(INSERT)
            .bind(question.id)
            .bind(question.purchase_id)
            .bind(agency)
            .bind(&question.text)
            .bind(question.asked_at)
            .execute()
            .await
            .map(drop)
    }

    pub(super) async fn question(
        &mut self,
        purchase: PurchaseId,
        id: QuestionId,
    ) -> Result<Question, Error> {
        let row: Option<QuestionRow> = self.query(BY_ID).bind(purchase).bind(id).optional().await?;
        row.map(Question::from).ok_or(Error::NotFound("question"))
    }

    pub(super) async fn answer_question(
        &mut self,
        id: QuestionId,
        answered: &Answered,
    ) -> Result<(), Error> {
        let answer = self.query(ANSWER).bind(id).bind(&answered.text).bind(answered.at);
        answer.execute().await.map(drop)
    }
}

impl Db {
    /// The questions about a purchase, the latest first, one more than a page holds.
    pub(super) async fn questions(
        &self,
        purchase: PurchaseId,
        paging: &Paging,
    ) -> Result<Vec<Question>, Error> {
        let after: Option<QuestionId> = paging.key()?;
        let query = self.query(LIST).bind(purchase).when(" and id < ", after);
        let query = query.with(" order by id desc limit ", paging.fetch());
        let rows: Vec<QuestionRow> = query.all().await?;
        Ok(rows.into_iter().map(Question::from).collect())
    }
}
