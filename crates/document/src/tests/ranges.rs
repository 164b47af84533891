//! Numbers beyond their range.

use super::super::parse;
use super::observing;

/// Every message says what is wrong at the key or value that is wrong.
#[track_caller]
fn check(lines: &str, path: &str, message: &str) {
    let invalid = parse(&observing(lines)).unwrap_err();
    let said: Vec<_> = invalid.problems.iter().map(|it| (it.path.as_str(), it.message.as_str())).collect();
    assert_eq!(said, [(path, message)], "{lines}");
}

#[test]
fn ranges_have_two_ends() {
    let number = |from: u32, to: u32, found: &str| {
        format!("expected a whole number from {from} to {to}, found `{found}`")
    };
    for found in ["0", "65", "-1", "2.5", "99999999999999999999"] {
        check(
            &format!("instances: {{ hop_limit: {{ max: {found} }} }}"),
            "instances.hop_limit.max",
            &number(1, 64, found),
        );
    }
    check(
        "account_defaults: { hop_limit: 65 }",
        "account_defaults.hop_limit",
        &format!("expected `keep`, `no-preference` or {}", &number(1, 64, "65")["expected ".len()..]),
    );
    for found in ["0", "456"] {
        check(
            &format!("instances: {{ usage_gate: {{ quiet_days: {found} }} }}"),
            "instances.usage_gate.quiet_days",
            &number(1, 455, found),
        );
    }
    check("instances: { fresh_minutes: 10081 }", "instances.fresh_minutes", &number(0, 10_080, "10081"));
    check("notebooks: { fresh_minutes: -1 }", "notebooks.fresh_minutes", &number(0, 10_080, "-1"));
    check("drift: { contested_after: 11 }", "drift.contested_after", &number(1, 10, "11"));
    check("drift: { window_hours: 0 }", "drift.window_hours", &number(1, 720, "0"));
}
