//! The pages of the documentation, as they leave the handler. What they look like in a browser is looked at by
//! `tests/browser/run`.

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use tests::TestApp;
use tower::ServiceExt as _;

struct Page {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Page {
    async fn of(app: &TestApp, path: &str) -> Self {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = app.router().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Self { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// Where its links, pictures, styles and scripts are.
    fn addresses(&self) -> Vec<&str> {
        let parts = self.text().split(['"']).collect::<Vec<_>>();
        let named = parts.windows(2).filter(|pair| pair[0].ends_with("href=") || pair[0].ends_with("src="));
        named.map(|pair| pair[1]).collect()
    }
}

#[tokio::test]
async fn the_pages_have_everything_from_here_and_lead_to_each_other() {
    let app = TestApp::new().await;
    let home = app.anonymous().get("/").await.expect_status(200).json();
    for path in ["/docs", "/redoc"] {
        assert_eq!(home[path.trim_start_matches('/')], path, "/ names the pages");
        let page = Page::of(&app, path).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        assert!(page.text().contains(r#"<meta name="viewport" content="width=device-width, initial-scale=1">"#));
        let addresses = page.addresses();
        for other in ["/docs", "/redoc", "/openapi.json"] {
            assert!(addresses.contains(&other), "{path} does not lead to {other}: {addresses:?}");
        }
        assert!(addresses.len() > 6, "{addresses:?}");
        for address in addresses {
            assert!(address.starts_with('/') && !address.starts_with("//"), "{path} needs {address}");
            assert_eq!(Page::of(&app, address).await.status, 200, "{path} needs {address}");
        }
    }
}

#[tokio::test]
async fn security_20_the_pages_run_no_script_but_their_own() {
    let app = TestApp::new().await;
    for path in ["/docs", "/redoc"] {
        let page = Page::of(&app, path).await;
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.split("; ").any(|directive| directive == part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
        assert!(!page.text().contains("<script>") && !page.text().contains("style="), "{path} has something inline");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_because_their_paths_change_with_them() {
    let app = TestApp::new().await;
    let (mut compressed, mut kinds) = (0, Vec::new());
    for path in ["/docs", "/redoc"] {
        let page = Page::of(&app, path).await;
        for address in page.addresses().into_iter().filter(|address| address.starts_with("/docs/assets/")) {
            let asset = Page::of(&app, address).await;
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable", "{address}");
            let is_gzip = asset.bytes.starts_with(&[0x1f, 0x8b]);
            assert_eq!(asset.header("content-encoding") == "gzip", is_gzip, "{address}");
            assert_eq!(asset.headers.get_all("content-type").iter().count(), 1, "{address}");
            compressed += usize::from(is_gzip);
            kinds.push(asset.header("content-type").to_owned());
        }
    }
    assert_eq!(compressed, 3);
    for kind in ["text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
    for path in
        ["/docs/assets/redoc-0.0.0/redoc.standalone.js", "/docs/assets/redoc-2.5.4/other.js", "/docs/assets//pages.css"]
    {
        assert_eq!(Page::of(&app, path).await.status, 404, "{path}");
    }
}
