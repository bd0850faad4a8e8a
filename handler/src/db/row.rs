//! What a statement answers, alike for both engines.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use time::{Date, OffsetDateTime, PrimitiveDateTime};
use uuid::Uuid;

use super::error::DbError;
use super::format::{DAY_FORMAT, INSTANT_FORMAT};

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL
    Null,
    /// Any integer, and SQLite's booleans.
    Integer(i64),
    /// `bit`
    Bool(bool),
    /// Text, and SQLite's instants, days and UUIDs.
    Text(String),
    /// Bytes
    Bytes(Vec<u8>),
    /// `datetime2`, read as UTC.
    Instant(OffsetDateTime),
    /// `date`
    Day(Date),
    /// `uniqueidentifier`
    Uuid(Uuid),
}

/// One row of an answer; columns are read by name.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    cells: Vec<Cell>,
}

impl Row {
    pub(super) const fn new(columns: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self { columns, cells }
    }

    /// The value in the column called `name`; an error if there is no such column or it holds another type.
    pub fn get<T: FromCell>(&self, name: &str) -> anyhow::Result<T> {
        T::from_cell(self.cell(name)?).with_context(|| format!("column {name}"))
    }

    /// Whether the column called `name` is NULL; an error if there is no such column.
    pub fn is_null(&self, name: &str) -> anyhow::Result<bool> {
        Ok(matches!(self.cell(name)?, Cell::Null))
    }

    fn cell(&self, name: &str) -> anyhow::Result<&Cell> {
        let index = self.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        index.and_then(|index| self.cells.get(index)).ok_or_else(|| anyhow!("the answer has no column {name}"))
    }
}

/// Takes apart the rows of a page query: each has the `total`, and the one row of an empty page no `id`.
pub fn page_of<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, DbError>) -> Result<(Vec<T>, i64), DbError> {
    let total = rows.first().context("a page without its total")?.get("total")?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        if !row.is_null("id")? {
            entries.push(read(row)?);
        }
    }
    Ok((entries, total))
}

/// A type that can be read from a [`Cell`].
pub trait FromCell: Sized {
    /// The value in `cell`; an error if it holds another type.
    fn from_cell(cell: &Cell) -> anyhow::Result<Self>;
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        if matches!(cell, Cell::Null) { Ok(None) } else { T::from_cell(cell).map(Some) }
    }
}

impl FromCell for i64 {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Integer(value) => Ok(*value),
            other => bail!("expected an integer, found {}", kind(other)),
        }
    }
}

impl FromCell for i32 {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        Ok(Self::try_from(i64::from_cell(cell)?)?)
    }
}

impl FromCell for bool {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Bool(value) => Ok(*value),
            Cell::Integer(value) => Ok(*value != 0),
            other => bail!("expected a boolean, found {}", kind(other)),
        }
    }
}

impl FromCell for String {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Text(value) => Ok(value.clone()),
            other => bail!("expected text, found {}", kind(other)),
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Bytes(value) => Ok(value.clone()),
            other => bail!("expected bytes, found {}", kind(other)),
        }
    }
}

impl FromCell for OffsetDateTime {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Instant(value) => Ok(*value),
            Cell::Text(text) => Ok(PrimitiveDateTime::parse(text, INSTANT_FORMAT)?.assume_utc()),
            other => bail!("expected an instant, found {}", kind(other)),
        }
    }
}

impl FromCell for Date {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Day(value) => Ok(*value),
            Cell::Text(text) => Ok(Self::parse(text, DAY_FORMAT)?),
            other => bail!("expected a day, found {}", kind(other)),
        }
    }
}

impl FromCell for Uuid {
    fn from_cell(cell: &Cell) -> anyhow::Result<Self> {
        match cell {
            Cell::Uuid(value) => Ok(*value),
            Cell::Text(text) => Ok(Self::parse_str(text)?),
            other => bail!("expected a UUID, found {}", kind(other)),
        }
    }
}

/// The kind of a cell for an error message, which must not hold its value.
const fn kind(cell: &Cell) -> &'static str {
    match cell {
        Cell::Null => "NULL",
        Cell::Integer(_) => "an integer",
        Cell::Bool(_) => "a boolean",
        Cell::Text(_) => "text of another form",
        Cell::Bytes(_) => "bytes",
        Cell::Instant(_) => "an instant",
        Cell::Day(_) => "a day",
        Cell::Uuid(_) => "a UUID",
    }
}
