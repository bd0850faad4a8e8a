//! Logging in to the ingestion endpoint by the handler's own identity: what each post carries, and when a token is replaced.

use std::sync::Arc;
use std::time::Duration;

use handler::clock::Clock as _;
use handler::secrets::https;
use handler::secrets::identity::IngestionTokens;
use handler::telemetry::Telemetry;
use handler::telemetry::wire::Way;
use tests::azure::{Azure, CLIENT_ID, IDENTITY_HEADER, INGESTION_TOKEN, Mood, renewed, tell};
use tests::ingestion::Ingestion;
use tests::{OwnDatabase, Person, Setup, TestApp, TestClock};
use tokio::runtime::Handle;

const ME: &str = "/api/v1/users/me";
const RESOURCE: &str = "monitor.azure.com%2F";
/// Longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(15);

/// Telemetry that logs in, its endpoint, its clock, and somebody who has work for it.
struct Story {
    azure: Arc<Azure>,
    telemetry: Telemetry,
    ingestion: Ingestion,
    clock: TestClock,
    ana: Person,
    /// How many requests had arrived when it began.
    before: usize,
    _app: TestApp,
}

impl Story {
    async fn begin(azure: Azure, client_id: Option<&str>) -> Self {
        let (azure, clock, ingestion) = (Arc::new(azure), TestClock::default(), Ingestion::start().await);
        ingestion.want_token(INGESTION_TOKEN);
        let network = Arc::clone(&azure);
        let tokens = IngestionTokens::new(azure.vars(), client_id.map(str::to_owned), move || network.network());
        let way = Way { connect: https::to_anywhere, tokens: Some(Arc::new(tokens)), runtime: Handle::current() };
        let telemetry = Telemetry::sent_to(&ingestion.settings(100), Arc::new(clock.clone()), way).unwrap();
        let setup = Setup { telemetry: Some(telemetry.clone()), ..Setup::default() };
        let app = TestApp::start(setup, OwnDatabase::migrated().await);
        let ana = app.joined_by("ana").await;
        telemetry.flush().await;
        let before = ingestion.of_kind("Request").len();
        Self { azure, telemetry, ingestion, clock, ana, before, _app: app }
    }

    /// Something to tell of, and that it is told.
    async fn goes_on(&self) {
        self.ana.get(ME).await.expect_status(200);
        self.telemetry.flush().await;
    }

    /// How many requests arrived since it began.
    fn arrived(&self) -> usize {
        self.ingestion.of_kind("Request").len() - self.before
    }

    /// The token of the last post.
    fn last_token(&self) -> String {
        let last = self.ingestion.authorizations().pop().flatten().unwrap();
        last.strip_prefix("Bearer ").unwrap().to_owned()
    }
}

#[test]
fn each_post_carries_the_token_of_the_identity() {
    tell(async |azure| {
        let story = Story::begin(azure, None).await;
        story.goes_on().await;
        let posts = story.ingestion.authorizations();
        assert!(posts.len() >= 2, "{posts:?}");
        assert!(posts.iter().all(|post| *post == Some(format!("Bearer {INGESTION_TOKEN}"))), "{posts:?}");
        assert_eq!(story.azure.tokens_for(RESOURCE), 1, "it is asked for once while it is good");
        assert_eq!(story.arrived(), 1);
        story.telemetry.finish(PATIENCE).await;
    });
}

#[test]
fn the_client_id_of_the_setting_chooses_among_identities() {
    tell(async |azure| {
        let story = Story::begin(azure, Some(CLIENT_ID)).await;
        let asked = story.azure.asked();
        assert!(asked.iter().any(|line| line.contains(RESOURCE) && line.contains(CLIENT_ID)), "{asked:?}");
        assert_eq!(story.last_token(), INGESTION_TOKEN);
        story.telemetry.finish(PATIENCE).await;
    });
}

#[test]
fn a_token_is_replaced_shortly_before_it_ends() {
    tell(async |azure| {
        let in_ten_minutes = TestClock::default().now().unix_timestamp() + 600;
        azure.tokens_end_at(in_ten_minutes);
        let story = Story::begin(azure, None).await;
        story.azure.renew_tokens();
        story.azure.tokens_end_at(in_ten_minutes + 3_600);
        story.clock.advance(Duration::from_mins(4));
        story.goes_on().await;
        assert_eq!((story.last_token().as_str(), story.azure.tokens_for(RESOURCE)), (INGESTION_TOKEN, 1));

        let next = renewed(INGESTION_TOKEN, 1);
        story.ingestion.want_token(&next);
        story.clock.advance(Duration::from_mins(2));
        for _ in 0..2 {
            story.goes_on().await;
            assert_eq!((story.last_token(), story.azure.tokens_for(RESOURCE)), (next.clone(), 2));
        }
        assert_eq!(story.arrived(), 3, "nothing was lost meanwhile");
        story.telemetry.finish(PATIENCE).await;
    });
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    tell(async |azure| {
        let story = Story::begin(azure, None).await;
        let next = renewed(INGESTION_TOKEN, 1);
        story.azure.renew_tokens();
        story.ingestion.want_token(&next);
        let before = story.ingestion.requests();
        story.goes_on().await;
        assert_eq!((story.last_token(), story.azure.tokens_for(RESOURCE)), (next, 2));
        assert_eq!((story.ingestion.requests(), story.arrived()), (before + 2, 1), "it was posted again, and arrived");

        story.ingestion.want_token("another one");
        let before = story.ingestion.requests();
        story.goes_on().await;
        assert_eq!(story.ingestion.requests(), before + 2, "a new token that is refused too is the end of it");
        assert_eq!(story.arrived(), 1);
        story.telemetry.finish(PATIENCE).await;
    });
}

#[test]
fn security_11_an_identity_without_a_token_costs_no_request_anything_and_is_told_of_without_secrets() {
    tell(async |azure| {
        azure.identity_is(Mood::Away);
        let mark = azure.log.mark();
        let story = Story::begin(azure, None).await;
        story.ana.get(ME).await.expect_status(200);
        let is_told = async {
            while !story.azure.log.text_since(mark).contains("telemetry does not get through") {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, is_told).await.unwrap();
        assert_eq!(story.ingestion.requests(), 0, "without a token nothing is posted");
        story.azure.identity_is(Mood::Well);
        let is_ana = |item: &serde_json::Value| item["data"]["baseData"]["name"] == "user_registered";
        story.ingestion.arrival("Event", is_ana).await;
        story.telemetry.finish(PATIENCE).await;

        let told = story.azure.log.lines_since(mark);
        let told: Vec<_> = told.iter().filter(|line| line["message"] == "telemetry does not get through").collect();
        assert_eq!(told.len(), 1, "once, and not at every try: {told:?}");
        assert!(told[0]["cause"].as_str().unwrap().contains("give the app a managed identity"), "{told:?}");
        let text = story.azure.log.text_since(mark);
        for secret in [INGESTION_TOKEN, IDENTITY_HEADER, "Bearer"] {
            assert_eq!(text.lines().find(|line| line.contains(secret)), None, "{secret:?} was logged");
        }
    });
}
