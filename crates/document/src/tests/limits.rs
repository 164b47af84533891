//! Texts that would cost more than they are worth.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::super::parse;
use super::observing;

/// Refused, soon, and in these words.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the test measures how long a refusal takes")]
fn check(name: &str, text: &str, message: &str) {
    let began = Instant::now();
    let invalid = parse(text).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(10), "{name} took {:?}", began.elapsed());
    assert!(invalid.problems.len() <= 100, "{name}");
    let rendered = invalid.render("policy.yaml", text);
    assert!(rendered.contains(message), "{name}:\n{rendered}");
    assert!(rendered.len() < 100_000, "{name}: {} bytes are rendered", rendered.len());
}

#[test]
fn giants_are_refused() {
    check("long", &"#".repeat(256 * 1024 + 1), "at most 256 KiB, and this one 257");
    check("deep lists", &"[".repeat(100_000), "nested too deeply");
    check("deep maps", &"{a: ".repeat(50_000), "nested too deeply");
    check("deep blocks", &"- ".repeat(100_000), "nested too deeply");
    check("many values", &format!("[{}]", "a,".repeat(100_000)), "at most 50000 values");
    let keys = (0..20_000).fold(String::new(), |mut text, key| {
        writeln!(text, "k{key}: 1").unwrap();
        text
    });
    check("many unknown keys", &keys, "unknown key `k0`");
    check("many duplicate keys", &"a: 1\n".repeat(20_000), "duplicate key `a`");
    check("a long key", &format!("{}: 1", "hop".repeat(80_000)), "a key cannot be here");
    check("a long word", &observing(&format!("images: {{fix: {}}}", "x".repeat(200_000))), "found `xxx");
}

#[test]
fn aliases_are_followed_only_so_far() {
    let mut text = observing("x0: &x0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n");
    for level in 1..30 {
        let below = level - 1;
        writeln!(text, "x{level}: &x{level} [{}]", vec![format!("*x{below}"); 9].join(", ")).unwrap();
    }
    check("a billion laughs", &text, "at most 50000 values, those of aliases included");

    let mut text = observing("x0: &x0 [[[[[[[[]]]]]]]]\n");
    for level in 1..20 {
        writeln!(text, "x{level}: &x{level} [[[[[[[[*x{}]]]]]]]]", level - 1).unwrap();
    }
    check("deep by aliases", &text, "this alias nests lists and maps too deeply");
    check("itself", &observing("x: &x { y: [*x] }"), "this alias stands for something that contains it");
}

#[test]
fn a_fleet_of_accounts_fits() {
    let accounts: Vec<String> =
        (0..10_000_u64).map(|it| format!("\"{:012}\"", 100_000_000_000 + it)).collect();
    let text =
        observing(&format!("overrides: [{{match: {{accounts: [{}]}}, mode: enforce}}]", accounts.join(", ")));
    assert_eq!(super::accepted(&text).policy.overrides[0].matcher.accounts.len(), 10_000);
}
