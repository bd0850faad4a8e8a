//! How an HTTP request looks after it went through Azure's front end and host, and what becomes of the answer.

use crate::invocation::add_host_headers;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::net::SocketAddr;
use uuid::Uuid;

/// The longest request body, in bytes: Azure's `maxRequestBodySize`.
pub(crate) const BODY_LIMIT: u64 = 104_857_600;

/// What .NET's `UrlEncoder.Default` escapes.
const QUERY_ESCAPES: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'@');

/// They speak of one connection and so end with it (RFC 9110, section 7.6.1), or are written anew.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    header::CONTENT_LENGTH,
];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const CLIENT_IP: HeaderName = HeaderName::from_static("client-ip");
const X_CLIENT_IP: HeaderName = HeaderName::from_static("x-client-ip");

/// The path as the host sees it: dot segments resolved, odd characters escaped.
pub(crate) fn normal_path(uri: &Uri) -> String {
    // Only the path counts; the host is there to make it an absolute URL.
    url::Url::parse(&format!("http://localhost{}", uri.path()))
        .map_or_else(|_| "/".to_owned(), |url| url.path().to_owned())
}

/// The query as the host writes it anew: names that differ by case alone are one, its values joined by commas.
pub(crate) fn rebuilt_query(query: &str) -> String {
    let mut merged: Vec<(String, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match merged.iter_mut().find(|(known, _)| known.chars().map(upper).eq(name.chars().map(upper))) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => merged.push((name.into_owned(), value.into_owned())),
        }
    }
    let escape = |text: &str| utf8_percent_encode(text, QUERY_ESCAPES).to_string();
    merged.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

/// The capital of a letter as .NET's ordinal comparison knows it: one letter for one, so that `ß` is no `SS`.
fn upper(letter: char) -> char {
    let mut capital = letter.to_uppercase();
    match (capital.next(), capital.next()) {
        (Some(only), None) => only,
        _ => letter,
    }
}

/// The length of a body that the host will hand on; `None` for none, and for a chunked one, which it drops.
pub(crate) fn body_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()?;
    (length > 0).then_some(length)
}

/// Does what the front end does: the peer becomes the right-most forwarded address, whatever the client claims.
pub(crate) fn add_front_end_headers(headers: &mut HeaderMap, peer: SocketAddr) {
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let mut addresses: Vec<u8> = Vec::new();
    for claimed in headers.get_all(FORWARDED_FOR) {
        addresses.extend_from_slice(claimed.as_bytes());
        addresses.extend_from_slice(b", ");
    }
    addresses.extend_from_slice(peer.to_string().as_bytes());
    let values = [
        (FORWARDED_FOR, HeaderValue::from_bytes(&addresses)),
        (CLIENT_IP, HeaderValue::try_from(peer.to_string())),
        (X_CLIENT_IP, HeaderValue::try_from(peer.ip().to_string())),
        (FORWARDED_PROTO, Ok(HeaderValue::from_static("http"))),
    ];
    for (name, value) in values {
        headers.remove(&name);
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    }
}

/// The request for the handler, made from the client's after [`add_front_end_headers`].
pub(crate) fn to_handler(
    client: &request::Parts,
    path: &str,
    body: Bytes,
    port: u16,
    invocation_id: Uuid,
) -> http::Result<Request<Full<Bytes>>> {
    let query = rebuilt_query(client.uri.query().unwrap_or_default());
    let separator = if query.is_empty() { "" } else { "?" };
    let mut request = Request::builder()
        .method(client.method.clone())
        .uri(format!("http://127.0.0.1:{port}{path}{separator}{query}"))
        .body(Full::new(body))?;
    *request.headers_mut() = without_hop_by_hop(client.headers.clone());
    add_host_headers(request.headers_mut(), invocation_id);
    Ok(request)
}

/// The client's answer, made from the handler's.
pub(crate) fn to_client(handler: Response<Bytes>, method: &Method) -> Response<Full<Bytes>> {
    let (mut parts, body) = handler.into_parts();
    // An answer to HEAD tells the length of a body that it doesn't have.
    let told_length = parts.headers.get(header::CONTENT_LENGTH).filter(|_| method == Method::HEAD).cloned();
    parts.headers = without_hop_by_hop(parts.headers);
    parts.headers.extend(told_length.map(|length| (header::CONTENT_LENGTH, length)));
    parts.version = http::Version::HTTP_11;
    Response::from_parts(parts, Full::new(body))
}

/// An answer of the host's own, without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn without_hop_by_hop(mut headers: HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use url::form_urlencoded;

    #[test]
    fn the_query_is_merged_and_escaped_anew() {
        for (query, rebuilt) in [
            ("a=1&a=2", "a=1,2"),
            ("Limit=1&limit=2&q=x", "Limit=1,2&q=x"),
            ("q=S%C3%A3o+Paulo", "q=S%C3%A3o%20Paulo"),
            ("q=a%2Bb%26c%3Dd", "q=a%2Bb%26c%3Dd"),
            ("flag", "flag="),
            ("%C3%A9=1&%C3%89=2", "%C3%A9=1,2"),
            ("%C3%9F=1&SS=2", "%C3%9F=1&SS=2"),
            ("&&", ""),
        ] {
            assert_eq!(rebuilt_query(query), rebuilt, "{query}");
        }
    }

    #[test]
    fn dot_segments_are_gone_before_routing() {
        for (path, normal) in [("/a/../b", "/b"), ("/a/%2e%2E/b", "/b"), ("/../../b", "/b"), ("/a%2Fb//c", "/a%2Fb//c")]
        {
            assert_eq!(normal_path(&path.parse().unwrap()), normal, "{path}");
        }
    }

    #[test]
    fn the_peer_is_the_last_forwarded_address() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "10.0.0.1".parse().unwrap());
        headers.append("x-forwarded-for", "10.0.0.2".parse().unwrap());
        headers.append("client-ip", "10.0.0.3".parse().unwrap());
        headers.append("x-forwarded-proto", "https".parse().unwrap());
        add_front_end_headers(&mut headers, "[::1]:40000".parse().unwrap());
        assert_eq!(headers["x-forwarded-for"], "10.0.0.1, 10.0.0.2, [::1]:40000");
        assert_eq!(headers["client-ip"], "[::1]:40000");
        assert_eq!(headers["x-client-ip"], "::1");
        assert_eq!(headers.get_all("x-forwarded-proto").iter().collect::<Vec<_>>(), ["http"]);
    }

    #[test]
    fn headers_of_one_connection_stay_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("connection", "close, x-mine"), ("x-mine", "1"), ("te", "trailers"), ("cookie", "a=b")] {
            headers.insert(name, value.parse().unwrap());
        }
        let kept = without_hop_by_hop(headers);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["cookie"]);
    }

    proptest! {
        #[test]
        fn a_query_is_rebuilt_as_values_by_name(query in "(([aAbB]|%C3%A9)=([a-c]|%26|%3d|\\+|[;,~/%=-]){0,3}&){0,5}([aAbB=&%]|%C3%A9){0,6}") {
            let rebuilt = rebuilt_query(&query);
            prop_assert_eq!(rebuilt_query(&rebuilt), rebuilt.clone(), "once is enough");
            prop_assert!(Uri::try_from(format!("/?{rebuilt}")).is_ok(), "{}", rebuilt);
            let pairs = |query: &str| form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
            let (sent, told) = (pairs(&query), pairs(&rebuilt));
            let names: BTreeSet<String> = sent.iter().map(|(name, _)| name.to_lowercase()).collect();
            prop_assert_eq!(told.len(), names.len());
            for (name, values) in told {
                let own = sent.iter().filter(|(other, _)| other.to_lowercase() == name.to_lowercase());
                prop_assert_eq!(values, own.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(","));
            }
        }

        #[test]
        fn no_path_leads_upwards_or_changes_when_it_is_looked_at_again(path in "/(\\.|%2[eE]|[aA]|/|%2F|;|%20){0,14}") {
            let normal = normal_path(&path.parse().unwrap());
            prop_assert!(normal.starts_with('/'));
            for segment in normal.split('/') {
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
                prop_assert!(decoded != "." && decoded != "..", "{}", normal);
            }
            prop_assert_eq!(normal_path(&normal.parse().unwrap()), normal);
        }

        #[test]
        fn security_22_the_peer_is_the_last_address_whatever_the_client_claims(
            claims in vec(vec(prop_oneof![0x20_u8..=0x7e, 0x80_u8..=0xff], 0..30), 0..4), address: u128, port: u16,
        ) {
            let mut headers = HeaderMap::new();
            for claim in &claims {
                headers.append(FORWARDED_FOR, HeaderValue::from_bytes(claim).unwrap());
                headers.append(X_CLIENT_IP, HeaderValue::from_bytes(claim).unwrap());
            }
            let peer = SocketAddr::new(std::net::Ipv6Addr::from_bits(address).to_canonical(), port);
            add_front_end_headers(&mut headers, peer);
            let only = |name: &HeaderName| {
                let mut values = headers.get_all(name).iter();
                (values.next().unwrap().as_bytes().to_owned(), values.next().is_none())
            };
            let (forwarded, alone) = only(&FORWARDED_FOR);
            let last = forwarded.rsplit(|&byte| byte == b',').next().unwrap().trim_ascii();
            let written = peer.to_string();
            prop_assert_eq!((last, alone), (written.as_bytes(), true));
            prop_assert_eq!(only(&X_CLIENT_IP), (peer.ip().to_string().into_bytes(), true));
        }
    }
}
