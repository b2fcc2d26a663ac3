//! Forms that are filled in, looked over, and done: one page for all of them.
//!
//! A form carries the proof of who fills it in, a key under which it is done once, and the version
//! of what was seen. Whatever goes wrong, it comes back with what was typed and with what is wrong.

use askama::Template;
use axum::response::{IntoResponse, Response};
use market_core::{Call, Error, Fault, Market, Refusal};

use super::{
    Frame, Link, Page,
    fields::Field,
    picture::Picture,
    signed::{Answers, CARRIED, Signed, Stage, go, private, returnable},
    wrong::{self, Wrong},
};
use crate::problem::{Code, Problem};

/// A form to be filled in.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) title: String,
    /// The way to it.
    pub(super) trail: Vec<Link>,
    /// What it is for, and what comes of it.
    pub(super) lead: String,
    /// What must be known to fill it in.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What should be looked at first, and where else to go.
    pub(super) links: Vec<Link>,
    /// What is scanned before it is filled in.
    pub(super) picture: Option<Picture>,
    pub(super) fields: Vec<Field>,
    /// Where it is sent.
    pub(super) action: String,
    pub(super) button: &'static str,
    /// What else it may be sent for: a step, and what its button says.
    pub(super) others: Vec<(&'static str, &'static str)>,
    /// The version of what it changes; none of what it makes.
    pub(super) version: Option<i64>,
    /// Whether its answers are looked over before it is done.
    pub(super) is_checked: bool,
    /// Whether what it does cannot be taken back.
    pub(super) is_final: bool,
    /// Whether what is filled in is a secret, which no browser keeps either.
    pub(super) is_secret: bool,
}

/// What came of a form that was sent.
#[derive(Debug)]
pub(super) enum Taken<T> {
    /// It was done.
    Done(T),
    /// It is shown once more, for whatever reason.
    Shown(Response),
}

#[derive(Debug, Template)]
#[template(path = "form.html")]
struct FormPage {
    frame: Frame,
    form: Form,
    wrong: Option<Wrong>,
    carries: Carried,
}

#[derive(Debug, Template)]
#[template(path = "check.html")]
struct CheckPage {
    frame: Frame,
    form: Form,
    carries: Carried,
}

/// What a form carries beside its fields.
#[derive(Debug)]
struct Carried {
    proof: String,
    key: String,
    version: Option<i64>,
}

impl Form {
    pub(super) fn new(title: impl Into<String>, action: String, button: &'static str) -> Self {
        Self {
            title: title.into(),
            trail: Vec::new(),
            lead: String::new(),
            facts: Vec::new(),
            links: Vec::new(),
            picture: None,
            fields: Vec::new(),
            action,
            button,
            others: Vec::new(),
            version: None,
            is_checked: false,
            is_final: false,
            is_secret: false,
        }
    }

    /// Whether a file is sent with it.
    fn has_file(&self) -> bool {
        self.fields.iter().any(|field| field.file().is_some())
    }

    fn fresh(&self, market: &Market, signed: &Signed) -> Carried {
        let key = market.env().id().to_string();
        Carried { proof: signed.proof.clone(), key, version: self.version }
    }

    /// What the form carried as it was sent.
    fn kept(&self, market: &Market, sent: &Answers) -> Carried {
        let fresh = self.fresh(market, &sent.signed);
        Carried {
            key: sent.key().map_or(fresh.key, str::to_owned),
            version: self.version.and(sent.version().or(fresh.version)),
            proof: fresh.proof,
        }
    }

    /// The form, not filled in yet.
    pub(super) async fn show(self, market: &Market, signed: &Signed) -> Result<Response, Problem> {
        let carries = self.fresh(market, signed);
        let page = self.page(market, signed, None, carries).await?;
        Ok(private(page.into_response()))
    }

    /// The form, or the form with the reason why what it does may not be done now.
    pub(super) async fn offer(
        self,
        may: Result<(), Error>,
        market: &Market,
        signed: &Signed,
    ) -> Result<Response, Problem> {
        match may {
            Ok(()) => self.show(market, signed).await,
            Err(why) => self.refused(market, signed, &why).await,
        }
    }

    /// The form of which it is known that it would be refused.
    async fn refused(
        mut self,
        market: &Market,
        signed: &Signed,
        why: &Error,
    ) -> Result<Response, Problem> {
        let wrong = Wrong::of(why, &mut self.fields);
        let carries = self.fresh(market, signed);
        let page = self.page(market, signed, wrong, carries).await?;
        Ok(private(page.into_response()))
    }

    async fn page(
        self,
        market: &Market,
        signed: &Signed,
        wrong: Option<Wrong>,
        carries: Carried,
    ) -> Result<Page, Problem> {
        let title = Self::titled(&self.title, wrong.as_ref());
        let frame = Frame::signed(market, title, signed).await?;
        self.rendered(frame, wrong, carries)
    }

    /// The page of the form. A field that is named like what the form carries beside its fields
    /// would be read in its place.
    fn rendered(
        self,
        frame: Frame,
        wrong: Option<Wrong>,
        carries: Carried,
    ) -> Result<Page, Problem> {
        let is_own = |field: &Field| CARRIED.contains(&field.name.as_str());
        debug_assert!(
            !self.fields.iter().any(is_own),
            "a field is named like what every form carries: {:?}",
            self.fields
        );
        Page::of(&FormPage { frame, form: self, wrong, carries })
    }

    fn titled(title: &str, wrong: Option<&Wrong>) -> String {
        if wrong.is_some() { format!("需要修改：{title}") } else { title.to_owned() }
    }

    /// The form for somebody who is nobody yet, and so has no key.
    pub(super) async fn opening(
        self,
        market: &Market,
        proof: String,
        wrong: Option<Wrong>,
    ) -> Result<Page, Problem> {
        let frame = Frame::new(market, Self::titled(&self.title, wrong.as_ref())).await?;
        let carries = Carried { proof, key: String::new(), version: None };
        self.rendered(frame, wrong, carries)
    }

    /// Takes what was sent: shows it again, has it looked over, or does it and goes on to where
    /// what came of it is.
    pub(super) async fn take<N, T, Done>(
        self,
        market: &Market,
        sent: &Answers,
        read: Result<N, Error>,
        call: impl FnOnce(Call, N) -> Done,
        to: impl FnOnce(&T) -> String,
    ) -> Result<Response, Problem>
    where
        Done: Future<Output = Result<T, Error>>,
    {
        Ok(match self.taken(market, sent, read, call).await? {
            Taken::Done(made) => go(&to(&made)),
            Taken::Shown(page) => page,
        })
    }

    /// The same, for whoever answers with a page of their own once it is done.
    pub(super) async fn taken<N, T, Done>(
        mut self,
        market: &Market,
        sent: &Answers,
        read: Result<N, Error>,
        call: impl FnOnce(Call, N) -> Done,
    ) -> Result<Taken<T>, Problem>
    where
        Done: Future<Output = Result<T, Error>>,
    {
        for field in &mut self.fields {
            field.value = sent.get(&field.name).unwrap_or_default().to_owned();
        }
        let stage = sent.stage(self.is_checked);
        if stage == Stage::Edit {
            let (carries, keeping) = (self.kept(market, sent), self.keeping());
            let page = self.page(market, &sent.signed, None, carries).await?;
            return Ok(Taken::Shown(keeping(page.into_response())));
        }
        let made = match read {
            Ok(new) => call(self.call(sent, stage)?, new).await,
            Err(why) => Err(why),
        };
        match made {
            Ok(made) if stage == Stage::Do => Ok(Taken::Done(made)),
            Ok(_) => self.check(market, sent).await.map(Taken::Shown),
            Err(why) => self.fails(market, sent, why).await.map(Taken::Shown),
        }
    }

    /// The call that the form makes at a stage, with its guards.
    fn call(&self, sent: &Answers, stage: Stage) -> Result<Call, Problem> {
        let key = sent.key().ok_or(Code::KEY_MISSING)?;
        let mut call = sent.call().once(key);
        if self.version.is_some() {
            call = call.expecting(sent.version().ok_or(Code::UNCONDITIONAL)?);
        }
        Ok(if stage == Stage::Check { call.rehearsed() } else { call })
    }

    /// How a page is kept that answers the form and shows it again.
    fn keeping(&self) -> fn(Response) -> Response {
        if self.is_secret { private } else { returnable }
    }

    /// The answers, to be looked over.
    async fn check(self, market: &Market, sent: &Answers) -> Result<Response, Problem> {
        let (carries, keeping) = (self.kept(market, sent), self.keeping());
        let title = format!("核对：{}", self.title);
        let frame = Frame::signed(market, title, &sent.signed).await?;
        let page = Page::of(&CheckPage { frame, form: self, carries })?;
        Ok(keeping(page.into_response()))
    }

    /// What is wrong with what was sent, with every field that was left empty and must not be, so
    /// that nobody mends one only to hear of the next.
    fn with_missing(&self, why: Error) -> Error {
        let Error::Invalid(mut faults) = why else { return why };
        for field in &self.fields {
            let is_told = faults.iter().any(|fault| wrong::name(&fault.pointer) == field.name);
            if !field.is_optional && field.value.trim().is_empty() && !is_told {
                faults.push(Fault::new(field.name.as_str(), "missing", "must be given"));
            }
        }
        let place = |fault: &Fault| {
            let name = wrong::name(&fault.pointer);
            self.fields.iter().position(|field| field.name == name)
        };
        faults.sort_by_key(|fault| place(fault).unwrap_or(usize::MAX));
        Error::Invalid(faults)
    }

    /// The form with what is wrong with it.
    pub(super) async fn fails(
        mut self,
        market: &Market,
        sent: &Answers,
        why: Error,
    ) -> Result<Response, Problem> {
        let why = self.with_missing(why);
        let Some(wrong) = Wrong::of(&why, &mut self.fields) else { return Err(why.into()) };
        let mut carries = self.kept(market, sent);
        let fresh = self.fresh(market, &sent.signed);
        match why {
            // What is shown now is what they change next.
            Error::Stale(_) => carries = fresh,
            Error::Refused(Refusal::ListingChanged) => {
                self.fields.iter_mut().for_each(Field::see);
                carries.key = fresh.key;
            }
            // Answers before with other answers: what is sent next is meant anew.
            Error::Refused(Refusal::KeyReused) => carries.key = fresh.key,
            _ => {}
        }
        let keeping = self.keeping();
        let page = self.page(market, &sent.signed, Some(wrong), carries).await?;
        Ok(keeping(page.told(why.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renders a form with a field of a name.
    fn with_field(name: &str) -> Result<Page, Problem> {
        let mut form = Form::new("核对", "/orders/1/cancel".to_owned(), "提交");
        form.fields = vec![Field::line("title", "名称", 100), Field::line(name, "其他", 100)];
        let carries = Carried { proof: String::new(), key: String::new(), version: Some(1) };
        form.rendered(Frame::bare("核对"), None, carries)
    }

    #[test]
    fn a_field_is_named_as_what_it_stands_for() {
        for name in ["keys", "steps/1", "profile/version"] {
            with_field(name).unwrap();
        }
    }

    #[test]
    #[cfg(debug_assertions)]
    fn no_field_is_named_like_what_every_form_carries() {
        for name in CARRIED {
            let rendered = std::panic::catch_unwind(|| with_field(name).is_ok());
            assert!(rendered.is_err(), "a form has a field {name}");
        }
    }
}
