//! The fields of forms that are filled in.

use market_core::{Money, Timestamp};

use super::{form::Choice, words};

/// How a field is filled in.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A line of text.
    Line,
    /// Some lines of text.
    Lines,
    /// An amount of yuan.
    Money,
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// A day and a time of it, in China.
    Instant,
    /// A telephone number.
    Phone,
    /// A secret that is typed.
    Password,
    /// One of a few, all seen at once.
    Radio(Vec<Choice>),
    /// One of many.
    Select(Vec<Choice>),
    /// A box to be ticked.
    Tick,
    /// A file; which kinds of it a browser offers, if not all.
    File(&'static str),
    /// What was seen, and is sent back unseen; with what there is to be seen now.
    Hidden(String),
}

/// A field of a form: what it is called, what was typed, what is wrong with that. Its name is the
/// JSON pointer of what it stands for, without the first slash, so that what the market finds fault
/// with is found in the form.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) wrong: Option<String>,
    pub(super) is_optional: bool,
    /// The most characters; any number, if 0.
    pub(super) max: u32,
    /// What browsers may fill in by themselves.
    pub(super) autocomplete: &'static str,
}

impl Field {
    pub(super) fn new(name: impl Into<String>, label: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: String::new(),
            kind,
            value: String::new(),
            wrong: None,
            is_optional: false,
            max: 0,
            autocomplete: "off",
        }
    }

    pub(super) fn line(name: impl Into<String>, label: impl Into<String>, max: u32) -> Self {
        Self { max, ..Self::new(name, label, Kind::Line) }
    }

    pub(super) fn lines(name: impl Into<String>, label: impl Into<String>, max: u32) -> Self {
        Self { max, ..Self::new(name, label, Kind::Lines) }
    }

    /// What was seen, and is sent back unseen.
    pub(super) fn hidden(name: impl Into<String>, value: &(impl ToString + ?Sized)) -> Self {
        Self::new(name, "", Kind::Hidden(value.to_string())).filled(value)
    }

    pub(super) fn is_hidden(&self) -> bool {
        matches!(self.kind, Kind::Hidden(_))
    }

    /// What is seen now counts, whatever was seen before.
    pub(super) fn see(&mut self) {
        if let Kind::Hidden(now) = &self.kind {
            self.value.clone_from(now);
        }
    }

    /// With what else there is to know.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// With what it begins with.
    pub(super) fn filled(self, value: &(impl ToString + ?Sized)) -> Self {
        Self { value: value.to_string(), ..self }
    }

    /// May be left empty.
    pub(super) fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    pub(super) fn completed(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// Whether it is a group of choices.
    pub(super) fn is_radio(&self) -> bool {
        matches!(self.kind, Kind::Radio(_))
    }

    /// Which kinds of files it takes; none, if it takes no file.
    pub(super) fn file(&self) -> Option<&'static str> {
        match self.kind {
            Kind::File(accept) => Some(accept),
            _ => None,
        }
    }

    pub(super) fn is_tick(&self) -> bool {
        matches!(self.kind, Kind::Tick)
    }

    pub(super) fn is_lines(&self) -> bool {
        matches!(self.kind, Kind::Lines)
    }

    pub(super) fn is_select(&self) -> bool {
        matches!(self.kind, Kind::Select(_))
    }

    pub(super) fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::Radio(choices) | Kind::Select(choices) => choices,
            _ => &[],
        }
    }

    /// The type of its `input`.
    pub(super) fn input(&self) -> &'static str {
        match self.kind {
            Kind::Day => "date",
            Kind::Instant => "datetime-local",
            Kind::Phone => "tel",
            Kind::Password => "password",
            _ => "text",
        }
    }

    /// Which keys a phone shows.
    pub(super) fn keys(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Money => Some("decimal"),
            Kind::Number => Some("numeric"),
            _ => None,
        }
    }

    /// The ids of what describes it.
    pub(super) fn described(&self) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let wrong = self.wrong.is_some().then(|| format!("{}-wrong", self.name));
        let ids: Vec<_> = hint.into_iter().chain(wrong).collect();
        Some(ids.join(" ")).filter(|ids| !ids.is_empty())
    }

    /// What was typed, as people read it.
    pub(super) fn answer(&self) -> String {
        let chosen = |choices: &[Choice]| {
            let found = choices.iter().find(|choice| choice.value == self.value);
            found.map_or_else(|| self.value.clone(), |choice| choice.label.clone())
        };
        match &self.kind {
            _ if self.value.is_empty() => "（未填）".to_owned(),
            Kind::Radio(choices) | Kind::Select(choices) => chosen(choices),
            Kind::Money => match self.value.parse::<Money>() {
                Ok(amount) => words::capital(amount),
                Err(_) => self.value.clone(),
            },
            Kind::Day => match self.value.parse() {
                Ok(day) => words::day(day),
                Err(_) => self.value.clone(),
            },
            Kind::Instant => match local(&self.value) {
                Some(at) => words::instant(at),
                None => self.value.clone(),
            },
            Kind::Tick => "是".to_owned(),
            Kind::Password => "（不显示）".to_owned(),
            Kind::Line
            | Kind::Lines
            | Kind::Number
            | Kind::Phone
            | Kind::File(_)
            | Kind::Hidden(_) => self.value.clone(),
        }
    }
}

/// An instant as a browser sends it, by the clock in China.
pub(super) fn local(text: &str) -> Option<Timestamp> {
    let seconds = if text.len() == "2026-11-24T17:30".len() { ":00" } else { "" };
    format!("{text}{seconds}+08:00").parse().ok()
}

/// An instant as a browser shows it in a field.
pub(super) fn to_local(at: Timestamp) -> String {
    let (hour, minute) = at.clock();
    format!("{}T{hour:02}:{minute:02}", at.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_as_it_was_sent() {
        let at = local("2026-11-24T17:30").unwrap();
        assert_eq!(at, "2026-11-24T09:30:00Z".parse().unwrap());
        assert_eq!(to_local(at), "2026-11-24T17:30");
        assert_eq!(local("2026-11-24T17:30:00"), Some(at));
        for bad in ["", "2026-11-24", "2026-13-24T17:30", "现在"] {
            assert_eq!(local(bad), None, "{bad}");
        }
    }

    #[test]
    fn answers_are_read_out_in_words() {
        let of = |kind, value: &str| Field::new("x", "x", kind).filled(value).answer();
        assert_eq!(of(Kind::Money, "12000"), "人民币壹万贰仟元整（￥12,000.00）");
        assert_eq!(of(Kind::Money, "many"), "many");
        assert_eq!(of(Kind::Day, "2026-11-24"), "2026年11月24日");
        let choices = vec![Choice::of("social", "社会资金", None)];
        assert_eq!(of(Kind::Radio(choices), "social"), "社会资金");
        assert_eq!(of(Kind::Line, ""), "（未填）");
    }
}
