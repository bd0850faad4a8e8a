//! A statement in both dialects, and the values it is given.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// One statement: its name for logs, and its text for either engine. Made by [`query!`](crate::query).
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// Where it is from, for logs and spans: `handler::auth::store/insert_session`.
    pub name: &'static str,
    /// The T-SQL text.
    pub sqlserver: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
}

/// Includes `sql/<name>.sql` from the folder of the calling file. `query!("name", sqlite)` says that SQLite needs other
/// words and includes `sql/<name>.sqlite.sql` for it; a test holds that every such twin is used.
#[macro_export]
macro_rules! query {
    ($name:literal) => {
        $crate::db::Query {
            name: concat!(module_path!(), "/", $name),
            sqlserver: include_str!(concat!("sql/", $name, ".sql")),
            sqlite: include_str!(concat!("sql/", $name, ".sql")),
        }
    };
    ($name:literal, sqlite) => {
        $crate::db::Query {
            name: concat!(module_path!(), "/", $name),
            sqlserver: include_str!(concat!("sql/", $name, ".sql")),
            sqlite: include_str!(concat!("sql/", $name, ".sqlite.sql")),
        }
    };
}

/// The values of a statement's parameters, in the order `@P1`, `@P2`, …: `params![user_id, name]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Param::from($value)),*] };
}

/// One parameter's value. A NULL keeps its type, because SQL Server wants to know it.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `int`
    Int(Option<i32>),
    /// `bigint`
    BigInt(Option<i64>),
    /// `bit`
    Bool(Option<bool>),
    /// `nvarchar`
    Text(Option<String>),
    /// `varbinary`
    Bytes(Option<Vec<u8>>),
    /// `datetime2`, in UTC. Whole microseconds are kept.
    Instant(Option<OffsetDateTime>),
    /// `date`
    Day(Option<Date>),
    /// `uniqueidentifier`
    Uuid(Option<Uuid>),
}

impl Param {
    /// A list as one parameter: the text of a JSON array, which `OPENJSON` and `json_each` take apart.
    pub fn list<T: Into<serde_json::Value>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(Into::into).collect();
        Self::Text(Some(serde_json::Value::Array(items).to_string()))
    }
}

macro_rules! param_from {
    ($($variant:ident: $type:ty),* $(,)?) => {$(
        impl From<$type> for Param {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value))
            }
        }
        impl From<Option<$type>> for Param {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

param_from!(Int: i32, BigInt: i64, Bool: bool, Text: String, Bytes: Vec<u8>, Instant: OffsetDateTime, Day: Date, Uuid: Uuid);

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Option<&str>> for Param {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<&[u8]> for Param {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}
