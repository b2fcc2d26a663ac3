//! The checks that anybody can make with nothing but the file.

use serde_json::Value;

use super::{
    ALGORITHM, Lottery, MAX_TICKETS,
    bytes::{Bytes32, Seed},
    commitment::{Commitment, quote_commitment},
    draws::{Drawn, draw},
    flaw::{Flaw, FlawKind},
    proof::{Opened, Proof, seed, unopened, withheld},
    sealed::{Candidate, Sealed},
};
use crate::kernel::id::RegistrationId;

/// A proof in which nothing was found wrong, and how far that was looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The digest of the proof, to be compared with the one in the award notice.
    pub sha256: Bytes32,
    /// The seed, made again from what was revealed.
    pub seed: Seed,
    /// Whether the rule of the mode was followed as well, so that the proof holds exactly the draws
    /// and the outcome that the rule comes to.
    pub followed_rule: bool,
}

impl Proof {
    /// Checks every digest, the seed, and each recorded draw. Whether the rule asked for just these
    /// draws is left open: see [`Proof::verify_with`].
    pub fn verify(&self) -> Result<Verified, Vec<Flaw>> {
        let mut check = Check { proof: self, flaws: Vec::new() };
        check.file();
        check.list();
        check.promises();
        check.reveals();
        check.quotes();
        check.draws();
        if check.flaws.is_empty() {
            Ok(Verified { sha256: self.sha256, seed: self.seed, followed_rule: false })
        } else {
            Err(check.flaws)
        }
    }

    /// Checks everything, and follows the rule of the mode anew: no draw may be missing or added,
    /// and the outcome must be the one that the rule comes to.
    pub fn verify_with(
        &self,
        rule: impl Fn(&Sealed, &[Opened], &mut dyn Lottery) -> Result<Value, String>,
    ) -> Result<Verified, Vec<Flaw>> {
        let verified = self.verify()?;
        let (draws, outcome) = self.follow(rule).map_err(|flaw| vec![flaw])?;
        let mut check = Check { proof: self, flaws: Vec::new() };
        check.followed(&draws, &outcome);
        if check.flaws.is_empty() {
            Ok(Verified { followed_rule: true, ..verified })
        } else {
            Err(check.flaws)
        }
    }
}

struct Check<'p> {
    proof: &'p Proof,
    flaws: Vec<Flaw>,
}

impl<'p> Check<'p> {
    fn note(&mut self, place: impl Into<String>, kind: FlawKind, detail: impl Into<String>) {
        self.flaws.push(Flaw { place: place.into(), kind, detail: detail.into() });
    }

    fn must(&mut self, holds: bool, place: impl Into<String>, kind: FlawKind) {
        if !holds {
            self.note(place, kind, "");
        }
    }

    /// The digests of the whole file and of the sealed list.
    fn file(&mut self) {
        let Proof { sealed, sealed_sha256, sha256, .. } = self.proof;
        match self.proof.own_sha256() {
            Err(why) => return self.flaws.push(why.into()),
            Ok(own) if own != *sha256 => self.note("/sha256", FlawKind::FileHash, own),
            Ok(_) => {}
        }
        if let Ok(own) = sealed.sha256()
            && own != *sealed_sha256
        {
            self.note("/sealed_sha256", FlawKind::SealedHash, own);
        }
    }

    /// Who takes part and who does not.
    fn list(&mut self) {
        let Sealed { algorithm, list, excluded, .. } = &self.proof.sealed;
        self.must(algorithm == ALGORITHM, "/sealed/algorithm", FlawKind::Algorithm);
        let order = list.windows(2).all(|pair| pair[0].registration < pair[1].registration);
        self.must(order, "/sealed/list", FlawKind::ListOrder);
        let order = excluded.windows(2).all(|pair| pair[0].registration < pair[1].registration);
        self.must(order, "/sealed/excluded", FlawKind::ListOrder);
        let total = list.iter().map(|one| u128::from(one.tickets)).sum::<u128>();
        self.must(total <= u128::from(MAX_TICKETS), "/sealed/list", FlawKind::Tickets);
        for (index, candidate) in list.iter().enumerate() {
            let place = format!("/sealed/list/{index}/tickets");
            self.must(candidate.tickets > 0, place, FlawKind::Tickets);
        }
        for (index, one) in excluded.iter().enumerate() {
            let place = format!("/sealed/excluded/{index}");
            self.must(self.candidate(one.registration).is_none(), &place, FlawKind::ListedTwice);
            self.must(!one.reasons.is_empty(), place + "/reasons", FlawKind::Reasons);
        }
    }

    fn candidate(&self, registration: RegistrationId) -> Option<&'p Candidate> {
        let list = &self.proof.sealed.list;
        let at = list.binary_search_by_key(&registration, |one| one.registration);
        at.ok().map(|at| &list[at])
    }

    /// Whether a lot's key is the id of a registration that takes part.
    fn takes_part(&self, key: &str) -> bool {
        let registration = key.parse().ok().and_then(|registration| self.candidate(registration));
        registration.is_some_and(|one| one.registration.to_string() == key)
    }

    /// What the notice promised.
    fn promises(&mut self) {
        let Sealed { commitments, min_reveals, beacon, .. } = &self.proof.sealed;
        for (index, one) in commitments.iter().enumerate() {
            let again = commitments[..index].iter().any(|other| other.party == one.party);
            let place = format!("/sealed/commitments/{index}/party");
            self.must(!again && !one.party.is_empty(), place, FlawKind::Parties);
        }
        let chance = *min_reveals > 0 || beacon.is_some();
        let enough = *min_reveals <= commitments.len();
        self.must(chance && enough, "/sealed/min_reveals", FlawKind::TooFewPromised);
    }

    /// What came in afterwards, and the seed that follows.
    fn reveals(&mut self) {
        let Proof { sealed, sealed_sha256, reveals, beacon, .. } = self.proof;
        let mut places = Vec::new();
        for (index, reveal) in reveals.iter().enumerate() {
            let place = format!("/reveals/{index}");
            let promised = sealed.commitments.iter().position(|one| one.party == reveal.party);
            let Some(at) = promised else {
                self.note(place + "/party", FlawKind::UnknownParty, &reveal.party);
                continue;
            };
            places.push(at);
            let kept = Commitment::to(sealed.purchase, &reveal.party, &reveal.value);
            self.must(kept == sealed.commitments[at], place + "/value", FlawKind::Reveal);
        }
        let order = places.windows(2).all(|pair| pair[0] < pair[1]);
        self.must(order, "/reveals", FlawKind::RevealOrder);
        let silent = withheld(sealed, reveals);
        if self.proof.withheld != silent {
            self.note("/withheld", FlawKind::Withheld, silent.join(", "));
        }
        self.must(places.len() >= sealed.min_reveals, "/reveals", FlawKind::TooFewReveals);
        let agree = match (&sealed.beacon, beacon) {
            (Some(named), Some(value)) => named.admits(value),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.must(agree, "/beacon", FlawKind::Beacon);
        let follows = seed(sealed, sealed_sha256, reveals, beacon.as_deref());
        if self.proof.seed != follows {
            self.note("/seed", FlawKind::Seed, follows.0);
        }
    }

    /// The quotes that were opened, and those that were not.
    fn quotes(&mut self) {
        let Proof { sealed, opened, .. } = self.proof;
        for (index, quote) in opened.iter().enumerate() {
            let place = format!("/opened/{index}");
            let own = quote_commitment(quote.registration, &quote.quote, &quote.nonce);
            match self.candidate(quote.registration).and_then(|one| one.quote_commitment) {
                None => self.note(place, FlawKind::UnknownQuote, quote.registration.to_string()),
                Some(sealed) => self.must(sealed == own, place, FlawKind::Quote),
            }
        }
        let order = opened.windows(2).all(|pair| pair[0].registration < pair[1].registration);
        self.must(order, "/opened", FlawKind::QuoteOrder);
        let closed = unopened(sealed, opened);
        if self.proof.unopened != closed {
            let closed: Vec<_> = closed.iter().map(ToString::to_string).collect();
            self.note("/unopened", FlawKind::Unopened, closed.join(", "));
        }
    }

    /// Every recorded draw, held again.
    fn draws(&mut self) {
        let Proof { seed, draws, .. } = self.proof;
        for (index, Drawn { label, lots, take, taken }) in draws.iter().enumerate() {
            let place = format!("/draws/{index}");
            let again = draws[..index].iter().any(|other| other.label == *label);
            self.must(!again, format!("{place}/label"), FlawKind::LabelTwice);
            for (index, lot) in lots.iter().enumerate() {
                let known = is_number(&lot.key) || self.takes_part(&lot.key);
                self.must(known, format!("{place}/lots/{index}/key"), FlawKind::UnknownLot);
            }
            if !lots.is_sorted_by(|one, other| one.key < other.key) {
                self.note(format!("{place}/lots"), FlawKind::Lots, "");
                continue;
            }
            match draw(*seed, label, lots, *take) {
                Err(why) => self.note(place + "/lots", FlawKind::Lots, why.to_string()),
                Ok(own) if own != *taken => {
                    self.note(place + "/taken", FlawKind::Taken, own.join(", "));
                }
                Ok(_) => {}
            }
        }
    }

    /// The draws and the outcome that the rule comes to.
    fn followed(&mut self, draws: &[Drawn], outcome: &Value) {
        let recorded = &self.proof.draws;
        let common = recorded.iter().zip(draws).take_while(|(one, other)| one == other).count();
        if recorded != draws {
            let wanted = draws.get(common).map_or("none", |draw| draw.label.as_str());
            self.note(format!("/draws/{common}"), FlawKind::Draws, wanted);
        }
        if self.proof.outcome != *outcome {
            self.note("/outcome", FlawKind::Outcome, outcome.to_string());
        }
    }
}

/// Whether a lot is a number of the rule, such as a percentage, and nobody's registration.
fn is_number(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit())
}
