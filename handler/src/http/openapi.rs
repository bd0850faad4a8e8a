//! The refusals that operations have in common, for the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};
use utoipa::{IntoResponses, PartialSchema as _};

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

/// One refusal with the envelope that all have.
fn refusal(status: u16, description: &str) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorEnvelope"))).build();
    let mut response = ResponseBuilder::new().description(description).content("application/json", content);
    if status == 429 || status == 503 {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
        let header =
            HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before the next try."));
        response = response.header("Retry-After", header.build());
    }
    if status == 401 {
        let header = HeaderBuilder::new().schema(Some(String::schema())).description(Some("Always `Bearer`."));
        response = response.header("WWW-Authenticate", header.build());
    }
    (status.to_string(), RefOr::T(response.build()))
}
