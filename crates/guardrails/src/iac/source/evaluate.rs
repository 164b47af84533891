//! The values of expressions.
//!
//! Source: HashiCorp, "HCL Native Syntax Specification"; Terraform, "Expressions".

use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::expr::BinaryOperator;

use super::functions;
use super::operators::{attribute, binary, concatenate, element, entries, unary, written};
use super::program::{Children, Instance, MAX_DEPTH, MAX_EVALUATIONS, MAX_SIZE, Program, Scope};
use super::syntax::{Conditional, Expr, For, Step};
use super::value::Val;

impl<'a> Program<'a> {
    /// The value of an expression.
    pub(super) fn eval(&self, expr: &'a Expr, scope: &Scope<'a>) -> Val {
        if self.depth.get() >= MAX_DEPTH {
            return Val::later("values that refer to each other too often");
        }
        self.evaluations.set(self.evaluations.get() + 1);
        if self.evaluations.get() > MAX_EVALUATIONS {
            return Val::later("more values than are evaluated");
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.value(expr, scope);
        self.depth.set(self.depth.get() - 1);
        // What a reference leads to was looked through before.
        let is_new = !matches!(expr, Expr::Name(_) | Expr::Path(..));
        if value.size() > MAX_SIZE || is_new && !value.fits(MAX_SIZE) {
            return Val::later("a value that is too large");
        }
        value
    }

    fn all(&self, exprs: &'a [Expr], scope: &Scope<'a>) -> Vec<Val> {
        exprs.iter().map(|it| self.eval(it, scope)).collect()
    }

    fn value(&self, expr: &'a Expr, scope: &Scope<'a>) -> Val {
        match expr {
            Expr::Null => Val::Null,
            Expr::Bool(it) => Val::Bool(*it),
            Expr::Number(it) => Val::Number(*it),
            Expr::Text(it) => Val::text(it),
            Expr::List(items) => Val::list(self.all(items, scope)),
            Expr::Map(entries) => self.object(entries, scope),
            Expr::Template(parts) => Val::all_cases(self.all(parts, scope), &concatenate),
            Expr::Name(name) => self.path(name, &[], scope),
            Expr::Path(root, steps) => match &**root {
                Expr::Name(name) => self.path(name, steps, scope),
                other => {
                    let value = self.eval(other, scope);
                    self.walk(value, steps, scope)
                }
            },
            Expr::Conditional(it) => self.conditional(it, scope),
            Expr::Call(name, arguments, expanded) => self.call(name, arguments, *expanded, scope),
            Expr::Unary(operator, inner) => {
                let operator = *operator;
                self.eval(inner, scope).each_case(&mut |it| unary(operator, it))
            }
            Expr::Binary(operator, sides) => {
                let apply = |sides: &[Val]| match sides {
                    [left, right] => binary(*operator, left, right),
                    _ => Val::Null,
                };
                Val::all_cases(self.all(&sides[..], scope), &|sides| {
                    let equals = matches!(operator, BinaryOperator::Eq | BinaryOperator::NotEq);
                    // Whatever the parts of a value are, it is not null.
                    if equals && !sides.contains(&Val::Null) {
                        return Val::cases_within(sides.to_vec(), true, &apply);
                    }
                    apply(sides)
                })
            }
            Expr::For(it) => self.each(it, scope),
            Expr::Other(what) => Val::later(what),
        }
    }

    fn object(&self, entries: &'a [(Expr, Expr)], scope: &Scope<'a>) -> Val {
        let mut values = BTreeMap::new();
        for (key, value) in entries {
            let key = self.eval(key, scope);
            let Some(name) = key.as_text() else {
                let why = key.why_later().map_or("the key of a map", |it| &it.why);
                return Val::later(why);
            };
            values.insert(name.to_string(), self.eval(value, scope));
        }
        Val::map(values)
    }

    fn conditional(&self, it: &'a Conditional, scope: &Scope<'a>) -> Val {
        let condition = self.eval(&it.condition, scope);
        let address = scope.instance.address.trim_end_matches('.');
        let by = if address.is_empty() { it.text.clone() } else { format!("{} in {address}", it.text) };
        condition.each_case(&mut |condition| match condition.as_bool() {
            Some(true) => self.eval(&it.yes, scope),
            Some(false) => self.eval(&it.no, scope),
            None => Val::either(&by, self.eval(&it.yes, scope), self.eval(&it.no, scope)),
        })
    }

    fn call(&self, name: &str, arguments: &'a [Expr], expanded: bool, scope: &Scope<'a>) -> Val {
        let mut values = self.all(arguments, scope);
        if expanded {
            match values.pop() {
                Some(Val::List(items)) => values.extend(items.iter().cloned()),
                Some(other) => {
                    let why = other.why_later().map_or("an expanded argument", |it| &it.why);
                    return Val::later(why);
                }
                None => {}
            }
        }
        let apply = |it: &[Val]| functions::call(name, it);
        if functions::compares_elements(name) {
            return Val::cases_within(values, false, &apply);
        }
        if functions::catches(name) && values.iter().any(Val::is_refused) {
            return Val::cases_within(values, true, &apply);
        }
        Val::all_cases(values, &apply)
    }

    fn each(&self, it: &'a For, scope: &Scope<'a>) -> Val {
        let collection = self.eval(&it.collection, scope);
        let later =
            |value: &Val, otherwise: &str| Val::later(value.why_later().map_or(otherwise, |it| &it.why));
        let Some(entries) = entries(&collection) else { return later(&collection, "a for expression") };
        let (mut list, mut map) = (Vec::new(), BTreeMap::new());
        for (key, value) in entries {
            let mut inner = scope.with(&it.value_name, value);
            if let Some(name) = &it.key_name {
                inner = inner.with(name, key);
            }
            if let Some(condition) = &it.condition {
                let condition = self.eval(condition, &inner);
                match condition.as_bool() {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return later(&condition, "the condition of a for expression"),
                }
            }
            let value = self.eval(&it.value, &inner);
            let Some(key) = &it.key else {
                list.push(value);
                continue;
            };
            let key = self.eval(key, &inner);
            let Some(name) = key.as_text().filter(|_| !it.grouped) else {
                return later(&key, "a for expression that groups");
            };
            map.insert(name.to_string(), value);
        }
        if it.key.is_some() { Val::map(map) } else { Val::list(list) }
    }

    /// A reference such as `var.tokens`.
    fn path(&self, root: &str, steps: &'a [Step], scope: &Scope<'a>) -> Val {
        if let Some((_, value)) = scope.bindings.iter().rev().find(|(name, _)| name == root) {
            return self.walk(value.clone(), steps, scope);
        }
        let instance = &scope.instance;
        let written = written(root, steps);
        let [Step::Name(first), rest @ ..] = steps else { return Val::later(&written) };
        match root {
            "var" => self.walk(self.variable(instance, first), rest, scope),
            "local" => self.walk(self.local(instance, first), rest, scope),
            "module" => self.module(instance, first, rest, scope),
            "data" | "path" | "terraform" | "self" | "each" | "count" | "packer" | "build" | "ephemeral" => {
                Val::later(&written)
            }
            kind => {
                let address = format!("{kind}.{first}");
                if !instance.folder.has(&address) {
                    return Val::later(&format!("{address}, which is not declared"));
                }
                match kind {
                    "aws_launch_template"
                    | "aws_launch_configuration"
                    | "awscc_ec2_launch_template"
                    | "awscc_autoscaling_launch_configuration" => Val::inside(&written),
                    _ => Val::later(&written),
                }
            }
        }
    }

    /// A value that is evaluated once. One that refers to itself is known later.
    fn once(&self, instance: &Instance<'a>, name: &str, evaluate: impl FnOnce() -> Val) -> Val {
        if let Some(known) = instance.values.borrow().get(name) {
            return known.clone().unwrap_or_else(|| Val::later(&format!("{name}, which refers to itself")));
        }
        instance.values.borrow_mut().insert(name.to_owned(), None);
        let value = evaluate();
        instance.values.borrow_mut().insert(name.to_owned(), Some(value.clone()));
        value
    }

    fn variable(&self, instance: &Rc<Instance<'a>>, name: &str) -> Val {
        let written = format!("var.{name}");
        let Some(declared) = instance.folder.variables.get(name) else {
            return Val::later(&format!("{written}, which is not declared"));
        };
        self.once(instance, &written, || {
            let own = Scope::of(instance);
            let given = match &instance.call {
                Some((scope, block)) => block.body.argument(name).map(|it| self.eval(&it.value, scope)),
                None => instance.folder.values.get(name).map(|it| self.eval(it, &own)),
            };
            let nullable = declared.argument("nullable").map(|it| self.eval(&it.value, &own));
            let given = given.filter(|it| *it != Val::Null || nullable != Some(Val::Bool(false)));
            let default = || declared.argument("default").map(|it| self.eval(&it.value, &own));
            let value = given.or_else(default);
            let value = value.unwrap_or_else(|| Val::later(&format!("{written}, which has no default")));
            match declared.argument("type") {
                Some(it) => value.each_case(&mut |value| self.convert(&it.value, value, &own)),
                None => value,
            }
        })
    }

    /// A value as the type of its variable makes it: optional attributes have their defaults.
    fn convert(&self, of: &'a Expr, value: Val, scope: &Scope<'a>) -> Val {
        match (of, value) {
            (Expr::Call(name, arguments, _), Val::Map(entries)) if name == "object" => {
                let Some(Expr::Map(attributes)) = arguments.first() else { return Val::Map(entries) };
                let mut converted = BTreeMap::new();
                for (key, of) in attributes {
                    let Expr::Text(key) = key else { continue };
                    let given = entries.get(key).cloned();
                    let value = match of {
                        Expr::Call(name, arguments, _) if name == "optional" => {
                            let inner = |value: Val| match arguments.first() {
                                Some(of) => self.convert(of, value, scope),
                                None => value,
                            };
                            let default = || arguments.get(1).map_or(Val::Null, |it| self.eval(it, scope));
                            Some(given.filter(|it| *it != Val::Null).map_or_else(|| inner(default()), inner))
                        }
                        of => given.map(|it| self.convert(of, it, scope)),
                    };
                    converted.extend(value.map(|it| (key.clone(), it)));
                }
                Val::map(converted)
            }
            (Expr::Call(name, arguments, _), Val::List(items)) if name == "list" || name == "set" => {
                let Some(of) = arguments.first() else { return Val::List(items) };
                Val::list(items.iter().map(|it| self.convert(of, it.clone(), scope)).collect())
            }
            (Expr::Call(name, arguments, _), Val::Map(entries)) if name == "map" => {
                let Some(of) = arguments.first() else { return Val::Map(entries) };
                let convert = |(key, it): (&String, &Val)| (key.clone(), self.convert(of, it.clone(), scope));
                Val::map(entries.iter().map(convert).collect())
            }
            (Expr::Name(name) | Expr::Text(name), value) => match name.as_str() {
                "string" => value.as_text().map_or(value, Val::Text),
                "number" => value.as_number().map_or(value, Val::Number),
                "bool" => value.as_bool().map_or(value, Val::Bool),
                _ => value,
            },
            (_, value) => value,
        }
    }

    fn local(&self, instance: &Rc<Instance<'a>>, name: &str) -> Val {
        let written = format!("local.{name}");
        match instance.folder.locals.get(name) {
            Some(expr) => self.once(instance, &written, || self.eval(expr, &Scope::of(instance))),
            None => Val::later(&format!("{written}, which is not declared")),
        }
    }

    /// The output of a module.
    fn module(&self, instance: &Rc<Instance<'a>>, name: &str, steps: &'a [Step], scope: &Scope<'a>) -> Val {
        let unread = || Val::later(&format!("module.{name}, which is not read"));
        let Some(call) = instance.folder.call(name) else { return unread() };
        let children = self.children(instance, call);
        let Children::Instances(instances) = &*children else { return unread() };
        let (index, steps) = match steps {
            [step @ (Step::Index(_) | Step::Splat | Step::AttributeSplat), rest @ ..] => (Some(step), rest),
            other => (None, other),
        };
        let [Step::Name(output), rest @ ..] = steps else { return unread() };
        let splat = index.filter(|it| !matches!(it, Step::Index(_)));
        let body = &call.block.body;
        let is_map = body.argument("for_each").is_some();
        if splat.is_some() && is_map {
            return Val::refused(&format!("a splat of module.{name}, which has for_each"));
        }
        // One instance stands for none, or for as many as are known later.
        let repeated = is_map || body.argument("count").is_some();
        if repeated && instances.iter().any(|(key, _)| key.is_empty()) {
            return match (self.repetitions(body, &Scope::of(instance)).absent, splat) {
                (Some(_), Some(splat)) => self.splat(splat, &[], rest, scope),
                (Some(_), None) => Val::refused(&format!("module.{name}, which is not created")),
                (None, _) => Val::later(&format!("the number of module.{name}")),
            };
        }
        let wanted = match index {
            Some(Step::Index(it)) => match self.eval(it, scope) {
                Val::Number(it) => Some(format!("[{it}]")),
                Val::Text(it) => Some(format!("[\"{it}\"]")),
                _ => None,
            },
            _ => None,
        };
        let chosen = instances.iter().filter(|(key, _)| wanted.as_ref().is_none_or(|it| it == key));
        let values: Vec<Val> = chosen.map(|(_, it)| self.output(it, output)).collect();
        let value = match (splat, values.as_slice()) {
            (Some(splat), _) => return self.splat(splat, &values, rest, scope),
            (_, [first, others @ ..]) if others.iter().all(|it| it == first) => first.clone(),
            _ => Val::later(&format!("module.{name}.{output}")),
        };
        self.walk(value, rest, scope)
    }

    fn output(&self, instance: &Rc<Instance<'a>>, name: &str) -> Val {
        let written = format!("{}{name}", instance.address);
        match instance.folder.outputs.get(name) {
            Some(expr) => self.once(instance, &written, || self.eval(expr, &Scope::of(instance))),
            None => Val::later(&format!("{written}, which is not declared")),
        }
    }

    /// The list of what the steps after a splat lead to in each element.
    fn splat(&self, splat: &Step, items: &[Val], steps: &'a [Step], scope: &Scope<'a>) -> Val {
        let names = steps.iter().take_while(|it| matches!(it, Step::Name(_))).count();
        let within = if matches!(splat, Step::AttributeSplat) { names } else { steps.len() };
        let (each, after) = steps.split_at(within);
        let list = items.iter().map(|it| self.walk(it.clone(), each, scope)).collect();
        self.walk(Val::list(list), after, scope)
    }

    fn walk(&self, value: Val, steps: &'a [Step], scope: &Scope<'a>) -> Val {
        let [step, rest @ ..] = steps else { return value };
        match step {
            Step::Name(name) => {
                let next = value.each_case(&mut |it| attribute(&it, name));
                self.walk(next, rest, scope)
            }
            Step::Index(index) => {
                let index = self.eval(index, scope);
                let next = Val::all_cases(vec![value, index], &|pair| match pair {
                    [value, index] => element(value, index),
                    _ => Val::Null,
                });
                self.walk(next, rest, scope)
            }
            Step::Splat | Step::AttributeSplat => value.each_case(&mut |item| match item {
                Val::List(items) => self.splat(step, &items, rest, scope),
                Val::Null => self.splat(step, &[], rest, scope),
                later @ Val::Later(_) => later,
                other => self.splat(step, &[other], rest, scope),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
