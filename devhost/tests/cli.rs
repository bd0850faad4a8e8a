//! The two programs, as they are typed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const DEVHOST: &str = env!("CARGO_BIN_EXE_devhost");
const DEV: &str = env!("CARGO_BIN_EXE_dev");
const STUB: &str = env!("CARGO_BIN_EXE_devhost-stub");
/// Nothing here takes nearly as long.
const BOUND: Duration = Duration::from_secs(30);

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// A program that was started, and its stdout as it comes.
struct Started {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Started {
    fn new(command: &mut Command) -> Self {
        let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The lines up to the first that contains the text.
    fn until(&mut self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(BOUND) else {
                let _ = self.child.kill();
                let mut errors = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
                panic!("no line with {text}: {seen:#?} {errors}");
            };
            let found = line.contains(text);
            seen.push(line);
            if found {
                return seen;
            }
        }
    }

    /// Ctrl-C, which a terminal sends to the whole process group; whether it ended well.
    fn interrupt(&mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process_group(pid, rustix::process::Signal::INT).unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A repository with one function that takes everything under `api` and one timer.
fn repository(executable: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        (
            "host.json",
            format!(
                r#"{{"version": "2.0", "customHandler": {{"description": {{"defaultExecutablePath": "{executable}"}},
                "enableForwardingHttpRequest": true}}, "extensions": {{"http": {{"routePrefix": ""}}}}}}"#
            ),
        ),
        (
            "functions/Api/function.json",
            r#"{"bindings": [
            {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": "api/{*path}"},
            {"type": "http", "direction": "out", "name": "$return"}]}"#
                .to_owned(),
        ),
        (
            "functions/Docs/function.json",
            r#"{"bindings": [
            {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": "docs"},
            {"type": "http", "direction": "out", "name": "$return"}]}"#
                .to_owned(),
        ),
        (
            "functions/TimerFine/function.json",
            r#"{"bindings": [
            {"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "%MATCH_SCAN_SCHEDULE%"}]}"#
                .to_owned(),
        ),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn dev(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(DEV);
    // The stub plays cargo too: no test should wait for a build.
    command.args(["--port", "0"]).args(arguments).current_dir(repository).env("CARGO", STUB);
    for name in ["DATABASE_URL", "ENVIRONMENT", "CORS_ORIGINS", "MATCH_SCAN_SCHEDULE", "JWT_SECRET_KEY"] {
        command.env_remove(name);
    }
    command
}

#[test]
fn help_tells_every_option_and_who_goes_first() {
    let help = String::from_utf8(run(DEVHOST, &["--help"]).stdout).unwrap();
    for word in ["--script-root", "--port", "7071", "--settings", "the environment goes first"] {
        assert!(help.replace('\n', " ").contains(word), "{word}: {help}");
    }
    let help = String::from_utf8(run(DEV, &["--help"]).stdout).unwrap();
    for word in
        ["cargo dev", "--port", "7071", "--database", "--ephemeral", "--demo", "--release", "local.settings.json"]
    {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn a_bad_script_root_is_one_clear_line() {
    let empty = tempfile::tempdir().unwrap();
    for root in ["/nowhere/at/all", empty.path().to_str().unwrap()] {
        let output = run(DEVHOST, &["--script-root", root, "--port", "0"]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.contains(root) && errors.contains("name the folder that holds host.json"), "{errors}");
    }
}

#[test]
fn devhost_reads_the_settings_behind_the_environment_and_stops_on_ctrl_c() {
    let repository = repository("unused");
    let dist = repository.path().join("dist");
    fs::rename(repository.path().join("functions"), &dist).unwrap();
    let config = fs::read_to_string(repository.path().join("host.json")).unwrap();
    fs::write(dist.join("host.json"), config.replace("unused", STUB)).unwrap();
    let values = r#"{"Values": {"MATCH_SCAN_SCHEDULE": "0 0 0 1 1 *", "STUB_STDERR": "from the file"}}"#;
    fs::write(dist.join("local.settings.json"), values).unwrap();
    let mut command = Command::new(DEVHOST);
    command.args(["--script-root", "dist", "--port", "0"]).current_dir(repository.path());
    let mut started = Started::new(
        command
            .env_remove("MATCH_SCAN_SCHEDULE")
            .env("STUB_STDERR", "from the environment")
            .env("STUB_SIGTERM", "drain"),
    );
    let mut seen = started.until("the handler is ready");
    assert!(seen.iter().any(|line| line.contains("Listening on http://127.0.0.1:")), "{seen:#?}");
    assert!(started.interrupt());
    // The handler heard of it from the host alone, as a request to drain.
    seen.extend(started.until("drained"));
    assert!(seen.iter().any(|line| line.contains("handler: from the environment")), "{seen:#?}");
}

#[test]
fn dev_goes_from_a_checkout_to_lines_that_work_when_pasted() {
    let repository = repository("handler");
    let root = repository.path();
    let mut started = Started::new(&mut dev(root, &["--demo"]));
    let seen = started.until("$TOKEN\"").join("\n");
    let database = root.canonicalize().unwrap().join(".data/travelmeetup.db");
    for text in [
        format!("stub migrate sqlite:{}", database.display()),
        format!("stub demo sqlite:{}", database.display()),
        format!("Database   SQLite, {}", database.display()),
        "/docs".to_owned(),
        "Timer      TimerFine, */10 * * * * *".to_owned(),
    ] {
        assert!(seen.contains(&text), "{text}: {seen}");
    }
    let pasted: Vec<&str> = seen.lines().filter(|line| line.contains("curl -sS ")).collect();
    assert_eq!(pasted.len(), 3);
    let output = run("sh", &["-ec", &pasted.join("\n")]);
    let answers = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(answers.contains(r#"["authorization","Bearer token-1"]"#), "{answers}");
    assert!(started.interrupt());

    let secrets = root.join(".data/dev-secrets.json");
    assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(root.join("target/dev-root/handler").is_file());
    let before = fs::read(&secrets).unwrap();
    let mut again = Started::new(&mut dev(root, &[]));
    again.until("$TOKEN\"");
    assert!(again.interrupt());
    assert_eq!(fs::read(&secrets).unwrap(), before, "the secrets stay, and with them the sessions");
}

#[test]
fn an_ephemeral_database_leaves_nothing_behind() {
    let repository = repository("handler");
    let mut started = Started::new(&mut dev(repository.path(), &["--ephemeral"]));
    let seen = started.until("stub migrate sqlite:");
    let database = seen.last().unwrap().split_once("sqlite:").unwrap().1.to_owned();
    let folder = Path::new(&database).parent().unwrap().to_path_buf();
    assert!(folder.is_dir() && !folder.starts_with(repository.path()));
    started.until("$TOKEN\"");
    assert!(started.interrupt());
    assert!(!folder.exists());
}

#[test]
fn a_named_database_goes_first_and_its_password_stays_hidden() {
    let repository = repository("handler");
    let url = "Server=db.example.net;Database=travel;User ID=sa;Password=hidden";
    let mut command = dev(repository.path(), &["--database", url]);
    let mut started = Started::new(command.env("DATABASE_URL", "sqlite:other.db"));
    let seen = started.until("$TOKEN\"").join("\n");
    assert!(seen.contains(&format!("stub migrate {url}")), "{seen}");
    assert!(seen.contains("Database   SQL Server, travel on db.example.net\n"), "{seen}");
    assert!(started.interrupt());
}

#[test]
fn a_taken_port_is_told_before_anything_is_built() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let repository = repository("handler");
    let output =
        Command::new(DEV).args(["--port", &port]).current_dir(repository.path()).env("CARGO", STUB).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains(&format!("port {port} is taken")) && errors.contains("--port"), "{errors}");
    assert!(!repository.path().join("target").exists());
}

#[test]
fn outside_of_the_repository_dev_says_so() {
    let elsewhere = tempfile::tempdir().unwrap();
    let output = dev(elsewhere.path(), &[]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("not inside the repository"), "{errors}");
}
