//! The command line as an operator meets it: the real binary, right and wrong settings.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn command(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handler"));
    command.args(arguments).env_clear().envs(settings.iter().copied());
    command
}

fn handler(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    command(arguments, settings).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_command_has_help() {
    let commands = [&["serve", "--help"], &["migrate", "--help"], &["demo", "--help"], &["scan-matches", "--help"]];
    for arguments in commands.map(|command| &command[..]).into_iter().chain([&["--help"][..]]) {
        let output = handler(arguments, &[]);
        assert!(output.status.success() && stdout(&output).contains("Usage: handler"), "{arguments:?}");
    }
    let help = stdout(&handler(&["--help"], &[]));
    assert!(
        ["DATABASE_URL", "JWT_SECRET_KEY", "CORS_ORIGINS", "LOG_LEVEL", "KEY_VAULT_URL"]
            .iter()
            .all(|name| help.contains(name))
    );
}

#[test]
fn security_30_a_faulty_configuration_stops_the_start_with_one_line_that_names_it() {
    let settings = [("ENVIRONMENT", "production"), ("DATABASE_URL", "sqlite:s3cret.db"), ("JWT_SECRET_KEY", "hunter2")];
    let output = handler(&[], &settings);
    assert_eq!(output.status.code(), Some(1), "the host starts it again only after a failure");
    let told = stdout(&output);
    assert_eq!(told.lines().count(), 1, "{told}");
    for name in ["DATABASE_URL", "JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY"] {
        assert!(told.contains(name), "{told}");
    }
    assert!(!told.contains("s3cret") && !told.contains("hunter2"), "{told}");
}

#[test]
fn demo_people_are_refused_in_production() {
    let settings = [
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", "Server=tcp:127.0.0.1,1;Database=t;User ID=u;Password=p"),
        ("JWT_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc"),
        ("JWT_REFRESH_SECRET_KEY", "A9sD8fG7hJ6kL5zX4cV3bN2mQ1wE0rTy"),
    ];
    let output = handler(&["demo"], &settings);
    assert!(!output.status.success() && stdout(&output).contains("ENVIRONMENT=development"), "{}", stdout(&output));
}

#[test]
fn migrate_brings_a_database_up_and_tells_how_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("data/test.db").display());
    let settings = [("ENVIRONMENT", "development"), ("DATABASE_URL", url.as_str())];
    let before = stdout(&handler(&["migrate", "--status"], &settings));
    assert!(before.contains("0001 users") && before.contains("pending"), "{before}");
    assert!(handler(&["migrate"], &settings).status.success());
    let after = stdout(&handler(&["migrate", "--status"], &settings));
    assert!(after.contains("applied 20") && !after.contains("pending"), "{after}");
    assert!(after.ends_with("the schema is current\n"), "{after}");
    assert!(handler(&["migrate"], &settings).status.success(), "once more is a no-op");
}

#[test]
fn whoever_stops_reading_is_told_no_more_and_nothing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let settings = [
        ("ENVIRONMENT", "development"),
        ("DATABASE_URL", url.as_str()),
        ("JWT_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc"),
        ("JWT_REFRESH_SECRET_KEY", "A9sD8fG7hJ6kL5zX4cV3bN2mQ1wE0rTy"),
    ];
    assert!(handler(&["migrate"], &settings).status.success());
    for arguments in
        [&["migrate", "--status"][..], &["demo"], &["scan-matches", "--once"], &["scan-matches", "--once", "--dry-run"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(arguments, &settings).stdout(writer).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !told.contains("panicked"), "{arguments:?}: {told}");
    }
}

/// Runs the handler with its secrets in a vault at this port of this machine.
fn beside_a_vault(arguments: &[&str], port: u16) -> Output {
    let url = format!("https://127.0.0.1:{port}/");
    handler(arguments, &[("ENVIRONMENT", "production"), ("KEY_VAULT_URL", &url), ("LOG_LEVEL", "trace")])
}

#[test]
fn security_30_a_vault_that_is_not_there_stops_every_command_with_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for arguments in [&["serve"][..], &["scan-matches", "--once"], &["migrate"], &["migrate", "--status"]] {
        let output = beside_a_vault(arguments, port);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = stdout(&output);
        assert!(told.lines().count() == 1 && told.contains("KEY_VAULT_URL"), "{arguments:?}: {told}");
    }
}

#[test]
fn security_30_a_vault_that_says_nothing_stops_the_start_within_ten_seconds() {
    // Whoever connects is in its queue for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    let output = beside_a_vault(&[], silent.local_addr().unwrap().port());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.lines().count() == 1 && told.contains("KEY_VAULT_URL"), "{told}");
}

#[test]
fn security_30_a_secret_beside_a_vault_is_a_fault_that_is_named() {
    let settings = [("KEY_VAULT_URL", "https://travelmeetup.vault.azure.net/"), ("JWT_SECRET_KEY", "hunter2")];
    let output = handler(&[], &settings);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("JWT_SECRET_KEY is set twice") && !told.contains("hunter2"), "{told}");
}
