//! What the API is, where it is served, and how its callers prove who they are.

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::operations;
use crate::http::envelope::ErrorEnvelope;

/// The first thing that a reader sees.
const DESCRIPTION: &str = "\
**Start here:** register with `POST /api/v1/auth/register`, log in with `POST /api/v1/auth/login`, and send the access \
token with every other request as `Authorization: Bearer …`. It is good for 15 minutes; `POST /api/v1/auth/refresh` gets \
the next one. Connect two people, let both write down a plan for the same city and overlapping days, and ask \
`GET /api/v1/travels/{travel_id}/matches`.

- **Form:** JSON in UTF-8 with `snake_case` names. Times are in UTC and whole seconds (`2026-01-31T10:30:00Z`), days are \
`2026-03-15`. Answers may get new fields, so ignore those that you don't know. A request with an unknown field is refused.
- **Lists:** `?limit=` (1 to 100, 20 if left out) and `?offset=`; `pagination.has_more` says whether there is more.
- **Errors:** always `{\"error\": {\"code\", \"message\", \"details\", \"request_id\"}, \"timestamp\"}`. All faults of a \
request are told at once in `details`. What one may not know of is a 404; what one may see and not do is a 403.
- **Limits:** 100 requests a minute for each user, 30 of searching, and 10 of registering, logging in and refreshing for \
each address. Every answer has `X-RateLimit-*`; a 429 and a 503 say in `Retry-After` how many seconds to wait.

The same document as [Swagger UI](/docs), where everything can be tried out, and as [ReDoc](/redoc), to be read.";

/// What the generator is told of the document as a whole.
#[derive(OpenApi)]
#[openapi(components(schemas(ErrorEnvelope)))]
struct General;

/// The document of these operations, with what they all refer to.
#[must_use]
pub fn described(operations: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = General::openapi().merge_from(operations);
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
        "The access token of a login or a refresh: a JSON Web Token, signed with HS256 and checked as RFC8725 asks \
         (one pinned algorithm, exact issuer and audience, its own type). It is opaque to clients.",
    ));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(scheme.build()));
    document
}

/// Adds what the API is and where it is served, and that an operation without a scheme is for everybody.
pub fn introduce(document: &mut Value) {
    for operation in operations(document) {
        operation.described.entry("security").or_insert_with(|| json!([]));
    }
    let Some(document) = document.as_object_mut() else { return };
    let info = json!({
        "title": "TravelMeetup API",
        "summary": "Which of your friends will be in the same city at the same time.",
        "description": DESCRIPTION,
        "contact": { "name": "API support", "url": "https://travelmeetup.com", "email": "api@travelmeetup.com" },
        "license": { "name": "MIT", "url": "https://opensource.org/license/mit" },
        "version": env!("CARGO_PKG_VERSION"),
    });
    let servers = json!([
        { "url": "/", "description": "Local development: the server that this document comes from", "x-internal": false },
        {
            "url": "https://{host}",
            "description": "Production",
            "variables": { "host": {
                "default": "travelmeetup.azurewebsites.net",
                "description": "The host name of your deployment, as `az functionapp show` prints it.",
            } },
            "x-internal": false,
        },
    ]);
    let tags = json!([
        { "name": "auth", "description": "Accounts and sessions: register, log in, stay logged in, log out." },
        { "name": "users", "description": "One's own profile, those of others, and finding people." },
        { "name": "connections", "description": "Asking somebody to connect, answering, and the friends one has." },
        { "name": "travels", "description": "Travel plans: who is where, and when. Only connections see each other's." },
        { "name": "matches", "description": "Which of one's connections will be where one is." },
        { "name": "notifications", "description": "What one should know of: requests, answers and new matches." },
        { "name": "health", "description": "Whether the service is well, for hosts and operators. No limits, no token." },
    ]);
    for (name, value) in [("info", info), ("servers", servers), ("tags", tags)] {
        document.insert(name.to_owned(), value);
    }
}
