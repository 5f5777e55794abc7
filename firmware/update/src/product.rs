//! What the product's maker decided: `/etc/hearth/product.json` in the verified root.
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Product {
    /// Always 1.
    pub schema: u32,
    /// Base URLs of servers, the first that answers is taken.
    pub servers: Vec<String>,
    /// Which updates the box follows.
    pub channel: String,
    /// Time servers.
    #[serde(default)]
    pub ntp: Vec<String>,
    /// Has a shell and an open port.
    #[serde(default)]
    pub development: bool,
    /// Seconds after which a box that reaches no server still counts as good.
    pub offline_grace_s: u32,
}

impl Product {
    /// Reads and checks it.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let wrong = |why: String| Error::Record { what: "product.json", why };
        let product: Self = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
        if product.schema != 1 {
            return Err(wrong("schema is not 1".to_owned()));
        }
        if product.channel.is_empty() || !product.channel.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(wrong("channel is not a plain name".to_owned()));
        }
        check_servers(&product.servers).map_err(wrong)?;
        Ok(product)
    }

    /// As it stands in the file.
    pub fn to_json(&self) -> Vec<u8> {
        crate::signed::json(self)
    }
}

/// Servers are spoken to by HTTP, with or without TLS.
pub(crate) fn check_servers(servers: &[String]) -> Result<(), String> {
    let bad =
        servers.iter().find(|s| s.strip_prefix("https://").or(s.strip_prefix("http://")).is_none_or(|rest| rest.is_empty()));
    bad.map_or(Ok(()), |s| Err(format!("server {s:?} is not an http or https URL")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checked_when_read() {
        let check = |json: &str, good: bool| assert_eq!(Product::parse(json.as_bytes()).is_ok(), good, "{json}");
        check(
            r#"{"schema":1,"servers":["http://10.0.2.2:8470"],"channel":"stable","ntp":[],"development":false,"offline-grace-s":120}"#,
            true,
        );
        check(r#"{"schema":1,"servers":[],"channel":"stable","offline-grace-s":120}"#, true);
        check(r#"{"schema":2,"servers":[],"channel":"stable","offline-grace-s":120}"#, false);
        check(r#"{"schema":1,"servers":["ftp://x"],"channel":"stable","offline-grace-s":120}"#, false);
        check(r#"{"schema":1,"servers":[],"channel":"a b","offline-grace-s":120}"#, false);
        check(r#"{"schema":1,"servers":[],"channel":"stable","offline-grace-s":120,"x":1}"#, false);
        check("", false);
    }
}
