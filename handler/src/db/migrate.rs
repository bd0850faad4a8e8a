//! Numbered migrations, each applied once, in order, in a transaction of its own.
//!
//! Two processes that migrate at once take turns: each step begins by taking a lock inside its transaction
//! (`sp_getapplock`; SQLite's write lock) and looks again at what is still to do. A step that fails leaves the version
//! before it. The text of each migration is remembered by its SHA-256, so that a changed one is noticed.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::schema::{SchemaState, Step, StepState};
use super::{Database, DbError, DbResult, Engine, Query, Row, Tx};
use crate::params;

const SCHEMA_MIGRATIONS: Query = Query {
    name: "migrations/0000_schema_migrations",
    sqlserver: include_str!("../../migrations/0000_schema_migrations.sql"),
    sqlite: include_str!("../../migrations/0000_schema_migrations.sqlite.sql"),
};
const LOCK: Query = crate::query!("lock_migrations", sqlite);
const EXISTS: Query = crate::query!("schema_migrations_exists", sqlite);
const LIST: Query = crate::query!("list_applied");
const LIST_OLDEST_BUILDS: Query = crate::query!("list_oldest_builds");
const INSERT: Query = crate::query!("insert_applied");
const SET_OLDEST_BUILD: Query = crate::query!("set_oldest_build");

/// The step since which the database remembers what each says of older builds.
const REMEMBERS_OLDEST_BUILD: i32 = 11;

/// How often the lock is asked for, 10 seconds at a time, before another process is taken to hang.
const LOCK_TRIES: u32 = 30;

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3, … without gaps.
    pub version: i32,
    /// What the file is called after its number.
    pub name: &'static str,
    script: Query,
}

macro_rules! migration {
    ($version:literal, $number:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            script: Query {
                name: concat!("migrations/", $number, "_", $name),
                sqlserver: include_str!(concat!("../../migrations/", $number, "_", $name, ".sql")),
                sqlite: include_str!(concat!("../../migrations/", $number, "_", $name, ".sqlite.sql")),
            },
        }
    };
}

/// All migrations of this build, in order.
pub const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001", "users"),
    migration!(2, "0002", "sessions"),
    migration!(3, "0003", "connections"),
    migration!(4, "0004", "travel_plans"),
    migration!(5, "0005", "notifications"),
    migration!(6, "0006", "places"),
    migration!(7, "0007", "connection_pairs"),
    migration!(8, "0008", "notification_lists"),
    migration!(9, "0009", "match_scan"),
    migration!(10, "0010", "rate_limits"),
    migration!(11, "0011", "oldest_build"),
    migration!(12, "0012", "versions"),
    migration!(13, "0013", "search_names"),
];

/// Applies what is missing, and calls `applied` after each step. Answers how many steps it took itself.
///
/// Refuses a database that is ahead of this build or has a changed migration. One that a newer build has merely expanded is
/// left as it is.
pub async fn run(
    database: &Database,
    now: impl Fn() -> OffsetDateTime,
    applied: impl FnMut(&Migration),
) -> anyhow::Result<usize> {
    run_these(database, MIGRATIONS, now, applied).await
}

/// As [`run`], with migrations of the caller's: for tests of a step that fails.
async fn run_these(
    database: &Database,
    migrations: &[Migration],
    now: impl Fn() -> OffsetDateTime,
    mut applied: impl FnMut(&Migration),
) -> anyhow::Result<usize> {
    let mut taken = 0;
    loop {
        let mut tx = database.begin().await?;
        lock(&mut tx).await?;
        tx.script(SCHEMA_MIGRATIONS).await?;
        let steps = compare(migrations, &list(&mut tx, migrations).await?, database);
        match SchemaState::of(&steps) {
            SchemaState::Current | SchemaState::Expanded(_) => {
                tx.commit().await?;
                return Ok(taken);
            }
            SchemaState::Behind(version) => {
                let Some(next) = migrations.iter().find(|migration| migration.version == version) else {
                    anyhow::bail!("there is no migration {version:04}");
                };
                let failed = || format!("migration {:04}_{} failed; nothing of it was kept", next.version, next.name);
                tx.script(next.script).await.map_err(|error| anyhow::Error::new(error).context(failed()))?;
                let checksum = checksum(text(next, database));
                tx.execute(INSERT, params![next.version, next.name, checksum, now()]).await?;
                if let Some(oldest) = oldest_build(text(next, database)) {
                    tx.execute(SET_OLDEST_BUILD, params![next.version, oldest]).await?;
                }
                tx.commit().await?;
                applied(next);
                taken += 1;
            }
            refused => anyhow::bail!("{refused}"),
        }
    }
}

/// Every migration of this build and of the database, in order.
pub async fn status(database: &Database) -> DbResult<Vec<Step>> {
    let mut rows = match database.fetch_all(LIST, Vec::new()).await {
        Ok(rows) => read(&rows)?,
        // Nobody has migrated it yet.
        Err(DbError::Other(_)) if database.fetch_optional(EXISTS, Vec::new()).await?.is_none() => Vec::new(),
        Err(fault) => return Err(fault),
    };
    if has_newer(&rows, MIGRATIONS) {
        note_oldest_builds(&mut rows, &database.fetch_all(LIST_OLDEST_BUILDS, Vec::new()).await?)?;
    }
    Ok(compare(MIGRATIONS, &rows, database))
}

/// Whether `database` has the schema that this build was made for.
pub async fn state(database: &Database) -> DbResult<SchemaState> {
    Ok(SchemaState::of(&status(database).await?))
}

struct Applied {
    version: i32,
    name: String,
    checksum: String,
    at: OffsetDateTime,
    oldest_build: Option<i32>,
}

async fn lock(tx: &mut Tx) -> anyhow::Result<()> {
    for _ in 0..LOCK_TRIES {
        if tx.fetch_one(LOCK, Vec::new()).await?.get::<i32>("result")? >= 0 {
            return Ok(());
        }
    }
    anyhow::bail!("another process has been migrating this database for five minutes")
}

async fn list(tx: &mut Tx, migrations: &[Migration]) -> DbResult<Vec<Applied>> {
    let mut rows = read(&tx.fetch_all(LIST, Vec::new()).await?)?;
    if has_newer(&rows, migrations) {
        note_oldest_builds(&mut rows, &tx.fetch_all(LIST_OLDEST_BUILDS, Vec::new()).await?)?;
    }
    Ok(rows)
}

/// Whether there are steps beyond ours, in a database that remembers what they say of older builds.
fn has_newer(rows: &[Applied], migrations: &[Migration]) -> bool {
    let newest = migrations.last().map_or(0, |migration| migration.version);
    rows.iter().any(|row| row.version > newest) && rows.iter().any(|row| row.version == REMEMBERS_OLDEST_BUILD)
}

fn note_oldest_builds(applied: &mut [Applied], rows: &[Row]) -> DbResult<()> {
    for row in rows {
        let version: i32 = row.get("version")?;
        if let Some(applied) = applied.iter_mut().find(|applied| applied.version == version) {
            applied.oldest_build = row.get("oldest_build")?;
        }
    }
    Ok(())
}

fn read(rows: &[Row]) -> DbResult<Vec<Applied>> {
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: row.get("version")?,
                name: row.get("name")?,
                checksum: row.get("checksum")?,
                at: row.get("applied_at")?,
                oldest_build: None,
            })
        })
        .collect()
}

fn compare(migrations: &[Migration], rows: &[Applied], database: &Database) -> Vec<Step> {
    let known = migrations.iter().map(|migration| {
        let state = match rows.iter().find(|row| row.version == migration.version) {
            None => StepState::Pending,
            Some(row) if row.checksum == checksum(text(migration, database)) => StepState::Applied(row.at),
            Some(_) => StepState::Changed,
        };
        Step { version: migration.version, name: migration.name.to_owned(), state }
    });
    let newer =
        rows.iter().filter(|row| migrations.iter().all(|migration| migration.version != row.version)).map(|row| {
            let state = StepState::Unknown { oldest_build: row.oldest_build };
            Step { version: row.version, name: row.name.clone(), state }
        });
    known.chain(newer).collect()
}

const fn text(migration: &Migration, database: &Database) -> &'static str {
    match database.engine {
        Engine::SqlServer(_) => migration.script.sqlserver,
        Engine::Sqlite(_) => migration.script.sqlite,
    }
}

/// What the first line of a migration says of older builds: `-- Serves builds from 0011 on.` names the newest migration of
/// the oldest build that may serve beside the one that brought the step. Anything else is taken for
/// `-- Serves no older build.`
fn oldest_build(text: &str) -> Option<i32> {
    text.lines().next()?.strip_prefix("-- Serves builds from ")?.strip_suffix(" on.")?.parse().ok()
}

/// SHA-256 in hex of the text with its line ends as LF, so that a checkout on another system has the same one.
fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.replace("\r\n", "\n").as_bytes());
    digest.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The batches of a T-SQL script: what stands between lines that say `GO`.
pub(super) fn batches(script: &str) -> Vec<String> {
    let mut batches = vec![String::new()];
    for line in script.lines() {
        if line.trim().eq_ignore_ascii_case("go") {
            batches.push(String::new());
        } else if let Some(batch) = batches.last_mut() {
            batch.push_str(line);
            batch.push('\n');
        }
    }
    batches.retain(|batch| !batch.trim().is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{DatabaseUrl, Location};

    const EPOCH: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn open(folder: &tempfile::TempDir) -> Database {
        Database::open(&DatabaseUrl::Sqlite(Location::File(folder.path().join("test.db"))), 5).unwrap()
    }

    const fn migration(version: i32, name: &'static str, text: &'static str) -> Migration {
        Migration { version, name, script: Query { name, sqlserver: text, sqlite: text } }
    }

    #[test]
    fn numbers_have_no_gaps_and_every_file_is_listed() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(migration.version).unwrap(), index + 1);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(files, 2 * (MIGRATIONS.len() + 1), "one T-SQL file and one SQLite twin for each");
    }

    #[test]
    fn every_step_says_in_its_first_line_which_builds_it_leaves_serving() {
        for migration in MIGRATIONS.iter().filter(|migration| migration.version >= REMEMBERS_OLDEST_BUILD) {
            let Migration { version, script: Query { name, sqlserver, sqlite }, .. } = *migration;
            let line = sqlserver.lines().next();
            assert_eq!(sqlite.lines().next(), line, "{name}: its twin says the same");
            match oldest_build(sqlserver) {
                Some(oldest) => assert!((0..version).contains(&oldest), "{name}: a build before it"),
                None => assert_eq!(line, Some("-- Serves no older build."), "{name}"),
            }
        }
        assert_eq!(oldest_build("-- Serves builds from 0011 on.\r\nSELECT 1;"), Some(11));
        for text in
            ["", "-- Serves no older build.", "-- Serves builds from here on.", "\n-- Serves builds from 0001 on."]
        {
            assert_eq!(oldest_build(text), None, "{text}");
        }
    }

    #[test]
    fn a_script_is_cut_at_go_lines_only() {
        assert_eq!(batches("a\nGO\nb go\n  go  \n\nGo"), ["a\n", "b go\n"]);
    }

    #[tokio::test]
    async fn security_29_running_again_is_a_no_op() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder);
        assert_eq!(state(&database).await.unwrap(), SchemaState::Behind(1));
        assert_eq!(run(&database, || EPOCH, |_| ()).await.unwrap(), MIGRATIONS.len());
        assert_eq!(run(&database, || EPOCH, |_| ()).await.unwrap(), 0);
        assert_eq!(state(&database).await.unwrap(), SchemaState::Current);
    }

    #[tokio::test]
    async fn security_29_two_at_once_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (open(&folder), open(&folder));
        let (first, second) = tokio::join!(run(&one, || EPOCH, |_| ()), run(&two, || EPOCH, |_| ()));
        assert_eq!(first.unwrap() + second.unwrap(), MIGRATIONS.len());
    }

    #[tokio::test]
    async fn security_29_a_failing_step_leaves_the_version_before() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder);
        let broken = [
            migration(1, "good", "CREATE TABLE a (x INT);"),
            migration(2, "bad", "CREATE TABLE b (x INT); INSERT INTO nowhere VALUES (1);"),
        ];
        let error = run_these(&database, &broken, || EPOCH, |_| ()).await.unwrap_err();
        assert!(error.to_string().contains("0002_bad"), "{error}");
        let mended = [broken[0], migration(2, "bad", "CREATE TABLE b (x INT);")];
        assert_eq!(run_these(&database, &mended, || EPOCH, |_| ()).await.unwrap(), 1, "b was not left behind");
    }

    #[tokio::test]
    async fn security_29_a_newer_or_changed_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder);
        run(&database, || EPOCH, |_| ()).await.unwrap();
        let fewer = &MIGRATIONS[..MIGRATIONS.len() - 1];
        assert!(run_these(&database, fewer, || EPOCH, |_| ()).await.unwrap_err().to_string().contains("newer"));
        let mut changed = MIGRATIONS.to_vec();
        changed[0].script.sqlite = "SELECT 1;";
        assert!(run_these(&database, &changed, || EPOCH, |_| ()).await.unwrap_err().to_string().contains("0001"));
    }

    #[tokio::test]
    async fn security_29_builds_serve_as_long_as_the_newer_steps_leave_them_what_they_need() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder);
        let ours = i32::try_from(MIGRATIONS.len()).unwrap();
        let step = |version, oldest, text| {
            migration(version, "tomorrow", format!("-- Serves builds from {oldest:04} on.\n{text}").leak())
        };
        let expands = step(ours + 1, ours, "CREATE TABLE tomorrow (x INT);");
        let contracts = step(ours + 2, ours + 1, "DROP TABLE tomorrow;");
        let next = [MIGRATIONS, &[expands]].concat();
        let last = [MIGRATIONS, &[expands, contracts]].concat();

        assert_eq!(run_these(&database, &next, || EPOCH, |_| ()).await.unwrap(), next.len());
        assert_eq!(state(&database).await.unwrap(), SchemaState::Expanded(ours + 1));
        assert_eq!(run(&database, || EPOCH, |_| ()).await.unwrap(), 0, "nothing is left for the older build to do");

        assert_eq!(run_these(&database, &last, || EPOCH, |_| ()).await.unwrap(), 1);
        assert_eq!(state(&database).await.unwrap(), SchemaState::Ahead(ours + 2));
        assert!(run(&database, || EPOCH, |_| ()).await.unwrap_err().to_string().contains("newer"));
        assert_eq!(run_these(&database, &next, || EPOCH, |_| ()).await.unwrap(), 0, "the one between goes on");
    }
}
