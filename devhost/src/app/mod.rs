//! What is in the script root: host.json and one folder a function, checked as Azure's host checks them.

mod constraint;
mod function;
mod host_config;
mod retry;
mod route;
mod schedule;
mod timespan;

pub use function::{Function, HttpTrigger, TimerTrigger, Trigger};
pub use host_config::HostConfig;
pub use retry::RetryPolicy;
pub use route::Template;
pub use schedule::{Ncrontab, Schedule};

use anyhow::{Context, Result, bail};
use function::Surroundings;
use http::Method;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A function app, ready to be hosted.
#[derive(Debug, Clone)]
pub struct App {
    /// host.json.
    pub config: HostConfig,
    /// The functions in the order in which their routes are tried: by name, ignoring case.
    pub functions: Vec<Function>,
    /// The names of those that are switched off.
    pub disabled: Vec<String>,
}

impl App {
    /// Loads and checks everything under `script_root`; `settings` are the app settings that `%NAME%` refers to.
    ///
    /// Unlike Azure's host, which starts without the functions it can't load, this one refuses to start, naming every
    /// fault: a function that silently is not there is found too late.
    pub fn load(script_root: &Path, settings: &BTreeMap<String, String>) -> Result<Self> {
        let config = HostConfig::load(script_root)?;
        let setting = |name: &str| settings.get(name).cloned();
        let around =
            Surroundings { route_prefix: &config.route_prefix, retry: config.retry.as_ref(), setting: &setting };
        let (mut functions, mut disabled, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for (name, file) in function_files(script_root)? {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
            match function::parse(&name, &text, &around) {
                Ok(Some(function)) => functions.push(function),
                Ok(None) => disabled.push(name),
                Err(error) => faults.push(format!("{name}: {error:#}")),
            }
        }
        // StringComparer.OrdinalIgnoreCase compares upper case, which puts `_` after the letters.
        functions.sort_by_key(|function| function.name.to_ascii_uppercase());
        faults.extend(clashes(&functions));
        if functions.is_empty() && disabled.is_empty() && faults.is_empty() {
            bail!("{} holds no function: each needs a folder of its own with a function.json", script_root.display());
        }
        if !faults.is_empty() {
            bail!("{} can't be loaded:\n  {}", script_root.display(), faults.join("\n  "));
        }
        Ok(Self { config, functions, disabled })
    }

    /// The HTTP function that answers: the first in order whose route matches the path and that lists the method.
    #[must_use]
    pub fn route(&self, method: &Method, path: &str) -> Option<(&Function, &HttpTrigger)> {
        self.functions.iter().find_map(|function| match &function.trigger {
            Trigger::Http(http) if http.allows(method) && http.route.matches(path) => Some((function, http)),
            _ => None,
        })
    }
}

impl HttpTrigger {
    /// Whether a method is listed; GET does not imply HEAD.
    #[must_use]
    pub fn allows(&self, method: &Method) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.contains(method))
    }

    fn shares_a_method_with(&self, other: &Self) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.iter().any(|method| other.allows(method)))
    }
}

/// The immediate children of the script root that hold a function.json, by name.
fn function_files(script_root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let unreadable = || format!("{} can't be listed", script_root.display());
    for entry in std::fs::read_dir(script_root).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let file = entry.path().join("function.json");
        if file.is_file() {
            found.push((entry.file_name().to_string_lossy().into_owned(), file));
        }
    }
    found.sort();
    Ok(found)
}

/// What functions do to each other: same name, same route, a route onto a timer.
fn clashes(functions: &[Function]) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, function) in functions.iter().enumerate() {
        for earlier in &functions[..index] {
            if earlier.name.eq_ignore_ascii_case(&function.name) {
                faults.push(format!("{}: differs from {} by case alone", function.name, earlier.name));
            }
            if let (Trigger::Http(first), Trigger::Http(second)) = (&earlier.trigger, &function.trigger)
                && first.route.shape() == second.route.shape()
                && first.shares_a_method_with(second)
            {
                faults.push(format!(
                    "{}: its route {} is taken by {} for the same method",
                    function.name, second.route, earlier.name
                ));
            }
        }
        if let Trigger::Http(http) = &function.trigger {
            let timers = functions.iter().filter(|other| matches!(other.trigger, Trigger::Timer(_)));
            for timer in timers.filter(|timer| http.route.matches(&format!("/{}", timer.name))) {
                faults.push(format!(
                    "{}: its route {} matches /{}, so anyone could fire that timer",
                    function.name, http.route, timer.name
                ));
            }
        }
    }
    faults
}
