//! A configuration that is evaluated: folders, the calls of modules, and the values of expressions.
//!
//! Values are evaluated when they are needed and once, so that modules may refer to each other.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::folder::{Folder, InFile, local_folder};
use super::functions::{self, whole};
use super::operators::{elements, entries};
use super::syntax::{Block, Body, Expr};
use super::value::Val;

/// Values that refer to more others than this, one within the other, are not evaluated.
pub(super) const MAX_DEPTH: usize = 150;
/// More values than this are not evaluated. It ends loops within loops.
pub(super) const MAX_EVALUATIONS: usize = 5_000_000;
/// A longer text, and a list or map of more values, is not kept. It ends values that double.
pub(super) const MAX_SIZE: usize = 200_000;
/// Modules within more modules than this are not evaluated.
const MAX_CALLS: usize = 32;
/// More instances of modules than this are not evaluated.
const MAX_INSTANCES: usize = 2_000;
/// More elements of `count` or `for_each` than this are judged as one.
const MAX_REPETITIONS: usize = 100;

/// All folders, and the instances of modules that were met.
pub(super) struct Program<'a> {
    folders: &'a HashMap<String, Folder>,
    instances: Cell<usize>,
    /// How many values are evaluated, one within the other.
    pub(super) depth: Cell<usize>,
    /// How many values were evaluated.
    pub(super) evaluations: Cell<usize>,
}

/// A module as it is called, or a folder that no other one calls.
pub(super) struct Instance<'a> {
    pub(super) folder: &'a Folder,
    /// `module.name.` for each call that leads here.
    pub(super) address: String,
    /// Why nothing of it is created.
    pub(super) absent: Option<String>,
    pub(super) call: Option<(Scope<'a>, &'a Block)>,
    pub(super) values: RefCell<HashMap<String, Option<Val>>>,
    children: RefCell<HashMap<String, Rc<Children<'a>>>>,
}

/// What became of a call.
pub(super) enum Children<'a> {
    Instances(Vec<(String, Rc<Instance<'a>>)>),
    /// Why the module is not read.
    Elsewhere(String),
}

/// Where an expression stands.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) instance: Rc<Instance<'a>>,
    pub(super) bindings: Vec<(String, Val)>,
}

/// The copies of a block with `count` or `for_each`.
pub(super) struct Repetitions<'a> {
    /// The end of the address, such as `["web"]`, and where the copy is evaluated.
    pub(super) copies: Vec<(String, Scope<'a>)>,
    /// Why there is none. One copy is listed even so.
    pub(super) absent: Option<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(instance: &Rc<Instance<'a>>) -> Self {
        Self { instance: Rc::clone(instance), bindings: Vec::new() }
    }

    /// The scope with a name for a value.
    pub(super) fn with(&self, name: &str, value: Val) -> Self {
        let mut inner = self.clone();
        inner.bindings.push((name.to_owned(), value));
        inner
    }
}

impl<'a> Instance<'a> {
    fn new(folder: &'a Folder, call: Option<(Scope<'a>, &'a Block)>) -> Self {
        let (values, children) = (RefCell::default(), RefCell::default());
        Self { folder, address: String::new(), absent: None, call, values, children }
    }

    /// How many calls lead here.
    fn depth(&self) -> usize {
        self.call.as_ref().map_or(0, |(scope, _)| scope.instance.depth() + 1)
    }

    /// Whether a folder is one of those that lead here.
    fn is_within(&self, folder: &Folder) -> bool {
        let outer = |(scope, _): &(Scope<'a>, &'a Block)| scope.instance.is_within(folder);
        self.folder.path == folder.path || self.call.as_ref().is_some_and(outer)
    }
}

impl<'a> Program<'a> {
    pub(super) fn of(folders: &'a HashMap<String, Folder>) -> Self {
        Self { folders, instances: Cell::new(0), depth: Cell::new(0), evaluations: Cell::new(0) }
    }

    /// A folder with the values of its files of variables.
    pub(super) fn root(&self, folder: &'a Folder) -> Rc<Instance<'a>> {
        Rc::new(Instance::new(folder, None))
    }

    /// The modules that a call creates.
    pub(super) fn children(&self, instance: &Rc<Instance<'a>>, call: &'a InFile) -> Rc<Children<'a>> {
        let name = call.block.label(0);
        if let Some(known) = instance.children.borrow().get(name) {
            return Rc::clone(known);
        }
        let children = Rc::new(self.called(instance, &call.block));
        instance.children.borrow_mut().insert(name.to_owned(), Rc::clone(&children));
        children
    }

    fn called(&self, instance: &Rc<Instance<'a>>, block: &'a Block) -> Children<'a> {
        let Some(Expr::Text(source)) = block.body.argument("source").map(|it| &it.value) else {
            return Children::Elsewhere("its source is no plain text".to_owned());
        };
        let Some(path) = local_folder(&instance.folder.path, source) else {
            return Children::Elsewhere(format!("its source {source} is not a local folder"));
        };
        let Some(folder) = self.folders.get(&path) else {
            return Children::Elsewhere(format!("the folder {source} has no file that can be read"));
        };
        if instance.depth() >= MAX_CALLS {
            return Children::Elsewhere(format!("it is within {MAX_CALLS} other modules"));
        }
        if instance.is_within(folder) {
            return Children::Elsewhere(format!("the folder {source} calls itself"));
        }
        let repetitions = self.repetitions(&block.body, &Scope::of(instance));
        let mut instances = Vec::new();
        for (key, scope) in repetitions.copies {
            self.instances.set(self.instances.get() + 1);
            if self.instances.get() > MAX_INSTANCES {
                return Children::Elsewhere(format!("there are more than {MAX_INSTANCES} modules"));
            }
            let address = format!("{}module.{}{key}.", instance.address, block.label(0));
            let absent = repetitions.absent.clone().or_else(|| instance.absent.clone());
            let child = Instance { address, absent, ..Instance::new(folder, Some((scope, block))) };
            instances.push((key, Rc::new(child)));
        }
        Children::Instances(instances)
    }

    /// The copies of a resource or of a call.
    pub(super) fn repetitions(&self, body: &'a Body, scope: &Scope<'a>) -> Repetitions<'a> {
        let one = |name: &str, value: Val, absent: Option<&str>| Repetitions {
            copies: vec![(String::new(), scope.with(name, value))],
            absent: absent.map(str::to_owned),
        };
        if let Some(argument) = body.argument("count") {
            let index = |it: Val| Val::map(BTreeMap::from([("index".to_owned(), it)]));
            let count = self.eval(&argument.value, scope);
            return match whole(&count) {
                Some(0) => one("count", index(Val::Number(0.0)), Some("count is 0")),
                Some(count) if count <= MAX_REPETITIONS => {
                    let copy =
                        |it: u32| (format!("[{it}]"), scope.with("count", index(Val::Number(it.into()))));
                    let count = u32::try_from(count).unwrap_or_default();
                    Repetitions { copies: (0..count).map(copy).collect(), absent: None }
                }
                _ => one("count", index(Val::later("count.index")), None),
            };
        }
        let Some(argument) = body.argument("for_each") else {
            return Repetitions { copies: vec![(String::new(), scope.clone())], absent: None };
        };
        let each = |key: Val, value: Val| {
            Val::map(BTreeMap::from([("key".to_owned(), key), ("value".to_owned(), value)]))
        };
        let values = self.eval(&argument.value, scope);
        let Some(elements) = elements(&values) else {
            let why = values.why_later().map_or("for_each", |it| &it.why);
            return one("each", each(Val::later(why), Val::later(why)), None);
        };
        if elements.is_empty() {
            return one(
                "each",
                each(Val::later("each.key"), Val::later("each.value")),
                Some("for_each is empty"),
            );
        }
        if elements.len() > MAX_REPETITIONS {
            return one("each", each(Val::later("each.key"), Val::later("each.value")), None);
        }
        let copy = |(key, value): (Val, Val)| {
            let suffix = key.as_text().map_or_else(String::new, |it| format!("[\"{it}\"]"));
            (suffix, scope.with("each", each(key, value)))
        };
        Repetitions { copies: elements.into_iter().map(copy).collect(), absent: None }
    }

    /// The arguments and blocks of a resource. Blocks of a kind are a list. Those that are not judged are known
    /// later, so that large values for them take no time.
    pub(super) fn resource(&self, body: &'a Body, scope: &Scope<'a>, judged: &[&str]) -> Val {
        const META: &[&str] = &["count", "for_each", "depends_on", "provider", "lifecycle"];
        self.parts(body, scope, &|it| !META.contains(&it), &|it| judged.contains(&it))
    }

    /// The arguments and blocks of a body.
    fn body(&self, body: &'a Body, scope: &Scope<'a>) -> Val {
        self.parts(body, scope, &|_| true, &|_| true)
    }

    fn parts(
        &self,
        body: &'a Body,
        scope: &Scope<'a>,
        wanted: &dyn Fn(&str) -> bool,
        evaluated: &dyn Fn(&str) -> bool,
    ) -> Val {
        let mut values = BTreeMap::new();
        let later = || Val::later("a value that is not judged");
        for argument in body.arguments.iter().filter(|it| wanted(&it.name)) {
            let known = evaluated(&argument.name);
            let value = if known { self.eval(&argument.value, scope) } else { later() };
            values.insert(argument.name.clone(), value);
        }
        for block in body.blocks.iter().filter(|it| wanted(&it.kind)) {
            let kind = if block.kind == "dynamic" { block.label(0) } else { &block.kind };
            if !evaluated(kind) {
                values.insert(kind.to_owned(), later());
                continue;
            }
            let blocks = match block.kind.as_str() {
                "dynamic" => self.dynamic(block, scope),
                _ => Val::list(vec![self.body(&block.body, scope)]),
            };
            let before = values.remove(kind).unwrap_or_else(|| Val::list(Vec::new()));
            let all = Val::all_cases(vec![before, blocks], &|it| functions::call("concat", it));
            values.insert(kind.to_owned(), all);
        }
        Val::map(values)
    }

    /// The blocks that a `dynamic` block makes.
    fn dynamic(&self, block: &'a Block, scope: &Scope<'a>) -> Val {
        let Some(content) = block.body.blocks("content").next() else { return Val::list(Vec::new()) };
        let iterator = match block.body.argument("iterator").map(|it| &it.value) {
            Some(Expr::Name(name) | Expr::Text(name)) => name.as_str(),
            _ => block.label(0),
        };
        let each = |key: Val, value: Val| {
            let entries = BTreeMap::from([("key".to_owned(), key), ("value".to_owned(), value)]);
            self.body(&content.body, &scope.with(iterator, Val::map(entries)))
        };
        let for_each = block.body.argument("for_each").map(|it| self.eval(&it.value, scope));
        for_each.unwrap_or(Val::Null).each_case(&mut |values| match entries(&values) {
            Some(entries) => Val::list(entries.into_iter().map(|(key, value)| each(key, value)).collect()),
            None => {
                let why = values.why_later().map_or("for_each", |it| &it.why);
                let made = Val::list(vec![each(Val::later(why), Val::later(why))]);
                Val::either(&format!("for_each of {}: {why}", block.label(0)), made, Val::list(Vec::new()))
            }
        })
    }
}
