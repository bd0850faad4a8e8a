//! Values on their way to tiberius and back.

use tiberius::{ColumnData, FromSql as _, ToSql};
use time::{Date, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::faults::translate;
use crate::db::error::DbError;
use crate::db::query::Param;
use crate::db::row::Cell;

/// A parameter in the types that tiberius sends.
pub(super) enum Bound {
    Int(Option<i32>),
    BigInt(Option<i64>),
    Bool(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Instant(Option<PrimitiveDateTime>),
    Day(Option<Date>),
    Uuid(Option<Uuid>),
}

impl From<&Param> for Bound {
    fn from(param: &Param) -> Self {
        match param {
            Param::Int(value) => Self::Int(*value),
            Param::BigInt(value) => Self::BigInt(*value),
            Param::Bool(value) => Self::Bool(*value),
            Param::Text(value) => Self::Text(value.clone()),
            Param::Bytes(value) => Self::Bytes(value.clone()),
            Param::Instant(value) => Self::Instant(value.map(|instant| {
                let utc = instant.to_offset(UtcOffset::UTC);
                let whole = utc.replace_microsecond(utc.microsecond()).unwrap_or(utc);
                PrimitiveDateTime::new(whole.date(), whole.time())
            })),
            Param::Day(value) => Self::Day(*value),
            Param::Uuid(value) => Self::Uuid(*value),
        }
    }
}

impl Bound {
    pub(super) fn to_sql(&self) -> &dyn ToSql {
        match self {
            Self::Int(value) => value,
            Self::BigInt(value) => value,
            Self::Bool(value) => value,
            Self::Text(value) => value,
            Self::Bytes(value) => value,
            Self::Instant(value) => value,
            Self::Day(value) => value,
            Self::Uuid(value) => value,
        }
    }
}

pub(super) fn cells(row: &tiberius::Row) -> Result<Vec<Cell>, DbError> {
    row.cells().map(|(_, data)| cell(data)).collect()
}

fn cell(data: &ColumnData<'static>) -> Result<Cell, DbError> {
    let cell = match data {
        ColumnData::U8(value) => value.map(|number| Cell::Integer(number.into())),
        ColumnData::I16(value) => value.map(|number| Cell::Integer(number.into())),
        ColumnData::I32(value) => value.map(|number| Cell::Integer(number.into())),
        ColumnData::I64(value) => value.map(Cell::Integer),
        ColumnData::Bit(value) => value.map(Cell::Bool),
        ColumnData::String(value) => value.as_ref().map(|text| Cell::Text(text.to_string())),
        ColumnData::Binary(value) => value.as_ref().map(|bytes| Cell::Bytes(bytes.to_vec())),
        ColumnData::Guid(value) => value.map(Cell::Uuid),
        ColumnData::Date(_) => Date::from_sql(data).map_err(translate)?.map(Cell::Day),
        ColumnData::DateTime2(_) => {
            PrimitiveDateTime::from_sql(data).map_err(translate)?.map(|instant| Cell::Instant(instant.assume_utc()))
        }
        other => return Err(anyhow::anyhow!("a column of a type we don't use: {other:?}").into()),
    };
    Ok(cell.unwrap_or(Cell::Null))
}
