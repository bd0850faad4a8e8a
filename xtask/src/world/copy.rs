//! A copy of a world, so that what is measured in it is measured in the same one again.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use handler::db::{DatabaseUrl, Location};

/// A copy of a SQLite file, which goes with the folder that is answered too; a database on a server as it is.
pub(crate) fn copy_of(database: &str) -> Result<(String, Option<tempfile::TempDir>)> {
    let DatabaseUrl::Sqlite(Location::File(file)) = parse(database)? else { return Ok((database.to_owned(), None)) };
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
    Ok((format!("sqlite:{}", copy.display()), Some(folder)))
}

/// Reads what `--database` says.
pub(crate) fn parse(database: &str) -> Result<DatabaseUrl> {
    DatabaseUrl::parse(database, false).map_err(|fault| anyhow::anyhow!("--database {fault}"))
}
