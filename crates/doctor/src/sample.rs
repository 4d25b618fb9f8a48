//! A real card's code, before the first visitor: what the gate would make of it, and
//! what Otipass says of it where it counts nothing.

use crate::configuration;
use crate::database::{self, Reach};
use crate::doctor::Doctor;
use crate::live::{Asking, Unanswered};
use crate::partner::{Asked, otipass_failure};
use crate::source::{InterfaceOrigin, Sources};
use config::Config;
use gate::decide::wording;
use gate::{Decision, Names, Reason, SiteNames};
use kernel::finding::{Finding, Phrase, Place, Stored};
use kernel::text::fill;
use kernel::{Additions, CardNumber, CheckId, Language, NumType, NumberFormat, SectorCode};
use otipass::contract::wire_num_type;
use otipass::{
    Answer, Change, Checksum, Lengths, Mapping, OtipassClient, Partner, PassFacts, Proposal,
    Question, Recogniser, Refusal,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// What a code is to this set-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The format that a card number must have here.
    pub format: NumberFormat,
    /// The card number, if the code is a pass.
    pub card: Option<CardNumber>,
    /// By what it would be one, if it is none.
    pub proposal: Option<Proposal>,
    /// What Otipass says of it.
    pub otipass: Inquiry,
    /// What people call the sectors.
    pub names: Names,
}

/// What came of asking Otipass for each mapped sector.
#[derive(Debug, Clone, PartialEq)]
pub enum Inquiry {
    /// Nobody asked, for this reason.
    NotAsked(Phrase),
    /// No answer; nothing is known.
    Failed(Box<Finding>),
    /// It does not know the number.
    Unknown,
    /// It knows it; what it would say at each sector.
    Known(Vec<(SectorCode, Answer)>),
}

impl Doctor {
    /// What `code` is to this set-up, as it now is. Otipass is inquired of, which
    /// counts nothing, and nobody is waited for any longer than `patience`.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub async fn sample(
        &self,
        code: &str,
        reach: Reach,
        patience: Duration,
    ) -> Result<Sample, Vec<Finding>> {
        let configuration = configuration::read(&self.config, self.surroundings);
        let Some(config) = configuration.config else {
            return Err(configuration.findings);
        };
        let opened = match &self.db {
            Some(db) => Ok(db.clone()),
            None => database::open(&config, reach).await,
        };
        let sources = Sources::read(&config, &opened, None).await;
        let site = sources
            .site
            .read
            .as_ref()
            .ok()
            .and_then(|read| read.site.as_ref());
        let names = site
            .map(|site| SiteNames::from(site).sectors)
            .unwrap_or_default();
        let recogniser = recogniser(&config, &sources);
        let card = recogniser.detect(code);
        let proposal = match card {
            Some(_) => None,
            None => recogniser.proposal(code),
        };
        let format = *recogniser.format();
        let asked = match (&card, &proposal) {
            (Some(card), _) => Some((card, format.num_type)),
            (None, Some(proposal)) => Some((&proposal.card, proposal.format.num_type)),
            (None, None) => None,
        };
        let asking = Asking {
            config: &config,
            broken_sections: &configuration.broken_sections,
            clock: &self.clock,
            reach,
            patience,
        };
        let otipass = match asked {
            Some((card, num_type)) => asking.inquiry(&sources, card, num_type).await,
            None => Inquiry::NotAsked(Phrase::new(
                "nothing in the code may be a card number",
                "rien dans le code ne peut être un numéro de carte",
            )),
        };
        Ok(Sample {
            format,
            card,
            proposal,
            otipass,
            names,
        })
    }
}

/// By what this set-up recognises cards, as far as it can be read.
fn recogniser(config: &Config, sources: &Sources) -> Recogniser {
    let outline = sources.mapping.outline();
    let is_serial = outline.num_type.as_ref().is_some_and(|written| {
        let serial = wire_num_type(NumType::Serial);
        written.text.eq_ignore_ascii_case(serial)
    });
    Recogniser {
        project_id: sources.mapping.project_id().to_owned(),
        num_type: match is_serial {
            true => NumType::Serial,
            false => NumType::Number,
        },
        formats: [NumType::Number, NumType::Serial].map(|of| config.otipass.number_format(of)),
        additions: config.otipass.additions.clone(),
    }
}

impl Asking<'_> {
    async fn inquiry(&self, sources: &Sources, card: &CardNumber, num_type: NumType) -> Inquiry {
        let mapping = sources.mapping.read.as_ref().ok();
        let Some(mapping) = mapping.and_then(|read| read.reading.mapping.as_ref()) else {
            return Inquiry::NotAsked(Phrase::new(
                "the mapping parameters are missing or have mistakes; `passerelle doctor` names them",
                "les paramètres de correspondance manquent ou ont des erreurs\u{a0}; passerelle doctor les nomme",
            ));
        };
        let interface = &sources.interface;
        match self.otipass_client(&mapping.project_id, interface) {
            Ok(client) => {
                let answers = self.at_each_sector(&client, mapping, card, num_type);
                answers.await.unwrap_or_else(|error| {
                    let key = |key| match interface.origin {
                        InterfaceOrigin::Configuration => self.config.place("otipass", key),
                        _ => Place::Stored(Stored::Connection, None),
                    };
                    let asked = Asked {
                        url: key("url"),
                        credentials: key("username"),
                        proxy: (self.config.otipass.proxy.as_ref()).map(|_| key("proxy")),
                        patience: self.patience,
                    };
                    Inquiry::Failed(Box::new(otipass_failure(&error, &asked)))
                })
            }
            Err(Unanswered::NotAsked(why)) => Inquiry::NotAsked(why),
            Err(_) => Inquiry::NotAsked(Phrase::new(
                "its settings cannot be used; `passerelle doctor` says why",
                "ses réglages sont inutilisables\u{a0}; passerelle doctor dit pourquoi",
            )),
        }
    }

    /// Inquires for each sector, one after the other; each service is asked about once.
    async fn at_each_sector(
        &self,
        client: &OtipassClient,
        mapping: &Mapping,
        card: &CardNumber,
        num_type: NumType,
    ) -> Result<Inquiry, otipass::AskError> {
        let mut of_service = BTreeMap::new();
        let mut answers = Vec::new();
        for (sector, info) in &mapping.sectors {
            let question = Question {
                card: card.clone(),
                num_type,
                service_id: info.service_id.clone(),
                space_id: info.space_id.clone(),
                time: self.clock.now(),
                reference: CheckId::from_uuid(Uuid::new_v4()),
            };
            let answer = match of_service.get(&info.service_id) {
                Some(answer) => Answer::clone(answer),
                None => client.inquire(&question, self.patience).await?,
            };
            if let Answer::No {
                refusal: Refusal::UnknownPass,
                ..
            } = answer
            {
                return Ok(Inquiry::Unknown);
            }
            of_service.insert(&info.service_id, answer.clone());
            answers.push((sector.clone(), answer));
        }
        Ok(Inquiry::Known(answers))
    }
}

kernel::texts!(Texts in Fr, En {
    recognised: "✔ Le code est le numéro de carte {card}.", "✔ The code is card number {card}.";
    not_recognised: "✘ Le code n’est pas reconnu comme un pass.", "✘ The code is not recognised as a pass.";
    number: "numéro, {digits} chiffres", "number, {digits} digits";
    serial: "serial, {letters} lettres puis {digits} chiffres", "serial, {letters} letters, then {digits} digits";
    luhn: "chiffre de contrôle de Luhn", "Luhn check digit";
    no_check: "sans chiffre de contrôle", "no check digit";
    format: "Format réglé : {format}, {check}.", "Format in use: {format}, {check}.";
    num_type: "NumType dans les paramètres de correspondance : {num_type}.", "NumType in the mapping parameters: {num_type}.";
    none: "aucun", "none";
    no_proposal: "Rien dans le code n’a la forme d’un numéro de carte. Lisez le code de la carte elle-même, avec le lecteur qui servira à l’entrée.",
        "Nothing in the code has the form of a card number. Read the code of the card itself, with the scanner that will be used at the gate.";
    proposal: "Il serait le numéro de carte {card} avec :", "It would be card number {card} with:";
    in_mapping: "dans les paramètres de correspondance : {what}", "in the mapping parameters: {what}";
    in_config: "dans la configuration : {what}", "in the configuration: {what}";
    without_num_type: "NumType supprimé", "NumType taken out";
    misread: "Son chiffre de contrôle n’est pas juste : lisez d’abord la carte une seconde fois, et une autre carte. Sans chiffre de contrôle, un numéro mal lu passe pour une autre carte.",
        "Its check digit is wrong: first read the card a second time, and another card. Without a check digit, a number that is misread is taken for another card.";
    other_project: "Si le code vient d’un autre pass que le vôtre, il est refusé à raison.",
        "If the code is of another city pass than yours, it is refused rightly.";
    not_asked: "– Otipass n’a pas été interrogé : {why}.", "– Otipass was not asked: {why}.";
    failed: "! Otipass n’a pas répondu : {what}", "! Otipass gave no answer: {what}";
    unknown: "✘ Otipass ne connaît pas ce numéro de type {num_type}.", "✘ Otipass does not know this number of type {num_type}.";
    known: "✔ Otipass connaît ce numéro de type {num_type}. Rien n’a été compté. Il répondrait maintenant :",
        "✔ Otipass knows this number of type {num_type}. Nothing was counted. It would answer now:";
    until: "jusqu’au {day}", "until {day}";
    left: "entrées restantes : {n}", "entries left: {n}";
    unlimited: "illimitées", "unlimited";
});

impl Sample {
    /// Whether the card can be used as things stand: it is recognised, and Otipass knows
    /// it or was not to be asked.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        let is_good = matches!(self.otipass, Inquiry::NotAsked(_) | Inquiry::Known(_));
        self.card.is_some() && is_good
    }

    /// What kind of number Otipass was asked about.
    fn num_type(&self) -> NumType {
        let proposed = self.proposal.as_ref().map(|proposal| proposal.format);
        proposed.unwrap_or(self.format).num_type
    }

    /// The page for people, in English or French.
    #[must_use]
    pub fn page(&self, language: Language) -> String {
        let t = Texts::of(language);
        let mut lines = vec![match &self.card {
            Some(card) => fill(t.recognised, &[("card", &card.reveal())]),
            None => t.not_recognised.to_owned(),
        }];
        let num_type = match self.format.num_type {
            NumType::Number => t.none,
            NumType::Serial => wire_num_type(NumType::Serial),
        };
        lines.push(indent(&fill(t.num_type, &[("num_type", &num_type)])));
        lines.push(indent(&format(t, &self.format)));
        lines.extend(self.proposed(t).iter().map(|line| indent(line)));
        lines.push(String::new());
        lines.extend(self.said(t, language));
        lines.push(String::new());
        lines.join("\n")
    }

    fn proposed(&self, t: &Texts) -> Vec<String> {
        let Some(proposal) = &self.proposal else {
            return match self.card {
                Some(_) => Vec::new(),
                None => vec![t.no_proposal.to_owned()],
            };
        };
        let card = proposal.card.reveal();
        let mut lines = vec![fill(t.proposal, &[("card", &card)])];
        for change in &proposal.changes {
            let (place, what) = written(change, proposal);
            let (text, what) = match (place, what) {
                (_, None) => (t.in_mapping, t.without_num_type.to_owned()),
                (MAPPING, Some(what)) => (t.in_mapping, what),
                (_, Some(what)) => (t.in_config, format!("[{place}] {what}")),
            };
            lines.push(indent(&fill(text, &[("what", &what)])));
        }
        if proposal.changes.contains(&Change::NoChecksum) {
            lines.push(t.misread.to_owned());
        }
        if let Some(Change::Project(_)) = proposal.changes.first() {
            lines.push(t.other_project.to_owned());
        }
        lines
    }

    fn said(&self, t: &Texts, language: Language) -> Vec<String> {
        let num_type = wire_num_type(self.num_type());
        match &self.otipass {
            Inquiry::NotAsked(why) => {
                vec![fill(t.not_asked, &[("why", &why.in_language(language))])]
            }
            Inquiry::Failed(finding) => {
                let what = fill(t.failed, &[("what", &finding.what(language))]);
                vec![what, indent(&format!("→ {}", finding.cure(language)))]
            }
            Inquiry::Unknown => vec![fill(t.unknown, &[("num_type", &num_type)])],
            Inquiry::Known(answers) => {
                let called = |(sector, _): &(SectorCode, Answer)| self.names.of(sector);
                let widths = answers.iter().map(|of| called(of).chars().count());
                let width = widths.max().unwrap_or(0);
                let line = |of: &(SectorCode, Answer)| {
                    let (words, pass) = words(&of.1, language);
                    let mut line = format!("{:<width$}  {words}", called(of));
                    if let Some(day) = pass.valid_until {
                        line = format!("{line}, {}", fill(t.until, &[("day", &day)]));
                    }
                    if let Some(left) = pass.entries_left {
                        let n = match left {
                            kernel::EntriesLeft::Unlimited => t.unlimited.to_owned(),
                            kernel::EntriesLeft::Count(n) => n.to_string(),
                        };
                        line = format!("{line}, {}", fill(t.left, &[("n", &n)]));
                    }
                    indent(&line)
                };
                let known = fill(t.known, &[("num_type", &num_type)]);
                std::iter::once(known)
                    .chain(answers.iter().map(line))
                    .collect()
            }
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let answer = |(sector, answer): &(SectorCode, Answer)| {
            let (reason, pass) = match answer {
                Answer::Yes(pass) => (None, *pass),
                Answer::No { refusal, pass } => (Some(refusal), pass.unwrap_or_default()),
            };
            json!({
                "sector": sector,
                "admissible": reason.is_none(),
                "reason": reason,
                "valid_until": pass.valid_until,
                "entries_left": pass.entries_left,
            })
        };
        let (known, why, sectors): (_, _, Vec<Value>) = match &self.otipass {
            Inquiry::NotAsked(why) => {
                (None, Some(why.in_language(Language::En).to_owned()), vec![])
            }
            Inquiry::Failed(finding) => (None, Some(finding.what(Language::En)), vec![]),
            Inquiry::Unknown => (Some(false), None, vec![]),
            Inquiry::Known(answers) => (Some(true), None, answers.iter().map(answer).collect()),
        };
        let change = |proposal: &Proposal, change: &Change| {
            let (place, what) = written(change, proposal);
            json!({ "where": place, "write": what })
        };
        json!({
            "card": self.card,
            "format": self.format,
            "proposal": self.proposal.as_ref().map(|proposal| json!({
                "card": proposal.card,
                "format": proposal.format,
                "changes": proposal.changes.iter().map(|of| change(proposal, of)).collect::<Vec<_>>(),
            })),
            "asked_as": wire_num_type(self.num_type()),
            "known": known,
            "not_known_why": why,
            "sectors": sectors,
        })
    }
}

/// Where a change of the mapping parameters belongs.
const MAPPING: &str = "mapping";

/// Where a change belongs, and what to write there; nothing where a key goes.
fn written(change: &Change, proposal: &Proposal) -> (&'static str, Option<String>) {
    let lengths = |key, Lengths { min, max }| {
        let text = format!("{key} = {{ min = {min}, max = {max} }}");
        ("otipass", Some(text))
    };
    // The whole list: what stands there is of use to others.
    let additions = |key, texts: Vec<String>| {
        let list = toml::Value::from(texts);
        ("otipass.additions", Some(format!("{key} = {list}")))
    };
    let Additions {
        prefixes,
        suffixes,
        urls,
    } = &proposal.additions;
    match change {
        Change::NumType(NumType::Number) => (MAPPING, None),
        Change::NumType(NumType::Serial) => {
            let serial = wire_num_type(NumType::Serial);
            (MAPPING, Some(format!("\"NumType\": {serial:?}")))
        }
        Change::Project(project) => (MAPPING, Some(format!("\"OtipassProjectId\": {project:?}"))),
        Change::Digits(digits) => lengths("digits", *digits),
        Change::Letters(letters) => lengths("letters", *letters),
        Change::NoChecksum => ("otipass", Some("checksum = \"none\"".to_owned())),
        Change::Prefix(_) => additions("prefixes", prefixes.clone()),
        Change::Suffix(_) => additions("suffixes", suffixes.clone()),
        Change::Url(_) => additions("urls", urls.iter().cloned().map(String::from).collect()),
    }
}

fn words(answer: &Answer, language: Language) -> (&'static str, PassFacts) {
    match answer {
        Answer::Yes(pass) => (wording::may_enter(language), *pass),
        Answer::No { refusal, pass } => {
            let refused = Decision::Refused(Reason::Partner(*refusal));
            (
                wording::message(refused, language),
                pass.unwrap_or_default(),
            )
        }
    }
}

fn format(t: &Texts, format: &NumberFormat) -> String {
    let lengths = |Lengths { min, max }: Lengths| match min == max {
        true => min.to_string(),
        false => format!("{min}–{max}"),
    };
    let (letters, digits) = (lengths(format.letters), lengths(format.digits));
    let shape = match format.num_type {
        NumType::Number => fill(t.number, &[("digits", &digits)]),
        NumType::Serial => fill(t.serial, &[("letters", &letters), ("digits", &digits)]),
    };
    let check = match format.checksum {
        Checksum::Luhn => t.luhn,
        Checksum::None => t.no_check,
    };
    fill(t.format, &[("format", &shape), ("check", &check)])
}

fn indent(text: &str) -> String {
    format!("    {text}")
}
