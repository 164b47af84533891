//! How results are printed, and in which colour.

use clap::ValueEnum;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs; the shape is only ever added to.
    Json,
    /// For programs, one finding a line.
    Ndjson,
    /// For spreadsheets.
    Csv,
    /// For code scanning.
    Sarif,
    /// For annotations of GitHub Actions.
    Github,
    /// For Security Hub.
    Asff,
    /// For security lakes, and for Security Hub where it reads OCSF.
    Ocsf,
    /// For people who were not there: a report in one file.
    Html,
}

impl Format {
    /// As it is typed.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Asff => "asff",
            Self::Ocsf => "ocsf",
            Self::Html => "html",
        }
    }

    /// Whether it is JSON, as one document or as lines.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson | Self::Sarif | Self::Asff | Self::Ocsf)
    }
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Colour> for anstream::ColorChoice {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Auto => Self::Auto,
            Colour::Always => Self::Always,
            Colour::Never => Self::Never,
        }
    }
}
