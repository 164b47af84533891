//! Reads HCL's native syntax.

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ForExpr, ObjectKey, TraversalOperator};
use hcl_edit::structure::{self, Structure};
use hcl_edit::template::{Element, Template};

use super::nesting;
use super::syntax::{Argument, Block, Body, Conditional, Expr, For, Step};
use crate::Mark;
use crate::iac::cloudformation::Unreadable;

/// Reads a file.
///
/// # Errors
/// The text is not HCL, or has more than [`nesting::MOST`] brackets nested in operands.
pub(super) fn read(text: &str) -> Result<Body, Unreadable> {
    if let Some(offset) = nesting::too_deep(text) {
        let before = text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        let message = format!(
            "more than {} brackets are nested in operands here: give the inner values names of their own in `locals`",
            nesting::MOST
        );
        return Err(Unreadable { at: Mark { line, column }, message });
    }
    let parse = hcl_edit::parser::parse_body;
    // The library refuses a line break within the value of a `{for …}`, which HCL allows.
    let body = parse(text).or_else(|error| parse(&joined(text)).map_err(|_| error));
    let body = body.map_err(|error| Unreadable {
        at: Mark { line: error.location().line(), column: error.location().column() },
        message: error.message().to_owned(),
    })?;
    Ok(Reader::of(text).body(&body))
}

/// The text with a space for each line break within a condition. Offsets stay the same.
fn joined(text: &str) -> String {
    const END: &[&str] = &["?", ":", "&&", "||", "=>"];
    const START: &[&str] = &["? ", ": ", "&& ", "|| "];
    let mut joined = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let continues = END.iter().any(|it| line.trim_end().ends_with(it))
            || lines.peek().is_some_and(|next| START.iter().any(|it| next.trim_start().starts_with(it)));
        if continues && !line.contains('#') && !line.contains("//") {
            joined.push_str(&line.replace(['\r', '\n'], " "));
        } else {
            joined.push_str(line);
        }
    }
    joined
}

/// Reads one expression, as a string of the JSON syntax holds it.
pub(super) fn read_template(text: &str) -> Option<Expr> {
    if nesting::too_deep(text).is_some() {
        return None;
    }
    let template = hcl_edit::parser::parse_template(text).ok()?;
    Some(Reader::of(text).template(&template))
}

/// A text with the offsets of its lines.
struct Reader<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines }
    }

    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|it| *it <= offset)
    }

    fn mark(&self, node: &impl Span) -> Mark {
        let offset = node.span().map_or(0, |it| it.start);
        let line = self.line(offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        Mark { line, column: before.chars().count() + 1 }
    }

    fn body(&self, body: &structure::Body) -> Body {
        let mut read = Body::default();
        for part in body {
            match part {
                Structure::Attribute(it) => read.arguments.push(Argument {
                    name: it.key.as_str().to_owned(),
                    at: self.mark(&it.key),
                    value: self.expr(&it.value),
                }),
                Structure::Block(it) => read.blocks.push(Block {
                    kind: it.ident.as_str().to_owned(),
                    labels: it.labels.iter().map(|it| it.as_str().to_owned()).collect(),
                    at: self.mark(&it.ident),
                    end: it.span().map_or(0, |it| self.line(it.end)),
                    body: self.body(&it.body),
                }),
            }
        }
        read
    }

    fn expr(&self, expr: &Expression) -> Expr {
        match expr {
            Expression::Null(_) => Expr::Null,
            Expression::Bool(it) => Expr::Bool(*it.value()),
            Expression::Number(it) => it.value().as_f64().map_or(Expr::Other("a number"), Expr::Number),
            Expression::String(it) => Expr::Text(it.value().clone()),
            Expression::Array(items) => Expr::List(items.iter().map(|it| self.expr(it)).collect()),
            Expression::Object(object) => {
                let entry = |(key, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                    let key = match key {
                        ObjectKey::Ident(it) => Expr::Text(it.as_str().to_owned()),
                        // A bare word is a text here; a name in parentheses is a reference.
                        ObjectKey::Expression(Expression::Variable(it)) => Expr::Text(it.as_str().to_owned()),
                        ObjectKey::Expression(it) => self.expr(it),
                    };
                    (key, self.expr(value.expr()))
                };
                Expr::Map(object.iter().map(entry).collect())
            }
            Expression::StringTemplate(it) => self.elements(it.iter()),
            Expression::HeredocTemplate(it) => self.template(&it.template),
            Expression::Parenthesis(it) => self.expr(it.inner()),
            Expression::Variable(it) => Expr::Name(it.as_str().to_owned()),
            Expression::Conditional(it) => Expr::Conditional(Box::new(Conditional {
                text: self.text_of(&it.cond_expr),
                condition: self.expr(&it.cond_expr),
                yes: self.expr(&it.true_expr),
                no: self.expr(&it.false_expr),
            })),
            Expression::FuncCall(it) => {
                let arguments = it.args.iter().map(|it| self.expr(it)).collect();
                let namespace = it.name.namespace.iter().map(|it| format!("{}::", it.as_str()));
                let name: String = namespace.chain([it.name.name.as_str().to_owned()]).collect();
                Expr::Call(name, arguments, it.args.expand_final())
            }
            Expression::Traversal(it) => {
                let steps = it.operators.iter().map(|it| self.step(it.value())).collect();
                Expr::Path(Box::new(self.expr(&it.expr)), steps)
            }
            Expression::UnaryOp(it) => Expr::Unary(*it.operator.value(), Box::new(self.expr(&it.expr))),
            Expression::BinaryOp(it) => Expr::Binary(
                *it.operator.value(),
                Box::new([self.expr(&it.lhs_expr), self.expr(&it.rhs_expr)]),
            ),
            Expression::ForExpr(it) => self.each(it),
        }
    }

    fn each(&self, each: &ForExpr) -> Expr {
        Expr::For(Box::new(For {
            key_name: each.intro.key_var.as_ref().map(|it| it.as_str().to_owned()),
            value_name: each.intro.value_var.as_str().to_owned(),
            collection: self.expr(&each.intro.collection_expr),
            key: each.key_expr.as_ref().map(|it| self.expr(it)),
            value: self.expr(&each.value_expr),
            grouped: each.grouping,
            condition: each.cond.as_ref().map(|it| self.expr(&it.expr)),
        }))
    }

    fn step(&self, step: &TraversalOperator) -> Step {
        match step {
            TraversalOperator::AttrSplat(_) => Step::AttributeSplat,
            TraversalOperator::FullSplat(_) => Step::Splat,
            TraversalOperator::GetAttr(it) => Step::Name(it.as_str().to_owned()),
            TraversalOperator::Index(it) => Step::Index(self.expr(it)),
            TraversalOperator::LegacyIndex(it) => {
                let index = u32::try_from(*it.value())
                    .map_or(Expr::Other("an index"), |it| Expr::Number(f64::from(it)));
                Step::Index(index)
            }
        }
    }

    fn template(&self, template: &Template) -> Expr {
        self.elements(template.iter())
    }

    /// A template that is one interpolation has the value of the interpolation, whatever its type.
    fn elements<'b>(&self, elements: impl Iterator<Item = &'b Element>) -> Expr {
        let mut parts: Vec<Expr> = elements
            .map(|element| match element {
                Element::Literal(element) => Expr::Text(element.value().clone()),
                Element::Interpolation(element) => self.expr(&element.expr),
                Element::Directive(_) => Expr::Other("a template directive"),
            })
            .collect();
        match parts.len() {
            1 => parts.pop().unwrap_or(Expr::Null),
            _ => Expr::Template(parts),
        }
    }

    /// An expression as it is written, in one line.
    fn text_of(&self, expr: &Expression) -> String {
        let span = expr.span().and_then(|it| self.text.get(it)).unwrap_or("a condition");
        span.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
