//! A world in which the tests decide what time it is and who is there.

use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser as _;
use jiff::Timestamp;
use v2only::{Access, Cli, Exit, Problem, Terminal, World};

use crate::fake_aws::FakeAws;

/// What there is besides AWS.
pub(crate) struct FakeWorld {
    pub(crate) aws: FakeAws,
    terminal: Terminal,
    policy: Option<PathBuf>,
    stdin: String,
    dir: tempfile::TempDir,
    slept: Mutex<Vec<Duration>>,
    /// How long an answer takes, and whether it was given.
    thinking: (Duration, AtomicBool),
}

impl World for FakeWorld {
    type Aws = FakeAws;

    async fn connect(&self, access: Access<'_>) -> Result<FakeAws, Problem> {
        if access.region.is_some() {
            self.aws.set_home(access.region);
        }
        Ok(self.aws.clone())
    }

    fn now(&self) -> Timestamp {
        let begun: Timestamp = "2026-11-20T10:15:00Z".parse().unwrap();
        let (thinking, answered) = &self.thinking;
        let begun = begun + self.aws.took() + self.slept().iter().sum::<Duration>();
        if answered.load(Ordering::Relaxed) { begun + *thinking } else { begun }
    }

    async fn sleep(&self, how_long: Duration) {
        self.aws.slept(how_long);
        self.slept.lock().unwrap().push(how_long);
    }

    async fn interrupted(&self) {
        let aws = self.aws.clone();
        std::future::poll_fn(move |context| {
            if aws.is_interrupted() {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    fn terminal(&self) -> Terminal {
        self.terminal
    }

    fn policy(&self) -> Option<PathBuf> {
        self.policy.clone()
    }

    fn read_stdin(&self) -> io::Result<String> {
        Ok(self.stdin.clone())
    }

    fn read_line(&self) -> io::Result<String> {
        let (thinking, answered) = &self.thinking;
        if !thinking.is_zero() {
            self.aws.slept(*thinking);
        }
        answered.store(true, Ordering::Relaxed);
        Ok(self.stdin.clone())
    }
}

impl FakeWorld {
    /// Nobody watches: output goes to a file.
    ///
    /// The path of the files has the same length on every machine, whatever `TMPDIR` is: the widths of columns depend on it.
    pub(crate) fn with(aws: FakeAws) -> Self {
        Self::within("/tmp", aws)
    }

    /// The same, with its files in a directory of that one.
    pub(crate) fn within(parent: &str, aws: FakeAws) -> Self {
        let dir = tempfile::tempdir_in(parent).unwrap();
        let (slept, thinking) = (Mutex::default(), Default::default());
        Self { aws, terminal: Terminal::default(), policy: None, stdin: String::new(), dir, slept, thinking }
    }

    /// Somebody watches, on a terminal of this width.
    pub(crate) fn watched(mut self, width: u16) -> Self {
        self.terminal = Terminal { stdin: true, stderr: false, width: Some(width) };
        self
    }

    /// The environment names this policy document.
    pub(crate) fn policy_of_the_environment(mut self, name: &str) -> Self {
        self.policy = Some(self.path(name));
        self
    }

    /// AWS answers after this time.
    pub(crate) fn thinking_for(mut self, time: Duration) -> Self {
        self.thinking.0 = time;
        self
    }

    /// How long each wait was.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    /// What is typed, or piped in.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.to_owned();
        self
    }

    /// A file in the directory `DIR`.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Runs a command line; `DIR` stands for a directory of its own.
    pub(crate) fn run(&self, line: &str) -> RunResult {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut plain_out = anstream::StripStream::new(&mut out);
        let mut plain_err = anstream::StripStream::new(&mut err);
        let exit = self.run_into(line, &mut plain_out, &mut plain_err);
        let dir = self.dir.path().to_str().unwrap();
        let text = |it: Vec<u8>| String::from_utf8(it).unwrap().replace(dir, "DIR");
        RunResult { exit, out: text(out), err: text(err) }
    }

    /// The same, with what is printed and said written there.
    pub(crate) fn run_into(&self, line: &str, out: &mut dyn io::Write, err: &mut dyn io::Write) -> Exit {
        let dir = self.dir.path().to_str().unwrap();
        let words = std::iter::once("v2only".to_owned())
            .chain(line.split_whitespace().map(|it| it.replace("DIR", dir)));
        match Cli::try_parse_from(words) {
            Err(error) => {
                err.write_all(error.to_string().as_bytes()).unwrap();
                Exit::Usage
            }
            Ok(cli) => {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(v2only::run(cli, self, out, err))
            }
        }
    }
}

/// What came of a run.
pub(crate) struct RunResult {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl RunResult {
    /// Everything a person sees, and the exit code.
    pub(crate) fn seen(&self) -> String {
        format!("exit {}\n== stdout\n{}== stderr\n{}", self.exit.code(), self.out, self.err)
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}
