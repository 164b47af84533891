//! The bound of all evaluations together, which a test from outside would take too long to reach.

use std::collections::HashMap;

use super::*;
use crate::iac::source::folder::Folder;

#[test]
fn values_are_evaluated_up_to_a_limit() {
    let (folders, folder) = (HashMap::new(), Folder::at(""));
    let program = Program::of(&folders);
    let scope = Scope::of(&program.root(&folder));
    program.evaluations.set(MAX_EVALUATIONS - 1);
    let expr = Expr::Bool(true);
    assert_eq!(program.eval(&expr, &scope), Val::Bool(true));
    assert_eq!(program.eval(&expr, &scope), Val::later("more values than are evaluated"));
    assert_eq!(program.eval(&expr, &scope), Val::later("more values than are evaluated"));
}
