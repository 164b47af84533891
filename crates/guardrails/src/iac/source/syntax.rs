//! The tree of a source file, the same for HCL and for its JSON syntax.
//!
//! Source: HashiCorp, "HCL Native Syntax Specification" and "Terraform: JSON Configuration Syntax".

use hcl_edit::expr::{BinaryOperator, UnaryOperator};

use crate::Mark;

/// The arguments and blocks of a file or of a block.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) arguments: Vec<Argument>,
    pub(super) blocks: Vec<Block>,
}

/// `name = value`.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) at: Mark,
    pub(super) value: Expr,
}

/// `kind "label" { … }`.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    pub(super) at: Mark,
    /// Its last line.
    pub(super) end: usize,
    pub(super) body: Body,
}

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// Texts and interpolations one after the other.
    Template(Vec<Expr>),
    Name(String),
    /// A value and the steps into it.
    Path(Box<Expr>, Vec<Step>),
    Conditional(Box<Conditional>),
    /// The name of a function, its arguments, and whether the last one is expanded.
    Call(String, Vec<Expr>, bool),
    Unary(UnaryOperator, Box<Expr>),
    Binary(BinaryOperator, Box<[Expr; 2]>),
    For(Box<For>),
    /// What is not evaluated; names it.
    Other(&'static str),
}

/// `condition ? yes : no`.
#[derive(Debug, Clone)]
pub(super) struct Conditional {
    /// The condition as it is written.
    pub(super) text: String,
    pub(super) condition: Expr,
    pub(super) yes: Expr,
    pub(super) no: Expr,
}

/// `[for key, value in collection : value if condition]`, or `{for …}`.
#[derive(Debug, Clone)]
pub(super) struct For {
    pub(super) key_name: Option<String>,
    pub(super) value_name: String,
    pub(super) collection: Expr,
    pub(super) key: Option<Expr>,
    pub(super) value: Expr,
    pub(super) grouped: bool,
    pub(super) condition: Option<Expr>,
}

/// One step into a value.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Name(String),
    Index(Expr),
    /// `[*]`: all steps after it go into each element.
    Splat,
    /// `.*`: the names after it go into each element, and an index after them into the list.
    AttributeSplat,
}

impl Body {
    /// The argument of a name.
    pub(super) fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|it| it.name == name)
    }

    /// The blocks of a kind.
    pub(super) fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |it| it.kind == kind)
    }
}

impl Block {
    /// A label by its position.
    pub(super) fn label(&self, position: usize) -> &str {
        self.labels.get(position).map(String::as_str).unwrap_or_default()
    }
}
