//! Which limit a request falls under, whose request it is, and where that one stands.

use std::fmt;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use time::OffsetDateTime;

use crate::http::caller::Signed;
use crate::http::client_address::ClientAddress;
use crate::http::headers::{X_RATELIMIT_LIMIT, X_RATELIMIT_REMAINING, X_RATELIMIT_RESET};

/// How long requests count together, from the first of them on (specification 4.7.2: "per minute").
pub const WINDOW: Duration = Duration::from_mins(1);
/// A window that ends later than this from now was begun by a clock that has been turned back since, and counts as ended.
/// Twice the window: the clocks of instances differ by seconds.
pub const LONGEST: Duration = Duration::from_mins(2);

/// How many requests a minute are served; 0 for as many as come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of an address, to register, log in and refresh.
    pub auth: u32,
    /// Of a user, or an address without one, to everything that has no limit of its own.
    pub general: u32,
    /// Of a user, to search.
    pub search: u32,
}

impl RateLimits {
    /// No limits.
    pub const OFF: Self = Self { auth: 0, general: 0, search: 0 };

    /// The limit of this kind, if there is one.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Option<u32> {
        let limit = match kind {
            Kind::Auth => self.auth,
            Kind::General => self.general,
            Kind::Search => self.search,
        };
        (limit > 0).then_some(limit)
    }
}

impl Default for RateLimits {
    /// Those of specification 4.7.2.
    fn default() -> Self {
        Self { auth: 10, general: 100, search: 30 }
    }
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Registering, logging in, refreshing.
    Auth,
    /// Whatever has no limit of its own.
    General,
    /// Searching for people.
    Search,
}

/// The routes with a limit of their own. All others share the general one.
pub const SPECIAL: [(&str, Kind); 4] = [
    ("/api/v1/auth/register", Kind::Auth),
    ("/api/v1/auth/login", Kind::Auth),
    ("/api/v1/auth/refresh", Kind::Auth),
    ("/api/v1/users/search", Kind::Search),
];

impl Kind {
    /// The kind of a route, by its template.
    #[must_use]
    pub fn of(route: &str) -> Self {
        SPECIAL.iter().find(|(template, _)| *template == route).map_or(Self::General, |(_, kind)| *kind)
    }

    /// Its name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::General => "general",
            Self::Search => "search",
        }
    }

    /// What a client is told that has come too often.
    #[must_use]
    pub const fn refusal(self) -> &'static str {
        match self {
            Self::Auth => {
                "Too many attempts to register, log in or refresh; wait for the seconds in the Retry-After header"
            }
            Self::General => "Too many requests; wait for the seconds in the Retry-After header",
            Self::Search => "Too many searches; wait for the seconds in the Retry-After header",
        }
    }
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// From where.
    pub address: ClientAddress,
    /// As whom, if there is a good token.
    pub signed: Option<Signed>,
}

impl Caller {
    /// The user, if there is one.
    #[must_use]
    pub const fn user_id(&self) -> Option<i32> {
        match self.signed {
            Some(signed) => Some(signed.user_id),
            None => None,
        }
    }
}

/// What a count belongs to. Its text is the key in the database, 64 characters at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Attempts from an address.
    Auth(ClientAddress),
    /// Requests of a user.
    User(i32),
    /// Requests of nobody in particular from an address.
    Address(ClientAddress),
    /// Searches of a user.
    UserSearch(i32),
    /// Searches of nobody in particular from an address.
    AddressSearch(ClientAddress),
}

impl Bucket {
    /// Where a request of this kind is counted.
    #[must_use]
    pub const fn of(kind: Kind, caller: Caller) -> Self {
        match (kind, caller.user_id()) {
            (Kind::Auth, _) => Self::Auth(caller.address),
            (Kind::General, Some(user_id)) => Self::User(user_id),
            (Kind::General, None) => Self::Address(caller.address),
            (Kind::Search, Some(user_id)) => Self::UserSearch(user_id),
            (Kind::Search, None) => Self::AddressSearch(caller.address),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auth(address) => write!(formatter, "auth:{address}"),
            Self::User(user_id) => write!(formatter, "user:{user_id}"),
            Self::Address(address) => write!(formatter, "addr:{address}"),
            Self::UserSearch(user_id) => write!(formatter, "search:{user_id}"),
            Self::AddressSearch(address) => write!(formatter, "search:{address}"),
        }
    }
}

/// What the database says of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The requests in its window, of all instances.
    pub hits: u32,
    /// When the window ends.
    pub ends_at: OffsetDateTime,
}

impl Counted {
    /// Where the client stands then.
    #[must_use]
    pub const fn standing(&self, limit: u32) -> Standing {
        Standing::after(self.hits, limit, self.ends_at)
    }
}

/// Where a client stands, as the `X-RateLimit` headers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many requests a window allows.
    pub limit: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// When the window ends.
    pub ends_at: OffsetDateTime,
}

impl Standing {
    /// After so many requests in a window.
    #[must_use]
    pub const fn after(hits: u32, limit: u32, ends_at: OffsetDateTime) -> Self {
        Self { limit, remaining: limit.saturating_sub(hits), ends_at }
    }

    /// How long until the window ends.
    #[must_use]
    pub fn wait(&self, now: OffsetDateTime) -> Duration {
        Duration::try_from(self.ends_at - now).unwrap_or(Duration::ZERO)
    }

    /// Writes the headers of specification 4.7.2. The end is in whole seconds since 1970, rounded up: at that time the next
    /// window may begin.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        let begun = i64::from(self.ends_at.nanosecond() > 0);
        headers.insert(X_RATELIMIT_LIMIT, HeaderValue::from(self.limit));
        headers.insert(X_RATELIMIT_REMAINING, HeaderValue::from(self.remaining));
        headers.insert(X_RATELIMIT_RESET, HeaderValue::from(self.ends_at.unix_timestamp() + begun));
    }
}

/// Whether a request is served, and where its client stands after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is served.
    pub admitted: bool,
    /// Where the client stands.
    pub standing: Standing,
}

impl Verdict {
    /// On the request that was counted as the last of so many.
    #[must_use]
    pub const fn on(hits: u32, limit: u32, ends_at: OffsetDateTime) -> Self {
        Self { admitted: hits <= limit, standing: Standing::after(hits, limit, ends_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use time::macros::datetime;
    use uuid::Uuid;

    fn address(text: &str) -> ClientAddress {
        ClientAddress::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn security_22_three_endpoints_share_the_limit_of_the_address_and_search_has_its_own() {
        let caller =
            Caller { address: address("203.0.113.7"), signed: Some(Signed { user_id: 17, session: Uuid::nil() }) };
        let nobody = Caller { signed: None, ..caller };
        let key = |route: &str, caller| Bucket::of(Kind::of(route), caller).to_string();
        for route in ["/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/refresh"] {
            assert_eq!(key(route, caller), "auth:203.0.113.7", "whoever it claims to be");
            assert_eq!(key(route, nobody), "auth:203.0.113.7");
        }
        for route in ["/api/v1/auth/logout", "/api/v1/users/me", "/api/v1/users/{user_id}", "/api/v1/auth/login/"] {
            assert_eq!((key(route, caller), key(route, nobody)), ("user:17".into(), "addr:203.0.113.7".into()));
        }
        let search = "/api/v1/users/search";
        assert_eq!((key(search, caller), key(search, nobody)), ("search:17".into(), "search:203.0.113.7".into()));
    }

    #[test]
    fn the_longest_key_has_its_place() {
        let longest = Bucket::AddressSearch(address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")).to_string();
        assert_eq!(longest, "search:2001:db8:ffff:ffff::/64");
        assert!(longest.len() <= 64);
    }

    #[test]
    fn a_limit_of_nought_is_none() {
        let kinds = [Kind::Auth, Kind::General, Kind::Search];
        assert_eq!(kinds.map(|kind| RateLimits::default().of(kind)), [Some(10), Some(100), Some(30)]);
        assert_eq!(kinds.map(|kind| RateLimits::OFF.of(kind)), [None; 3]);
    }

    #[test]
    fn the_headers_tell_the_end_in_seconds_since_1970() {
        let told = |ends_at| {
            let mut headers = HeaderMap::new();
            Standing::after(7, 10, ends_at).write_to(&mut headers);
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
                .map(|name| headers[name].to_str().unwrap().to_owned())
        };
        assert_eq!(told(datetime!(2022-02-01 12:00 UTC)), ["10", "3", "1643716800"]);
        assert_eq!(told(datetime!(2022-02-01 12:00:00.000_001 UTC)), ["10", "3", "1643716801"]);
    }

    #[test]
    fn nobody_has_less_than_nothing_left() {
        let end = datetime!(2022-02-01 12:00 UTC);
        assert_eq!(Verdict::on(10, 10, end), Verdict { admitted: true, standing: Standing::after(10, 10, end) });
        let refused = Verdict::on(11, 10, end);
        assert_eq!((refused.admitted, refused.standing.remaining), (false, 0));
        assert_eq!(refused.standing.wait(end + WINDOW), Duration::ZERO);
        assert_eq!(refused.standing.wait(end - WINDOW), WINDOW);
    }
}
