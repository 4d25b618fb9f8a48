//! The document that describes the device API (OpenAPI 3.1).

use deviceapi::ProblemCode::{self, *};
use deviceapi::{EXAMPLES, Part};
use serde_json::{Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Passerelle device API",
        description = "What scanners, turnstiles and integrators speak.\n\n\
            A device chooses a UUID for each scan and keeps it until it has an answer: the same id \
            gets the same answer, for ever, however often it is sent. A refusal is an answer \
            (`200`, `admitted: false`); a problem (`application/problem+json`) means that nothing \
            was decided and the same request can be sent again, unless it says otherwise.\n\n\
            An address that is not below gets `not_found`, a method that an address does not take \
            `method_not_allowed`. As long as the set-up is not complete, each of them \
            answers `not_set_up`.\n\n\
            Limits: code 512 bytes, note 200 characters, batch 500 checks and 500 cancellations, body \
            1 MiB."
    ),
    components(schemas(deviceapi::Problem))
)]
struct Begun;

/// What stands before the operations.
pub(super) fn begun() -> utoipa::openapi::OpenApi {
    Begun::openapi()
}

/// The problems of each operation, besides those that follow from what it takes.
pub(super) const PROBLEMS: &[(&str, &[ProblemCode])] = &[
    (
        "/api/v1/checks",
        &[
            DirectionNotAllowed,
            ForcedEntryNotAllowed,
            SeveralPersonsNotAllowed,
            CheckIdConflict,
            CodeTooLong,
            ClockStandsStill,
            NoteInvalid,
            Busy,
            CheckStaysOpen,
        ],
    ),
    (
        "/api/v1/checks/batch",
        // The last three are of parts that were put aside.
        &[BatchTooLarge, EnrolmentRevoked, EnrolmentUnknown, AsideFull],
    ),
    ("/api/v1/cancellations", &[CheckUnknown, NotCancellable]),
    ("/api/v1/look", &[HelpDeskNotAllowed, CodeTooLong]),
    ("/api/v1/device", &[]),
    ("/api/v1/pass-list", &[NoPassList]),
    (
        "/api/v1/enrolments",
        &[EnrolmentCodeInvalid, TooManyAttempts],
    ),
    ("/api/v1/decode", &[ImageTooLarge, ImageInvalid, Busy]),
];

/// What can be wrong with what an operation takes, and with us.
fn general(operation: &Value) -> Vec<ProblemCode> {
    let takes = |part: &str| !operation[part].is_null();
    let may = [
        (takes("requestBody"), BodyInvalid),
        (takes("requestBody"), BodyTooLarge),
        (takes("parameters"), QueryInvalid),
        (takes("security"), TokenInvalid),
        (true, Internal),
        (true, Unavailable),
    ];
    let may = may.into_iter().filter(|(may, _)| *may);
    may.map(|(_, code)| code).collect()
}

/// The document with the token, the problems and the examples in it.
pub(super) fn completed(api: utoipa::openapi::OpenApi) -> Value {
    // It is plain text.
    let mut api = serde_json::to_value(api).unwrap_or_default();
    api["components"]["securitySchemes"]["device_token"] = json!({
        "type": "http",
        "scheme": "bearer",
        "description": "The device's token. `POST /api/v1/enrolments` gives one for a code that \
            `passerelle device enrol` prints.",
    });
    for (path, own) in PROBLEMS {
        let item = api["paths"][path].as_object_mut();
        for operation in item.into_iter().flat_map(|methods| methods.values_mut()) {
            for code in own.iter().cloned().chain(general(operation)) {
                let problem = &mut operation["responses"][code.status().to_string()];
                let before = problem["description"].as_str().unwrap_or_default();
                let (title, cure) = (code.title(), code.cure());
                *problem = json!({
                    "description": format!("{before}`{code}`: {title}. {cure}\n\n"),
                    "content": { "application/problem+json": {
                        "schema": { "$ref": "#/components/schemas/Problem" },
                    } },
                });
            }
        }
    }
    for example in EXAMPLES {
        let value: Value = serde_json::from_str(example.text).unwrap_or_default();
        let operation = &mut api["paths"][example.path][example.method];
        let content = match example.part {
            Part::Request => &mut operation["requestBody"]["content"]["application/json"],
            Part::Answer => &mut operation["responses"]["200"]["content"]["application/json"],
            Part::Problem => {
                let status = value["status"].to_string();
                &mut operation["responses"][status]["content"]["application/problem+json"]
            }
        };
        content["examples"][example.name] = json!({ "value": value });
    }
    api
}
