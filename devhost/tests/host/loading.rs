//! What is loaded from the script root, and what is refused.

use crate::support::{TestApp, http, timer};
use devhost::Host;
use serde_json::{Value, json};

#[tokio::test]
async fn only_children_with_a_function_json_are_functions() {
    let hosted = TestApp::new()
        .function("One", &http(&["get"], "one"))
        .function("nested/Two", &http(&["get"], "two"))
        .file("notes/readme.txt", "")
        .ready()
        .await;
    let page = hosted.get("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("One: GET /one") && !page.body.contains("Two") && !page.body.contains("notes"),
        "{page:?}"
    );
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_disabled_function_is_not_there() {
    let mut off = http(&["get"], "off");
    off["disabled"] = json!(true);
    let hosted = TestApp::new()
        .function("On", &http(&["get"], "on"))
        .function("Off", &off)
        .function("OffBySetting", &http(&["get"], "off2"))
        .setting("AzureWebJobs.OffBySetting.Disabled", "true")
        .ready()
        .await;
    assert_eq!(
        [hosted.get("/on").await.status, hosted.get("/off").await.status, hosted.get("/off2").await.status],
        [200, 404, 404]
    );
    hosted.shutdown().await;
}

#[tokio::test]
async fn faulty_bindings_are_refused_by_name() {
    let binding = |change: &dyn Fn(&mut Value)| {
        let mut function = http(&["get"], "fine");
        change(&mut function);
        function
    };
    let cases = [
        ("1st", http(&["get"], "x"), "1st: a function's name"),
        ("A", json!({"bindings": []}), "no bindings"),
        ("A", json!({}), "function.json can't be read"),
        ("A", binding(&|f| f["bindings"][0]["direction"] = json!("out")), "direction"),
        ("A", binding(&|f| f["bindings"][0]["name"] = json!("my req")), "\"name\""),
        ("A", binding(&|f| f["bindings"][1]["name"] = json!("REQ")), "two bindings are called"),
        ("A", binding(&|f| drop(f["bindings"].as_array_mut().unwrap().pop())), "exactly one binding"),
        ("A", binding(&|f| f["bindings"][0]["type"] = json!("queueTrigger")), "queueTrigger"),
        ("A", binding(&|f| f["bindings"][0]["methods"] = json!(["FETCH"])), "FETCH"),
        ("A", binding(&|f| f["bindings"][0]["authLevel"] = json!("none")), "authLevel"),
        ("A", http(&["get"], "admin/users"), "starts with \"admin\""),
        ("A", http(&["get"], "Administrators"), "starts with \"admin\""),
        ("A", http(&["get"], "/runtime"), "starts with \"runtime\""),
        ("A", http(&["get"], "users/{id:number}"), "number"),
        ("A", timer("* * * * *"), "five fields instead of six"),
        ("A", timer("%NOT_SET%"), "NOT_SET"),
        ("A", json!({"bindings": [{"type": "timerTrigger", "direction": "in", "name": "t"}]}), "no \"schedule\""),
    ];
    for (name, function, words) in cases {
        let words = words.replace("five", "5");
        let refusal = TestApp::new().function(name, &function).refusal().await;
        assert!(refusal.contains(&words), "{words}: {refusal}");
        assert!(refusal.contains(&format!("{name}: ")), "{refusal}");
    }
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let app = TestApp::new().function("A", &http(&["get"], "admin")).function("B", &timer("never"));
    let refusal = app.refusal().await;
    assert!(refusal.contains("A: ") && refusal.contains("B: "), "{refusal}");
}

#[tokio::test]
async fn the_same_route_needs_other_methods() {
    let clash = TestApp::new()
        .function("First", &http(&["get", "put"], "users/{id:int}"))
        .function("Second", &http(&["PUT"], "Users/{user_id:int}"))
        .refusal()
        .await;
    assert!(clash.contains("Second: its route /Users/{user_id:int} is taken by First"), "{clash}");
    let hosted = TestApp::new()
        .function("First", &http(&["get"], "users/{id:int}"))
        .function("Second", &http(&["put"], "users/{id:int}"))
        .ready()
        .await;
    assert_eq!(hosted.call("PUT", "/users/1", &[], b"").await.status, 200);
    hosted.shutdown().await;
}

#[tokio::test]
async fn no_route_may_reach_a_timer() {
    for route in ["MatchScan", "matchscan", "{name}", "{*path}", "{name:alpha}", "{name:length(9)}", "MatchScan/{x?}"] {
        let app = TestApp::new().function("Open", &http(&["get"], route)).function("MatchScan", &timer("0 * * * * *"));
        let refusal = app.refusal().await;
        assert!(refusal.contains("matches /MatchScan"), "{route}: {refusal}");
    }
    let harmless = TestApp::new()
        .function("Open", &http(&["get"], "api/{*path}"))
        .function("Number", &http(&["get"], "{id:int}"))
        .function("MatchScan", &timer("0 * * * * *"));
    harmless.ready().await.shutdown().await;
}

#[tokio::test]
async fn a_schedule_may_be_a_setting() {
    let hosted = TestApp::new().function("Scan", &timer("%SCAN%")).setting("SCAN", "00:30:00").ready().await;
    assert!(hosted.get("/").await.body.contains("Scan: timer 00:30:00"));
    hosted.shutdown().await;
}

#[tokio::test]
async fn host_json_and_the_app_must_be_there() {
    assert!(TestApp::new().refusal().await.contains("holds no function"));
    let no_version = TestApp::new().function("A", &http(&["get"], "a")).config("version", json!("1.0"));
    assert!(no_version.refusal().await.contains("\"version\" must be \"2.0\""));
    let folder = tempfile::tempdir().unwrap();
    let nothing = Host::start(devhost::HostOptions::new(folder.path())).await;
    assert!(format!("{:#}", nothing.err().unwrap()).contains("host.json can't be read"));
}
