//! `GET /users/search?q=`

use serde_json::{Value, json};
use tests::{Person, TestApp};

/// What a client has to encode in a query.
fn encoded(q: &str) -> String {
    url::form_urlencoded::byte_serialize(q.as_bytes()).collect()
}

/// The names that a search finds, in its order.
async fn found(person: &Person, q: &str) -> Vec<String> {
    let answer = person.get(&format!("/api/v1/users/search?limit=100&q={}", encoded(q))).await;
    let data = answer.expect_status(200).data();
    assert_eq!(answer.json()["pagination"]["total"], data.len(), "{q}");
    data.iter().map(|user| user["display_name"].as_str().unwrap().to_owned()).collect()
}

/// Somebody who searches among people of these names (`p0@example.org`, `p1@example.org`, …).
async fn among(names: &[&str]) -> (TestApp, Person) {
    let (app, [seeker]) = TestApp::with_users(["seeker"]).await;
    for (number, name) in names.iter().enumerate() {
        let body =
            json!({ "email": format!("p{number}@example.org"), "password": tests::PASSWORD, "display_name": name });
        app.anonymous().post("/api/v1/auth/register", &body).await.expect_status(201);
    }
    (app, seeker)
}

#[tokio::test]
async fn every_word_has_to_start_a_word_of_the_name() {
    let (_app, seeker) = among(&["Jane Smith", "Jane Doe", "Smith Janet", "Mary-Jane O'Smithy", "Sjane Smith"]).await;
    assert_eq!(found(&seeker, "jane").await, ["Jane Doe", "Jane Smith", "Mary-Jane O'Smithy", "Smith Janet"]);
    assert_eq!(found(&seeker, "jane smi").await, ["Jane Smith", "Mary-Jane O'Smithy", "Smith Janet"]);
    assert_eq!(found(&seeker, "smi jane").await, ["Jane Smith", "Mary-Jane O'Smithy", "Smith Janet"]);
    assert_eq!(found(&seeker, "jane doe").await, ["Jane Doe"]);
    assert_eq!(found(&seeker, "o smithy").await, ["Mary-Jane O'Smithy"]);
    assert_eq!(found(&seeker, "jane smith doe").await, Vec::<String>::new());
    assert_eq!(found(&seeker, "ane").await, Vec::<String>::new(), "the middle of a word is no start");
}

#[tokio::test]
async fn case_and_diacritics_do_not_matter() {
    let (_app, seeker) =
        among(&["Zoë Müller", "Łukasz Żak", "Straße 7", "İpek", "한글 이름", "Ελένη Σίσυφος", "Ａｎａ"]).await;
    for (q, name) in [
        ("zoe", "Zoë Müller"),
        ("ZOË MULL", "Zoë Müller"),
        ("zoe\u{308}", "Zoë Müller"),
        ("zak", "Łukasz Żak"),
        ("STRASSE", "Straße 7"),
        ("ipek", "İpek"),
        ("한글", "한글 이름"),
        ("σισυφοσ ελενη", "Ελένη Σίσυφος"),
        ("ana", "Ａｎａ"),
    ] {
        assert_eq!(found(&seeker, q).await, [name], "{q}");
    }
}

#[tokio::test]
async fn a_whole_email_finds_its_owner_and_a_part_of_it_nobody() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    app.joined_as("First.Last+tag@example.org", "Somebody").await;
    assert_eq!(found(&ana, "ben@example.org").await, ["Ben"]);
    assert_eq!(found(&ana, " BEN@Example.ORG ").await, ["Ben"]);
    assert_eq!(found(&ana, "first.last+tag@example.org").await, ["Somebody"]);
    for q in [
        "@example.org",
        "example",
        "ben@example",
        "ben@example.or",
        "xben@example.org",
        "first.last@example.org",
        "org",
    ] {
        assert_eq!(found(&ana, q).await, Vec::<String>::new(), "{q}");
    }
    assert_eq!(found(&ana, &ana.email).await, Vec::<String>::new(), "never oneself");
    assert_eq!(found(&ben, &ana.email).await, ["Ana"]);
}

#[tokio::test]
async fn a_name_that_reads_like_an_email_is_found_by_its_words() {
    let (_app, seeker) = among(&["ben example org"]).await;
    assert_eq!(found(&seeker, "ben@example.org").await, ["ben example org"]);
}

#[tokio::test]
async fn nobody_finds_oneself() {
    let (app, [ana, _ben]) = TestApp::with_users(["ana", "ben"]).await;
    app.joined_as("other@example.org", "Ana").await;
    let answer = ana.get("/api/v1/users/search?q=ana").await.expect_status(200).json();
    assert_eq!(answer["pagination"]["total"], 1);
    assert_ne!(answer["data"][0]["id"], ana.id);
}

#[tokio::test]
async fn wildcards_are_no_wildcards() {
    let (_app, seeker) = among(&["Alice", "100% Bob", "snake_case", "[abc]", "O'Hara; DROP TABLE users --"]).await;
    for (q, names) in [
        ("%%", None),
        ("__", None),
        ("[a-z]", Some(vec![])),
        ("a%", Some(vec!["[abc]", "Alice"])),
        ("a_", Some(vec!["[abc]", "Alice"])),
        ("a%ce", Some(vec![])),
        ("al_ce", Some(vec![])),
        ("100%", Some(vec!["100% Bob"])),
        ("snake_c", Some(vec!["snake_case"])),
        ("' OR 1=1 --", Some(vec![])),
        ("o'hara; drop", Some(vec!["O'Hara; DROP TABLE users --"])),
        ("\\\\", None),
    ] {
        if let Some(names) = names {
            assert_eq!(found(&seeker, q).await, names, "{q}");
        } else {
            seeker.get(&format!("/api/v1/users/search?q={}", encoded(q))).await.expect_fault("q");
        }
    }
}

#[tokio::test]
async fn the_search_has_two_to_a_hundred_characters_and_a_word() {
    let (_app, ana) = among(&["ab"]).await;
    for q in ["", "a", " a ", "é", "🌍", "--", "🌍🌍", "a\nb", "a\tb", "a\0b"] {
        ana.get(&format!("/api/v1/users/search?q={}", encoded(q))).await.expect_fault("q");
    }
    ana.get(&format!("/api/v1/users/search?q={}", "x".repeat(101))).await.expect_fault("q");
    ana.get("/api/v1/users/search").await.expect_fault("q");
    ana.get("/api/v1/users/search?q=ab&q=cd").await.expect_fault("q");
    ana.get("/api/v1/users/search?q=%FF%FE").await.expect_fault("q");
    for q in ["ab", " ab ", &"x".repeat(100), &format!(" {} ", "é".repeat(100)), "a b"] {
        ana.get(&format!("/api/v1/users/search?q={}", encoded(q))).await.expect_status(200);
    }
    assert_eq!(found(&ana, " AB ").await, ["ab"], "trimmed first");
    assert_eq!(found(&ana, "a+b").await, Vec::<String>::new());
}

#[tokio::test]
async fn all_faults_of_a_query_are_told_at_once() {
    let (_app, ana) = among(&[]).await;
    let answer = ana.get("/api/v1/users/search?q=a&limit=101&offset=x").await;
    assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), ["q", "limit", "offset"]);
    for (name, values) in
        [("limit", &["0", "101", "-1", "1.5", "", "ten"][..]), ("offset", &["-1", "2147483648", "", "x"])]
    {
        for value in values {
            let answer = ana.get(&format!("/api/v1/users/search?q=ab&{name}={value}")).await;
            assert_eq!(answer.expect_fault(name).fields_at_fault(), [name], "{value}");
        }
    }
}

#[tokio::test]
async fn the_order_is_by_name_and_total() {
    let names = ["Zed", "anna B", "Ána A", "ANA C", "Åna", "ana a", "Anna", "ana a"];
    let (_app, seeker) = among(&names).await;
    let all = seeker.get("/api/v1/users/search?q=an&limit=100").await.expect_status(200).data();
    let keys: Vec<(String, i64)> = all
        .iter()
        .map(|user| (handler::text::fold(user["display_name"].as_str().unwrap()), user["id"].as_i64().unwrap()))
        .collect();
    assert_eq!(keys.len(), 7);
    assert!(keys.is_sorted(), "by the name without case and diacritics, then by id: {keys:?}");

    let mut seen: Vec<Value> = Vec::new();
    for offset in 0..7 {
        let page = seeker.get(&format!("/api/v1/users/search?q=an&limit=1&offset={offset}")).await.json();
        let expected = json!({ "limit": 1, "offset": offset, "total": 7, "has_more": offset < 6 });
        assert_eq!(page["pagination"], expected);
        seen.extend(page["data"].as_array().unwrap().clone());
    }
    assert_eq!(seen, all);
    let beyond = seeker.get("/api/v1/users/search?q=an&offset=7").await.expect_status(200).json();
    assert_eq!(
        beyond,
        json!({ "data": [], "pagination": { "limit": 20, "offset": 7, "total": 7, "has_more": false } })
    );
}

#[tokio::test]
async fn a_new_name_is_found_and_the_old_one_is_not() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.put("/api/v1/users/me", &json!({ "display_name": "Maria Silva" })).await.expect_status(200);
    assert_eq!(found(&ben, "maria sil").await, ["Maria Silva"]);
    assert_eq!(found(&ben, "ana").await, Vec::<String>::new());
    ana.put("/api/v1/users/me", &json!({ "bio": "x" })).await.expect_status(200);
    assert_eq!(found(&ben, "silva").await, ["Maria Silva"], "another change leaves the words alone");
}
