//! What the parties to an order see of its evaluations: before the window closes, each only its own.

use serde::{Deserialize, Serialize};

use super::{Evaluation, EvaluationState, EvaluationWindow, Evaluations, WindowState};
use crate::{
    Action, Actor, Error, Party, Refusal, Timestamp,
    id::{EvaluationId, OrderId},
};

/// What whoever took part may do.
const EVALUATE: &str = "evaluate";

/// Something to be marked, as the rater sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskedDimension {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its part in the whole, in percent.
    pub weight: u32,
}

/// Somebody who evaluates an order, and whether it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RaterStatus {
    /// Who.
    pub party: Party,
    /// Whether it has given its evaluation.
    pub given: bool,
}

/// The evaluations of an order, as far as somebody may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderEvaluations {
    /// The order.
    pub order_id: OrderId,
    /// Where its window stands; nothing before it opens, and of orders that are not evaluated.
    pub window: Option<WindowState>,
    /// When the window opened.
    pub opened_at: Option<Timestamp>,
    /// The version of the policy profile by which it is evaluated.
    pub policy_version: Option<i64>,
    /// Who evaluates, and who has.
    pub raters: Vec<RaterStatus>,
    /// The best mark; the worst is 1.
    pub scale: Option<u32>,
    /// What whoever asks has to mark.
    pub dimensions: Vec<AskedDimension>,
    /// What the order says of its agency, from 0 to 1000, once its window is closed.
    pub points: Option<u32>,
    /// What whoever asks may do now, and why not.
    pub actions: Vec<Action>,
    /// The evaluations: before the window closes only one's own.
    pub evaluations: Vec<SeenEvaluation>,
}

/// An evaluation, and what whoever asks may do with it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeenEvaluation {
    /// The evaluation.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// Every action, allowed or with the refusal that it would meet.
    pub actions: Vec<Action>,
}

impl Evaluations<'_> {
    /// Reads an evaluation that the actor may see: its own, and once they are published those of
    /// the orders that it is party to.
    pub async fn get(&self, actor: &Actor, id: EvaluationId) -> Result<Evaluation, Error> {
        let evaluation = self.0.db.evaluation(id).await?;
        self.party_to(actor, evaluation.order_id).await?;
        evaluation.seen_by(&actor.party).ok_or(Error::NotFound("evaluation"))
    }

    /// Whoever is no party to an order knows of none of its evaluations.
    async fn party_to(&self, actor: &Actor, order: OrderId) -> Result<(), Error> {
        self.0.orders().get(actor, order).await.map(drop).map_err(|why| match why {
            Error::NotFound(_) => Error::NotFound("evaluation"),
            why => why,
        })
    }

    /// The evaluations of an order that the actor is party to, as far as it may see them.
    pub async fn of_order(&self, actor: &Actor, id: OrderId) -> Result<OrderEvaluations, Error> {
        let order = self.0.orders().get(actor, id).await?;
        let Some(window) = self.0.db.evaluation_window(order.id).await? else {
            return Ok(OrderEvaluations::none_of(order.id));
        };
        let given = self.0.db.evaluations_of_order(order.id).await?;
        Ok(window.shown_to(actor, given, self.0.env.now()))
    }
}

impl OrderEvaluations {
    fn none_of(order_id: OrderId) -> Self {
        Self {
            order_id,
            window: None,
            opened_at: None,
            policy_version: None,
            raters: Vec::new(),
            scale: None,
            dimensions: Vec::new(),
            points: None,
            actions: vec![Action::of(EVALUATE, Err(Refusal::EvaluationNotOpen))],
            evaluations: Vec::new(),
        }
    }
}

impl EvaluationWindow {
    fn shown_to(self, actor: &Actor, given: Vec<Evaluation>, now: Timestamp) -> OrderEvaluations {
        let party = &actor.party;
        let may = self.check_give(party, &given, now.day()).map(drop);
        let has_given = |party: &Party| given.iter().any(|one| one.rater == *party);
        let raters = self.raters.iter();
        let raters = raters
            .map(|party| RaterStatus { party: party.clone(), given: has_given(party) })
            .collect();
        let asked = self.role_of(party).map_or(&[][..], |role| self.rules.dimensions(role));
        let asked = asked.iter().cloned().map(|one| AskedDimension {
            code: one.code,
            name: one.name,
            weight: one.weight,
        });
        let seen = given.into_iter().filter_map(|one| one.seen_by(party)).map(|evaluation| {
            let actions = evaluation.actions(actor, now);
            SeenEvaluation { evaluation, actions }
        });
        OrderEvaluations {
            order_id: self.order_id,
            opened_at: Some(self.opened_at),
            policy_version: Some(self.policy_version),
            raters,
            scale: Some(self.rules.scale),
            dimensions: asked.collect(),
            points: self.points,
            window: Some(self.state),
            actions: vec![Action::of(EVALUATE, may)],
            evaluations: seen.collect(),
        }
    }
}

impl Evaluation {
    /// The evaluation, if a party to its order may see it.
    pub(super) fn seen_by(self, party: &Party) -> Option<Self> {
        let is_sealed = matches!(self.state, EvaluationState::Sealed {});
        (!is_sealed || self.rater == *party).then_some(self)
    }

    /// What an actor may do with it now, and why not the rest.
    pub fn actions(&self, actor: &Actor, now: Timestamp) -> Vec<Action> {
        let appeals = self.check_appellant(&actor.party);
        let decides = self.check_supervisor(&actor.party);
        vec![
            Action::of("appeal", appeals.and_then(|()| self.check_appeal(now.day()))),
            Action::of("keep", decides.and_then(|()| self.check_keep().map(drop))),
            Action::of("hide", decides.and_then(|()| self.check_hide().map(drop))),
        ]
    }
}
