//! The world of a person at a terminal. Outside of the demo, this is the only file that names `v2only-aws`.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use v2only_aws::settings::Membership;
use v2only_aws::{Aws, Settings};
use v2only_enforcer::ports::{Answer, DeliveredByV1};
use v2only_policy::{AccountId, Place, Region};

use crate::term::problem::Problem;
use crate::term::profiles;
use crate::world::{Access, Cloud, Members, Terminal, World};

/// For how long a call waits for its turn. A person can interrupt it, so it may be long: changing ten
/// thousand instances at AWS's rate takes half an hour.
const PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// How soon an interrupt is noticed.
const INTERRUPT_LATENCY: Duration = Duration::from_millis(100);

/// How shells report that a process was ended by an interrupt.
const INTERRUPTED_TWICE: i32 = 130;

/// Keys in the environment, which the SDK prefers to any profile.
const KEYS: &str = "AWS_ACCESS_KEY_ID";

/// This process: its environment, its terminal, its clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl World for Console {
    type Aws = Aws;

    async fn connect(&self, access: Access<'_>) -> Result<Aws, Problem> {
        let Access { profile, region, members } = access;
        let keys = std::env::var_os(KEYS).filter(|it| !it.is_empty());
        if let (Some(profile), Some(_)) = (profile, &keys) {
            // A run with `--profile` must never reach another account.
            return Err(Problem::usage(
                format!("`--profile {profile}` is given, and the keys in `{KEYS}` would win over it"),
                format!("take `{KEYS}` out of the environment, or leave out `--profile`"),
            ));
        }
        if let Some(profile) = profile {
            profiles::must_exist(profile)?;
        }
        let mut settings = Settings::from_env().map_err(|error| {
            Problem::usage(error.to_string(), "correct the variable, or take it out of the environment")
        })?;
        if let Some(Members { role, external_id, accounts }) = members {
            let members = v2only_aws::settings::Members::Listed(accounts);
            settings.membership = Some(Membership { role, external_id, members });
        }
        let access = v2only_aws::connect::Access {
            profile: profile.map(str::to_owned),
            region,
            patience: PATIENCE,
            // Credentials that are not in the environment may come from a service with TLS.
            plain_http: keys.is_some() && v2only_aws::connect::environment_is_plain_http(),
            embedded: None,
        };
        Aws::connect(&settings, access)
            .await
            .map_err(|it| Problem { exit: crate::term::exit::Exit::Usage, ..Problem::from(it) })
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }

    async fn interrupted(&self) {
        static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
        let interrupted = INTERRUPTED.get_or_init(|| {
            let flag = Arc::new(AtomicBool::new(false));
            // In this order: the second interrupt finds the flag set, and ends the process. Where no handler can be set, the
            // first one does.
            let _set = flag::register_conditional_shutdown(SIGINT, INTERRUPTED_TWICE, Arc::clone(&flag))
                .and_then(|_| flag::register(SIGINT, Arc::clone(&flag)));
            flag
        });
        while !interrupted.load(Ordering::Relaxed) {
            tokio::time::sleep(INTERRUPT_LATENCY).await;
        }
    }

    fn terminal(&self) -> Terminal {
        Terminal {
            stdin: io::stdin().is_terminal(),
            stderr: io::stderr().is_terminal(),
            width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0),
        }
    }

    fn policy(&self) -> Option<PathBuf> {
        let named = std::env::var_os("V2ONLY_POLICY").filter(|it| !it.is_empty()).map(PathBuf::from);
        named.or_else(|| Some(PathBuf::from("policy.yaml")).filter(|it| it.is_file()))
    }

    fn read_stdin(&self) -> io::Result<String> {
        io::read_to_string(io::stdin())
    }

    fn read_line(&self) -> io::Result<String> {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line)
    }
}

impl Cloud for Aws {
    fn home_region(&self) -> Option<Region> {
        self.region()
    }

    async fn account(&self) -> Answer<AccountId> {
        self.own_account().await
    }

    async fn organization(&self) -> Answer<Vec<AccountId>> {
        self.active_accounts().await
    }

    fn account_name(&self, account: &AccountId) -> Option<String> {
        Aws::account_name(self, account)
    }

    fn management_account(&self) -> Option<AccountId> {
        Aws::management_account(self)
    }

    fn add_delivered_by_v1(&mut self, delivered: DeliveredByV1) {
        Aws::add_delivered_by_v1(self, delivered);
    }

    async fn regions(&self, from: &Place) -> Answer<Vec<Region>> {
        self.enabled_regions(from).await
    }

    fn calls(&self) -> BTreeMap<&'static str, u64> {
        Aws::calls(self).counts().into_iter().map(|(call, times)| (call.iam_action(), times)).collect()
    }
}
