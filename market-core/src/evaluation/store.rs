//! Where windows and evaluations are kept.

use serde_json::{Value, json};
use sqlx::types::Json;

use super::{
    Evaluation, EvaluationState, EvaluationWindow,
    rows::{EvaluationRow, WindowRow},
    state::Moved,
};
use crate::{
    Actor, Call, Error, Kind, Refusal, Timestamp,
    id::{EvaluationId, OrderId},
    rules::Clock,
    store::{Db, OnDuplicate, Query, Tx, journal::Entry, statements},
};

statements! {
    INSERT_WINDOW = "\
        insert into evaluation_windows (order_id, case_id, agency_id, applicant_id, item, \
        supervisor, raters, rules, policy_version, state, detail, due_on, points, version, \
        opened_at, updated_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    MOVE_WINDOW = "\
        update evaluation_windows set state = $2, detail = $3, due_on = $4, points = $5, \
        version = $6, updated_at = $7 where order_id = $1 and version = $6 - 1";
    SET_POINTS = "update evaluation_windows set points = $2 where order_id = $1";
    WINDOWS = "\
        select order_id, case_id, agency_id, applicant_id, item, supervisor, raters, rules, \
        policy_version, detail, points, version, opened_at, updated_at \
        from evaluation_windows where true";
    WINDOWS_DUE = "\
        select order_id from evaluation_windows where due_on < $1 order by due_on, order_id \
        limit $2";
    INSERT = "\
        insert into evaluations (id, order_id, case_id, agency_id, applicant_id, rater, role, \
        about_agency, marks, scale, points, comment, supervisor, state, detail, due_on, public, \
        counted, version, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
        $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    INSERT_MARK = "\
        insert into evaluation_marks (evaluation_id, dimension, name, scale, mark) \
        values ($1, $2, $3, $4, $5)";
    MOVE = "\
        update evaluations set state = $2, detail = $3, due_on = $4, public = $5, counted = $6, \
        version = $7, updated_at = $8 where id = $1 and version = $7 - 1";
    LIST = "\
        select id, order_id, agency_id, applicant_id, rater, role, marks, scale, points, comment, \
        supervisor, detail, version, created_at, updated_at from evaluations where true";
    APPEALS_DUE = "\
        select id from evaluations where due_on < $1 order by due_on, id limit $2";
}

async fn window(query: Query<'_>, order: OrderId) -> Result<Option<EvaluationWindow>, Error> {
    let row: Option<WindowRow> = query.with(" and order_id = ", order).optional().await?;
    Ok(row.map(EvaluationWindow::from))
}

async fn evaluations(query: Query<'_>) -> Result<Vec<Evaluation>, Error> {
    let rows: Vec<EvaluationRow> = query.push(" order by id").all().await?;
    rows.into_iter().map(Evaluation::try_from).collect()
}

async fn evaluation(query: Query<'_>, id: EvaluationId) -> Result<Evaluation, Error> {
    let row: Option<EvaluationRow> = query.with(" and id = ", id).optional().await?;
    row.ok_or(Error::NotFound("evaluation"))?.try_into()
}

/// An evaluation about to take a step, with the case of its order held until the step is done.
#[derive(Debug)]
pub(super) struct HeldEvaluation {
    pub(super) evaluation: Evaluation,
    pub(super) window: EvaluationWindow,
    pub(super) clock: Clock,
}

impl Db {
    /// The window of an order, if there is one.
    pub(super) async fn evaluation_window(
        &self,
        order: OrderId,
    ) -> Result<Option<EvaluationWindow>, Error> {
        window(self.query(WINDOWS), order).await
    }

    /// The windows of some orders.
    pub(crate) async fn evaluation_windows(
        &self,
        orders: Vec<OrderId>,
    ) -> Result<Vec<EvaluationWindow>, Error> {
        let rows: Vec<WindowRow> =
            self.query(WINDOWS).within(" and order_id in", orders).all().await?;
        Ok(rows.into_iter().map(EvaluationWindow::from).collect())
    }

    /// An evaluation, whoever may see it.
    pub(super) async fn evaluation(&self, id: EvaluationId) -> Result<Evaluation, Error> {
        evaluation(self.query(LIST), id).await
    }

    /// Evaluations by their ids, whoever may see them.
    pub(crate) async fn evaluations_by_id(
        &self,
        ids: Vec<EvaluationId>,
    ) -> Result<Vec<Evaluation>, Error> {
        evaluations(self.query(LIST).within(" and id in", ids)).await
    }

    /// Every evaluation of an order.
    pub(super) async fn evaluations_of_order(
        &self,
        order: OrderId,
    ) -> Result<Vec<Evaluation>, Error> {
        self.evaluations_of_orders(vec![order]).await
    }

    /// Every evaluation of some orders.
    pub(crate) async fn evaluations_of_orders(
        &self,
        orders: Vec<OrderId>,
    ) -> Result<Vec<Evaluation>, Error> {
        evaluations(self.query(LIST).within(" and order_id in", orders)).await
    }

    /// Orders whose window's last day is over, the longest overdue first.
    pub(super) async fn windows_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<OrderId>, Error> {
        let due = self.query(WINDOWS_DUE).bind(now.day()).bind(limit);
        Ok(due.all::<(OrderId,)>().await?.into_iter().map(|(id,)| id).collect())
    }

    /// Evaluations with an appeal that nobody decided in time, the longest overdue first.
    pub(super) async fn appeals_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<EvaluationId>, Error> {
        let due = self.query(APPEALS_DUE).bind(now.day()).bind(limit);
        Ok(due.all::<(EvaluationId,)>().await?.into_iter().map(|(id,)| id).collect())
    }
}

impl Tx {
    /// The window of an order, if there is one. Whoever changes it holds the order's case.
    pub(super) async fn evaluation_window(
        &mut self,
        order: OrderId,
    ) -> Result<Option<EvaluationWindow>, Error> {
        window(self.query(WINDOWS), order).await
    }

    /// Every evaluation of an order.
    pub(super) async fn evaluations_of_order(
        &mut self,
        order: OrderId,
    ) -> Result<Vec<Evaluation>, Error> {
        evaluations(self.query(LIST).with(" and order_id = ", order)).await
    }

    /// An evaluation about to take a step by somebody who may see it. The case of its order is
    /// held, and the time is that of the database.
    pub(super) async fn hold_evaluation(
        &mut self,
        actor: &Actor,
        id: EvaluationId,
    ) -> Result<HeldEvaluation, Error> {
        const NONE: Error = Error::NotFound("evaluation");
        let order = evaluation(self.query(LIST), id).await?.order_id;
        let held = self.hold_order(&Call::from(actor), order).await.map_err(|why| match why {
            Error::NotFound(_) => NONE,
            why => why,
        })?;
        self.settle_time().await?;
        let clock = self.clock_of(&held.case).await?;
        let evaluation = evaluation(self.query(LIST), id).await?;
        let evaluation = evaluation.seen_by(&actor.party).ok_or(NONE)?;
        let window = self.evaluation_window(order).await?;
        let window = window.ok_or(Error::Inconsistent("evaluation"))?;
        Ok(HeldEvaluation { evaluation, window, clock })
    }

    /// Saves a new window with its journal entry.
    pub(super) async fn insert_window(
        &mut self,
        moved: Moved<EvaluationWindow>,
    ) -> Result<(), Error> {
        let window = &moved.thing;
        self.query(INSERT_WINDOW)
            .bind(window.order_id)
            .bind(window.case_id)
            .bind(window.agency_id)
            .bind(window.applicant_id)
            .bind(&window.item)
            .bind(&window.supervisor)
            .bind(Json(&window.raters))
            .bind(Json(&window.rules))
            .bind(window.policy_version)
            .bind(window.state.name())
            .bind(Json(&window.state))
            .bind(window.state.due())
            .bind(window.points.map(i64::from))
            .bind(window.version)
            .bind(window.opened_at)
            .bind(window.updated_at)
            .execute()
            .await?;
        self.record_window(moved).await
    }

    /// Closes a window that has to, and gives the evaluations that this publishes.
    pub(super) async fn close_window(
        &mut self,
        window: EvaluationWindow,
        given: Vec<Evaluation>,
        clock: &Clock,
    ) -> Result<Option<Vec<Evaluation>>, Error> {
        let before = window.clone();
        let Some((closed, published)) = window.close(given, clock) else { return Ok(None) };
        let window = &closed.thing;
        let saved = self
            .query(MOVE_WINDOW)
            .bind(window.order_id)
            .bind(window.state.name())
            .bind(Json(&window.state))
            .bind(window.state.due())
            .bind(window.points.map(i64::from))
            .bind(window.version)
            .bind(window.updated_at)
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("evaluation"));
        }
        self.record_window(closed).await?;
        let mut shown = Vec::new();
        for moved in published {
            shown.push(self.move_evaluation(moved, &before).await?);
        }
        Ok(Some(shown))
    }

    async fn record_window(&mut self, moved: Moved<EvaluationWindow>) -> Result<(), Error> {
        let Moved { thing: window, from, event } = moved;
        let data = json!({
            "order": window.order_id,
            "agency": window.agency_id,
            "item": window.item,
            "due": window.state.due(),
            "points": window.points,
        });
        let entry = Entry::new(Kind::EvaluationWindow, &window.order_id, window.version, event)
            .case(window.case_id)
            .moved(from, window.state.name())
            .policy(window.policy_version)
            .data(data);
        self.record(entry, window.updated_at).await
    }

    /// Saves a new evaluation. The unique index on raters keeps anybody from evaluating twice.
    pub(super) async fn insert_evaluation(
        &mut self,
        moved: Moved<Evaluation>,
        window: &EvaluationWindow,
    ) -> Result<Evaluation, Error> {
        let one = &moved.thing;
        self.query(INSERT)
            .bind(one.id)
            .bind(one.order_id)
            .bind(window.case_id)
            .bind(window.agency_id)
            .bind(window.applicant_id)
            .bind(one.rater.to_string())
            .bind(one.role)
            .bind(one.is_about_agency())
            .bind(Json(&one.marks))
            .bind(i64::from(one.scale))
            .bind(i64::from(one.points))
            .bind(&one.comment)
            .bind(one.supervisor.to_string())
            .bind(one.state.name())
            .bind(Json(&one.state))
            .bind(one.state.due())
            .bind(one.is_public())
            .bind(one.is_counted())
            .bind(one.version)
            .bind(one.created_at)
            .bind(one.updated_at)
            .execute()
            .await
            .on_duplicate(Refusal::AlreadyEvaluated)?;
        for mark in &one.marks {
            self.query(INSERT_MARK)
                .bind(one.id)
                .bind(&mark.code)
                .bind(&mark.name)
                .bind(i64::from(one.scale))
                .bind(i64::from(mark.mark))
                .execute()
                .await?;
        }
        self.record_evaluation(moved, window).await
    }

    /// Saves a step of an evaluation, and what follows from it for what the order says.
    pub(super) async fn save_evaluation(
        &mut self,
        moved: Moved<Evaluation>,
        window: EvaluationWindow,
    ) -> Result<Evaluation, Error> {
        let saved = self.move_evaluation(moved, &window).await?;
        let before = window.points;
        let given = self.evaluations_of_order(saved.order_id).await?;
        let after = window.reckoned(given.iter()).points;
        if after != before {
            let set = self.query(SET_POINTS).bind(saved.order_id);
            set.bind(after.map(i64::from)).execute().await?;
        }
        Ok(saved)
    }

    async fn move_evaluation(
        &mut self,
        moved: Moved<Evaluation>,
        window: &EvaluationWindow,
    ) -> Result<Evaluation, Error> {
        let one = &moved.thing;
        let saved = self
            .query(MOVE)
            .bind(one.id)
            .bind(one.state.name())
            .bind(Json(&one.state))
            .bind(one.state.due())
            .bind(one.is_public())
            .bind(one.is_counted())
            .bind(one.version)
            .bind(one.updated_at)
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("evaluation"));
        }
        self.record_evaluation(moved, window).await
    }

    /// Of what everybody may see, the entry is public and names neither case nor order nor rater.
    /// No entry holds a comment: it may have to be hidden, and an entry stays.
    async fn record_evaluation(
        &mut self,
        moved: Moved<Evaluation>,
        window: &EvaluationWindow,
    ) -> Result<Evaluation, Error> {
        let Moved { thing: one, from, event } = moved;
        let entry = Entry::new(Kind::Evaluation, &one.id, one.version, event)
            .moved(from, one.state.name())
            .policy(window.policy_version);
        let is_sealed = matches!(one.state, EvaluationState::Sealed {});
        let entry = if is_sealed || !one.is_about_agency() {
            entry.case(window.case_id).data(json!({ "order": one.order_id, "role": one.role }))
        } else {
            let marks = one.marks.iter().map(|mark| (mark.code.clone(), json!(mark.mark)));
            let marks = one.is_public().then(|| Value::Object(marks.collect()));
            entry.public().data(json!({
                "agency": window.agency_id,
                "item": window.item,
                "role": one.role,
                "points": one.is_public().then_some(one.points),
                "marks": marks,
            }))
        };
        self.record(entry, one.updated_at).await?;
        Ok(one)
    }
}
