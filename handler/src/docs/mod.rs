//! The documentation as pages: `/docs` (Swagger UI, where everything can be tried out) and `/redoc` (Redoc, to be read).
//!
//! Everything comes from this binary, so that the pages work offline and nobody else learns who reads them. What others
//! wrote lies compressed in `assets/`; `tests/browser/vendor` puts it there. Its paths name its version, and those of our
//! own files a digest of them, so that browsers keep all of it for ever.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A page is asked for again each time: it names the assets that belong to it.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// A year, in seconds: the path of an asset changes with what it holds.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// No browser of this century is without gzip, and there is no second copy for what is none.
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Where the assets are.
const ASSETS_PATH: &str = "/docs/assets";
/// What stands in the pages for the folder of our own files.
const OWN_FOLDER: &str = "{own}";

/// Scripts, styles and requests of this server alone. Swagger UI makes its pictures itself.
const SWAGGER_UI_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// As above. Redoc makes an empty element and writes its styles into it by script, and one with the styles of its scroll
/// bars: the digests are those of nothing and of these. It searches in a worker that it makes from its own text.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' \
     'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; worker-src blob:; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file that a page needs.
struct Asset {
    /// The folder in its path: its version; empty for our own.
    folder: &'static str,
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($folder:literal, $name:literal, $file:literal, $kind:expr) => {
        Asset { folder: $folder, name: $name, kind: $kind, bytes: include_bytes!(concat!("assets/", $file)) }
    };
}

/// What others wrote, compressed.
const VENDORED: [Asset; 3] = [
    asset!("swagger-ui-5.35.0/", "swagger-ui-bundle.js", "swagger-ui-bundle.js.gz", JAVASCRIPT),
    asset!("swagger-ui-5.35.0/", "swagger-ui.css", "swagger-ui.css.gz", CSS),
    asset!("redoc-2.5.4/", "redoc.standalone.js", "redoc.standalone.js.gz", JAVASCRIPT),
];

/// What we wrote.
const OWN: [Asset; 4] = [
    asset!("", "pages.css", "pages.css", CSS),
    asset!("", "icon.svg", "icon.svg", SVG),
    asset!("", "swagger-ui.js", "swagger-ui.js", JAVASCRIPT),
    asset!("", "redoc.js", "redoc.js", JAVASCRIPT),
];

/// The folder of our own files: the beginning of their digest.
static OWN_DIGEST: LazyLock<String> = LazyLock::new(|| {
    let digest = OWN.iter().fold(Sha256::new(), |digest, asset| digest.chain_update(asset.bytes)).finalize();
    format!("{:016x}", digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
});

/// The routes of the pages.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/docs", get(async || page(include_str!("assets/docs.html"), SWAGGER_UI_POLICY)))
        .route("/redoc", get(async || page(include_str!("assets/redoc.html"), REDOC_POLICY)))
        .route(&format!("{ASSETS_PATH}/{{folder}}/{{name}}"), get(asset))
}

fn page(html: &str, policy: &'static str) -> Response {
    let headers =
        [(CONTENT_TYPE, HTML), (CACHE_CONTROL, ASK_AGAIN), (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))];
    (headers, html.replace(OWN_FOLDER, &OWN_DIGEST)).into_response()
}

async fn asset(Path((folder, name)): Path<(String, String)>) -> Result<Response> {
    let vendored = VENDORED.iter().find(|asset| asset.folder.trim_end_matches('/') == folder && asset.name == name);
    let own = OWN.iter().find(|asset| *OWN_DIGEST == folder && asset.name == name);
    let asset = vendored.or(own).ok_or(Error::NotFound("asset"))?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(asset.kind)), (CACHE_CONTROL, FOR_EVER)];
    let compressed = vendored.map(|_| [(CONTENT_ENCODING, GZIP)]);
    Ok((headers, compressed, asset.bytes).into_response())
}
