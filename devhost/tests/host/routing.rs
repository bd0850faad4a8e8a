//! Which function answers, if any.

use crate::support::{TestApp, http, timer};
use serde_json::json;

#[tokio::test]
async fn the_first_function_by_name_wins_whatever_is_more_specific() {
    let mut hosted = TestApp::new()
        .function("B_UserById", &http(&["get"], "users/{id}"))
        .function("C_Me", &http(&["get"], "users/me"))
        .function("a_Search", &http(&["get"], "users/search"))
        .ready()
        .await;
    for (path, function) in [("/users/me", "B_UserById"), ("/users/search", "a_Search"), ("/users/7", "B_UserById")] {
        assert_eq!(hosted.get(path).await.status, 200);
        assert_eq!(hosted.lines.wait_for(&format!("GET {path} 200")).await.source, function);
    }
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_constraint_lets_the_other_have_it() {
    let mut hosted = TestApp::new()
        .function("ById", &http(&["get"], "users/{id:int}"))
        .function("Me", &http(&["get"], "users/me"))
        .ready()
        .await;
    for (path, function) in [("/users/me", "Me"), ("/USERS/Me/", "Me"), ("/users/-7", "ById")] {
        assert_eq!(hosted.get(path).await.status, 200);
        assert_eq!(hosted.lines.wait_for(&format!("GET {path} 200")).await.source, function);
    }
    assert_eq!(hosted.get("/users/you").await.status, 404);
    hosted.shutdown().await;
}

#[tokio::test]
async fn what_no_binding_lists_is_a_bare_404() {
    let hosted = TestApp::new().function("Get", &http(&["get"], "thing")).ready().await;
    for (method, path) in
        [("HEAD", "/thing"), ("POST", "/thing"), ("OPTIONS", "/thing"), ("GET", "/nothing"), ("GET", "/api/thing")]
    {
        let reply = hosted.call(method, path, &[], b"").await;
        assert_eq!((reply.status, reply.body.as_str()), (404, ""), "{method} {path}");
    }
    hosted.shutdown().await;
}

#[tokio::test]
async fn without_methods_any_will_do_and_the_prefix_counts() {
    let mut any = http(&[], "thing");
    any["bindings"][0].as_object_mut().unwrap().remove("methods");
    let app = TestApp::new().function("Any", &any).config("extensions", json!({}));
    let hosted = app.ready().await;
    assert_eq!(hosted.call("DELETE", "/api/thing", &[], b"").await.json()["target"], "/api/thing");
    assert_eq!(hosted.call("DELETE", "/thing", &[], b"").await.status, 404);
    hosted.shutdown().await;
}

#[tokio::test]
async fn without_a_route_it_is_the_name() {
    let mut unnamed = http(&["get"], "");
    unnamed["bindings"][0].as_object_mut().unwrap().remove("route");
    let hosted = TestApp::new().function("Ping", &unnamed).ready().await;
    assert_eq!(hosted.get("/ping").await.status, 200);
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_forgotten_auth_level_asks_for_a_key() {
    let mut locked = http(&["get"], "locked");
    locked["bindings"][0].as_object_mut().unwrap().remove("authLevel");
    let mut hosted = TestApp::new().function("Locked", &locked).ready().await;
    assert_eq!(hosted.get("/locked").await.status, 401);
    hosted.lines.wait_for("authLevel is not anonymous").await;
    hosted.shutdown().await;
}

#[tokio::test]
async fn the_hosts_own_paths_never_reach_the_handler() {
    let hosted = TestApp::new()
        .function("All", &http(&["get", "post"], "{*path}"))
        .function("Web", &http(&["get"], "web"))
        .ready()
        .await;
    let home = hosted.get("/").await;
    assert!(home.body.contains("All: GET, POST /{*path}\nWeb: GET /web\n"), "{home:?}");
    for path in ["/admin/functions/All2", "/admin/host/status", "/Runtime/webhooks", "/x/../admin/host/status"] {
        assert_eq!(hosted.get(path).await.status, 404, "{path}");
    }
    let by_hand = hosted.call("POST", "/admin/functions/web", &[], b"").await;
    assert_eq!(by_hand.status, 400);
    assert!(by_hand.body.contains("no timer"));
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_timers_path_is_no_route() {
    let hosted = TestApp::with_everything().function("TimerFine", &timer("0 0 0 1 1 *")).ready().await;
    for path in ["/TimerFine", "/timerfine/", "/x/../TimerFine", "/%54imerFine", "//TimerFine"] {
        assert_eq!(hosted.call("POST", path, &[], b"").await.status, 404, "{path}");
    }
    hosted.shutdown().await;
}
