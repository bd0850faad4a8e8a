//! The source files themselves: no statement lies about unused or is sent to the wrong engine, and no function of a store
//! goes without a story here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The one file that sends only T-SQL, so that a twin is none of its business.
const ONLY_SQL_SERVER: &str = "sqlserver.rs";

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// All files of this kind anywhere in `folder`, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code of a file, without its lines of comment.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// The names in the `query!` calls of some code, each with whether it has a twin for SQLite.
fn named(code: &str) -> Vec<(String, bool)> {
    let call = |rest: &str| {
        let (name, rest) = rest.strip_prefix('(')?.trim_start().strip_prefix('"')?.split_once('"')?;
        let has_twin = rest.trim_start().strip_prefix(',').is_some_and(|rest| rest.trim_start().starts_with("sqlite"));
        Some((name.to_owned(), has_twin))
    };
    code.split("query!").skip(1).filter_map(call).collect()
}

/// What is wrong with the `.sql` files in `folder` and the code that names them, a line each.
fn faults_of_statements(folder: &Path) -> Vec<String> {
    let shown = |file: &Path| file.strip_prefix(folder).unwrap().display().to_string();
    let mut wanted = BTreeMap::new();
    for file in files(folder, ".rs") {
        for (name, has_twin) in named(&code(&file)) {
            let statement = file.with_file_name("sql").join(&name);
            wanted.entry(statement).or_insert_with(Vec::new).push((shown(&file), has_twin));
        }
    }
    let there: BTreeSet<PathBuf> = files(folder, ".sql").into_iter().collect();
    let with = |statement: &Path, ending: &str| PathBuf::from(format!("{}{ending}", statement.display()));

    let mut faults = Vec::new();
    for (statement, callers) in &wanted {
        let (plain, twin) = (with(statement, ".sql"), with(statement, ".sqlite.sql"));
        if !there.contains(&plain) {
            faults.push(format!("{} is named and missing", shown(&plain)));
        }
        for (caller, has_twin) in callers {
            if *has_twin && !there.contains(&twin) {
                faults.push(format!("{} is named and missing", shown(&twin)));
            }
            if !has_twin && there.contains(&twin) && !caller.ends_with(ONLY_SQL_SERVER) {
                faults.push(format!("{} is passed over by {caller}", shown(&twin)));
            }
        }
    }
    for file in &there {
        let path = file.to_str().unwrap();
        let used = match (path.strip_suffix(".sqlite.sql"), path.strip_suffix(".sql")) {
            (Some(name), _) => wanted.get(Path::new(name)).is_some_and(|callers| callers.iter().any(|(_, twin)| *twin)),
            (None, Some(name)) => wanted.contains_key(Path::new(name)),
            (None, None) => false,
        };
        if !used {
            faults.push(format!("{} is used by nobody", shown(file)));
        }
    }
    faults
}

/// The functions of all `store.rs` in `folder`, as they are called from outside: `auth::store::find_login`.
fn functions_of_stores(folder: &Path) -> Vec<String> {
    let mut functions = Vec::new();
    for file in files(folder, "/store.rs") {
        let module = file.strip_prefix(folder).unwrap().with_extension("");
        let module = module.to_str().unwrap().replace('/', "::");
        for line in code(&file).lines() {
            if let Some(rest) = line.trim_start().strip_prefix("pub async fn ") {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                functions.push(format!("{module}::{name}"));
            }
        }
    }
    functions
}

/// Those of these functions that no file in `stories` calls by this name.
fn untold(functions: &[String], stories: &Path) -> Vec<String> {
    let told: String = files(stories, ".rs").iter().map(|file| code(file)).collect();
    functions.iter().filter(|function| !told.contains(&format!("{function}("))).cloned().collect()
}

#[test]
fn every_statement_is_named_beside_it_and_every_twin_is_sent_to_sqlite() {
    for folder in ["handler/src", "tests"] {
        let folder = repository().join(folder);
        assert!(!files(&folder, ".sql").is_empty(), "no statements in {}", folder.display());
        assert_eq!(faults_of_statements(&folder), Vec::<String>::new(), "in {}", folder.display());
    }
}

#[test]
fn every_function_of_a_store_is_told_of_on_every_engine() {
    let functions = functions_of_stores(&repository().join("handler/src"));
    for known in ["auth::store::rotate_session", "users::store::search"] {
        assert!(functions.iter().any(|function| function == known), "{known} is not seen: {functions:?}");
    }
    let untold = untold(&functions, &repository().join("tests/sql"));
    assert!(
        untold.is_empty(),
        "no story in tests/sql calls {untold:?}: tell its rows, no rows, and what its WHERE is for"
    );
}

/// Makes these files in a folder of their own.
fn tree(entries: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in entries {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_statement_without_a_name_and_a_name_without_a_statement_are_noticed() {
    let code = "
        const GOOD: Query = query!(\"good\");
        const BOTH: Query = crate::query!(
            \"both\",
            sqlite,
        );
        const LOST: Query = query!(\"lost\");
        const HALF: Query = query!(\"half\", sqlite);
        const FORGETFUL: Query = query!(\"forgetful\");
        // query!(\"unused\")
    ";
    let only_sql_server = "const BOTH: Query = query!(\"both\");";
    let files = [
        "a/sql/good.sql",
        "a/sql/both.sql",
        "a/sql/both.sqlite.sql",
        "a/sql/half.sql",
        "a/sql/forgetful.sql",
        "a/sql/forgetful.sqlite.sql",
        "a/sql/unused.sql",
        "a/sql/unused.sqlite.sql",
        "b/sql/good.sql",
        "a/astray.sql",
    ];
    let mut entries = vec![("a/store.rs", code), ("a/sqlserver.rs", only_sql_server), ("b/store.rs", "")];
    entries.extend(files.map(|file| (file, "")));
    assert_eq!(
        faults_of_statements(tree(&entries).path()),
        [
            "a/sql/forgetful.sqlite.sql is passed over by a/store.rs",
            "a/sql/half.sqlite.sql is named and missing",
            "a/sql/lost.sql is named and missing",
            "a/astray.sql is used by nobody",
            "a/sql/forgetful.sqlite.sql is used by nobody",
            "a/sql/unused.sql is used by nobody",
            "a/sql/unused.sqlite.sql is used by nobody",
            "b/sql/good.sql is used by nobody",
        ]
    );
}

#[test]
fn a_function_of_a_store_without_a_story_is_noticed() {
    let store = "
        /// Told.
        pub async fn find(db: &Database) {}
        pub async fn find_all<T>(db: &Database) {}
        pub async fn forgotten(db: &Database) {}
        async fn private() {}
        // pub async fn of_yesterday()
    ";
    let stories = "
        a::store::find(db).await;
        a::store::find_all(db).await;
        // a::store::forgotten(db)
        b::store::forgotten(db).await;
        b::c::store::find(db).await;
    ";
    let folder = tree(&[("src/a/store.rs", store), ("src/b/c/store.rs", store), ("stories/a.rs", stories)]);
    let functions = functions_of_stores(&folder.path().join("src"));
    assert_eq!(functions.len(), 6, "{functions:?}");
    assert_eq!(
        untold(&functions, &folder.path().join("stories")),
        ["a::store::forgotten", "b::c::store::find_all", "b::c::store::forgotten"]
    );
}

#[test]
fn security_25_every_transaction_of_a_request_is_one_that_is_tried_again() {
    let sources = repository().join("handler/src");
    let faults: Vec<String> = files(&sources, ".rs")
        .into_iter()
        // A scan is no request: what it does not finish, the next one does.
        .filter(|file| !file.starts_with(sources.join("db")) && !file.starts_with(sources.join("scan")))
        .filter_map(|file| {
            let code = code(&file);
            let (begun, tried) = (code.matches("db.begin()").count(), code.matches("db.retried(").count());
            (begun != tried).then(|| format!("{}: {begun} begun, {tried} tried again", file.display()))
        })
        .collect();
    assert_eq!(faults, Vec::<String>::new());
}
