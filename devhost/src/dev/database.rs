//! What `DATABASE_URL` means to a developer: which file, or which server, and never a password.

use std::path::Path;

/// A `sqlite:<path>` with its path made absolute under `root`, because the handler is started in another folder; anything
/// else as it is.
#[must_use]
pub fn absolute_sqlite(url: &str, root: &Path) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.starts_with(':') => {
            // `sqlite://rel` and `sqlite:///abs` are common ways to write it.
            let path = path.strip_prefix("//").unwrap_or(path);
            format!("sqlite:{}", root.join(path).display())
        }
        _ => url.to_owned(),
    }
}

/// A database in a few words for the screen: the file, or server and database of a connection string and nothing else
/// of it.
#[must_use]
pub fn describe(url: &str) -> String {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return if path.starts_with(':') { "SQLite in memory".to_owned() } else { format!("SQLite, {path}") };
    }
    let value = |names: &[&str]| {
        let pairs = url.split(';').filter_map(|pair| pair.split_once('='));
        let is_wanted = |name: &str| names.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted));
        pairs.into_iter().find(|(name, _)| is_wanted(name)).map(|(_, value)| value.trim())
    };
    let server = value(&["Server", "Data Source", "Address", "Addr", "Network Address"]);
    let database = value(&["Database", "Initial Catalog"]);
    match (server, database) {
        (Some(server), Some(database)) => format!("SQL Server, {database} on {server}"),
        (Some(server), None) => format!("SQL Server on {server}"),
        _ => "as DATABASE_URL says".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_files_are_found_from_everywhere() {
        let root = Path::new("/repo");
        for (url, absolute) in [
            ("sqlite:.data/a.db", "sqlite:/repo/.data/a.db"),
            ("sqlite:/tmp/a.db", "sqlite:/tmp/a.db"),
            ("sqlite:///tmp/a.db", "sqlite:/tmp/a.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("Server=db;Password=x", "Server=db;Password=x"),
        ] {
            assert_eq!(absolute_sqlite(url, root), absolute, "{url}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        assert_eq!(describe("sqlite:/repo/a.db"), "SQLite, /repo/a.db");
        assert_eq!(describe("sqlite::memory:"), "SQLite in memory");
        let url = "Server=tcp:db.example.net,1433; Initial Catalog=travel;User ID=sa;Password=hidden";
        assert_eq!(describe(url), "SQL Server, travel on tcp:db.example.net,1433");
        assert_eq!(describe("mssql://sa:hidden@db/travel"), "as DATABASE_URL says");
    }
}
