//! The database of one measurement, so that the same world is measured again: a copy of a file, or a new database. What was
//! made for it goes with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use handler::db::{Database, DatabaseUrl, Location, Query};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use tokio::time::sleep;

/// How often a database is dropped again that a handler is still connected to which was just stopped, and how long to wait
/// in between.
const DROP_TRIES: u32 = 100;
const BETWEEN_DROP_TRIES: Duration = Duration::from_millis(100);

const CREATE_DATABASE: Query = query!("create_database");
const DROP_DATABASE: Query = query!("drop_database");

/// A database to measure in.
pub(crate) struct Own {
    text: String,
    on_server: bool,
    made: Made,
}

/// What goes afterwards.
enum Made {
    Nothing,
    Folder { _folder: tempfile::TempDir },
    Database { admin: DatabaseUrl, name: String },
}

impl Own {
    /// A copy of a SQLite file; a database on a server as it is.
    pub(crate) fn copy_of(database: &str) -> Result<Self> {
        let DatabaseUrl::Sqlite(location) = parse(database)? else {
            return Ok(Self { text: database.to_owned(), on_server: true, made: Made::Nothing });
        };
        let Location::File(file) = location else {
            return Ok(Self { text: database.to_owned(), on_server: false, made: Made::Nothing });
        };
        ensure!(file.is_file(), "{} is not there: make it with cargo xtask seed-world", file.display());
        let folder = tempfile::tempdir_in(file.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new(".")))?;
        let copy = folder.path().join("world.db");
        // What was not written back yet lies in a file beside it.
        for suffix in ["", "-wal"] {
            let beside = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
            if beside(&file).is_file() {
                std::fs::copy(beside(&file), beside(&copy))
                    .with_context(|| format!("{} can't be copied", file.display()))?;
            }
        }
        let text = format!("sqlite:{}", copy.display());
        Ok(Self { text, on_server: false, made: Made::Folder { _folder: folder } })
    }

    /// An empty one: on the SQL Server of this connection string, or a SQLite file.
    pub(crate) fn new(server: Option<&str>) -> Result<Self> {
        let Some(server) = server else {
            let folder = tempfile::tempdir()?;
            let text = format!("sqlite:{}", folder.path().join("world.db").display());
            return Ok(Self { text, on_server: false, made: Made::Folder { _folder: folder } });
        };
        let admin = parse(server)?;
        ensure!(matches!(admin, DatabaseUrl::SqlServer(_)), "--server is the connection string of an SQL Server");
        let name = format!("tm_measure_{}", OsRandomness.uuid().simple());
        tokio::runtime::Runtime::new()?
            .block_on(async { Database::open(&admin, 1)?.execute(CREATE_DATABASE, params![name.as_str()]).await })
            .with_context(|| format!("no database can be made on {}", admin.describe()))?;
        Ok(Self { text: with_database(server, &name), on_server: true, made: Made::Database { admin, name } })
    }

    /// What names it, as in `DATABASE_URL`.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is on an SQL Server.
    pub(crate) const fn is_on_server(&self) -> bool {
        self.on_server
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Made::Database { admin, name } = &self.made else { return };
        let dropped = tokio::runtime::Runtime::new().context("no runtime").and_then(|runtime| {
            runtime.block_on(async {
                let server = Database::open(admin, 1)?;
                let mut tries = 1;
                while let Err(fault) = server.execute(DROP_DATABASE, params![name.as_str()]).await {
                    ensure!(tries < DROP_TRIES, "{fault}");
                    tries += 1;
                    sleep(BETWEEN_DROP_TRIES).await;
                }
                Ok(())
            })
        });
        if let Err(fault) = dropped {
            eprintln!("cargo xtask: the database {name} is left behind, drop it yourself: {fault:#}");
        }
    }
}

/// Reads what `--database` says.
pub(crate) fn parse(database: &str) -> Result<DatabaseUrl> {
    DatabaseUrl::parse(database, false).map_err(|fault| anyhow::anyhow!("--database {fault}"))
}

/// The same connection string for another database.
fn with_database(server: &str, name: &str) -> String {
    let names_database = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(key.as_str(), "database" | "initial catalog") || pair.trim().is_empty()
    };
    let kept: Vec<&str> = server.split(';').filter(|pair| !names_database(pair)).collect();
    format!("{};database={name}", kept.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_keeps_all_but_its_database() {
        for old in
            ["server=tcp:here,1433;Database=master;User Id=sa", "server=tcp:here,1433;Initial Catalog=a;User Id=sa;"]
        {
            assert_eq!(with_database(old, "mine"), "server=tcp:here,1433;User Id=sa;database=mine");
        }
        assert_eq!(with_database("server=tcp:here,1433", "mine"), "server=tcp:here,1433;database=mine");
    }

    #[test]
    fn a_new_world_lies_in_a_file_that_goes_with_it() {
        let own = Own::new(None).unwrap();
        let file = PathBuf::from(own.text().strip_prefix("sqlite:").unwrap());
        std::fs::write(&file, "a world").unwrap();
        let copy = Own::copy_of(own.text()).unwrap();
        let copied = PathBuf::from(copy.text().strip_prefix("sqlite:").unwrap());
        assert!(copied != file && std::fs::read_to_string(&copied).unwrap() == "a world");
        assert!(!own.is_on_server() && Own::new(Some("sqlite:world.db")).is_err());
        drop((own, copy));
        assert!(!file.exists() && !copied.exists());
    }
}
