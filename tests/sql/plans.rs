//! How SQLite goes about each statement: none reads a whole table.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use handler::db::{Database, Param, Query};
use tests::OwnDatabase;

use crate::files::{files, repository};

const TABLES: Query = handler::query!("tables");

/// The tables that may be read whole: one row a migration.
const SMALL: [&str; 1] = ["schema_migrations"];

/// No statement has more parameters.
const MOST_PARAMETERS: usize = 30;

/// The words that a table's name follows, and those that can't be its alias.
const BEFORE_A_TABLE: [&str; 4] = ["FROM", "JOIN", "UPDATE", "INTO"];
const NO_ALIAS: [&str; 10] = ["WHERE", "JOIN", "LEFT", "CROSS", "ON", "SET", "ORDER", "UNION", "GROUP", "VALUES"];

#[test]
fn no_statement_scans_a_table() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let own = OwnDatabase::migrated_sqlite().await;
        let db = own.open();
        let tables = db.fetch_all(TABLES, Vec::new()).await.unwrap();
        let tables: Vec<String> = tables.iter().map(|row| row.get("name").unwrap()).collect();
        assert!(tables.iter().any(|table| table == "travel_plans"), "{tables:?}");

        let (mut scans, mut explained) = (Vec::new(), 0);
        for file in statements() {
            let sql = fs::read_to_string(&file).unwrap();
            let mut all = Vec::new();
            for statement in sql.split_inclusive(";\n").filter(|statement| !statement.trim().is_empty()) {
                all.extend(steps(&db, statement).await);
            }
            for step in all {
                explained += 1;
                let Some(scanned) = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else {
                    continue;
                };
                let table = sources(&sql).remove(scanned).unwrap_or_default();
                if tables.contains(&table) && !SMALL.contains(&table.as_str()) {
                    scans.push(format!("{}: {step} ({table})", file.display()));
                }
            }
        }
        assert!(explained > 50, "only {explained} steps");
        assert!(scans.is_empty(), "{}", scans.join("\n"));
    });
}

#[tokio::test]
async fn a_scan_would_be_noticed() {
    let own = OwnDatabase::migrated_sqlite().await;
    let sql = "SELECT c.created_at FROM connections c WHERE c.updated_at = @P1;";
    assert_eq!(steps(&own.open(), sql).await, ["SCAN c"]);
    assert_eq!(sources(sql)["c"], "connections");
}

/// The statements of the handler as SQLite gets them, but for those that only manage transactions and pragmas.
fn statements() -> Vec<std::path::PathBuf> {
    let all = files(&repository().join("handler/src"), ".sql");
    let is_for_sqlite = |file: &Path| {
        let name = file.to_str().unwrap();
        name.ends_with(".sqlite.sql") || !Path::new(&name.replace(".sql", ".sqlite.sql")).exists()
    };
    let reads_tables = |file: &Path| {
        let sql = fs::read_to_string(file).unwrap();
        !sources(&sql).is_empty()
    };
    all.into_iter().filter(|file| is_for_sqlite(file) && reads_tables(file)).collect()
}

/// What SQLite would do, step by step.
async fn steps(db: &Database, sql: &str) -> Vec<String> {
    let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
    // What has a parameter wants a value for it; a plan is the same for any.
    let nothing = vec![Param::Text(None); MOST_PARAMETERS];
    let rows = db.fetch_all(Query { name: "explain", sqlserver: sql, sqlite: sql }, nothing).await.unwrap();
    rows.iter().map(|row| row.get("detail").unwrap()).collect()
}

/// The names under which a statement uses its tables: alias, or the table's own name, → table.
fn sources(sql: &str) -> BTreeMap<String, String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let text = code.join(" ");
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';')).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut sources = BTreeMap::new();
    for (place, word) in words.iter().enumerate() {
        if BEFORE_A_TABLE.contains(word)
            && let Some(table) = words.get(place + 1)
        {
            let alias = words.get(place + 2).filter(|word| !NO_ALIAS.contains(word)).unwrap_or(table);
            sources.insert((*alias).to_owned(), (*table).to_owned());
            sources.insert((*table).to_owned(), (*table).to_owned());
        }
    }
    sources
}
