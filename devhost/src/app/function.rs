//! One function.json.

use crate::app::retry::{RetryPolicy, RetrySection};
use crate::app::route::Template;
use crate::app::schedule::Schedule;
use anyhow::{Context, Result, bail, ensure};
use http::Method;
use serde::Deserialize;
use serde_json::Value;

/// A loaded function.
#[derive(Debug, Clone)]
pub struct Function {
    /// The folder's name.
    pub name: String,
    /// What sets it off.
    pub trigger: Trigger,
}

/// What sets a function off.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// An HTTP request.
    Http(HttpTrigger),
    /// A schedule.
    Timer(TimerTrigger),
}

/// An `httpTrigger` binding.
#[derive(Debug, Clone)]
pub struct HttpTrigger {
    /// The route with its prefix.
    pub route: Template,
    /// The methods it answers; `None` for all.
    pub methods: Option<Vec<Method>>,
    /// Whether anyone may call it. Without it Azure asks for a key, which this host has none of.
    pub anonymous: bool,
}

/// A `timerTrigger` binding.
#[derive(Debug, Clone)]
pub struct TimerTrigger {
    /// When it fires.
    pub schedule: Schedule,
    /// The schedule as it is written, settings filled in.
    pub schedule_text: String,
    /// Whether the last and next run are remembered (ignored for schedules under a minute).
    pub use_monitor: bool,
    /// Whether it also fires when the host starts.
    pub run_on_startup: bool,
    /// What happens after a failed run; `None` for nothing.
    pub retry: Option<RetryPolicy>,
}

/// What a function.json is read with.
pub(crate) struct Surroundings<'a> {
    pub(crate) route_prefix: &'a str,
    pub(crate) retry: Option<&'a RetryPolicy>,
    /// The value of an app setting.
    pub(crate) setting: &'a dyn Fn(&str) -> Option<String>,
}

#[derive(Deserialize)]
struct FunctionFile {
    bindings: Vec<Binding>,
    #[serde(default)]
    disabled: bool,
    retry: Option<RetrySection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    name: String,
    auth_level: Option<String>,
    methods: Option<Vec<String>>,
    route: Option<String>,
    schedule: Option<String>,
    use_monitor: Option<Value>,
    run_on_startup: Option<Value>,
}

/// Reads a function.json; `None` if the function is disabled.
pub(crate) fn parse(name: &str, text: &str, around: &Surroundings<'_>) -> Result<Option<Function>> {
    ensure!(is_function_name(name), "a function's name is a letter and then at most 127 letters, digits, _ or -");
    let file: FunctionFile = serde_json::from_str(text).context("function.json can't be read")?;
    let off = (around.setting)(&format!("AzureWebJobs.{name}.Disabled"));
    if file.disabled || off.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    check_names(&file.bindings)?;
    let triggers: Vec<&Binding> =
        file.bindings.iter().filter(|b| b.kind.to_ascii_lowercase().ends_with("trigger")).collect();
    let [trigger] = triggers[..] else { bail!("it has {} triggers instead of exactly one", triggers.len()) };
    ensure!(trigger.direction.eq_ignore_ascii_case("in"), "the trigger's \"direction\" must be \"in\"");
    let others: Vec<&Binding> = file.bindings.iter().filter(|b| !std::ptr::eq(*b, trigger)).collect();
    let trigger = match trigger.kind.to_ascii_lowercase().as_str() {
        "httptrigger" => {
            let is_http_out =
                |b: &Binding| b.kind.eq_ignore_ascii_case("http") && b.direction.eq_ignore_ascii_case("out");
            ensure!(
                matches!(others[..], [out] if is_http_out(out)),
                "beside its httpTrigger it needs exactly one binding, of type \"http\" and direction \"out\": \
                 only then is the request forwarded as it is"
            );
            ensure!(file.retry.is_none(), "\"retry\" has no effect on an httpTrigger: leave it out");
            Trigger::Http(http_trigger(name, trigger, around.route_prefix)?)
        }
        "timertrigger" => {
            ensure!(others.is_empty(), "beside its timerTrigger this host supports no binding");
            let own_retry = file.retry.map(RetryPolicy::try_from).transpose()?;
            Trigger::Timer(timer_trigger(trigger, own_retry.or_else(|| around.retry.cloned()), around.setting)?)
        }
        _ => bail!("a trigger of type \"{}\" is not supported: httpTrigger and timerTrigger are", trigger.kind),
    };
    Ok(Some(Function { name: name.to_owned(), trigger }))
}

fn http_trigger(name: &str, binding: &Binding, prefix: &str) -> Result<HttpTrigger> {
    let route = binding.route.as_deref().map(|route| route.trim_matches('/')).filter(|route| !route.trim().is_empty());
    let route = route.unwrap_or(name);
    let lower = route.to_lowercase();
    // Azure's host compares the beginning of the text, so `administrators` is refused too.
    let reserved = ["admin", "runtime"].into_iter().find(|reserved| lower.starts_with(reserved));
    if let Some(reserved) = reserved {
        bail!("the route \"{route}\" starts with \"{reserved}\", which belongs to the host");
    }
    let full = if prefix.is_empty() { route.to_owned() } else { format!("{prefix}/{route}") };
    let auth_level = binding.auth_level.as_deref().unwrap_or("function").to_ascii_lowercase();
    ensure!(
        ["anonymous", "function", "admin"].contains(&auth_level.as_str()),
        "\"authLevel\" is \"{auth_level}\" instead of anonymous, function or admin"
    );
    Ok(HttpTrigger {
        route: Template::parse(&full).with_context(|| format!("the route \"{route}\""))?,
        methods: binding.methods.as_deref().map(parse_methods).transpose()?,
        anonymous: auth_level == "anonymous",
    })
}

fn parse_methods(names: &[String]) -> Result<Vec<Method>> {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
    ];
    ensure!(!names.is_empty(), "\"methods\" is empty: name one, or leave it out for all");
    let parse = |name: &String| {
        let known = KNOWN.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name));
        known.with_context(|| format!("\"methods\" holds \"{name}\", which is no HTTP method"))
    };
    names.iter().map(parse).collect()
}

fn timer_trigger(
    binding: &Binding,
    retry: Option<RetryPolicy>,
    setting: &dyn Fn(&str) -> Option<String>,
) -> Result<TimerTrigger> {
    let written = binding.schedule.as_deref().context("the timerTrigger has no \"schedule\"")?;
    let schedule_text = match written.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        Some(name) => setting(name).with_context(|| {
            format!("the schedule is the app setting {name}, which is not set: give {name} a value")
        })?,
        None => written.to_owned(),
    };
    Ok(TimerTrigger {
        schedule: Schedule::parse(&schedule_text).context("\"schedule\"")?,
        schedule_text,
        use_monitor: flag(binding.use_monitor.as_ref(), true).context("\"useMonitor\"")?,
        run_on_startup: flag(binding.run_on_startup.as_ref(), false).context("\"runOnStartup\"")?,
        retry,
    })
}

/// A boolean, which .NET also reads from a string.
fn flag(value: Option<&Value>, default: bool) -> Result<bool> {
    match value {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) => text.to_ascii_lowercase().parse().context("is neither true nor false"),
        Some(other) => bail!("{other} is neither true nor false"),
    }
}

fn check_names(bindings: &[Binding]) -> Result<()> {
    ensure!(!bindings.is_empty(), "it has no bindings");
    for (index, binding) in bindings.iter().enumerate() {
        ensure!(!binding.kind.is_empty(), "a binding has no \"type\"");
        ensure!(
            ["in", "out", "inout"].contains(&binding.direction.to_ascii_lowercase().as_str()),
            "the {} binding's \"direction\" is neither in nor out",
            binding.kind
        );
        ensure!(
            is_binding_name(&binding.name),
            "the {} binding's \"name\" must be a letter and then at most 127 letters or digits, or $return",
            binding.kind
        );
        let again = bindings[..index].iter().any(|other| other.name.eq_ignore_ascii_case(&binding.name));
        ensure!(!again, "two bindings are called \"{}\"", binding.name);
    }
    Ok(())
}

fn is_function_name(name: &str) -> bool {
    starts_with_letter(name) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_binding_name(name: &str) -> bool {
    name == "$return" || (starts_with_letter(name) && name.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// `^[A-Za-z]`, and no longer than the 128 that the host allows.
fn starts_with_letter(name: &str) -> bool {
    name.len() <= 128 && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod properties;
