//! Payments (付款) as the applicant records them and the agency confirms or disputes them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Contract, Order, Orders, dealing::Dealing, sides::side_of};
use crate::{
    Call, Day, Error, Fault, Money, Refusal, Timestamp,
    id::{OrderId, PaymentId},
    kernel::text::{check_reason, check_text},
    store::{begin, retry, text_enum},
};

text_enum! {
    /// Where a payment stands.
    pub enum PaymentState {
        /// Recorded by the applicant; it counts from its day until it is disputed (待确认).
        Recorded = "recorded",
        /// The agency has it (已到账).
        Confirmed = "confirmed",
        /// The agency does not have it; it does not count (有异议).
        Disputed = "disputed",
    }
}

/// A payment for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The order that it is for.
    pub order_id: OrderId,
    /// Its number within the order, from 1.
    pub number: i64,
    /// How much.
    pub amount: Money,
    /// When it was paid.
    pub paid_on: Day,
    /// By what the two sides find it: the number of a transfer or of an invoice.
    pub reference: String,
    /// What else there is to say.
    pub note: String,
    /// Where it stands.
    pub state: PaymentState,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it was confirmed or disputed, the last time.
    pub decided_at: Option<Timestamp>,
    /// Why it was disputed.
    pub dispute: Option<String>,
}

/// A payment as the applicant records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// How much, more than nothing.
    pub amount: Money,
    /// When it was paid: not before the contract was signed, nor after today.
    pub paid_on: Day,
    /// By what the two sides find it, 1 to 100 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub reference: String,
    /// What else there is to say, up to 500 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 500))]
    pub note: String,
}

impl NewPayment {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        if self.amount == Money::ZERO {
            faults.push(Fault::new("/amount", "range", "must be above 0"));
        }
        check_text("/reference", &self.reference, 1, 100, &mut faults);
        check_text("/note", &self.note, 0, 500, &mut faults);
        Error::unless_faultless(faults)
    }

    fn check_day(&self, contract: &Contract, today: Day) -> Result<(), Error> {
        if self.paid_on > today {
            return Err(Error::invalid("/paid_on", "future", "must not be after today"));
        }
        if self.paid_on < contract.signed_on {
            let message = format!("must not be before the contract of {}", contract.signed_on);
            return Err(Error::invalid("/paid_on", "early", message));
        }
        Ok(())
    }
}

/// The most payments of one order, whose list has no pages.
const MAX_PAYMENTS: i64 = 200;

impl Orders<'_> {
    /// The applicant records what it has paid. All payments together never exceed the contract's
    /// amount.
    pub async fn pay(&self, call: &Call, id: OrderId, new: NewPayment) -> Result<Payment, Error> {
        new.check()?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "orders.pay", &(id, &new));
            let (held, _, done) = tx.deal(call, id, Dealing::Pay).await?;
            let contract = held.order.check_contract()?;
            new.check_day(contract, held.clock.today())?;
            if new.amount > done.room(contract) {
                return Err(Refusal::Overpaid.into());
            }
            let last = done.payments.last().map_or(0, |payment| payment.number);
            if last >= MAX_PAYMENTS {
                return Err(Refusal::TooManyPayments.into());
            }
            let order = held.order.clone().dealt(&held.clock);
            let payment = Payment {
                id: PaymentId(self.0.env.id()),
                order_id: id,
                number: last + 1,
                amount: new.amount,
                paid_on: new.paid_on,
                reference: new.reference.clone(),
                note: new.note.clone(),
                state: PaymentState::Recorded,
                recorded_at: order.updated_at,
                decided_at: None,
                dispute: None,
            };
            tx.insert_payment(&payment).await?;
            let data = json!({ "payment": payment.number, "amount": payment.amount });
            tx.save_dealing(&order, &held, "payment_recorded", data).await?;
            tx.finish(payment).await
        })
        .await
    }

    /// The agency has received a payment, also one that it disputed before.
    pub async fn confirm_payment(
        &self,
        call: &Call,
        id: OrderId,
        payment: PaymentId,
    ) -> Result<Order, Error> {
        self.decide_payment(call, id, payment, PaymentState::Confirmed, None).await
    }

    /// The agency has not received a payment as it was recorded.
    pub async fn dispute_payment(
        &self,
        call: &Call,
        id: OrderId,
        payment: PaymentId,
        reason: &str,
    ) -> Result<Order, Error> {
        check_reason(reason)?;
        self.decide_payment(call, id, payment, PaymentState::Disputed, Some(reason)).await
    }

    async fn decide_payment(
        &self,
        call: &Call,
        id: OrderId,
        payment: PaymentId,
        to: PaymentState,
        dispute: Option<&str>,
    ) -> Result<Order, Error> {
        let (dealing, action, event) = match dispute {
            None => (Dealing::ConfirmPayment, "orders.confirm-payment", "payment_confirmed"),
            Some(_) => (Dealing::DisputePayment, "orders.dispute-payment", "payment_disputed"),
        };
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, payment, dispute));
            let held = tx.hold_order(call, id).await?;
            let done = tx.dealings(&held.order).await?;
            dealing.check_side(side_of(&call.actor, &held.order)?)?;
            let found = done.payments.iter().find(|one| one.id == payment);
            let found = found.ok_or(Error::NotFound("payment"))?;
            match (found.state, to) {
                (PaymentState::Recorded, _) => {}
                // Others may have been paid in its stead.
                (PaymentState::Disputed, PaymentState::Confirmed) => {
                    if found.amount > done.room(held.order.check_contract()?) {
                        return Err(Refusal::Overpaid.into());
                    }
                }
                _ => return Err(Refusal::PaymentDecided.into()),
            }
            let order = held.order.clone().dealt(&held.clock);
            tx.decide_payment(payment, to, dispute, order.updated_at).await?;
            let data = json!({ "payment": found.number, "amount": found.amount });
            tx.save_dealing(&order, &held, event, data).await?;
            tx.finish(order).await
        })
        .await
    }
}
