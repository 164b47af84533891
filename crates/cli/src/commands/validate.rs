//! `validate`: the policy document alone.

use std::fmt;
use std::path::PathBuf;

use jiff::civil::Date;
use serde::Serialize;
use v2only_document::{self as document, PublicKey};

use crate::args::format::Format;
use crate::print::documents;
use crate::run::exemptions;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::term::text::plain;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only validate policy.yaml
  v2only validate policy.yaml --output json
  v2only validate policy.yaml --public-key MCowBQYDK2VwAyEAoW2llOAP85VY8rkydSYjrNDtShOtT7iwHCxzqKUOBgQ=
  v2only validate --schema > policy-v1.schema.json";

/// The arguments of `validate`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Policy documents; `-` reads standard input
    #[arg(value_name = "FILE", help_heading = "Input")]
    files: Vec<PathBuf>,

    /// Accept only documents with a signature by this Ed25519 key: the base64 line of its PEM
    #[arg(long, value_name = "KEY", value_parser = PublicKey::parse, conflicts_with = "schema", help_heading = "Input")]
    public_key: Option<PublicKey>,

    /// Print the JSON Schema of the document and end
    #[arg(long, conflicts_with = "files", help_heading = "Output")]
    schema: bool,
}

impl Args {
    /// Whether no document is named.
    pub(crate) const fn names_none(&self) -> bool {
        self.files.is_empty() && !self.schema
    }
}

/// Checks every document; one that is invalid does not keep the others from being checked.
pub(crate) fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    if args.schema {
        session.out.write_all(document::SCHEMA.as_bytes())?;
        return Ok(Exit::Clean);
    }
    let files: Vec<&PathBuf> = args.files.iter().chain(&session.shared.policy).collect();
    if files.is_empty() {
        let problem = Problem::usage("no document is named", "type `v2only validate policy.yaml`");
        return Err(problem.into());
    }
    let mut exit = Exit::Clean;
    let mut documents = Vec::new();
    let today = exemptions::day(session.world.now());
    for file in files {
        let name = policy_file::name(file);
        let text = match policy_file::read(file, session.world) {
            Ok(text) => text,
            Err(problem) => {
                session.talk.problem(&problem);
                exit = problem.exit;
                documents.push(DocumentV1::unread(name, problem.message));
                continue;
            }
        };
        let verified = args.public_key.as_ref().map_or(Ok(()), |key| key.verify(&text));
        let parsed = verified.and_then(|()| document::parse(&text));
        if session.shared.output == Format::Table {
            match &parsed {
                Ok(_) => writeln!(session.out, "{}: valid", plain(&name))?,
                Err(invalid) => write!(session.out, "{}", invalid.render(&name, &text))?,
            }
        }
        if parsed.is_err() {
            exit = Exit::Usage;
        }
        let document = DocumentV1::of(name, parsed, today);
        for notice in &document.notices {
            session.talk.note(&format!("{}:{notice}", document.file));
        }
        documents.push(document);
    }
    if session.shared.output == Format::Json {
        let document = ValidateV1 { schema: "v2only.validate.v1", documents, exit_code: exit.code() };
        documents::json(session.out, &document)?;
    }
    Ok(exit)
}

/// The published shape: fields are only ever added.
#[derive(Serialize)]
struct ValidateV1 {
    schema: &'static str,
    documents: Vec<DocumentV1>,
    exit_code: u8,
}

#[derive(Serialize)]
struct DocumentV1 {
    file: String,
    valid: bool,
    problems: Vec<MessageV1>,
    notices: Vec<MessageV1>,
}

/// A message about one value of a document. Line and column count from 1; `null` where there is none.
#[derive(Serialize)]
struct MessageV1 {
    line: Option<usize>,
    column: Option<usize>,
    path: String,
    message: String,
    hint: Option<String>,
}

impl DocumentV1 {
    fn of(file: String, parsed: Result<document::Document, document::Invalid>, today: Date) -> Self {
        match parsed {
            Ok(document) => {
                let notices = document.notices.into_iter().map(|notice| MessageV1 {
                    line: Some(notice.line),
                    column: Some(notice.column),
                    path: notice.path,
                    message: notice.message,
                    hint: None,
                });
                let entries = document.policy.exemptions.iter().enumerate();
                let expired =
                    entries.filter(|(_, it)| it.until < today).map(|(index, exemption)| MessageV1 {
                        line: None,
                        column: None,
                        path: format!("exemptions[{index}]"),
                        message: format!("expired on {} and exempts nothing", exemption.until),
                        hint: None,
                    });
                let notices = notices.chain(expired).collect();
                Self { file, valid: true, problems: Vec::new(), notices }
            }
            Err(invalid) => {
                let problems = invalid.problems.into_iter().map(|problem| MessageV1 {
                    line: Some(problem.line),
                    column: Some(problem.column),
                    path: problem.path,
                    message: problem.message,
                    hint: problem.hint,
                });
                Self { file, valid: false, problems: problems.collect(), notices: Vec::new() }
            }
        }
    }

    fn unread(file: String, message: String) -> Self {
        let problem = MessageV1 { line: None, column: None, path: String::new(), message, hint: None };
        Self { file, valid: false, problems: vec![problem], notices: Vec::new() }
    }
}

impl fmt::Display for MessageV1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}: {}", self.path, self.message)
    }
}
