//! What is said on the wire, in one place: paths, form fields, codes and JSON.
//! The client and the sandbox both use it; `docs/interfaces/otipass.md` tells
//! it to people.
//!
//! Otipass publishes little of this. What is seen in public code: the paths
//! begin with `{url}/{project}/v1/`, the form fields `numotipass` and `type`
//! with its two values, `code` and `message` in the answer, and the code `A5`.
//! Everything else is assumed, and a [`Contract`] can be told otherwise.

use crate::{Answer, EntriesLeft, NumType, PassFacts, Refusal, ServiceId, SpaceId};
use kernel::{BusinessDay, CardNumber, CheckId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Paths, names and codes of one Otipass installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contract {
    /// Where to validate, below `{url}/{project}/`.
    pub validation_path: String,
    /// Where to declare an entry that happened, below `{url}/{project}/`.
    pub declaration_path: String,
    /// Where to ask without counting anything, below `{url}/{project}/`.
    pub inquiry_path: String,
    /// Where to take an entry back, below `{url}/{project}/`.
    pub cancellation_path: String,
    /// Where the list of all passes is, below `{url}/{project}/`.
    pub pass_list_path: String,
    /// Where to try the connection, below `{url}/{project}/`.
    pub status_path: String,
    /// The header an API key travels in.
    pub api_key_header: String,
    /// The names of the form fields.
    pub fields: FieldNames,
    /// What the codes in answers mean.
    pub codes: Codes,
    /// Which states of a pass in the list refuse it everywhere, and why; a state
    /// that is not here refuses nothing. The names of the states are seen in
    /// public code.
    pub states: BTreeMap<String, Refusal>,
    /// Whether the partner recognises a repeated question.
    pub references: References,
}

impl Default for Contract {
    fn default() -> Self {
        Self {
            validation_path: "v1/validation".to_owned(),
            declaration_path: "v1/declaration".to_owned(),
            inquiry_path: "v1/inquiries".to_owned(),
            cancellation_path: "v1/cancellations".to_owned(),
            pass_list_path: "v1/passes".to_owned(),
            status_path: "v1/status".to_owned(),
            api_key_header: "X-API-Key".to_owned(),
            fields: FieldNames::default(),
            codes: Codes::default(),
            states: [
                ("created", Refusal::PassNotSold),
                ("expired", Refusal::PassExpired),
                ("invalid", Refusal::PassBlocked),
                ("undefined", Refusal::UnknownPass),
            ]
            .map(|(state, meaning)| (state.to_owned(), meaning))
            .into(),
            references: References::default(),
        }
    }
}

/// Whether a question asked again under the same reference counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum References {
    /// The same reference gets the same answer and counts once.
    #[default]
    Honoured,
    /// Each question counts, whatever its reference.
    Ignored,
}

/// The names of the form fields of every question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldNames {
    /// Carries the card number, of whichever type.
    pub card_number: String,
    /// Carries `numotipass` or `serial`.
    pub num_type: String,
    /// Carries the service id.
    pub service: String,
    /// Carries the space id.
    pub space: String,
    /// Carries the moment of the scan: ISO-8601 in UTC with milliseconds.
    pub time: String,
    /// Carries the check id.
    pub reference: String,
}

impl Default for FieldNames {
    fn default() -> Self {
        Self {
            card_number: "numotipass".to_owned(),
            num_type: "type".to_owned(),
            service: "service".to_owned(),
            space: "space".to_owned(),
            time: "time".to_owned(),
            reference: "reference".to_owned(),
        }
    }
}

/// What the codes in answers mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Codes {
    /// The code of a yes.
    pub yes: String,
    /// What each other code refuses; several codes may mean the same.
    pub refusals: BTreeMap<String, Refusal>,
}

impl Default for Codes {
    fn default() -> Self {
        let refusals = [
            ("A1", Refusal::PassNotSold),
            ("A2", Refusal::PassBlocked),
            ("A3", Refusal::PassExpired),
            ("A4", Refusal::ServiceNotIncluded),
            ("A5", Refusal::UnknownPass),
            ("A6", Refusal::AlreadyUsed),
        ];
        Self {
            yes: "A0".to_owned(),
            refusals: refusals
                .map(|(code, meaning)| (code.to_owned(), meaning))
                .into(),
        }
    }
}

/// What Otipass is asked, or told, about one scan. All four ways to ask take
/// the same form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The card number.
    pub card: CardNumber,
    /// Which kind of number it is.
    pub num_type: NumType,
    /// What the holder wants to enter.
    pub service_id: ServiceId,
    /// Where.
    pub space_id: SpaceId,
    /// The moment of the scan.
    pub time: Timestamp,
    /// The check it is about; the same for every repetition, and for the
    /// cancellation of its entry. An inquiry is about no check: its reference
    /// means nothing.
    pub reference: CheckId,
}

/// A form that asks nothing. The values are not repeated: one may be a card
/// number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidForm {
    /// A field is not there.
    #[error("the form field {field:?} is missing; send it")]
    Missing {
        /// Its name.
        field: String,
    },
    /// A field cannot be read.
    #[error("the form field {field:?} cannot be read; it must be {expected}")]
    Unreadable {
        /// Its name.
        field: String,
        /// What would be readable.
        expected: &'static str,
    },
}

/// An answer whose code the contract does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the code {code:?} is not in the contract; add what it means to the interface's codes")]
pub struct UnknownCode {
    /// The code, cut to 32 characters.
    pub code: String,
}

/// The JSON of an answer to each way to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireAnswer {
    /// What it means: see [`Codes`].
    pub code: String,
    /// The same for people; not read by the client.
    #[serde(default, deserialize_with = "if_readable")]
    pub message: Option<String>,
    /// The pass, if it is known.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "if_readable"
    )]
    pub pass: Option<WirePass>,
}

/// The pass in an answer. It only informs, so what cannot be read of it is
/// left out instead of spoiling the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WirePass {
    /// The state of the pass in Otipass's words; not read by the client.
    #[serde(default, deserialize_with = "if_readable")]
    pub status: Option<String>,
    /// The last day of the pass.
    #[serde(default, deserialize_with = "if_readable")]
    pub valid_until: Option<BusinessDay>,
    /// Entries left for the service after this answer: a number or `"unlimited"`.
    #[serde(default, deserialize_with = "if_readable")]
    pub entries_left: Option<EntriesLeft>,
}

/// The JSON of an answer to the connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireStatus {
    /// The project whose credentials were checked.
    pub project: String,
    /// Otipass's clock.
    pub time: Timestamp,
}

fn if_readable<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// The value of the field `type`. Source: public code.
#[must_use]
pub const fn wire_num_type(num_type: NumType) -> &'static str {
    match num_type {
        NumType::Number => "numotipass",
        NumType::Serial => "serial",
    }
}

/// The ways to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// May the holder enter?
    Validation,
    /// The holder entered.
    Declaration,
    /// Could the holder enter?
    Inquiry,
    /// The holder did not enter after all.
    Cancellation,
}

impl Contract {
    /// Where to ask in this way, below `{url}/{project}/`.
    #[must_use]
    pub fn path(&self, call: Call) -> &str {
        match call {
            Call::Validation => &self.validation_path,
            Call::Declaration => &self.declaration_path,
            Call::Inquiry => &self.inquiry_path,
            Call::Cancellation => &self.cancellation_path,
        }
    }

    /// The form fields of a question, in a fixed order.
    #[must_use]
    pub fn form(&self, question: &Question) -> [(&str, String); 6] {
        let names = &self.fields;
        [
            (&names.card_number, question.card.reveal().to_owned()),
            (&names.num_type, wire_num_type(question.num_type).to_owned()),
            (&names.service, question.service_id.to_string()),
            (&names.space, question.space_id.to_string()),
            (&names.time, question.time.to_string()),
            (&names.reference, question.reference.to_string()),
        ]
        .map(|(name, value)| (name.as_str(), value))
    }

    /// The question in form fields; other fields are ignored.
    ///
    /// # Errors
    /// If a field is missing or unreadable.
    pub fn question(&self, form: &HashMap<String, String>) -> Result<Question, InvalidForm> {
        let names = &self.fields;
        Ok(Question {
            card: read(
                form,
                &names.card_number,
                "1 to 32 letters and digits",
                |t| t.parse().ok(),
            )?,
            num_type: read(form, &names.num_type, "numotipass or serial", |t| {
                NumType::ALL
                    .into_iter()
                    .find(|num_type| wire_num_type(*num_type) == t)
            })?,
            service_id: read(form, &names.service, "a service id", |t| t.parse().ok())?,
            space_id: read(form, &names.space, "a space id", |t| t.parse().ok())?,
            time: read(form, &names.time, "like 2026-07-14T07:00:00.114Z", |t| {
                t.parse().ok()
            })?,
            reference: read(form, &names.reference, "a UUID", |t| t.parse().ok())?,
        })
    }

    /// What an answer means.
    ///
    /// # Errors
    /// If its code is not in the contract.
    pub fn answer(&self, wire: &WireAnswer) -> Result<Answer, UnknownCode> {
        let facts = wire.pass.as_ref().map(|pass| PassFacts {
            valid_until: pass.valid_until,
            entries_left: pass.entries_left,
        });
        if wire.code == self.codes.yes {
            return Ok(Answer::Yes(facts.unwrap_or_default()));
        }
        match self.codes.refusals.get(&wire.code) {
            Some(&refusal) => Ok(Answer::No {
                refusal,
                pass: facts,
            }),
            None => Err(UnknownCode {
                code: wire.code.chars().take(32).collect(),
            }),
        }
    }

    /// The code that says yes, or the first one with this refusal; empty if the
    /// contract has none.
    #[must_use]
    pub fn code_of(&self, answer: &Answer) -> &str {
        match answer {
            Answer::Yes(_) => &self.codes.yes,
            Answer::No { refusal, .. } => self
                .codes
                .refusals
                .iter()
                .find(|(_, meaning)| *meaning == refusal)
                .map_or("", |(code, _)| code),
        }
    }
}

fn read<T>(
    form: &HashMap<String, String>,
    field: &str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, InvalidForm> {
    let field = || field.to_owned();
    let text = form
        .get(&field())
        .ok_or_else(|| InvalidForm::Missing { field: field() })?;
    parse(text.trim()).ok_or_else(|| InvalidForm::Unreadable {
        field: field(),
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The indented block that follows `line` in the document.
    fn block_after(line: &str) -> String {
        include_str!("../../../docs/interfaces/otipass.md")
            .lines()
            .skip_while(|text| *text != line)
            .skip(1)
            .take_while(|text| text.is_empty() || text.starts_with("    "))
            .map(|text| format!("{}\n", text.trim()))
            .collect()
    }

    #[test]
    fn the_documents_contract_can_be_configured() {
        let mut expected = Contract {
            validation_path: "v2/check".to_owned(),
            declaration_path: "v2/entries".to_owned(),
            inquiry_path: "v2/look".to_owned(),
            cancellation_path: "v2/undo".to_owned(),
            pass_list_path: "v2/list".to_owned(),
            status_path: "v2/ping".to_owned(),
            api_key_header: "X-Otipass-Key".to_owned(),
            references: References::Ignored,
            ..Contract::default()
        };
        expected
            .codes
            .refusals
            .insert("A9".to_owned(), Refusal::AlreadyUsed);
        expected
            .states
            .insert("blocked".to_owned(), Refusal::PassBlocked);
        let documented: toml::Table = block_after("In the configuration:").parse().unwrap();
        let documented = documented["otipass"]["contract"].clone();
        assert_eq!(documented.try_into::<Contract>().unwrap(), expected);
        assert_eq!(toml::from_str::<Contract>("").unwrap(), Contract::default());
        assert!(toml::from_str::<Contract>("validaton_path = \"v2\"").is_err());
    }

    #[test]
    fn the_documents_answer_is_a_refusal() {
        let contract = Contract::default();
        let documented = block_after("A refusal looks the same with another code:");
        let refusals: Vec<_> = documented
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| {
                contract
                    .answer(&serde_json::from_str(line).unwrap())
                    .unwrap()
            })
            .collect();
        assert!(matches!(
            refusals[..],
            [
                Answer::No {
                    refusal: Refusal::PassExpired,
                    pass: Some(_)
                },
                Answer::No {
                    refusal: Refusal::UnknownPass,
                    pass: None
                },
            ]
        ));
    }

    #[test]
    fn every_answer_has_a_code_and_every_code_an_answer() {
        let contract = Contract::default();
        let no = |refusal| Answer::No {
            refusal,
            pass: None,
        };
        for answer in Refusal::ALL
            .map(no)
            .into_iter()
            .chain([Answer::Yes(PassFacts::default())])
        {
            let wire = WireAnswer {
                code: contract.code_of(&answer).to_owned(),
                message: None,
                pass: None,
            };
            assert_eq!(contract.answer(&wire), Ok(answer));
        }
    }
}
