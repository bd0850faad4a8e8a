//! The refusals that operations have in common, for the OpenAPI document. Their headers and examples are those of
//! [`crate::openapi`].

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// What any operation of the API may answer instead: 429, 500, 503.
pub struct AnyErrors;

/// What an operation for signed-in users may answer instead: 401, and what any may.
pub struct CallerErrors;

/// What an operation with a request body may answer instead: 400, 413, 415.
pub struct BodyErrors;

impl IntoResponses for AnyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            refusal(429, "Too many requests; `Retry-After` says how long to wait."),
            refusal(500, "Something went wrong on our side."),
            refusal(503, "The service can't answer just now; `Retry-After` says when to come back."),
        ]
        .into()
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

/// One refusal with the envelope that all have.
fn refusal(status: u16, description: &str) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorEnvelope"))).build();
    let response = ResponseBuilder::new().description(description).content("application/json", content);
    (status.to_string(), RefOr::T(response.build()))
}
