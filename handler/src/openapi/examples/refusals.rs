//! The refusals, made by what makes them in truth wherever that can be had without a database: the readers of bodies and
//! queries, the rules, the envelope. The tests hold the others to what is really answered.

use serde_json::{Value, json};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};

use super::REQUEST_ID;
use crate::auth::login::{self, Login};
use crate::auth::refresh::{self, Refresh};
use crate::auth::register::{Register, email_taken};
use crate::connections::request::RequestConnection;
use crate::error::{Error, FieldError};
use crate::http::body::DEFAULT_BODY_LIMIT;
use crate::http::body_reader::{self, FromBody};
use crate::http::caller::SIGN_IN;
use crate::http::envelope;
use crate::http::page::Page;
use crate::http::query::{self, FromQuery};
use crate::limits::rules::Kind;
use crate::matching::api::FindMatches;
use crate::matching::rules::may_ask_for_matches;
use crate::notifications::api::Listing as NotificationListing;
use crate::travels::api::{CreateTravel, UpdateTravel};
use crate::travels::lists::{ConnectionListing, Listing as TravelListing};
use crate::travels::rules::{NO_SUCH_PLAN, Standing, may_list_plans};
use crate::users::api::{Search, UpdateProfile};
use crate::users::rules::ConnectionStatus;

/// The day and the instant of every example.
const TODAY: Date = date!(2026 - 01 - 31);
const NOW: OffsetDateTime = datetime!(2026-01-31 10:30:00 UTC);
/// What a 429 and a 503 tell to wait is in a header, and not in the example.
const SOON: std::time::Duration = std::time::Duration::from_secs(1);

/// The refusal of an operation with this status; `None` if there is none.
#[must_use]
pub fn answer(operation: &str, status: &str) -> Option<Value> {
    let error = match status {
        "400" => Error::Validation(faults(operation)),
        "401" => Error::Unauthorized(match operation {
            "authLogin" => login::REFUSED,
            "authRefresh" => refresh::REFUSED,
            _ => SIGN_IN,
        }),
        "403" => forbidden(operation)?,
        "404" => not_found(operation),
        "409" => conflict(operation)?,
        "413" => Error::PayloadTooLarge(DEFAULT_BODY_LIMIT),
        "415" => Error::UnsupportedMediaType,
        "429" => Error::RateLimited { message: limit_of(operation).refusal(), retry_after: SOON },
        "500" => Error::Internal(anyhow::anyhow!("never shown")),
        "503" => Error::unavailable("never shown"),
        _ => return None,
    };
    serde_json::to_value(envelope::describe_as(&error, REQUEST_ID, NOW)).ok()
}

/// What is wrong with a request that has faults.
fn faults(operation: &str) -> Vec<FieldError> {
    let plan = json!({ "city": "", "country": "USA", "start_date": "2026-03-20", "end_date": "2026-03-15" });
    match operation {
        "authRegister" => {
            in_body::<Register>(&json!({ "email": "john.doe", "password": "secret", "display_name": "John Doe" }))
        }
        "authLogin" => in_body::<Login>(&json!({ "email": "john.doe", "password": "SecurePass123!" })),
        "authRefresh" => in_body::<Refresh>(&json!({})),
        "usersChangePassword" => vec![FieldError::new("current_password", "This is not the present password")],
        "usersUpdateMe" => in_body::<UpdateProfile>(&json!({ "display_name": null, "homeCity": "Berlin" })),
        "connectionsRequest" => in_body::<RequestConnection>(&json!({ "receiver_user_id": "789" })),
        "travelsCreate" => in_body::<CreateTravel>(&plan),
        "travelsUpdate" => in_body::<UpdateTravel>(&plan),
        "usersSearch" => in_query::<Search>("q=j"),
        "matchesFind" => in_query::<FindMatches>("start_date=2026-03-20&end_date=2026-03-15"),
        "notificationsList" => in_query::<NotificationListing>("is_read=no&type=friend"),
        "travelsList" | "usersListTravels" => in_query::<TravelListing>("when=tomorrow&limit=500"),
        "connectionsListTravels" => in_query::<ConnectionListing>("when=tomorrow&limit=500"),
        _ => in_query::<Page>("limit=500&offset=-1"),
    }
}

fn in_body<T: FromBody>(body: &Value) -> Vec<FieldError> {
    body.as_object().and_then(|body| body_reader::read::<T>(body, TODAY).err()).unwrap_or_default()
}

fn in_query<T: FromQuery>(query: &str) -> Vec<FieldError> {
    query::read::<T>(query, TODAY).err().unwrap_or_default()
}

fn forbidden(operation: &str) -> Option<Error> {
    match operation {
        "usersListTravels" => may_list_plans(ConnectionStatus::None).err(),
        "travelsUpdate" | "travelsDelete" => Standing::Connection.may_change().err(),
        "travelsListMatches" => may_ask_for_matches(Standing::Connection).err(),
        "connectionsAccept" | "connectionsReject" => {
            Some(Error::Forbidden("You sent this request: only the one who received it can answer it"))
        }
        "connectionsRemove" => {
            Some(Error::Forbidden("Only the one who sent this request can withdraw it: reject it instead"))
        }
        _ => None,
    }
}

fn not_found(operation: &str) -> Error {
    match operation {
        "authEndSession" => Error::NotFound("session"),
        "connectionsAccept" | "connectionsReject" | "connectionsRemove" => Error::NotFound("connection"),
        "notificationsMarkRead" => Error::NotFound("notification"),
        "usersGetById" | "usersListTravels" | "connectionsRequest" => Error::NotFound("user"),
        _ => NO_SUCH_PLAN,
    }
}

fn conflict(operation: &str) -> Option<Error> {
    let told = match operation {
        "authRegister" => return Some(email_taken()),
        "connectionsRequest" => "You have already asked this person to connect: wait for the answer",
        "connectionsAccept" => "You have already accepted this request: to part, delete the connection",
        "connectionsReject" => "You have already rejected this request: to connect after all, send one yourself",
        "connectionsRemove" => "This request was rejected: there is no connection to remove",
        _ => return None,
    };
    Some(Error::conflict(told))
}

fn limit_of(operation: &str) -> Kind {
    match operation {
        "authRegister" | "authLogin" | "authRefresh" => Kind::Auth,
        "usersSearch" => Kind::Search,
        _ => Kind::General,
    }
}
