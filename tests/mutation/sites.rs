//! Where the mutants of a file stand in its syntax tree, and what each one changes there.

use std::collections::HashMap;
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A position, from 1 as cargo-mutants counts, and the kind of change at the position.
#[derive(PartialEq, Eq, Hash)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub genre: String,
}

/// The mutants of a file: at each place their numbers and replacements.
pub type Mutants = HashMap<Place, Vec<(usize, String)>>;

/// What the mutants of a site change.
pub enum Change {
    /// A function returns a value at once.
    Body,
    /// An expression has another value.
    Value,
    /// An expression has another operator, or none.
    Operator(Range<usize>),
    /// The arm of a `match` is passed over.
    Arm,
    /// A field has the value of the base expression.
    Field { base: Range<usize>, name: String, shorthand: bool },
}

/// Some text of a file that has mutants. The range is empty where text is only added.
pub struct Site {
    pub range: Range<usize>,
    pub change: Change,
    pub mutants: Vec<(usize, String)>,
}

/// The sites of a file in their order, outer sites first.
pub struct Found {
    pub sites: Vec<Site>,
    /// `let` in a condition can only be joined by `&&`.
    pub ruled_out: Vec<usize>,
}

/// Finds the sites of the mutants.
pub fn find(file: &syn::File, mutants: &Mutants) -> Found {
    let mut finder = Finder { mutants, found: Found { sites: Vec::new(), ruled_out: Vec::new() } };
    finder.visit_file(file);
    finder
        .found
        .sites
        .sort_by_key(|site| (site.range.start, !site.range.is_empty(), usize::MAX - site.range.end));
    finder.found
}

struct Finder<'a> {
    mutants: &'a Mutants,
    found: Found,
}

impl Finder<'_> {
    fn at(&self, span: Span, genre: &str) -> Vec<(usize, String)> {
        let start = span.start();
        let place = Place { line: start.line, column: start.column + 1, genre: genre.to_owned() };
        self.mutants.get(&place).cloned().unwrap_or_default()
    }

    fn add(&mut self, span: Span, genre: &str, range: Range<usize>, change: Change) {
        let mutants = self.at(span, genre);
        if !mutants.is_empty() {
            self.found.sites.push(Site { range, change, mutants });
        }
    }

    fn body(&mut self, block: &syn::Block) {
        if let Some(first) = block.stmts.first() {
            let start = first.span().byte_range().start;
            self.add(first.span(), "FnValue", start..start, Change::Body);
        }
    }
}

fn has_let(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.body(&function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.body(&function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        function.default.iter().for_each(|block| self.body(block));
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let operator = binary.op.span();
        if has_let(&binary.left) || has_let(&binary.right) {
            let mutants = self.at(operator, "BinaryOperator");
            self.found.ruled_out.extend(mutants.iter().map(|(number, _)| *number));
        } else {
            let change = Change::Operator(operator.byte_range());
            self.add(operator, "BinaryOperator", binary.span().byte_range(), change);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        let operator = unary.op.span();
        let change = Change::Operator(operator.byte_range());
        self.add(operator, "UnaryOperator", unary.span().byte_range(), change);
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard {
            self.add(guard.span(), "MatchArmGuard", guard.span().byte_range(), Change::Value);
        } else {
            let end = arm.pat.span().byte_range().end;
            self.add(arm.span(), "MatchArm", end..end, Change::Arm);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, literal: &'ast syn::ExprStruct) {
        for field in &literal.fields {
            if let (Some(rest), syn::Member::Named(name)) = (&literal.rest, &field.member) {
                let shorthand = field.colon_token.is_none();
                let change =
                    Change::Field { base: rest.span().byte_range(), name: name.to_string(), shorthand };
                self.add(field.span(), "StructField", field.expr.span().byte_range(), change);
            }
        }
        visit::visit_expr_struct(self, literal);
    }
}
