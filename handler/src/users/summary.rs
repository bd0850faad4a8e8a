//! A user in a few words, wherever something else names one.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Row;

/// A user in a few words (contract, "user summary").
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct UserSummary {
    /// The user's id.
    #[schema(example = 789)]
    pub id: i32,
    /// The name shown to others.
    #[schema(example = "Jane Smith")]
    pub display_name: String,
    /// A picture's address.
    #[schema(example = "https://example.com/profiles/789.jpg")]
    pub profile_pic_url: Option<String>,
    /// The city they live in.
    #[schema(example = "Berlin")]
    pub home_city: Option<String>,
    /// The country they live in.
    #[schema(example = "Germany")]
    pub home_country: Option<String>,
}

impl UserSummary {
    /// Reads the columns `<role>_id`, `<role>_display_name`, `<role>_profile_pic_url`, `<role>_home_city` and
    /// `<role>_home_country`; an error if one of them is missing.
    pub fn from_row(row: &Row, role: &str) -> anyhow::Result<Self> {
        let column = |name: &str| format!("{role}_{name}");
        Ok(Self {
            id: row.get(&column("id"))?,
            display_name: row.get(&column("display_name"))?,
            profile_pic_url: row.get(&column("profile_pic_url"))?,
            home_city: row.get(&column("home_city"))?,
            home_country: row.get(&column("home_country"))?,
        })
    }
}
