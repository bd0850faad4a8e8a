//! Parameters, outputs and references of the templates, held together.

use std::collections::{BTreeMap, BTreeSet};

use crate::bicep::Template;
use crate::{read, repository};

/// All templates by their paths under `infrastructure/`.
fn templates() -> BTreeMap<String, String> {
    let modules = std::fs::read_dir(repository().join("infrastructure/modules")).unwrap();
    let modules = modules.map(|entry| format!("modules/{}", entry.unwrap().file_name().into_string().unwrap()));
    let paths = modules.chain(["main.bicep".to_owned()]);
    paths.map(|path| (path.clone(), read(&format!("infrastructure/{path}")))).collect()
}

/// All that does not fit.
fn faults(templates: &BTreeMap<String, String>) -> Vec<String> {
    let read: BTreeMap<&str, Template> =
        templates.iter().map(|(path, text)| (path.as_str(), Template::read(text))).collect();
    let mut faults = Vec::new();
    let mut called = BTreeSet::from(["main.bicep"]);
    for (path, template) in &read {
        faults.extend(template.loose_ends().into_iter().map(|fault| format!("{path}: {fault}")));
        for (symbol, call) in &template.modules {
            let Some((name, module)) = read.get_key_value(call.path.as_str()) else {
                faults.push(format!("{path}: there is no {}", call.path));
                continue;
            };
            called.insert(name);
            let unknown = call.params.iter().filter(|name| !module.params.contains_key(*name));
            faults.extend(unknown.map(|name| format!("{path}: {symbol} has no parameter {name}")));
            let needed = module.params.iter().filter(|(name, default)| !**default && !call.params.contains(*name));
            faults.extend(needed.map(|(name, _)| format!("{path}: {symbol} needs the parameter {name}")));
            let used = |output: &String| template.outputs_of.contains(&(symbol.clone(), output.clone()));
            let unused = module.outputs.iter().filter(|output| !used(output));
            faults.extend(unused.map(|output| format!("{path}: nothing uses {symbol}.outputs.{output}")));
        }
        for (symbol, output) in &template.outputs_of {
            let module = template.modules.get(symbol).and_then(|call| read.get(call.path.as_str()));
            if module.is_none_or(|module| !module.outputs.contains(output)) {
                faults.push(format!("{path}: {symbol} has no output {output}"));
            }
        }
    }
    faults.extend(read.keys().filter(|path| !called.contains(*path)).map(|path| format!("nothing calls {path}")));
    faults
}

#[test]
fn every_module_is_called_with_parameters_and_asked_for_outputs_that_it_has() {
    assert_eq!(faults(&templates()), Vec::<String>::new());
}

#[test]
fn a_fault_of_each_kind_is_seen() {
    for (file, good, bad, told) in [
        ("main.bicep", "    tags: tags\n", "", "monitoring needs the parameter tags"),
        ("main.bicep", "    skuName: ", "    sku: ", "sql has no parameter sku"),
        ("main.bicep", "sql.outputs.serverFqdn}", "sql.outputs.fqdn}", "sql has no output fqdn"),
        ("main.bicep", "modules/keyVault.bicep", "modules/vault.bicep", "there is no modules/vault.bicep"),
        ("main.bicep", "email: alertEmail", "email: alertsEmail", "alertsEmail is not declared"),
        ("main.bicep", "email: alertEmail", "email: ''", "the parameter alertEmail is not used"),
        ("modules/storage.bicep", "parent: blobs", "parent: blob", "blob is not declared"),
        ("modules/storage.bicep", "scope: blobs", "scope: bolbs", "bolbs is not declared"),
        ("modules/storage.bicep", "output name", "output names", "storage has no output name"),
        ("modules/keyVault.bicep", "param location", "param place", "location is not declared"),
        ("modules/alerts.bicep", "in questions:", "in asks:", "asks is not declared"),
        ("modules/roleAssignments.bicep", "role in appOnStorage", "role in appsOnStorage", "appsOnStorage is not"),
    ] {
        let mut templates = templates();
        let text = templates.get_mut(file).unwrap();
        assert!(text.contains(good), "{file} has no {good:?} to break");
        *text = text.replacen(good, bad, 1);
        let faults = faults(&templates);
        assert!(faults.iter().any(|fault| fault.contains(told)), "{file}, {bad:?}: {faults:?}");
    }
}

#[test]
fn nothing_secret_goes_in_or_comes_out() {
    for (path, text) in templates() {
        for word in ["@secure", "listKeys", "listSecrets", "listAccountSas", "administratorLoginPassword", "JWT_"] {
            assert!(!text.contains(word), "{path} has {word}");
        }
        let template = Template::read(&text);
        for name in template.params.keys().chain(&template.outputs) {
            let lower = name.to_lowercase();
            assert!(!["password", "secret", "token"].iter().any(|word| lower.contains(word)), "{path}: {name}");
        }
    }
}

#[test]
fn every_deployment_gives_the_parameters_that_main_needs_and_no_other() {
    let main = Template::read(&read("infrastructure/main.bicep"));
    let script = read("infrastructure/deploy");
    let given_by_script: BTreeSet<String> = script
        .lines()
        .filter_map(|line| line.trim_start().split_once("=\"$").map(|(name, _)| name.to_owned()))
        .collect();
    for environment in ["dev", "prod"] {
        let file: serde_json::Value =
            serde_json::from_str(&read(&format!("infrastructure/parameters.{environment}.json"))).unwrap();
        let values = file["parameters"].as_object().unwrap();
        assert_eq!(values["environment"]["value"], environment);
        let in_file: BTreeSet<String> = values.keys().cloned().collect();
        assert_eq!(in_file.intersection(&given_by_script).next(), None, "{environment}: given twice");
        let given: BTreeSet<String> = in_file.union(&given_by_script).cloned().collect();
        let known: BTreeSet<String> = main.params.keys().cloned().collect();
        assert_eq!(given.difference(&known).next(), None, "{environment}: main.bicep has no such parameter");
        let missing = main.params.iter().find(|(name, default)| !**default && !given.contains(*name));
        assert_eq!(missing, None, "{environment}: main.bicep needs it");
    }
}
