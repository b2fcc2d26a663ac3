//! The steps of a purchase: each narrows the state it starts from, and gives the only thing that
//! the store saves.

use super::{
    NewPurchase, Notice, Purchase, PurchaseState,
    state::{
        Award, Awarded, Choosing, Draft, Failed, Failure, GivenNumber, InReview, Open, Opening,
        Ordered, Publicity, Rounds, Suspended, Voided,
    },
};
use crate::{
    Refusal, Timestamp,
    case::Case,
    code::DepartmentCode,
    draw::Beacon,
    id::{ComplaintId, OrderId, PurchaseId, RegistrationId},
    rules::Clock,
    selection::{Quote, Selection},
};

/// A purchase's move, with the event that tells of it: the only thing the store saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) purchase: Purchase,
    pub(super) from: Option<&'static str>,
    pub(super) event: &'static str,
    /// Whether the notice has a new number.
    pub(super) new_notice: bool,
    /// Why, where whoever took the step had to say.
    pub(super) reason: Option<String>,
}

const SECONDS_PER_HOUR: i64 = 3600;

impl Purchase {
    fn moved(mut self, event: &'static str, now: Timestamp, to: impl Into<PurchaseState>) -> Moved {
        let from = Some(self.state.name());
        let at = now.max(self.updated_at.next());
        self.state = to.into();
        (self.since, self.updated_at) = (at, at);
        self.version += 1;
        Moved { purchase: self, from, event, new_notice: false, reason: None }
    }

    /// A new draft.
    pub(super) fn draft_of(
        id: PurchaseId,
        new: &NewPurchase,
        item_version: i64,
        case: &Case,
        now: Timestamp,
    ) -> Moved {
        let purchase = Self {
            id,
            case_id: case.id,
            item: new.item.clone(),
            item_version,
            applicant_id: case.applicant_id,
            region: case.region.clone(),
            fund: case.fund,
            notice: new.notice.clone(),
            notice_number: 1,
            selection: None,
            predecessor: new.predecessor,
            state: Draft { returned: None }.into(),
            since: now,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Moved { purchase, from: None, event: "purchase_drafted", new_notice: true, reason: None }
    }

    /// The owner rewrites the draft.
    pub(super) fn revise(mut self, notice: Notice, now: Timestamp) -> Result<Moved, Refusal> {
        let draft = self.draft()?.clone();
        self.notice = notice;
        self.notice_number += 1;
        let moved = self.moved("purchase_revised", now, draft);
        Ok(Moved { new_notice: true, ..moved })
    }

    /// The earliest end of a registration that begins now.
    pub(crate) fn earliest_close(clock: &Clock) -> Timestamp {
        match clock.policy.selection.registration_days {
            0 => clock.now.plus_seconds(SECONDS_PER_HOUR),
            days => clock.within(days).end(),
        }
    }

    /// The owner hands the draft in: to the review, or straight to the public.
    pub(super) fn submit(mut self, selection: Selection, clock: &Clock) -> Result<Moved, Refusal> {
        self.draft()?;
        self.notice.admitted_by(&clock.policy.selection, self.fund)?;
        if self.notice.closes_at < Self::earliest_close(clock) {
            return Err(Refusal::WindowTooShort);
        }
        let closes_at = self.notice.closes_at;
        self.notice.stays_unknown(closes_at)?;
        self.selection = Some(selection);
        Ok(if clock.policy.selection.reviewed.contains(&self.fund) {
            let due = clock.within(clock.policy.selection.review_days);
            self.moved("purchase_submitted", clock.now, InReview { due })
        } else {
            self.moved("purchase_published", clock.now, Open { closes_at })
        })
    }

    /// The reviewer publishes it. The window is never shorter for the time that the review took.
    pub(super) fn approve(mut self, clock: &Clock) -> Result<Moved, Refusal> {
        self.in_review()?;
        let closes_at = self.notice.closes_at.max(Self::earliest_close(clock));
        self.notice.stays_unknown(closes_at)?;
        let is_later = closes_at != self.notice.closes_at;
        if is_later {
            self.notice.closes_at = closes_at;
            self.notice_number += 1;
        }
        let moved = self.moved("purchase_published", clock.now, Open { closes_at });
        Ok(Moved { new_notice: is_later, ..moved })
    }

    /// The reviewer sends it back.
    pub(super) fn send_back(mut self, reason: String, now: Timestamp) -> Result<Moved, Refusal> {
        self.in_review()?;
        self.selection = None;
        Ok(self.moved("purchase_sent_back", now, Draft { returned: Some(reason) }))
    }

    /// The owner corrects the published notice; registration stays open long enough to read it.
    pub(super) fn correct(mut self, mut notice: Notice, clock: &Clock) -> Result<Moved, Refusal> {
        let open = self.open_at(clock.now)?.clone();
        notice.corrects(&self.notice)?;
        let closes_at = notice.closes_at.max(open.closes_at).max(Self::earliest_close(clock));
        notice.stays_unknown(closes_at)?;
        notice.closes_at = closes_at;
        self.notice = notice;
        self.notice_number += 1;
        let moved = self.moved("notice_corrected", clock.now, Open { closes_at });
        Ok(Moved { new_notice: true, ..moved })
    }

    /// The state, if registration is open at a time: the time decides, not whether anybody has
    /// closed it yet.
    pub(super) fn open_at(&self, now: Timestamp) -> Result<&Open, Refusal> {
        let open = self.open()?;
        if now < open.closes_at { Ok(open) } else { Err(Refusal::RegistrationClosed) }
    }

    /// Whether the owner may still give it up: not once the list is sealed.
    pub(super) fn check_voidable(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.state {
            PurchaseState::Draft(_) | PurchaseState::InReview(_) => Ok(()),
            PurchaseState::Open(_) => self.open_at(now).map(drop),
            state if state.is_over() => Err(Refusal::PurchaseOver),
            _ => Err(Refusal::PurchaseSealed),
        }
    }

    /// Whether its owner may buy the same again: what was published, and came to nothing.
    pub(super) fn check_repeatable(&self) -> Result<(), Refusal> {
        match &self.state {
            state if !state.is_public() => Err(Refusal::PurchaseNeverPublished),
            PurchaseState::Voided(_) => Ok(()),
            _ => self.failed().map(drop),
        }
    }

    /// What repeats it says the same, open for as long as the rules ask.
    pub(super) fn repeated(&self, clock: &Clock) -> NewPurchase {
        let mut notice = self.notice.clone();
        notice.closes_at = notice.closes_at.max(Self::earliest_close(clock));
        let (case_id, item) = (self.case_id, self.item.clone());
        NewPurchase { case_id, item, notice, predecessor: Some(self.id) }
    }

    /// The owner gives it up.
    pub(super) fn void(self, reason: String, now: Timestamp) -> Result<Moved, Refusal> {
        self.check_voidable(now)?;
        let closes_at = self.open().ok().map(|open| open.closes_at);
        Ok(self.moved("purchase_voided", now, Voided { reason, closes_at }))
    }

    /// Registration ends: the list is sealed, and the opening code is awaited.
    pub(super) fn close(self, sealed_sha256: String, clock: &Clock) -> Result<Moved, Refusal> {
        self.open()?;
        let hours = i64::from(clock.policy.selection.opening_hours);
        let sealed_at = clock.now;
        // What is known later leaves as long to write it down.
        let known_at = match &self.notice.beacon {
            Some(Beacon::Number(number)) => number.known_at,
            Some(Beacon::Words(_)) | None => sealed_at,
        };
        let until = sealed_at.max(known_at).plus_seconds(hours * SECONDS_PER_HOUR);
        let to = Opening { sealed_at, sealed_sha256, until, numbers: Vec::new() };
        Ok(self.moved("registration_closed", clock.now, to))
    }

    /// A party gives the public number, in the place of what it gave before; says whether another
    /// has given the same, which settles it.
    pub(super) fn give_number(&mut self, given: GivenNumber) -> Result<bool, Refusal> {
        self.opening()?;
        let PurchaseState::Opening(opening) = &mut self.state else {
            return Err(Refusal::PurchaseNotOpening);
        };
        let same = |one: &GivenNumber| one.value == given.value;
        if opening.numbers.iter().any(|one| same(one) && one.by == given.by) {
            return Err(Refusal::BeaconGiven);
        }
        opening.numbers.retain(|one| one.by != given.by);
        let is_settled = opening.numbers.iter().any(same);
        opening.numbers.push(given);
        Ok(is_settled)
    }

    /// It comes to nothing.
    pub(super) fn fail(self, failure: Failure, now: Timestamp) -> Result<Moved, Refusal> {
        match &self.state {
            state if state.is_over() => return Err(Refusal::PurchaseOver),
            PurchaseState::Draft(_) | PurchaseState::InReview(_) => {
                return Err(Refusal::PurchaseNotOpen);
            }
            PurchaseState::Ordered(_) => return Err(Refusal::PurchaseNotAwarded),
            _ => {}
        }
        Ok(self.moved("purchase_failed", now, Failed { failure }))
    }

    /// Something came in for the opening, and more is awaited.
    pub(super) fn note(self, event: &'static str, now: Timestamp) -> Result<Moved, Refusal> {
        let opening = self.opening()?.clone();
        Ok(self.moved(event, now, opening))
    }

    /// The quotes are open; rounds follow.
    pub(super) fn begin_round(
        self,
        round: u32,
        of: u32,
        lowest: Option<Quote>,
        clock: &Clock,
    ) -> Moved {
        let rules = &clock.policy.selection;
        let seconds = if self.notice.mode == crate::Mode::Negotiation {
            i64::from(rules.negotiation_hours) * SECONDS_PER_HOUR
        } else {
            i64::from(rules.round_minutes) * 60
        };
        let until = clock.now.plus_seconds(seconds);
        self.moved("round_begun", clock.now, Rounds { round, of, until, lowest })
    }

    /// The owner has to choose.
    pub(super) fn let_choose(self, candidates: Vec<RegistrationId>, clock: &Clock) -> Moved {
        let until = clock.within(clock.policy.selection.choosing_days);
        self.moved("candidates_found", clock.now, Choosing { candidates, until })
    }

    /// Somebody is chosen: the award is published.
    pub(super) fn select(self, award: Award, clock: &Clock) -> Moved {
        let until = clock.within(clock.policy.selection.publicity_days);
        self.moved("award_published", clock.now, Publicity { award, until })
    }

    /// The publicity is over: the award stands, the winner confirms.
    pub(super) fn stand(self, clock: &Clock) -> Result<Moved, Refusal> {
        let award = self.publicity()?.award.clone();
        let hours = i64::from(clock.policy.selection.confirm_hours);
        let until = clock.now.plus_seconds(hours * SECONDS_PER_HOUR);
        Ok(self.moved("award_stands", clock.now, Awarded { award, until }))
    }

    /// There is a complaint: the clock of a published award stops, with the days that are left. Of
    /// one that stands no day is left: awards stood before complaints that were not accepted yet
    /// kept them from it.
    pub(super) fn suspend(
        self,
        complaint_id: ComplaintId,
        handler: DepartmentCode,
        clock: &Clock,
    ) -> Result<Moved, Refusal> {
        let (award, days_left) = if let PurchaseState::Awarded(state) = &self.state {
            (state.award.clone(), 0)
        } else {
            let Publicity { award, until } = self.publicity()?.clone();
            (award, clock.calendar.between(clock.today(), until))
        };
        let to = Suspended { award, complaint_id, handler, days_left };
        Ok(self.moved("purchase_suspended", clock.now, to))
    }

    /// The complaint was dismissed: the clock goes on for the days that were left.
    pub(super) fn resume(self, clock: &Clock) -> Result<Moved, Refusal> {
        let Suspended { award, days_left, .. } = self.suspended()?.clone();
        let until = clock.within(days_left.max(1));
        Ok(self.moved("purchase_resumed", clock.now, Publicity { award, until }))
    }

    /// The winner confirmed, and an order goes on from here.
    pub(super) fn become_order(self, order_id: OrderId, clock: &Clock) -> Result<Moved, Refusal> {
        let award = self.awarded()?.award.clone();
        Ok(self.moved("award_confirmed", clock.now, Ordered { award, order_id }))
    }

    /// The winner dropped out: the next in line, if anybody is, has a publicity of its own.
    pub(super) fn pass_on(
        self,
        event: &'static str,
        next: Option<Award>,
        clock: &Clock,
    ) -> Result<Moved, Refusal> {
        if !matches!(self.state, PurchaseState::Awarded(_) | PurchaseState::Ordered(_)) {
            self.awarded()?;
        }
        let until = clock.within(clock.policy.selection.publicity_days);
        Ok(match next {
            Some(award) => self.moved(event, clock.now, Publicity { award, until }),
            None => {
                self.moved("purchase_failed", clock.now, Failed { failure: Failure::NobodyLeft })
            }
        })
    }
}
