//! The HTTP client, and where its calls may go.

use std::ffi::OsString;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use v2only_enforcer::{Failure, Kind};

/// The one HTTPS client, with the one TLS stack.
pub(crate) fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// The client of an embedded AWS. Without TLS: a client with TLS panics where the machine has no root certificates.
pub(crate) fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// Whether the environment names endpoints, and all of them are ports of this machine without TLS.
pub fn environment_is_plain_http() -> bool {
    is_plain_http(variables())
}

fn is_plain_http(variables: impl Iterator<Item = (String, String)> + Clone) -> bool {
    let mut endpoints = variables.clone().filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL"));
    endpoints.all(|(_, value)| value.starts_with("http://")) && only_loopback(variables).is_ok()
}

/// The variables of the environment that are text.
pub(super) fn variables() -> impl Iterator<Item = (String, String)> + Clone {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect::<Vec<_>>().into_iter()
}

/// Fails unless every endpoint in the environment is on this machine and there is one for everything.
pub(super) fn only_loopback(variables: impl Iterator<Item = (String, String)>) -> Result<(), Failure> {
    let refuse = |why: String| Err(Failure::new(Kind::Unreachable, "", why));
    let mut everything = false;
    for (name, value) in variables.filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL")) {
        if !is_on_this_machine(&value) {
            return refuse(format!(
                "V2ONLY_LOOPBACK_ONLY is set, and {name} is `{value}`, not on this machine"
            ));
        }
        everything |= name == "AWS_ENDPOINT_URL";
    }
    if everything {
        return Ok(());
    }
    refuse(
        "V2ONLY_LOOPBACK_ONLY is set, and AWS_ENDPOINT_URL is not: set it to http://127.0.0.1:PORT"
            .to_owned(),
    )
}

/// Whether an endpoint is a port of this machine and nothing else.
pub(crate) fn is_on_this_machine(endpoint: &str) -> bool {
    let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    let port = host.and_then(|host| {
        ["127.0.0.1:", "localhost:", "[::1]:"].iter().find_map(|local| host.strip_prefix(local))
    });
    // Digits only: in `http://127.0.0.1:1@example.com` what looks like the host is a user.
    port.map(|port| port.strip_suffix('/').unwrap_or(port)).is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(variables: &[(&str, &str)]) -> Result<(), String> {
        only_loopback(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
            .map_err(|it| it.message)
    }

    #[test]
    fn tests_cannot_reach_the_real_aws() {
        assert!(loopback(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")]).is_ok());
        assert!(loopback(&[]).is_err());
        assert!(loopback(&[("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:4566")]).is_err());
        assert!(loopback(&[("AWS_ENDPOINT_URL", "https://ec2.eu-central-1.amazonaws.com")]).is_err());
        assert!(loopback(&[("AWS_ENDPOINT_URL", "http://127.0.0.1.example.com")]).is_err());
        assert!(loopback(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1@example.com")]).is_err());
        let mixed = [
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_STS", "https://sts.amazonaws.com"),
        ];
        assert!(loopback(&mixed).is_err());
    }

    #[test]
    fn tls_is_left_out_only_where_no_endpoint_has_it() {
        let plain = |variables: &[(&str, &str)]| {
            let owned: Vec<_> = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            is_plain_http(owned.into_iter())
        };
        assert!(plain(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("HOME", "/root")]));
        assert!(!plain(&[]));
        assert!(!plain(&[("AWS_ENDPOINT_URL", "https://127.0.0.1:4566")]));
        assert!(!plain(&[("AWS_ENDPOINT_URL", "http://proxy.example.com:80")]));
        let mixed =
            [("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:2")];
        assert!(!plain(&mixed));
    }
}
