//! Messages on standard error: notes, summaries, errors, hints, questions, progress.
//!
//! A message that cannot be written is lost, and the run goes on. A question that cannot be asked counts as
//! answered with no.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::term::problem::Problem;
use crate::term::text::plain;
use crate::world::{Terminal, World};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();
const HINT: Style = AnsiColor::Green.on_default().bold();

/// A voice on standard error.
pub(crate) struct Talk<'a> {
    err: &'a mut dyn Write,
    quiet: bool,
    verbose: bool,
    terminal: Terminal,
}

impl<'a> Talk<'a> {
    pub(crate) fn new(err: &'a mut dyn Write, quiet: bool, verbose: bool, terminal: Terminal) -> Self {
        Self { err, quiet, verbose, terminal }
    }

    /// Something good to know, unless quiet.
    pub(crate) fn say(&mut self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// A detail, with `--verbose` only.
    pub(crate) fn detail(&mut self, text: &str) {
        if self.verbose {
            self.line(text);
        }
    }

    /// A note on something that has less effect than expected, unless quiet.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.line(&format!("{NOTE}note:{NOTE:#} {}", plain(text)));
        }
    }

    /// Something went wrong.
    pub(crate) fn error(&mut self, text: &str) {
        self.line(&format!("{ERROR}error:{ERROR:#} {}", plain(text)));
    }

    /// What to type or do next.
    pub(crate) fn hint(&mut self, text: &str) {
        self.line(&format!("\n{HINT}hint:{HINT:#} {}", plain(text)));
    }

    /// Why the run ends here.
    pub(crate) fn problem(&mut self, problem: &Problem) {
        self.error(&problem.message);
        if let Some(details) = &problem.details {
            self.line(&format!("\n{}", details.trim_end()));
        }
        if let Some(hint) = &problem.hint {
            self.hint(hint);
        }
    }

    /// Text that belongs to a question, said even if quiet.
    pub(crate) fn always(&mut self, text: &str) {
        self.line(text);
    }

    /// Asks, and waits for the answer. Anything but `y` or `yes` is no.
    pub(crate) fn ask(&mut self, world: &impl World, question: &str) -> bool {
        if write!(self.err, "{question} [y/N] ").and_then(|()| self.err.flush()).is_err() {
            return false;
        }
        let answer = world.read_line().unwrap_or_default();
        matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Spinners, which show only on a terminal and unless quiet.
    pub(crate) fn progress(&self) -> Progress {
        let shown = self.terminal.stderr && !self.quiet;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Progress { all: MultiProgress::with_draw_target(target), shown }
    }

    pub(crate) const fn is_verbose(&self) -> bool {
        self.verbose
    }

    pub(crate) const fn width(&self) -> Option<u16> {
        self.terminal.width
    }

    fn line(&mut self, text: &str) {
        let _lost = writeln!(self.err, "{text}");
    }
}

/// What is going on right now.
pub(crate) struct Progress {
    all: MultiProgress,
    shown: bool,
}

impl Progress {
    /// Shows that something has begun, until the answer is dropped.
    pub(crate) fn begin(&self, what: String) -> Spinner {
        let bar = self.all.add(ProgressBar::no_length());
        if self.shown {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.set_message(what);
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Spinner(bar)
    }
}

impl Progress {
    /// Counts what is done of so many, with an estimate of the time that is left.
    pub(crate) fn steps(&self, number: usize, what: &'static str) -> Steps {
        let bar = self.all.insert(0, ProgressBar::new(number.try_into().unwrap_or(u64::MAX)));
        if self.shown {
            if let Ok(style) = ProgressStyle::with_template("{pos} of {len} {msg}, about {eta} left") {
                bar.set_style(style);
            }
            bar.set_message(what);
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        Steps(Spinner(bar))
    }
}

/// Steps, some of them done.
pub(crate) struct Steps(Spinner);

impl Steps {
    /// So many more are done.
    pub(crate) fn done(&self, number: usize) {
        self.0.0.inc(number.try_into().unwrap_or(u64::MAX));
    }
}

/// One thing that is going on.
pub(crate) struct Spinner(ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// `1 place`, `2 places`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// `a, b, c and 7 more`, or all of them.
pub(crate) fn some(items: &[String], at_most: usize) -> String {
    let shown: Vec<&str> = items.iter().take(at_most).map(String::as_str).collect();
    let mut text = shown.join(", ");
    if items.len() > at_most {
        let _infallible = write!(text, " and {} more", items.len() - at_most);
    }
    text
}
