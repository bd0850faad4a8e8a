//! What a notification says, and to whom.

use serde::Serialize;
use utoipa::ToSchema;

/// The most characters of a message (specification 3.2.4).
pub const MAX_MESSAGE_CHARS: usize = 500;

/// Stands for the id of a connection that is only made when it is told of: the statement that does both knows it.
pub const NOT_YET_KNOWN: i32 = 0;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationType)]
pub enum Kind {
    /// Somebody wants to connect with the one who reads it.
    ConnectionRequest,
    /// Somebody accepted the request of the one who reads it.
    ConnectionAccepted,
    /// Somebody will be in the same place at the same time.
    TravelMatch,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::ConnectionRequest, Self::ConnectionAccepted, Self::TravelMatch];

    /// The kind's name in requests, answers and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionRequest => "connection_request",
            Self::ConnectionAccepted => "connection_accepted",
            Self::TravelMatch => "travel_match",
        }
    }

    /// The kind of this name; the error is a sentence for the user.
    pub fn parse(name: &str) -> Result<Self, String> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.ok_or_else(|| format!("type must be one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// A notification before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    receiver: i32,
    kind: Kind,
    message: String,
    related_entity_id: i32,
}

impl Notice {
    /// A notification of this `kind` for the user `receiver`, about the connection or plan `related_entity_id`. A message
    /// over [`MAX_MESSAGE_CHARS`] is cut.
    #[must_use]
    pub fn new(receiver: i32, kind: Kind, message: &str, related_entity_id: i32) -> Self {
        Self { receiver, kind, message: shortened(message), related_entity_id }
    }

    /// Tells `receiver` that the person called `requester_name` asks for this connection.
    #[must_use]
    pub fn connection_request(receiver: i32, requester_name: &str, connection_id: i32) -> Self {
        let message = format!("{requester_name} wants to connect with you");
        Self::new(receiver, Kind::ConnectionRequest, &message, connection_id)
    }

    /// Tells `receiver`, who asked for this connection, that the person called `accepter_name` accepted it.
    #[must_use]
    pub fn connection_accepted(receiver: i32, accepter_name: &str, connection_id: i32) -> Self {
        let message = format!("{accepter_name} accepted your connection request");
        Self::new(receiver, Kind::ConnectionAccepted, &message, connection_id)
    }

    /// Whom it is for.
    #[must_use]
    pub const fn receiver(&self) -> i32 {
        self.receiver
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What it says: at most [`MAX_MESSAGE_CHARS`] characters.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The connection or the plan that it is about.
    #[must_use]
    pub const fn related_entity_id(&self) -> i32 {
        self.related_entity_id
    }
}

/// The message, with an ellipsis for what does not fit.
fn shortened(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE_CHARS {
        return message.to_owned();
    }
    message.chars().take(MAX_MESSAGE_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_told_as_a_person_would() {
        let notice = Notice::connection_request(7, "Jane Smith", 42);
        assert_eq!(notice.message(), "Jane Smith wants to connect with you");
        assert_eq!((notice.receiver(), notice.kind(), notice.related_entity_id()), (7, Kind::ConnectionRequest, 42));
    }

    #[test]
    fn an_acceptance_is_told_as_a_person_would() {
        let notice = Notice::connection_accepted(7, "Jane Smith", 42);
        assert_eq!(notice.message(), "Jane Smith accepted your connection request");
        assert_eq!((notice.receiver(), notice.kind(), notice.related_entity_id()), (7, Kind::ConnectionAccepted, 42));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(shortened(&"🌍".repeat(500)), "🌍".repeat(500));
        assert_eq!(shortened(&"🌍".repeat(501)), "🌍".repeat(499) + "…");
    }

    #[test]
    fn every_kind_is_read_by_the_name_that_answers_and_the_document_show() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let schema = serde_json::to_string(&<Kind as utoipa::PartialSchema>::schema()).unwrap();
        assert!(schema.contains(r#"["connection_request","connection_accepted","travel_match"]"#), "{schema}");
    }

    #[test]
    fn an_unknown_kind_is_refused_with_those_that_there_are() {
        for name in ["", "CONNECTION_REQUEST", "connection_request ", "connection", "friend"] {
            let message = Kind::parse(name).unwrap_err();
            assert_eq!(message, "type must be one of connection_request, connection_accepted, travel_match", "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_message_fits_and_begins_as_it_was_written(message in "\\PC{0,600}") {
            let short = shortened(&message);
            prop_assert!(short.chars().count() <= MAX_MESSAGE_CHARS);
            prop_assert!(message == short || message.starts_with(short.trim_end_matches('…')));
            prop_assert_eq!(shortened(&short), short.clone());
        }
    }
}
