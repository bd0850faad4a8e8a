//! Values: what is kept is read back the same, whatever the engine makes of it in between.

use handler::db::{Database, Param, Query, Row};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::common::{INSTANT, NOW, on_every_engine};

pub(crate) const CREATE_SAMPLES: Query = query!("create_samples", sqlite);
const INSERT_SAMPLE: Query = query!("insert_sample");
const FIND_SAMPLE: Query = query!("find_sample");
const FIND_SAME_SAMPLE: Query = query!("find_same_sample");
const SAMPLES_OF_TIME: Query = query!("samples_of_time");
const ECHO: Query = query!("echo");

/// One value of each kind, or none.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sample {
    small: Option<i32>,
    large: Option<i64>,
    yes: Option<bool>,
    line: Option<String>,
    prose: Option<String>,
    fingerprint: Option<Vec<u8>>,
    raw: Option<Vec<u8>>,
    happened_at: Option<OffsetDateTime>,
    on_day: Option<Date>,
}

impl Sample {
    /// A value of each kind that is like no other, for all that may be turned around or cut off on the way.
    fn full() -> Self {
        Self {
            small: Some(0x0102_0304),
            large: Some(0x0102_0304_0506_0708),
            yes: Some(true),
            line: Some("Zoë 'O' \"N\" \\ % _ ;-- 𠮷🌍 \u{1}\r\n\t".to_owned()),
            prose: Some("🧳𐐀é\n".repeat(5_000)),
            fingerprint: Some((0..32).collect()),
            raw: Some((0..=255).cycle().take(20_000).collect()),
            happened_at: Some(NOW),
            on_day: Some(date!(2024 - 02 - 29)),
        }
    }

    async fn keep(&self, db: &Database, id: Uuid) {
        let sample = self.clone();
        let params = params![
            id,
            sample.small,
            sample.large,
            sample.yes,
            sample.line,
            sample.prose,
            sample.fingerprint,
            sample.raw,
            sample.happened_at,
            sample.on_day
        ];
        assert_eq!(db.execute(INSERT_SAMPLE, params).await.unwrap(), 1);
    }

    async fn find(db: &Database, id: Uuid) -> Self {
        let row = db.fetch_optional(FIND_SAMPLE, params![id]).await.unwrap().unwrap();
        Self {
            small: row.get("small").unwrap(),
            large: row.get("large").unwrap(),
            yes: row.get("yes").unwrap(),
            line: row.get("line").unwrap(),
            prose: row.get("prose").unwrap(),
            fingerprint: row.get("fingerprint").unwrap(),
            raw: row.get("raw").unwrap(),
            happened_at: row.get("happened_at").unwrap(),
            on_day: row.get("on_day").unwrap(),
        }
    }

    /// Keeps it and reads it back.
    async fn returned(&self, db: &Database) -> Self {
        let id = OsRandomness.uuid();
        self.keep(db, id).await;
        Self::find(db, id).await
    }
}

async fn create(db: &Database) {
    db.execute(CREATE_SAMPLES, Vec::new()).await.unwrap();
}

#[test]
fn every_kind_of_value_is_read_back_as_it_was_kept() {
    on_every_engine(async |db| {
        create(db).await;
        let full = Sample::full();
        assert_eq!(full.returned(db).await, full);
    });
}

#[test]
fn none_is_read_back_as_none_and_not_as_something_empty() {
    on_every_engine(async |db| {
        create(db).await;
        assert_eq!(Sample::default().returned(db).await, Sample::default());
        let empty = Sample {
            small: Some(0),
            large: Some(0),
            yes: Some(false),
            line: Some(String::new()),
            prose: Some(String::new()),
            fingerprint: Some(Vec::new()),
            raw: Some(Vec::new()),
            ..Sample::default()
        };
        assert_eq!(empty.returned(db).await, empty);
    });
}

#[test]
fn the_first_and_the_last_of_each_kind_can_be_kept() {
    on_every_engine(async |db| {
        create(db).await;
        let least = Sample {
            small: Some(i32::MIN),
            large: Some(i64::MIN),
            line: Some(" ".to_owned()),
            happened_at: Some(datetime!(0001-01-01 0:00 UTC)),
            on_day: Some(date!(0001 - 01 - 01)),
            ..Sample::default()
        };
        let most = Sample {
            small: Some(i32::MAX),
            large: Some(i64::MAX),
            line: Some("𠮷".repeat(127) + "é"),
            happened_at: Some(datetime!(9999-12-31 23:59:59.999_999 UTC)),
            on_day: Some(date!(9999 - 12 - 31)),
            ..Sample::default()
        };
        assert_eq!(least.returned(db).await, least);
        assert_eq!(most.returned(db).await, most);
    });
}

#[test]
fn an_instant_is_kept_in_utc_and_cut_to_whole_microseconds() {
    on_every_engine(async |db| {
        create(db).await;
        for (number, (written, kept)) in [
            (datetime!(2026-01-31 00:30:00.5 +05:45), datetime!(2026-01-30 18:45:00.5 UTC)),
            (datetime!(2025-12-31 23:59:59.999_999_999 UTC), datetime!(2025-12-31 23:59:59.999_999 UTC)),
            (datetime!(1969-12-31 23:59:59.000_001_9 UTC), datetime!(1969-12-31 23:59:59.000_001 UTC)),
            (datetime!(2026-01-31 10:30 UTC), datetime!(2026-01-31 10:30 UTC)),
        ]
        .into_iter()
        .enumerate()
        {
            let sample = Sample { small: i32::try_from(number).ok(), happened_at: Some(written), ..Sample::default() };
            assert_eq!(sample.returned(db).await.happened_at, Some(kept), "{written}");
        }
        let order = db.fetch_all(SAMPLES_OF_TIME, Vec::new()).await.unwrap();
        let order: Vec<i32> = order.iter().map(|row| row.get("small").unwrap()).collect();
        assert_eq!(order, [2, 1, 0, 3], "in the order of time");
    });
}

#[test]
fn a_value_that_is_sent_equals_the_one_that_was_kept() {
    on_every_engine(async |db| {
        create(db).await;
        let id = OsRandomness.uuid();
        let full = Sample::full();
        full.keep(db, id).await;
        let Sample { small, large, yes, line, fingerprint, happened_at, on_day, .. } = full;
        let equal: Vec<Param> = params![small, large, yes, line, fingerprint, happened_at, on_day];
        let found = db.fetch_all(FIND_SAME_SAMPLE, equal.clone()).await.unwrap();
        assert_eq!(found.iter().map(|row| row.get::<Uuid>("id").unwrap()).collect::<Vec<_>>(), [id]);
        for (index, other) in params![1, 1_i64, false, "other", vec![9_u8; 32], NOW + INSTANT, date!(2024 - 02 - 28)]
            .into_iter()
            .enumerate()
        {
            let mut unequal = equal.clone();
            unequal[index] = other;
            assert!(db.fetch_all(FIND_SAME_SAMPLE, unequal).await.unwrap().is_empty(), "@P{}", index + 1);
        }
    });
}

#[test]
fn a_value_keeps_its_kind_without_a_column() {
    const ID: Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    on_every_engine(async |db| {
        let (day, bytes) = (date!(2026 - 01 - 31), vec![0_u8, 255]);
        let full = params![-1, i64::MIN, false, "text", bytes.clone(), NOW, day, ID];
        let row = db.fetch_optional(ECHO, full).await.unwrap().unwrap();
        assert_eq!((row.get("small").ok(), row.get("large").ok()), (Some(-1), Some(i64::MIN)));
        assert_eq!((row.get("yes").ok(), row.get("line").ok()), (Some(false), Some("text".to_owned())));
        assert_eq!((row.get("raw").ok(), row.get("id").ok()), (Some(bytes), Some(ID)));
        assert_eq!((row.get("happened_at").ok(), row.get("on_day").ok()), (Some(NOW), Some(day)));

        let none = vec![
            Param::Int(None),
            Param::BigInt(None),
            Param::Bool(None),
            Param::Text(None),
            Param::Bytes(None),
            Param::Instant(None),
            Param::Day(None),
            Param::Uuid(None),
        ];
        let row = db.fetch_optional(ECHO, none).await.unwrap().unwrap();
        for column in ["small", "large", "yes", "line", "raw", "happened_at", "on_day", "id"] {
            assert!(row.is_null(column).unwrap(), "{column}");
        }
    });
}

#[test]
fn security_11_a_value_of_another_kind_is_refused_without_being_shown() {
    /// What is said of a column that is read as a `T`.
    fn refusal<T: handler::db::FromCell + std::fmt::Debug>(row: &Row, column: &str) -> String {
        format!("{:#}", row.get::<T>(column).unwrap_err())
    }

    on_every_engine(async |db| {
        create(db).await;
        let id = OsRandomness.uuid();
        let secret = Sample { large: Some(i64::MAX), line: Some("secret".to_owned()), ..Sample::full() };
        secret.keep(db, id).await;
        let row = db.fetch_optional(FIND_SAMPLE, params![id]).await.unwrap().unwrap();
        for (refusal, column) in [
            (refusal::<String>(&row, "small"), "small"),
            (refusal::<i32>(&row, "large"), "large"),
            (refusal::<i64>(&row, "line"), "line"),
            (refusal::<bool>(&row, "line"), "line"),
            (refusal::<Uuid>(&row, "line"), "line"),
            (refusal::<OffsetDateTime>(&row, "line"), "line"),
            (refusal::<Date>(&row, "line"), "line"),
            (refusal::<String>(&row, "fingerprint"), "fingerprint"),
            (refusal::<Vec<u8>>(&row, "line"), "line"),
            (refusal::<i32>(&row, "no_such_column"), "no_such_column"),
        ] {
            assert!(refusal.contains(&format!("column {column}")), "{refusal}");
            assert!(!refusal.contains("secret") && !refusal.contains(&i64::MAX.to_string()), "{refusal}");
        }
        assert_eq!(row.get::<String>("LINE").unwrap(), "secret", "the case of a column's name does not matter");
        assert!(row.is_null("no_such_column").is_err());
        let none = OsRandomness.uuid();
        Sample::default().keep(db, none).await;
        let row = db.fetch_optional(FIND_SAMPLE, params![none]).await.unwrap().unwrap();
        assert!(refusal::<i32>(&row, "small").contains("column small"), "none where there has to be something");
    });
}
