//! The refusals that operations have in common, for the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::openapi::{
    ContentBuilder, Header, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};
use utoipa::{IntoResponses, PartialSchema as _};

/// The headers of specification 4.7.2.
const RATE_LIMIT_HEADERS: [(&str, &str); 3] = [
    ("X-RateLimit-Limit", "How many requests a minute are served."),
    ("X-RateLimit-Remaining", "How many of them are left."),
    ("X-RateLimit-Reset", "When the minute ends, in seconds since 1970."),
];

/// What any operation may answer instead: 500, 503.
pub struct AnyErrors;

/// What an operation for signed-in users may answer instead: 401, 500, 503.
pub struct CallerErrors;

/// What an operation with a request body may answer instead: 400, 413, 415.
pub struct BodyErrors;

impl IntoResponses for AnyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [refusal(500, "Something went wrong on our side."), refusal(503, "The service can't answer just now.")].into()
    }
}

impl IntoResponses for CallerErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = AnyErrors::responses();
        responses.extend([refusal(401, "No access token, or one that is not good (any more).")]);
        responses
    }
}

impl IntoResponses for BodyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            refusal(400, "The body breaks the rules; every fault is listed in `details`."),
            refusal(413, "The body is larger than 65,536 bytes."),
            refusal(415, "The body is not declared as `application/json`."),
        ]
        .into()
    }
}

/// Says of every operation under `/api/v1` that it may answer 429, and with which headers.
pub fn limited(document: &mut OpenApi) {
    let paths = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/v1/"));
    let operations = paths.flat_map(|(_, item)| {
        [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
    });
    for operation in operations {
        let (status, refused) = refusal(429, "Too many requests; `Retry-After` says how long to wait.");
        let response = operation.responses.responses.entry(status).or_insert(refused);
        if let RefOr::T(response) = response {
            let wait = count("Seconds to wait before the next try.", 1);
            response.headers.extend([("Retry-After".to_owned(), wait.into())]);
            response.headers.extend(RATE_LIMIT_HEADERS.map(|(name, told)| (name.to_owned(), count(told, 0).into())));
        }
    }
}

/// A header that holds a whole number.
fn count(description: &str, least: u8) -> Header {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).build();
    HeaderBuilder::new().schema(Some(number)).description(Some(description)).build()
}

/// One refusal with the envelope that all have.
fn refusal(status: u16, description: &str) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorEnvelope"))).build();
    let mut response = ResponseBuilder::new().description(description).content("application/json", content);
    if status == 429 || status == 503 {
        response = response.header("Retry-After", count("Seconds to wait before the next try.", 1));
    }
    if status == 401 {
        let header = HeaderBuilder::new().schema(Some(String::schema())).description(Some("Always `Bearer`."));
        response = response.header("WWW-Authenticate", header.build());
    }
    (status.to_string(), RefOr::T(response.build()))
}
