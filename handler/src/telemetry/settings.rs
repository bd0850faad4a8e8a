//! Where telemetry goes, and how much of it.

use url::{Host, Url};
use uuid::Uuid;

/// Of a hundred requests that succeed, so many are told of unless `TELEMETRY_SAMPLING_PERCENT` says otherwise.
pub const DEFAULT_SAMPLING_PERCENT: u32 = 20;
/// The name that the application has in the portal's map unless the platform gives it one.
pub const DEFAULT_ROLE: &str = "travelmeetup";

/// Where telemetry goes, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetrySettings {
    /// `InstrumentationKey` of the connection string: which resource it is for. It lets one write and nothing else.
    pub key: Uuid,
    /// Where to post it: `IngestionEndpoint` of the connection string, with the path of version 2.1 of its protocol.
    pub track: Url,
    /// Of a hundred requests that succeed, so many are told of. Failures and what has to be known each time always are.
    pub percent: u32,
    /// `APPLICATIONINSIGHTS_AUTHENTICATION_STRING`: whether to log in, and as whom.
    pub login: Option<EntraLogin>,
    /// `WEBSITE_SITE_NAME`: the application's name in the portal.
    pub role: String,
    /// `WEBSITE_INSTANCE_ID`, or what a container is called: which of its instances this is.
    pub instance: String,
}

/// A login to the endpoint by a token of the app's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraLogin {
    /// The client id of the identity, if it is another than that of all else.
    pub client_id: Option<String>,
}

/// What is wrong with a setting, to be read after the name of its variable.
pub type Fault = &'static str;

/// The key and the address in a connection string of Application Insights, as the Azure portal gives it.
pub fn parse(connection_string: &str) -> Result<(Uuid, Url), Fault> {
    let (mut key, mut endpoint) = (None, None);
    for part in connection_string.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or("must be name=value pairs, parted by semicolons")?;
        match name.trim().to_ascii_lowercase().as_str() {
            "instrumentationkey" => key = Some(value.trim()),
            "ingestionendpoint" => endpoint = Some(value.trim()),
            "authorization" if !value.trim().eq_ignore_ascii_case("ikey") => {
                return Err("asks for a login: that belongs into APPLICATIONINSIGHTS_AUTHENTICATION_STRING");
            }
            _ => {}
        }
    }
    let key = key.and_then(|key| Uuid::parse_str(key).ok());
    let key = key.ok_or("must hold InstrumentationKey=<a UUID>: copy all of it from the Azure portal")?;
    let endpoint = endpoint.ok_or("must hold IngestionEndpoint=https://…: copy all of it from the Azure portal")?;
    let track = Url::parse(endpoint).ok().filter(is_safe).and_then(|base| base.join("v2.1/track").ok());
    Ok((key, track.ok_or("must have an https address as IngestionEndpoint, without user, query or path")?))
}

/// What `APPLICATIONINSIGHTS_AUTHENTICATION_STRING` asks for, which the Functions host reads too.
/// <https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string>
pub fn parse_login(text: &str) -> Result<EntraLogin, Fault> {
    const FORM: Fault = "must be Authorization=AAD, with ;ClientId=<a UUID> if the app has several identities";
    let (mut asked_for, mut client_id) = (false, None);
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or(FORM)?;
        match (name.trim().to_ascii_lowercase().as_str(), value.trim()) {
            ("authorization", value) if value.eq_ignore_ascii_case("aad") => asked_for = true,
            ("clientid", value) if Uuid::parse_str(value).is_ok() => client_id = Some(value.to_owned()),
            _ => return Err(FORM),
        }
    }
    if asked_for { Ok(EntraLogin { client_id }) } else { Err(FORM) }
}

/// Nothing goes over a network in the clear. To this machine itself it may.
fn is_safe(endpoint: &Url) -> bool {
    let is_here = match endpoint.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    (endpoint.scheme() == "https" || (endpoint.scheme() == "http" && is_here))
        && (endpoint.username(), endpoint.password(), endpoint.path(), endpoint.query(), endpoint.fragment())
            == ("", None, "/", None, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "InstrumentationKey=0f6c1d7e-58b4-4a59-9c02-3a7b6f1d2e43";

    #[test]
    fn the_portals_own_form_is_taken() {
        let portal = "IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;LiveEndpoint=https://\
                      westeurope.livediagnostics.monitor.azure.com/;ApplicationId=7a3c";
        let (key, track) = parse(&format!("{KEY};{portal}")).unwrap();
        assert_eq!(key.to_string(), "0f6c1d7e-58b4-4a59-9c02-3a7b6f1d2e43");
        assert_eq!(track.as_str(), "https://westeurope-5.in.applicationinsights.azure.com/v2.1/track");
        let bare = parse(&format!(" {} ; ingestionendpoint=http://127.0.0.1:4711;", KEY.to_lowercase()));
        assert_eq!(bare.unwrap().1.as_str(), "http://127.0.0.1:4711/v2.1/track");
    }

    #[test]
    fn security_30_what_is_not_whole_or_not_safe_is_refused() {
        for (text, told) in [
            ("hunter2", "name=value"),
            ("InstrumentationKey=hunter2;IngestionEndpoint=https://a.example/", "InstrumentationKey"),
            ("IngestionEndpoint=https://a.example/", "InstrumentationKey"),
            (KEY, "IngestionEndpoint"),
            (&format!("{KEY};IngestionEndpoint=http://a.example/"), "https"),
            (&format!("{KEY};IngestionEndpoint=http://127.0.0.1.a.example/"), "https"),
            (&format!("{KEY};IngestionEndpoint=https://hunter2@a.example/"), "without user"),
            (&format!("{KEY};IngestionEndpoint=https://a.example/?hunter2"), "query"),
            (&format!("{KEY};IngestionEndpoint=hunter2"), "https"),
            (&format!("{KEY};IngestionEndpoint=https://a.example/;Authorization=AAD"), "AUTHENTICATION_STRING"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.contains(told) && !fault.contains("hunter2"), "{text}: {fault}");
        }
    }

    #[test]
    fn a_login_is_asked_for_in_the_hosts_own_words() {
        let id = "5e29463d-71da-4fe0-8e69-999b57db23b0";
        assert_eq!(parse_login("Authorization=AAD"), Ok(EntraLogin { client_id: None }));
        let chosen = parse_login(&format!(" authorization = aad ; ClientId={id};"));
        assert_eq!(chosen, Ok(EntraLogin { client_id: Some(id.to_owned()) }));
        let client = format!("ClientId={id}");
        for text in ["hunter2", "Authorization=hunter2", "Authorization=AAD;ClientId=hunter2", ";", &client] {
            let fault = parse_login(text).unwrap_err();
            assert!(fault.contains("Authorization=AAD") && !fault.contains("hunter2"), "{text}: {fault}");
        }
    }
}
