//! The audit log: events that matter to security, as lines of the log that have `"audit":true`.
//!
//! Each line names the event, whether the deed succeeded or was refused, the request, the network that it came from, and as
//! far as they are known the user, the session and the reason. It never holds an email address, a whole address, a token or
//! a password: an [`Event`] has no place for them. `docs/AUDIT.md` lists the events; it and this module are held together
//! by a test below, and both to what is really logged by the stories in `tests/api/audit.rs`.
//!
//! The lines are written whatever `LOG_LEVEL` is ([`crate::logging`]).

use uuid::Uuid;

use crate::http::request_context::RequestContext;

/// The target of the lines, by which the log's filter knows them.
pub const TARGET: &str = "handler::audit";

/// Something that happened and that matters to security.
///
/// A `user_id` is whose account it is, a `session` which session it concerns, a `reason` one of the words in
/// `docs/AUDIT.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An account was made.
    UserRegistered {
        /// Whose.
        user_id: i32,
    },
    /// No account was made, because there is one with this email address.
    RegistrationRefused,
    /// Somebody logged in.
    LoginSucceeded {
        /// Who.
        user_id: i32,
        /// The session that began.
        session: Uuid,
    },
    /// Somebody did not get in. The answer never tells why; this does.
    LoginFailed {
        /// Whose account it was tried at, if there is one.
        user_id: Option<i32>,
        /// `unknown_email`, `wrong_password` or `inactive`.
        reason: &'static str,
    },
    /// An attempt to log in was not looked at, because too many before it had failed.
    LoginThrottled,
    /// A password was changed.
    PasswordChanged {
        /// Whose.
        user_id: i32,
        /// In which session.
        session: Uuid,
    },
    /// A password was not changed, because the present one was wrong.
    PasswordChangeRefused {
        /// Whose.
        user_id: i32,
        /// In which session.
        session: Uuid,
    },
    /// One session was ended.
    SessionEnded {
        /// Whose.
        user_id: i32,
        /// Which.
        session: Uuid,
        /// `logout`, `ended` or `reuse`.
        reason: &'static str,
    },
    /// All sessions but one were ended, and there were some.
    SessionsEnded {
        /// Whose.
        user_id: i32,
        /// The one that is left.
        session: Uuid,
        /// How many were ended.
        sessions: u64,
        /// `ended` or `password`.
        reason: &'static str,
    },
    /// A refresh token came back that had been spent before: somebody else has it.
    RefreshReused {
        /// Whose.
        user_id: i32,
        /// Of which session.
        session: Uuid,
    },
    /// A request was refused because there were too many.
    RateLimited {
        /// Whose, if it came with a good token.
        user_id: Option<i32>,
        /// `auth`, `search` or `general`.
        limit: &'static str,
    },
}

impl Event {
    /// Its name in the log, and the sentence beside it.
    #[must_use]
    pub const fn name(&self) -> (&'static str, &'static str) {
        match self {
            Self::UserRegistered { .. } => ("user_registered", "a user registered"),
            Self::RegistrationRefused => ("registration_refused", "a registration was refused"),
            Self::LoginSucceeded { .. } => ("login_succeeded", "a login"),
            Self::LoginFailed { .. } => ("login_failed", "a login failed"),
            Self::LoginThrottled => ("login_throttled", "a login has to wait"),
            Self::PasswordChanged { .. } => ("password_changed", "a password was changed"),
            Self::PasswordChangeRefused { .. } => ("password_change_refused", "a change of password was refused"),
            Self::SessionEnded { .. } => ("session_ended", "a session was ended"),
            Self::SessionsEnded { .. } => ("sessions_ended", "all other sessions were ended"),
            Self::RefreshReused { .. } => ("refresh_reused", "a spent refresh token came back"),
            Self::RateLimited { .. } => ("rate_limited", "too many requests"),
        }
    }

    /// Whether the deed was refused.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::RegistrationRefused
            | Self::LoginFailed { .. }
            | Self::LoginThrottled
            | Self::PasswordChangeRefused { .. }
            | Self::RefreshReused { .. }
            | Self::RateLimited { .. } => true,
            Self::UserRegistered { .. }
            | Self::LoginSucceeded { .. }
            | Self::PasswordChanged { .. }
            | Self::SessionEnded { .. }
            | Self::SessionsEnded { .. } => false,
        }
    }

    /// Whether it is worth a look even once: a warning in the log. A single wrong password is not.
    #[must_use]
    pub const fn is_suspicious(&self) -> bool {
        matches!(self, Self::LoginThrottled | Self::RefreshReused { .. } | Self::RateLimited { .. })
    }

    const fn user_id(&self) -> Option<i32> {
        match *self {
            Self::RegistrationRefused | Self::LoginThrottled => None,
            Self::LoginFailed { user_id, .. } | Self::RateLimited { user_id, .. } => user_id,
            Self::UserRegistered { user_id }
            | Self::LoginSucceeded { user_id, .. }
            | Self::PasswordChanged { user_id, .. }
            | Self::PasswordChangeRefused { user_id, .. }
            | Self::SessionEnded { user_id, .. }
            | Self::SessionsEnded { user_id, .. }
            | Self::RefreshReused { user_id, .. } => Some(user_id),
        }
    }

    const fn session(&self) -> Option<Uuid> {
        match *self {
            Self::LoginSucceeded { session, .. }
            | Self::PasswordChanged { session, .. }
            | Self::PasswordChangeRefused { session, .. }
            | Self::SessionEnded { session, .. }
            | Self::SessionsEnded { session, .. }
            | Self::RefreshReused { session, .. } => Some(session),
            Self::UserRegistered { .. }
            | Self::RegistrationRefused
            | Self::LoginFailed { .. }
            | Self::LoginThrottled
            | Self::RateLimited { .. } => None,
        }
    }

    const fn reason(&self) -> Option<&'static str> {
        match *self {
            Self::RegistrationRefused => Some("email_taken"),
            Self::PasswordChangeRefused { .. } => Some("wrong_password"),
            Self::LoginFailed { reason, .. }
            | Self::SessionEnded { reason, .. }
            | Self::SessionsEnded { reason, .. } => Some(reason),
            _ => None,
        }
    }

    const fn sessions(&self) -> Option<u64> {
        if let Self::SessionsEnded { sessions, .. } = *self { Some(sessions) } else { None }
    }

    const fn limit(&self) -> Option<&'static str> {
        if let Self::RateLimited { limit, .. } = *self { Some(limit) } else { None }
    }
}

/// Writes the line of an event in the request of this context. What is not known is left out.
pub fn record(context: &RequestContext, event: Event) {
    let (name, sentence) = event.name();
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                target: TARGET,
                $level,
                audit = true,
                event = name,
                outcome = if event.is_refusal() { "refused" } else { "succeeded" },
                user_id = event.user_id(),
                session_id = event.session().map(tracing::field::display),
                reason = event.reason(),
                sessions = event.sessions(),
                limit = event.limit(),
                network = context.client_address().neighbourhood(),
                request_id = context.request_id(),
                "{sentence}"
            )
        };
    }
    if event.is_suspicious() {
        line!(tracing::Level::WARN);
    } else {
        line!(tracing::Level::INFO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../docs/AUDIT.md");

    /// The event after this one, in the order of the table: whoever adds one has to give it its place here.
    const fn after(event: &Event) -> Option<Event> {
        let (user_id, session, reason) = (7, Uuid::nil(), "");
        Some(match event {
            Event::UserRegistered { .. } => Event::RegistrationRefused,
            Event::RegistrationRefused => Event::LoginSucceeded { user_id, session },
            Event::LoginSucceeded { .. } => Event::LoginFailed { user_id: None, reason },
            Event::LoginFailed { .. } => Event::LoginThrottled,
            Event::LoginThrottled => Event::PasswordChanged { user_id, session },
            Event::PasswordChanged { .. } => Event::PasswordChangeRefused { user_id, session },
            Event::PasswordChangeRefused { .. } => Event::SessionEnded { user_id, session, reason },
            Event::SessionEnded { .. } => Event::SessionsEnded { user_id, session, sessions: 1, reason },
            Event::SessionsEnded { .. } => Event::RefreshReused { user_id, session },
            Event::RefreshReused { .. } => Event::RateLimited { user_id: None, limit: "" },
            Event::RateLimited { .. } => return None,
        })
    }

    #[test]
    fn security_log_every_event_is_in_the_table_and_nothing_else_is() {
        let listed: Vec<Vec<&str>> = TABLE
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|row| row.split(" | ").map(|cell| cell.trim_matches(['`', ' '])).take(3).collect())
            .collect();
        let first = Event::UserRegistered { user_id: 7 };
        let events = std::iter::successors(Some(first), after);
        let known: Vec<Vec<&str>> = events
            .map(|event| {
                let level = if event.is_suspicious() { "WARN" } else { "INFO" };
                vec![event.name().0, level, if event.is_refusal() { "refused" } else { "succeeded" }]
            })
            .collect();
        assert_eq!(listed, known);
    }
}
