//! One example of each message, as files in `examples/`: for the API's document,
//! and for whoever writes a device. The scanner page is tried on them, too.

use crate::{
    BatchAnswer, BatchRequest, CancellationAnswer, CancellationRequest, CheckAnswer, CheckRequest,
    DecodeAnswer, DeviceSnapshot, EnrolmentAnswer, EnrolmentRequest, LookAnswer, LookRequest,
    Problem,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A message as it stands on the wire.
#[derive(Debug)]
pub struct Example {
    /// The file's name without `.json`.
    pub name: &'static str,
    /// Of HTTP, in lower case.
    pub method: &'static str,
    /// The address.
    pub path: &'static str,
    /// What it is there.
    pub part: Part,
    /// The JSON.
    pub text: &'static str,
    /// Reads a message of this type, and writes it back.
    pub again: fn(&str) -> serde_json::Result<Value>,
}

/// What a message is of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The body of the request.
    Request,
    /// The body of the answer.
    Answer,
    /// An answer that is none.
    Problem,
}

fn again<T: Serialize + DeserializeOwned>(text: &str) -> serde_json::Result<Value> {
    serde_json::to_value(serde_json::from_str::<T>(text)?)
}

macro_rules! examples {
    ($($method:ident $path:literal { $($part:ident $type:ty: $($name:literal)*;)* })*) => {
        /// All of them.
        pub const EXAMPLES: &[Example] = &[$($($(Example {
            name: $name,
            method: stringify!($method),
            path: concat!("/api/v1/", $path),
            part: Part::$part,
            text: include_str!(concat!("../examples/", $name, ".json")),
            again: again::<$type>,
        }),*),*),*];
    };
}

examples! {
    post "checks" {
        Request CheckRequest: "check" "check_exit" "check_forced" "check_one_more";
        Answer CheckAnswer: "accepted" "accepted_unverified" "accepted_offline" "accepted_forced"
            "exit" "not_a_pass" "sector_not_mapped" "unknown_pass" "pass_not_sold" "pass_blocked"
            "pass_expired" "service_not_included" "already_used" "just_admitted"
            "partner_unavailable";
        Problem Problem: "check_id_conflict" "check_stays_open";
    }
    post "checks/batch" {
        Request BatchRequest: "batch";
        Answer BatchAnswer: "batch_answer";
    }
    post "cancellations" {
        Request CancellationRequest: "cancellation";
        Answer CancellationAnswer: "cancellation_answer";
        Problem Problem: "not_cancellable";
    }
    post "look" {
        Request LookRequest: "look";
        Answer LookAnswer: "look_accepted" "look_refused" "look_silent" "look_no_pass";
    }
    get "device" {
        Answer DeviceSnapshot: "device" "device_guarded";
        Problem Problem: "token_invalid";
    }
    get "pass-list" {
        Answer Value: "pass_list" "pass_list_difference";
    }
    post "enrolments" {
        Request EnrolmentRequest: "enrolment";
        Answer EnrolmentAnswer: "enrolment_answer";
        Problem Problem: "too_many_attempts";
    }
    post "decode" {
        Answer DecodeAnswer: "decode_answer";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_example_is_read_and_written_back_as_it_was() {
        for example in EXAMPLES {
            let written = (example.again)(example.text).unwrap_or_else(|error| {
                panic!("{}: {error}", example.name);
            });
            let value: Value = serde_json::from_str(example.text).unwrap();
            assert_eq!(written, value, "{}", example.name);
        }
    }

    #[test]
    fn every_file_is_an_example() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
        let files: BTreeSet<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let named = EXAMPLES
            .iter()
            .map(|e| format!("{}.json", e.name))
            .collect();
        assert_eq!(files, named);
    }

    #[test]
    fn a_misspelt_field_of_a_request_is_noticed() {
        for example in EXAMPLES.iter().filter(|e| e.part == Part::Request) {
            let misspelt = example.text.replacen('{', "{\"colour\": 1,", 1);
            let error = (example.again)(&misspelt).unwrap_err().to_string();
            assert!(error.contains("colour"), "{}: {error}", example.name);
        }
    }

    #[test]
    fn a_field_that_is_new_in_an_answer_is_passed_over() {
        for example in EXAMPLES.iter().filter(|e| e.part != Part::Request) {
            let newer = example.text.replacen('{', "{\"colour\": 1,", 1);
            assert!((example.again)(&newer).is_ok(), "{}", example.name);
        }
    }
}
