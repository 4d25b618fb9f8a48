//! Fields of forms: a label, what was entered, a hint, and what is wrong.

use super::entered::Entered;
use askama::Template;
use askama::filters::HtmlSafe;

/// What is wrong with which field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The field's name.
    pub(crate) field: &'static str,
    /// What, and what to do.
    pub(crate) text: String,
}

impl Mistakes {
    pub(crate) fn one(field: &'static str, text: impl Into<String>) -> Self {
        let mut mistakes = Self::default();
        mistakes.add(field, text);
        mistakes
    }

    pub(crate) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.0.push(Mistake { field, text });
    }
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Line(&'static str),
    Choice(Vec<(String, String)>),
}

/// A field with its label; a template shows it by `{{ input }}`.
#[derive(Debug, Clone, Template)]
#[template(path = "input.html")]
pub(crate) struct Input {
    name: &'static str,
    label: &'static str,
    value: String,
    kind: Kind,
    hint: Option<String>,
    mistake: Option<String>,
    autocomplete: &'static str,
    focus: bool,
    /// What stands for nothing, as long as nothing has been chosen.
    unchosen: Option<&'static str>,
}

impl HtmlSafe for Input {}

impl Input {
    fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            name,
            label,
            value: String::new(),
            kind,
            hint: None,
            mistake: None,
            autocomplete: "off",
            focus: false,
            unchosen: None,
        }
    }

    /// A line of text.
    pub(crate) fn text(name: &'static str, label: &'static str, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..Self::new(name, label, Kind::Line("text"))
        }
    }

    /// A password; it is never shown again.
    pub(crate) fn password(
        name: &'static str,
        label: &'static str,
        autocomplete: &'static str,
    ) -> Self {
        Self {
            autocomplete,
            ..Self::new(name, label, Kind::Line("password"))
        }
    }

    /// A day.
    pub(crate) fn day(name: &'static str, label: &'static str, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..Self::new(name, label, Kind::Line("date"))
        }
    }

    /// One of several; pairs of value and label.
    pub(crate) fn choice<V: Into<String>, L: Into<String>>(
        name: &'static str,
        label: &'static str,
        value: &str,
        choices: Vec<(V, L)>,
    ) -> Self {
        let choices = choices.into_iter().map(|(v, l)| (v.into(), l.into()));
        let choices = choices.collect();
        Self {
            value: value.to_owned(),
            ..Self::new(name, label, Kind::Choice(choices))
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Its name and value, as a form sends it.
    pub(crate) fn sent(&self) -> (&str, &str) {
        (self.name, &self.value)
    }

    /// Whether it is one of these fields.
    pub(crate) fn is_one_of(&self, names: &[&str]) -> bool {
        names.contains(&self.name)
    }

    /// What a browser may fill in (HTML, autofill detail tokens).
    pub(crate) const fn autocomplete(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// The field that is typed into first.
    pub(crate) const fn focus(mut self) -> Self {
        self.focus = true;
        self
    }

    /// One of several that has to be chosen first, if it is none of these.
    pub(crate) const fn with_choose(mut self, text: &'static str) -> Self {
        self.unchosen = Some(text);
        self
    }

    fn unchosen(&self) -> Option<&'static str> {
        let chosen = match &self.kind {
            Kind::Line(_) => true,
            Kind::Choice(choices) => choices.iter().any(|(value, _)| *value == self.value),
        };
        self.unchosen.filter(|_| !chosen)
    }

    /// With what was entered, if it was on the form, and what is wrong with it; a
    /// secret is never shown again.
    pub(crate) fn filled(mut self, entered: &Entered, mistakes: &Mistakes) -> Self {
        if self.kind != Kind::Line("password")
            && let Some(value) = entered.get(self.name)
        {
            value.clone_into(&mut self.value);
        }
        self.wrong(mistakes)
    }

    /// With what is wrong with it, if anything is.
    pub(crate) fn wrong(mut self, mistakes: &Mistakes) -> Self {
        let mine = mistakes.0.iter().find(|m| m.field == self.name);
        self.mistake = mine.map(|mistake| mistake.text.clone());
        if self.kind == Kind::Line("password") && self.mistake.is_some() {
            // What it says of leaving it empty does not hold.
            self.hint = None;
        }
        self
    }

    /// Its label and what it says, for those who only look.
    pub(crate) fn fact(&self) -> (&'static str, &str) {
        let said = match &self.kind {
            // Never what it is, only whether it is kept.
            Kind::Line("password") => self.hint.as_deref(),
            Kind::Line(_) => None,
            Kind::Choice(choices) => choices
                .iter()
                .find(|(value, _)| *value == self.value)
                .map(|(_, label)| label.as_str()),
        };
        (self.label, said.unwrap_or(&self.value))
    }

    fn described_by(&self) -> String {
        let mut by = Vec::new();
        if self.hint.is_some() {
            by.push(format!("{}-hint", self.name));
        }
        if self.mistake.is_some() {
            by.push(format!("{}-mistake", self.name));
        }
        by.join(" ")
    }
}
