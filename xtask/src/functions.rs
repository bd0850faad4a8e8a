//! One function an operation: `functions/<Name>/function.json`, made from the OpenAPI document.
//!
//! The Functions host tries routes in the alphabetical order of the function's names and knows nothing of "more specific":
//! so path parameters carry a constraint by their type. Templates that several functions share list `options`, for CORS
//! preflights, only once, because their methods must be disjoint.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// What answers beyond the operations of the document: the document itself and its pages, and every unknown path and method
/// under `api/`, which has to be last in the alphabet.
const OTHERS: &[(&str, &str, &[&str])] = &[
    ("Docs", "docs", &["get"]),
    ("DocsAssets", "docs/assets/{folder}/{name}", &["get"]),
    ("OpenApi", "openapi.json", &["get"]),
    ("Redoc", "redoc", &["get"]),
    ("ZzApiFallback", "api/{*path}", &["get", "head", "post", "put", "patch", "delete", "options"]),
];

/// Every function's name and the text of its function.json.
pub(crate) fn all() -> Result<BTreeMap<String, String>> {
    let document = handler::app::openapi();
    let mut bindings: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().context("the document has no paths")? {
        for (method, operation) in item.as_object().context("a path without operations")? {
            let id =
                operation["operationId"].as_str().with_context(|| format!("{method} {path} has no operationId"))?;
            let template = template(path, operation)?;
            let clash = bindings.insert(pascal_case(id), (template, vec![method.clone()]));
            ensure!(clash.is_none(), "two operations are called {id}");
        }
    }
    let mut preflighted = BTreeSet::new();
    for (template, methods) in bindings.values_mut() {
        if preflighted.insert(template.clone()) {
            methods.push("options".to_owned());
        }
    }
    for (name, template, methods) in OTHERS {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        bindings.insert((*name).to_owned(), ((*template).to_owned(), methods));
    }
    bindings.into_iter().map(|(name, (template, methods))| Ok((name, render(&template, &methods)?))).collect()
}

/// Writes all of them into `folder`, and removes folders that no operation stands for.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let wanted = all()?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path().join("function.json");
        if path.is_file() && !wanted.contains_key(&name) && fs::read_to_string(&path)?.contains("\"httpTrigger\"") {
            fs::remove_dir_all(entry.path())?;
            println!("removed {name}");
        }
    }
    for (name, text) in &wanted {
        let path = folder.join(name).join("function.json");
        if fs::read_to_string(&path).ok().as_ref() != Some(text) {
            fs::create_dir_all(folder.join(name))?;
            fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
            println!("wrote {name}");
        }
    }
    println!("{} functions", wanted.len());
    Ok(())
}

/// The host's template for a path of the document: no leading slash, a constraint for each parameter.
fn template(path: &str, operation: &Value) -> Result<String> {
    let mut template = path.trim_start_matches('/').to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] != "path" {
            continue;
        }
        let name = parameter["name"].as_str().context("a parameter without a name")?;
        let schema = &parameter["schema"];
        let constraint = match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("integer"), _) => "int",
            (Some("string"), Some("uuid")) => "guid",
            other => anyhow::bail!("no constraint for the parameter {name} of {path}: {other:?}"),
        };
        template = template.replace(&format!("{{{name}}}"), &format!("{{{name}:{constraint}}}"));
    }
    Ok(template)
}

fn render(template: &str, methods: &[String]) -> Result<String> {
    let function = json!({
        "bindings": [
            {
                "type": "httpTrigger", "direction": "in", "name": "req",
                "authLevel": "anonymous", "methods": methods, "route": template,
            },
            { "type": "http", "direction": "out", "name": "res" },
        ],
    });
    Ok(serde_json::to_string_pretty(&function)? + "\n")
}

fn pascal_case(operation_id: &str) -> String {
    let mut letters = operation_id.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_functions_are_those_of_the_document() {
        let folder = crate::repository().join("functions");
        let committed: BTreeMap<String, String> = fs::read_dir(&folder)
            .unwrap()
            .map(Result::unwrap)
            .filter(|entry| entry.path().is_dir())
            .map(|entry| {
                let text = fs::read_to_string(entry.path().join("function.json")).unwrap();
                (entry.file_name().into_string().unwrap(), text)
            })
            .filter(|(_, text)| text.contains("\"httpTrigger\""))
            .collect();
        let wanted = all().unwrap();
        let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&committed), names(&wanted), "run `cargo xtask functions`");
        assert_eq!(committed, wanted, "run `cargo xtask functions`");
    }

    #[test]
    fn the_host_takes_every_operation_to_the_function_of_its_name() {
        let (root, folder) = (crate::repository(), tempfile::tempdir().unwrap());
        // The binary does not matter: nothing is started.
        devhost::stage(&root, &root.join("host.json"), folder.path()).unwrap();
        let settings = [("MATCH_SCAN_SCHEDULE".to_owned(), "0 */5 * * * *".to_owned())].into();
        let app = devhost::app::App::load(folder.path(), &settings).unwrap();
        let document = handler::app::openapi();
        for (template, item) in document["paths"].as_object().unwrap() {
            let path = template.replace("{session_id}", "00000000-0000-4000-8000-000000000000");
            let parts: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "7" } else { part }).collect();
            for (method, operation) in item.as_object().unwrap() {
                let method = method.to_uppercase().parse().unwrap();
                let taken = app.route(&method, &parts.join("/")).map(|(function, _)| function.name.clone());
                assert_eq!(taken, operation["operationId"].as_str().map(pascal_case), "{method} {template}");
            }
        }
    }

    #[test]
    fn ids_are_constrained_by_their_type() {
        let all = all().unwrap();
        assert!(all["UsersGetById"].contains(r#""route": "api/v1/users/{user_id:int}""#));
        assert!(all["AuthEndSession"].contains(r#""route": "api/v1/auth/sessions/{session_id:guid}""#));
    }

    #[test]
    fn the_fallback_is_the_last_that_the_host_tries() {
        assert_eq!(all().unwrap().keys().next_back().map(String::as_str), Some("ZzApiFallback"));
    }

    #[test]
    fn methods_of_one_template_are_disjoint_and_preflights_are_answered() {
        let mut by_template: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for text in all().unwrap().values() {
            let function: Value = serde_json::from_str(text).unwrap();
            let binding = &function["bindings"][0];
            let methods =
                binding["methods"].as_array().unwrap().iter().map(|method| method.as_str().unwrap().to_owned());
            by_template.entry(binding["route"].as_str().unwrap().to_owned()).or_default().extend(methods);
        }
        for (template, methods) in by_template {
            assert_eq!(methods.iter().collect::<BTreeSet<_>>().len(), methods.len(), "{template}: {methods:?}");
            let is_page = template == "openapi.json" || template.starts_with("docs") || template == "redoc";
            assert!(is_page || methods.contains(&"options".to_owned()), "{template}");
        }
    }
}
