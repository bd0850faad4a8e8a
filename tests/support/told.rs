//! What the match scan has before it and what it leaves behind, as the database holds it.

use handler::db::{Database, Query, Row};
use handler::query;
use handler::scan::rules::MeetingKey;
use time::OffsetDateTime;
use uuid::Uuid;

const ALL_CAUSES: Query = query!("all_causes");
const ALL_NOTIFICATIONS: Query = query!("all_notifications");
const ALL_TOLD: Query = query!("all_told");

/// Something that may have made matches and that no scan has finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The cause's id.
    pub id: i64,
    /// `plan`, `home` or `pair`.
    pub kind: String,
    /// Whose plan, home or connection it is.
    pub user_id: i32,
    /// The plan, the other user, or 0.
    pub other_id: i32,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// How often a scan has begun with it.
    pub attempts: i32,
    /// When it is due; never, if there is nothing.
    pub due_at: Option<OffsetDateTime>,
    /// The scan that has it.
    pub lease: Option<Uuid>,
    /// What went wrong.
    pub last_error: Option<String>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    /// Its id.
    pub id: i32,
    /// Whom it is for.
    pub receiver: i32,
    /// Its type, such as `travel_match`.
    pub kind: String,
    /// What it says.
    pub message: String,
    /// What it is about.
    pub related_entity_id: i32,
    /// When it was written.
    pub created_at: OffsetDateTime,
}

/// All causes, the oldest first.
pub async fn causes(database: &Database) -> Vec<Waiting> {
    let cause = |row: &Row| Waiting {
        id: row.get("id").unwrap(),
        kind: row.get("kind").unwrap(),
        user_id: row.get("user_id").unwrap(),
        other_id: row.get("other_id").unwrap(),
        created_at: row.get("created_at").unwrap(),
        attempts: row.get("attempts").unwrap(),
        due_at: row.get("due_at").unwrap(),
        lease: row.get("lease").unwrap(),
        last_error: row.get("last_error").unwrap(),
    };
    database.fetch_all(ALL_CAUSES, Vec::new()).await.unwrap().iter().map(cause).collect()
}

/// Who was told of which match.
pub async fn matches(database: &Database) -> Vec<(i32, MeetingKey)> {
    let told = |row: &Row| {
        let key = MeetingKey {
            plan_id: row.get("plan_id").unwrap(),
            other_plan_id: row.get("other_plan_id").unwrap(),
            home_user_id: row.get("home_user_id").unwrap(),
            city_key: row.get("city_key").unwrap(),
            country_key: row.get("country_key").unwrap(),
        };
        (row.get("user_id").unwrap(), key)
    };
    database.fetch_all(ALL_TOLD, Vec::new()).await.unwrap().iter().map(told).collect()
}

/// All notifications, in the order in which they were written.
pub async fn notifications(database: &Database) -> Vec<Notified> {
    let notified = |row: &Row| Notified {
        id: row.get("id").unwrap(),
        receiver: row.get("user_id").unwrap(),
        kind: row.get("type").unwrap(),
        message: row.get("message").unwrap(),
        related_entity_id: row.get("related_entity_id").unwrap(),
        created_at: row.get("created_at").unwrap(),
    };
    database.fetch_all(ALL_NOTIFICATIONS, Vec::new()).await.unwrap().iter().map(notified).collect()
}
