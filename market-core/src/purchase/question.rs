//! Questions about a purchase and their answers (提问与答复): published without who asked.

use serde::{Deserialize, Serialize};

use super::{Purchases, registering::ENTER};
use crate::{
    Actor, Call, Error, Page, Paging, Refusal, Timestamp,
    id::{PurchaseId, QuestionId},
    kernel::text::check_lines,
    store::{begin, retry},
};

/// A question about a purchase, as anybody may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchaseQuestion))]
pub struct Question {
    /// Its id.
    pub id: QuestionId,
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// What was asked.
    pub text: String,
    /// When.
    pub asked_at: Timestamp,
    /// The answer, once there is one.
    pub answered: Option<Answered>,
}

/// An owner's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchaseAnswer))]
pub struct Answered {
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

impl Purchases<'_> {
    /// An agency asks while registration is open, 1 to 1000 characters.
    pub async fn ask(&self, call: &Call, id: PurchaseId, text: &str) -> Result<Question, Error> {
        let mut faults = Vec::new();
        check_lines("/text", text, 1, 1000, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            ENTER.admits(&call.actor)?;
            let agency = call.actor.agency()?;
            let mut tx = begin!(self.0, call, "purchases.ask", &(id, text));
            let purchase = tx.hold_purchase(id).await?;
            purchase.permits(ENTER, &call.actor)?;
            purchase.open_at(tx.at)?;
            let question = Question {
                id: QuestionId(self.0.env.id()),
                purchase_id: id,
                text: text.to_owned(),
                asked_at: tx.at,
                answered: None,
            };
            tx.insert_question(&question, agency).await?;
            tx.finish(question).await
        })
        .await
    }

    /// The owner answers, 1 to 2000 characters; once.
    pub async fn answer(
        &self,
        call: &Call,
        id: PurchaseId,
        question: QuestionId,
        text: &str,
    ) -> Result<Question, Error> {
        let mut faults = Vec::new();
        check_lines("/text", text, 1, 2000, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.answer", &(id, question, text));
            let purchase = tx.hold_purchase(id).await?;
            purchase.owned_by(&call.actor)?;
            let purchase = purchase.expected(call)?;
            purchase.open_at(tx.at)?;
            let found = tx.question(id, question).await?;
            if found.answered.is_some() {
                return Err(Refusal::AlreadyReplied.into());
            }
            let answered = Answered { text: text.to_owned(), at: tx.at };
            tx.answer_question(question, &answered).await?;
            tx.finish(Question { answered: Some(answered), ..found }).await
        })
        .await
    }

    /// The questions about a purchase, the latest first.
    pub async fn questions(
        &self,
        actor: Option<&Actor>,
        id: PurchaseId,
        paging: &Paging,
    ) -> Result<Page<Question>, Error> {
        self.get(actor, id).await?;
        let found = self.0.db.questions(id, paging).await?;
        Ok(paging.page(found, |question| question.id.to_string()))
    }
}
