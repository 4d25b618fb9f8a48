//! Environment variables over a TOML file, for any kind of configuration, and
//! where each of its values comes from.
//!
//! One reading finds every mistake and gives what is left without them: whoever
//! starts by a configuration refuses at the first, the doctor tells them all.

use kernel::Place;
use kernel::finding::{Lines, Repeated};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// What one kind of configuration has of its own.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// How its variables begin: `PASSERELLE_` for `PASSERELLE_SECTION__KEY`.
    pub prefix: &'static str,
    /// Keys, with their sections (`otipass.password`), that only a variable may
    /// hold; in the file each has a twin that ends in `_file`.
    pub secrets: &'static [&'static str],
}

/// Where the values come from that are not by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Place>);

impl Origins {
    /// That of a key, with its section (`otipass.url`), or of a section; `None`
    /// if nothing but the default says it.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&Place> {
        self.0.get(key)
    }
}

/// What is wrong with a value, or with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The text is no TOML.
    Syntax,
    /// A section or a key stands there for the second time; this line has it first.
    Repeated(usize),
    /// A secret stands in the file itself.
    Secret,
    /// There is no such key.
    Unknown,
    /// The key does not take this value.
    Value,
    /// A variable that nothing reads, and that was meant for a key.
    Misspelt,
}

/// Something wrong in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub origin: Box<Place>,
    /// The key with its section (`otipass.url`); empty if the text is no TOML. For
    /// [`Fault::Misspelt`], the variable that was meant; for [`Fault::Repeated`], what
    /// stands there.
    pub key: String,
    /// Of what kind.
    pub fault: Fault,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.origin {
            Place::Variable(name) => write!(f, "the variable {name} cannot be used: ")?,
            Place::File(path, Some(at)) => write!(f, "{}, line {}: ", path.display(), at.line)?,
            _ => {}
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Mistake {}

/// The process's variables whose names are wanted.
#[must_use]
pub fn variables(wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| wanted(name))
        .collect()
}

/// What came of reading a configuration.
#[derive(Debug)]
pub struct Reading<T> {
    /// The configuration without what is wrong in it.
    pub value: T,
    /// Where its values come from, for it to keep.
    pub origins: Origins,
    /// What is wrong, in the order it stands; variables last.
    pub mistakes: Vec<Mistake>,
}

/// After so many mistakes no more values are looked for.
const MISTAKES_MAX: usize = 200;

impl<T> Reading<T> {
    /// The configuration, if nothing is wrong with it.
    ///
    /// # Errors
    /// The first mistake.
    pub fn flawless(self) -> Result<T, Mistake> {
        match self.mistakes.into_iter().next() {
            None => Ok(self.value),
            Some(first) => Err(first),
        }
    }
}

/// Reads the text of the file at `path` with `variables` over it, names and
/// values, all of which begin as `kind` says. A variable is TOML if its key takes
/// it so, else text.
#[must_use]
pub fn read<T: DeserializeOwned + Default>(
    kind: Kind,
    path: &Path,
    text: &str,
    variables: &BTreeMap<String, String>,
) -> Reading<T> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut layers = Layers {
        kind,
        path,
        text,
        lines: Lines::of(text),
        variables: variables.iter().map(|(n, v)| (&**n, &**v)).collect(),
        root,
        taken_as_toml: BTreeMap::new(),
        broken_lines: BTreeSet::new(),
        mistakes: Vec::new(),
    };
    for error in errors {
        let mut at = error.span().map_or(0, |span| span.start);
        match layers.lines.repeated(at, error.message()) {
            Some(Repeated { offset, what, line }) => {
                at = offset;
                let told = format!(
                    "{what} stands in line {line} already; write there what is to hold, each key \
                     once, and remove it here"
                );
                layers.mistake(at, what.to_owned(), Fault::Repeated(line), &told);
            }
            None => layers.mistake(at, String::new(), Fault::Syntax, error.message()),
        }
        layers.broken_lines.insert(layers.lines.at(at).line);
    }
    layers.refuse_secrets();
    for number in 0..layers.variables.len() {
        layers.put_over(number);
    }
    let value = layers.value();
    let mut origins = Origins::default();
    layers.note_origins(layers.root.get_ref(), "", &mut origins);
    let mut mistakes = layers.mistakes;
    mistakes.sort_by_key(|(at, _)| *at);
    Reading {
        value,
        origins,
        mistakes: mistakes.into_iter().map(|(_, mistake)| mistake).collect(),
    }
}

/// The file's tables and what stands over them. A place behind the end of the
/// text is that of a variable: the first one's is one behind, and so on.
struct Layers<'a> {
    kind: Kind,
    path: &'a Path,
    text: &'a str,
    lines: Lines<'a>,
    variables: Vec<(&'a str, &'a str)>,
    root: Spanned<DeTable<'a>>,
    /// Variables that stand there as TOML, and why their keys did not take that.
    taken_as_toml: BTreeMap<usize, Option<String>>,
    /// Lines of which no more needs to be said.
    broken_lines: BTreeSet<usize>,
    mistakes: Vec<(usize, Mistake)>,
}

impl<'a> Layers<'a> {
    fn place_of(&self, variable: usize) -> usize {
        self.text.len() + 1 + variable
    }

    fn variable_at(&self, at: usize) -> Option<usize> {
        at.checked_sub(self.text.len() + 1)
    }

    fn origin(&self, at: usize) -> Place {
        let variable = self.variable_at(at).and_then(|n| self.variables.get(n));
        match variable {
            Some((name, _)) => Place::Variable((*name).to_owned()),
            None => Place::File(self.path.to_owned(), Some(self.lines.at(at))),
        }
    }

    fn mistake(&mut self, at: usize, key: String, fault: Fault, what: &str) {
        let origin = self.origin(at);
        if let Place::File(_, Some(at)) = &origin
            && self.broken_lines.contains(&at.line)
        {
            return;
        }
        let what = what.trim_end().replace('\n', ", ");
        let mistake = Mistake {
            origin: Box::new(origin),
            key,
            fault,
            what,
        };
        self.mistakes.push((at, mistake));
    }

    fn refuse_secrets(&mut self) {
        for secret in self.kind.secrets {
            let (section, key) = secret.rsplit_once('.').unwrap_or(("", secret));
            let table = section
                .split('.')
                .try_fold(self.root.get_mut(), |table, name| {
                    as_table(table.get_mut(name)?)
                });
            if let Some((at, _)) = table.and_then(|table| table.remove_entry(key)) {
                let what = format!(
                    "the secret {key} stands in the configuration itself; put it into a file of \
                     its own and name that with {key}_file"
                );
                self.mistake(at.span().start, (*secret).to_owned(), Fault::Secret, &what);
            }
        }
    }

    /// Puts a variable in its place, as TOML if it is any.
    fn put_over(&mut self, number: usize) {
        let value = match DeValue::parse(self.variables[number].1) {
            Ok(value) => {
                self.taken_as_toml.insert(number, None);
                value.into_inner()
            }
            Err(_) => DeValue::String(self.variables[number].1.into()),
        };
        self.put(number, value);
    }

    fn put(&mut self, number: usize, value: DeValue<'a>) {
        let at = self.place_of(number);
        let name = self.variables[number].0;
        let lower = name[self.kind.prefix.len()..].to_lowercase();
        let Some((sections, key)) = lower.rsplit_once("__") else {
            let what = format!("its name is not {}SECTION__KEY", self.kind.prefix);
            return self.mistake(at, lower, Fault::Unknown, &what);
        };
        let table = sections
            .split("__")
            .try_fold(self.root.get_mut(), |table, section| {
                let name = Spanned::new(at..at + 1, section.to_owned().into());
                let empty = || Spanned::new(at..at + 1, DeValue::Table(DeTable::new()));
                as_table(table.entry(name).or_insert_with(empty))
            });
        match table {
            Some(table) => {
                // The key in the map is the file's if it has one, and with it the place.
                table.remove(key);
                let key = Spanned::new(at..at + 1, key.to_owned().into());
                table.insert(key, placed(value, at));
            }
            None => {
                let what = "its section is no section of the file";
                self.mistake(at, lower.replace("__", "."), Fault::Value, what);
            }
        }
    }

    /// The value, after everything was cut out that it does not take.
    fn value<T: DeserializeOwned + Default>(&mut self) -> T {
        loop {
            let error = match T::deserialize(Deserializer::from(self.root.clone())) {
                Ok(value) => return value,
                Err(error) => error,
            };
            let at = error.span().map_or(0, |span| span.start);
            let what = error.message();
            let variable = self.variable_at(at);
            if let Some(number) = variable
                && self.taken_as_toml.get(&number) == Some(&None)
            {
                self.taken_as_toml.insert(number, Some(what.to_owned()));
                self.put(number, DeValue::String(self.variables[number].1.into()));
                continue;
            }
            // What was wrong with the first reading of a variable tells more.
            let first = variable.and_then(|number| self.taken_as_toml.get(&number)?.clone());
            let what = first.as_deref().unwrap_or(what);
            let fault = if what.starts_with("unknown field") {
                Fault::Unknown
            } else {
                Fault::Value
            };
            // Each costs another reading of the whole: with so many it is no
            // configuration.
            let is_junk = self.mistakes.len() >= MISTAKES_MAX;
            let place = cut(self.root.get_mut(), at).filter(|_| !is_junk);
            let Some((key, at)) = place else {
                self.mistake(0, String::new(), fault, what);
                return T::default();
            };
            self.mistake(at, key, fault, what);
        }
    }

    fn note_origins(&self, table: &DeTable<'_>, section: &str, origins: &mut Origins) {
        for (key, value) in table {
            let name = format!("{section}{}", key.get_ref());
            if let Some(table) = value.get_ref().as_table() {
                self.note_origins(table, &format!("{name}."), origins);
            }
            origins.0.insert(name, self.origin(key.span().start));
        }
    }
}

fn as_table<'t, 'a>(value: &'t mut Spanned<DeValue<'a>>) -> Option<&'t mut DeTable<'a>> {
    match value.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// The value with everything in it at this place.
fn placed(value: DeValue<'_>, at: usize) -> Spanned<DeValue<'_>> {
    let value = match value {
        DeValue::Array(items) => {
            let items = items.into_iter();
            DeValue::Array(items.map(|item| placed(item.into_inner(), at)).collect())
        }
        DeValue::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| {
                let key = Spanned::new(at..at + 1, key.into_inner());
                (key, placed(value.into_inner(), at))
            });
            DeValue::Table(entries.collect())
        }
        plain => plain,
    };
    Spanned::new(at..at + 1, value)
}

/// Takes out the innermost entry that stands at this place; gives its key, with
/// its section, and the key's place.
fn cut(table: &mut DeTable<'_>, at: usize) -> Option<(String, usize)> {
    for (key, value) in table.iter_mut() {
        if let Some(inner) = as_table(value)
            && let Some((name, at)) = cut(inner, at)
        {
            return Some((format!("{}.{name}", key.get_ref()), at));
        }
    }
    // The table of a header is where the header is, not where its keys are.
    let (key, _) = table
        .iter()
        .find(|(key, value)| key.span().contains(&at) || value.span().contains(&at))?;
    let (name, at) = (key.get_ref().to_string(), key.span().start);
    table.remove(name.as_str());
    Some((name, at))
}
