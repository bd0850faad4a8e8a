//! What two people may do on the way to a connection, and what becomes of it.

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::users::summary::UserSummary;

/// How long the one whose request was rejected waits before asking again (contract, "Connections").
pub const WAIT_AFTER_REJECTION: Duration = Duration::days(7);

/// How far two people have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// One has asked, the other has not answered.
    Pending,
    /// Both have approved: they are connected.
    Accepted,
    /// The receiver has said no.
    Rejected,
}

impl RequestStatus {
    /// The status's name in answers and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// The status of this name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Accepted, Self::Rejected].into_iter().find(|status| status.as_str() == name)
    }
}

/// What there is between two people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Connection {
    /// The connection's id.
    #[schema(example = 12)]
    pub id: i32,
    /// How far they have come.
    pub status: RequestStatus,
    /// Who asked.
    pub requester: UserSummary,
    /// Who was asked.
    pub receiver: UserSummary,
    /// When the request was sent.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
    /// When it was answered; before that, when it was sent.
    #[serde(with = "crate::http::instant")]
    pub updated_at: OffsetDateTime,
}

/// A request that waits for an answer, as one of the two sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct PendingRequest {
    /// The connection's id.
    #[schema(example = 12)]
    pub id: i32,
    /// How far it has come.
    pub status: RequestStatus,
    /// The other one of the two.
    pub user: UserSummary,
    /// When it was sent.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// There was nothing between the two: it is the first.
    First,
    /// There was a rejection: the request takes its place.
    Again(Connection),
    /// The other had asked: now both have approved.
    Approved(Connection),
}

/// Decides what it comes to if `caller` asks to connect, where `present` is what there is between the two. Refuses with
/// [`Error::Conflict`] where there is nothing to ask for.
pub fn request(present: Option<Connection>, caller: i32, now: OffsetDateTime) -> Result<Requested> {
    let Some(present) = present else { return Ok(Requested::First) };
    let asked_before = present.requester.id == caller;
    match present.status {
        RequestStatus::Accepted => Err(Error::conflict("You are already connected with this person")),
        RequestStatus::Pending if asked_before => {
            Err(Error::conflict("You have already asked this person to connect: wait for the answer"))
        }
        RequestStatus::Pending => {
            Ok(Requested::Approved(Connection { status: RequestStatus::Accepted, updated_at: now, ..present }))
        }
        RequestStatus::Rejected if asked_before && now - present.updated_at < WAIT_AFTER_REJECTION => {
            Err(Error::conflict("This person has rejected your request: you may ask again a week after that"))
        }
        RequestStatus::Rejected if asked_before => Ok(Requested::Again(present.asked_anew(now))),
        RequestStatus::Rejected => Ok(Requested::Again(present.turned_round().asked_anew(now))),
    }
}

impl Connection {
    /// The connection after `caller`, one of the two, has accepted the request. Refuses with [`Error::Forbidden`] the one
    /// who asked, and with [`Error::Conflict`] where there is an answer already.
    pub fn accepted_by(self, caller: i32, now: OffsetDateTime) -> Result<Self> {
        self.answered(RequestStatus::Accepted, caller, now)
    }

    /// The connection after `caller`, one of the two, has rejected the request. Refuses as [`Self::accepted_by`] does.
    pub fn rejected_by(self, caller: i32, now: OffsetDateTime) -> Result<Self> {
        self.answered(RequestStatus::Rejected, caller, now)
    }

    /// Whether `caller`, one of the two, may remove what there is: [`Error::Forbidden`] for a request that is `caller`'s
    /// to answer, [`Error::Conflict`] for one that was rejected.
    pub fn check_removal_by(&self, caller: i32) -> Result<()> {
        match self.status {
            RequestStatus::Accepted => Ok(()),
            RequestStatus::Pending if self.requester.id == caller => Ok(()),
            RequestStatus::Pending => {
                Err(Error::Forbidden("Only the one who sent this request can withdraw it: reject it instead"))
            }
            RequestStatus::Rejected => {
                Err(Error::conflict("This request was rejected: there is no connection to remove"))
            }
        }
    }

    fn answered(self, answer: RequestStatus, caller: i32, now: OffsetDateTime) -> Result<Self> {
        if self.requester.id == caller {
            return Err(Error::Forbidden("You sent this request: only the one who received it can answer it"));
        }
        match self.status {
            RequestStatus::Pending => Ok(Self { status: answer, updated_at: now, ..self }),
            RequestStatus::Accepted => {
                Err(Error::conflict("You have already accepted this request: to part, delete the connection"))
            }
            RequestStatus::Rejected => {
                Err(Error::conflict("You have already rejected this request: to connect after all, send one yourself"))
            }
        }
    }

    fn asked_anew(self, now: OffsetDateTime) -> Self {
        Self { status: RequestStatus::Pending, created_at: now, updated_at: now, ..self }
    }

    fn turned_round(self) -> Self {
        Self { requester: self.receiver, receiver: self.requester, ..self }
    }
}

#[cfg(test)]
mod tests;
