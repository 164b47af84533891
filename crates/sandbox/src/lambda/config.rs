//! How a function is deployed, and the environment its process gets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// How one function is deployed.
#[derive(Debug, Clone)]
pub struct FunctionConfig {
    /// The function's name.
    pub name: String,
    /// The executable that stands where `bootstrap` would.
    pub binary: PathBuf,
    /// Arguments for it; a real `bootstrap` gets none.
    pub args: Vec<OsString>,
    /// The account the function lives in.
    pub account: String,
    /// The Region the function lives in.
    pub region: String,
    /// Reported to the function; not enforced.
    pub memory_mib: u32,
    /// How many invocations may run at once, each in a process of its own.
    pub concurrency: usize,
    /// The function's own settings; they win over everything the host sets.
    pub variables: BTreeMap<String, String>,
}

impl FunctionConfig {
    /// A function with Lambda's defaults and one invocation at a time.
    pub fn new(name: impl Into<String>, binary: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            binary: binary.into(),
            args: Vec::new(),
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            memory_mib: 128,
            concurrency: 1,
            variables: BTreeMap::new(),
        }
    }

    /// Where it lives.
    #[must_use]
    pub fn located_in(mut self, account: impl Into<String>, region: impl Into<String>) -> Self {
        self.account = account.into();
        self.region = region.into();
        self
    }

    /// Adds one environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The function's ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }

    /// The complete environment of the process: it inherits no variable of the developer.
    pub(super) fn environment(&self, runtime_api: &str) -> BTreeMap<String, String> {
        let home = self.binary.parent().map_or_else(|| "/".to_owned(), |it| it.display().to_string());
        let lambda = [
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_LAMBDA_FUNCTION_NAME", &self.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &self.memory_mib.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", &format!("sandbox/[$LATEST]{}", uuid::Uuid::new_v4().simple())),
            ("_HANDLER", "bootstrap"),
            ("LAMBDA_TASK_ROOT", &home),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", "ASIASANDBOXFUNCTION0"),
            ("AWS_SECRET_ACCESS_KEY", "sandbox"),
            ("AWS_SESSION_TOKEN", "sandbox"),
            // Lambda has no instance metadata either; a profile file must not be found by accident.
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
        ];
        let mut all: BTreeMap<_, _> =
            lambda.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        // Without this one, Windows opens no socket.
        if let (true, Ok(folder)) = (cfg!(windows), std::env::var("SystemRoot")) {
            all.insert("SystemRoot".to_owned(), folder);
        }
        all.extend(self.variables.clone());
        all
    }
}
