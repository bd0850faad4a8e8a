//! Who is in the examples, and what they ask and are answered.
//!
//! John Doe (123) lives in San Francisco and goes to New York from the 15th to the 20th of March 2026 (plan 456). Jane Smith
//! (789) from Berlin is there from the 14th to the 18th (plan 321); Bob Johnson (890) lives there. John asked Bob to
//! connect (connection 11), and Bob accepted; Jane asked John (connection 12), and John accepted. John is who asks.

use serde_json::{Value, json};

/// When everything in the examples happens, and its day.
const NOW: &str = "2026-01-31T10:30:00Z";
/// A moment before.
const BEFORE: &str = "2026-01-30T18:05:00Z";
/// How a token begins; the rest would fill the page.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...";
const PASSWORD: &str = "SecurePass123!";

/// What an operation is sent.
#[must_use]
pub fn request(operation: &str) -> Option<Value> {
    Some(match operation {
        "authRegister" => json!({
            "email": "john.doe@example.com", "password": PASSWORD, "display_name": "John Doe",
            "bio": "Always on the road.", "profile_pic_url": "https://example.com/profiles/123.jpg",
            "home_city": "San Francisco", "home_country": "USA",
        }),
        "authLogin" => json!({ "email": "john.doe@example.com", "password": PASSWORD }),
        "authRefresh" => json!({ "refresh_token": TOKEN }),
        "usersUpdateMe" => json!({ "bio": "Always on the road.", "home_city": "San Francisco", "home_country": "USA" }),
        "usersChangePassword" => json!({ "current_password": PASSWORD, "new_password": "EvenBetter456?" }),
        "connectionsRequest" => json!({ "receiver_user_id": 890 }),
        "travelsCreate" => json!({
            "city": "New York", "country": "USA", "start_date": "2026-03-15", "end_date": "2026-03-20",
            "description": "Business conference and sightseeing",
        }),
        "travelsUpdate" => json!({ "end_date": "2026-03-20", "description": "Business conference and sightseeing" }),
        _ => return None,
    })
}

/// What an operation answers with this status, if it is no refusal.
#[must_use]
pub fn answer(operation: &str, status: &str) -> Option<Value> {
    Some(match (operation, status) {
        ("authRegister", "201") | ("usersGetMe" | "usersUpdateMe", "200") => john(),
        ("authLogin", "200") => logged_in(),
        ("authRefresh", "200") => tokens(),
        ("authListSessions", "200") => page(&sessions()),
        ("usersGetById", "200") => jane(),
        ("usersSearch", "200") => page(&json!([jane()])),
        ("connectionsRequest", "201") => asked_bob(),
        ("connectionsRequest" | "connectionsAccept", "200") => asked_by_jane("accepted"),
        ("connectionsReject", "200") => asked_by_jane("rejected"),
        ("connectionsList", "200") => page(&friends()),
        ("connectionsListReceived", "200") => page(&json!([
            { "id": 12, "status": "pending", "user": jane_in_short(), "created_at": BEFORE },
        ])),
        ("connectionsListSent", "200") => page(&json!([
            { "id": 11, "status": "pending", "user": bob_in_short(), "created_at": NOW },
        ])),
        ("connectionsListTravels", "200") => page(&json!([janes_plan_and_jane()])),
        ("travelsCreate", "201") | ("travelsGet" | "travelsUpdate", "200") => johns_plan(),
        ("travelsList", "200") => page(&json!([johns_plan()])),
        ("usersListTravels", "200") => page(&json!([janes_plan()])),
        ("travelsListMatches", "200") => json!({
            "travel_plan": {
                "id": 456, "city": "New York", "country": "USA", "start_date": "2026-03-15", "end_date": "2026-03-20",
            },
            "matches": matches(),
            "total_matches": 2,
        }),
        ("matchesFind", "200") => json!({
            "query": { "city": "New York", "country": "USA", "start_date": "2026-03-15", "end_date": "2026-03-20" },
            "matches": matches(),
            "total_matches": 2,
        }),
        ("notificationsList", "200") => page(&json!([match_told(false), acceptance_told(true)])),
        ("notificationsMarkRead", "200") => match_told(true),
        ("notificationsMarkAllRead", "200") => json!({ "updated": 1 }),
        ("notificationsUnreadCount", "200") => json!({ "unread_count": 1 }),
        ("health" | "live", "200") => json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }),
        ("ready", "200") => json!({ "status": "ok", "reason": null }),
        ("ready", "503") => json!({ "status": "unavailable", "reason": "the database does not answer" }),
        ("healthDetailed", "200") => detailed(true),
        ("healthDetailed", "503") => detailed(false),
        _ => return None,
    })
}

/// All entries of a list, as its first page.
fn page(entries: &Value) -> Value {
    let total = entries.as_array().map_or(0, Vec::len);
    json!({ "data": entries, "pagination": { "limit": 20, "offset": 0, "total": total, "has_more": false } })
}

fn john() -> Value {
    json!({
        "id": 123, "email": "john.doe@example.com", "display_name": "John Doe", "bio": "Always on the road.",
        "profile_pic_url": "https://example.com/profiles/123.jpg",
        "home_city": "San Francisco", "home_country": "USA", "created_at": NOW, "updated_at": NOW,
    })
}

fn john_in_short() -> Value {
    json!({
        "id": 123, "display_name": "John Doe", "profile_pic_url": "https://example.com/profiles/123.jpg",
        "home_city": "San Francisco", "home_country": "USA",
    })
}

fn jane() -> Value {
    json!({
        "id": 789, "display_name": "Jane Smith", "bio": "Collects city maps.",
        "profile_pic_url": "https://example.com/profiles/789.jpg",
        "home_city": "Berlin", "home_country": "Germany", "created_at": BEFORE, "connection_status": "connected",
    })
}

fn jane_in_short() -> Value {
    json!({
        "id": 789, "display_name": "Jane Smith", "profile_pic_url": "https://example.com/profiles/789.jpg",
        "home_city": "Berlin", "home_country": "Germany",
    })
}

fn tokens() -> Value {
    json!({ "access_token": TOKEN, "refresh_token": TOKEN, "token_type": "bearer", "expires_in": 900 })
}

fn logged_in() -> Value {
    json!({
        "access_token": TOKEN, "refresh_token": TOKEN, "token_type": "bearer", "expires_in": 900,
        "user": {
            "id": 123, "email": "john.doe@example.com", "display_name": "John Doe",
            "profile_pic_url": "https://example.com/profiles/123.jpg",
            "home_city": "San Francisco", "home_country": "USA",
        },
    })
}

fn sessions() -> Value {
    json!([
        {
            "id": "0b6f7a52-6d0e-4d0c-9f0b-3c6a7e5d1a90", "created_at": NOW, "last_used_at": NOW,
            "expires_at": "2026-02-07T10:30:00Z", "user_agent": "TravelMeetup/1.0 (iPhone; iOS 20.1)", "current": true,
        },
        {
            "id": "c2d9b1e4-58f3-4a7b-8f61-9e0d2b7c4a13", "created_at": BEFORE, "last_used_at": BEFORE,
            "expires_at": "2026-02-06T18:05:00Z", "user_agent": "Mozilla/5.0 (Macintosh)", "current": false,
        },
    ])
}

fn bob_in_short() -> Value {
    json!({
        "id": 890, "display_name": "Bob Johnson", "profile_pic_url": "https://example.com/profiles/890.jpg",
        "home_city": "New York", "home_country": "USA",
    })
}

/// John's request to Bob.
fn asked_bob() -> Value {
    json!({
        "id": 11, "status": "pending", "requester": john_in_short(), "receiver": bob_in_short(),
        "created_at": NOW, "updated_at": NOW,
    })
}

/// Jane's request to John, with what he answered.
fn asked_by_jane(status: &str) -> Value {
    json!({
        "id": 12, "status": status, "requester": jane_in_short(), "receiver": john_in_short(),
        "created_at": BEFORE, "updated_at": NOW,
    })
}

fn friends() -> Value {
    json!([
        {
            "id": 11, "user": bob_in_short(), "connected_since": NOW,
            "whereabouts": { "kind": "traveling", "city": "Lisbon", "country": "Portugal", "until": "2026-02-03" },
        },
        {
            "id": 12, "user": jane_in_short(), "connected_since": NOW,
            "whereabouts": { "kind": "home", "city": "Berlin", "country": "Germany", "until": "2026-03-13" },
        },
    ])
}

fn johns_plan() -> Value {
    json!({
        "id": 456, "user_id": 123, "city": "New York", "country": "USA", "start_date": "2026-03-15",
        "end_date": "2026-03-20", "description": "Business conference and sightseeing",
        "created_at": NOW, "updated_at": NOW,
    })
}

fn janes_plan() -> Value {
    json!({
        "id": 321, "user_id": 789, "city": "New York", "country": "USA", "start_date": "2026-03-14",
        "end_date": "2026-03-18", "description": "Family vacation", "created_at": BEFORE, "updated_at": BEFORE,
    })
}

fn janes_plan_and_jane() -> Value {
    let mut plan = janes_plan();
    if let Some(plan) = plan.as_object_mut() {
        plan.insert("user".to_owned(), jane_in_short());
    }
    plan
}

fn matches() -> Value {
    json!([
        {
            "match_type": "home_city", "user_id": 890, "display_name": "Bob Johnson",
            "profile_pic_url": "https://example.com/profiles/890.jpg", "home_city": "New York", "home_country": "USA",
            "overlap": { "start_date": "2026-03-15", "end_date": "2026-03-20", "days": 6 },
        },
        {
            "match_type": "traveling", "user_id": 789, "display_name": "Jane Smith",
            "profile_pic_url": "https://example.com/profiles/789.jpg",
            "travel_plan": {
                "id": 321, "start_date": "2026-03-14", "end_date": "2026-03-18", "description": "Family vacation",
            },
            "overlap": { "start_date": "2026-03-15", "end_date": "2026-03-18", "days": 4 },
        },
    ])
}

fn match_told(is_read: bool) -> Value {
    json!({
        "id": 56, "type": "travel_match",
        "message": "Jane Smith will be in New York 14–18 Mar, overlapping your trip by 4 days",
        "related_entity_id": 456, "is_read": is_read, "created_at": NOW,
    })
}

fn acceptance_told(is_read: bool) -> Value {
    json!({
        "id": 55, "type": "connection_accepted", "message": "Bob Johnson accepted your connection request",
        "related_entity_id": 11, "is_read": is_read, "created_at": NOW,
    })
}

fn detailed(is_well: bool) -> Value {
    let status = if is_well { "ok" } else { "unavailable" };
    let message = if is_well { "the schema is current" } else { "the database does not answer" };
    json!({
        "status": status,
        "version": env!("CARGO_PKG_VERSION"),
        "database": { "status": status, "engine": "SQL Server", "latency_ms": is_well.then_some(2.417) },
        "migrations": { "status": status, "message": message },
        "match_scan": is_well.then(|| json!({ "waiting": 0, "oldest_waiting_since": null, "set_aside": 0 })),
        "pool": { "size": 10, "in_use": 0 },
    })
}
