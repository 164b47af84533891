//! A client that knows only HTTP, so that nothing of the sandbox tests itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::{AMAZON_LINUX_2, Config, Sandbox};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const OTHER: &str = "222233334444";
pub(super) const REGION: &str = "eu-central-1";

/// A sandbox and a caller in one account and Region.
pub(super) struct Aws {
    pub(super) sandbox: Sandbox,
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    key: Option<String>,
    patience: Duration,
}

/// An answer: the status and the text.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

pub(super) fn aws() -> Aws {
    aws_with(|_| {})
}

pub(super) fn aws_with(change: impl FnOnce(&mut Config)) -> Aws {
    let mut config = Config::default();
    change(&mut config);
    Aws {
        sandbox: Sandbox::start(config).unwrap(),
        account: ACCOUNT,
        region: REGION,
        key: None,
        patience: Duration::from_secs(30),
    }
}

impl Aws {
    pub(super) fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.query("ec2", "2016-11-15", action, parameters)
    }

    pub(super) fn autoscaling(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.query("autoscaling", "2011-01-01", action, parameters)
    }

    pub(super) fn sts(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.query("sts", "2011-06-15", action, parameters)
    }

    pub(super) fn json(&self, service: &str, target: &str, body: &Value) -> Reply {
        let headers = format!("X-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.1\r\n");
        self.send(&format!("{headers}{}", self.authorization(service)), &body.to_string()).unwrap()
    }

    fn query(&self, service: &str, version: &str, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.try_query(service, version, action, parameters).unwrap()
    }

    /// `None` when the connection ends without an answer.
    pub(super) fn try_query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Option<Reply> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("Action", action).append_pair("Version", version).extend_pairs(parameters);
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n{}",
            self.authorization(service)
        );
        self.send(&headers, &body.finish())
    }

    fn authorization(&self, service: &str) -> String {
        let key = self.key.as_deref().unwrap_or(self.account);
        format!(
            "Authorization: AWS4-HMAC-SHA256 Credential={key}/20261101/{}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00\r\n",
            self.region
        )
    }

    pub(super) fn send(&self, headers: &str, body: &str) -> Option<Reply> {
        let address = self.sandbox.endpoint().replace("http://", "");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(self.patience)).unwrap();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        let read = stream.read_to_string(&mut text);
        let (head, body) = text.split_once("\r\n\r\n")?;
        read.ok()?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }

    /// The same AWS, with a caller that does not wait long.
    pub(super) fn impatient(self) -> Self {
        Self { patience: Duration::from_millis(500), ..self }
    }

    /// The same AWS, called from another account.
    pub(super) fn called_from(self, account: &'static str) -> Self {
        Self { account, ..self }
    }

    /// The same AWS, called in another Region.
    pub(super) fn in_region(self, region: &'static str) -> Self {
        Self { region, ..self }
    }

    /// The same AWS, called with another access key.
    pub(super) fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.sandbox.advance(Duration::from_secs(seconds));
    }

    /// Launches one instance with these further parameters and returns its id.
    #[track_caller]
    pub(super) fn launched(&self, parameters: &[(&str, &str)]) -> String {
        self.launch(parameters).ok().text("instanceId")
    }

    pub(super) fn launch(&self, parameters: &[(&str, &str)]) -> Reply {
        let image = [("ImageId", AMAZON_LINUX_2)];
        let named =
            parameters.iter().any(|(name, _)| *name == "ImageId" || name.starts_with("LaunchTemplate"));
        let counted = parameters.iter().any(|(name, _)| *name == "MinCount");
        let mut all = parameters.to_vec();
        if !named {
            all.extend(image);
        }
        if !counted {
            all.extend([("MinCount", "1"), ("MaxCount", "1")]);
        }
        self.ec2("RunInstances", &all)
    }

    /// Launches an instance and waits until it runs.
    pub(super) fn running(&self) -> String {
        let id = self.launched(&[]);
        self.wait(10);
        id
    }

    /// `(HttpTokens, hop limit)` of an instance as described.
    #[track_caller]
    pub(super) fn tokens_and_hops(&self, id: &str) -> (String, String) {
        let described = self.ec2("DescribeInstances", &[("InstanceId.1", id)]).ok();
        (described.text("httpTokens"), described.text("httpPutResponseHopLimit"))
    }

    /// The `detail` of the last API call event.
    #[track_caller]
    pub(super) fn last_record(&self) -> Value {
        let events = self.sandbox.events();
        let mut records = events.into_iter().rev();
        let last = records.find(|event| event["detail-type"] == "AWS API Call via CloudTrail");
        last.unwrap()["detail"].clone()
    }
}

impl Reply {
    #[track_caller]
    pub(super) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    /// The text of the first element of this name.
    #[track_caller]
    pub(super) fn text(&self, name: &str) -> String {
        self.texts(name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {}", self.body))
    }

    /// The texts of all elements of this name.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        let mut found = Vec::new();
        let mut rest = self.body.as_str();
        while let Some((_, after)) = rest.split_once(&start) {
            let Some((text, after)) = after.split_once(&end) else { break };
            found.push(text.to_owned());
            rest = after;
        }
        found
    }

    pub(super) fn document(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The error code of any protocol.
    #[track_caller]
    pub(super) fn code(&self) -> String {
        assert_ne!(self.status, 200, "{}", self.body);
        match serde_json::from_str::<Value>(&self.body) {
            Ok(document) => document["__type"].as_str().unwrap().to_owned(),
            Err(_) => self.text("Code"),
        }
    }

    #[track_caller]
    pub(super) fn message(&self) -> String {
        self.text("Message")
    }
}
