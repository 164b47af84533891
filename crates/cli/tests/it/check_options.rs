//! `check`: what fails a run, which values count, what is suppressed, and which files are checked.

use serde_json::json;

use crate::check::{RIGHT, STACK, world};
use crate::fake_world::FakeWorld;

const BY_IMPORT: &str = "Resources:\n  A:\n    Type: AWS::EC2::Instance\n    Properties:\n      \
                         MetadataOptions: {HttpTokens: !ImportValue Tokens}\n";

#[test]
fn strict_fails_for_what_cannot_be_judged_and_for_warnings() {
    let world = world().file("a.yaml", BY_IMPORT).file("right.json", RIGHT).file(
        "twice.yaml",
        "Resources:\n  A:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions: {HttpTokens: required, \
         HttpTokens: required}\n",
    );
    for (file, exit) in [("a.yaml", 10), ("twice.yaml", 10), ("right.json", 0)] {
        assert_eq!(world.run(&format!("check DIR/{file}")).exit.code(), 0, "{file}");
        let ran = world.run(&format!("check --strict DIR/{file}"));
        assert_eq!(ran.exit.code(), exit, "{file}");
        assert_eq!(ran.out.contains("warning"), exit == 10, "{}", ran.out);
    }
    let ran = world.run("check --strict DIR/a.yaml");
    assert!(ran.err.contains("0 errors, 1 warning, 0 that cannot be told"), "{}", ran.err);
}

#[test]
fn parameters_may_have_their_defaults() {
    let world = world().file("stack.yaml", STACK);
    let of = |line: &str| {
        let json = world.run(line).json();
        let findings = json["findings"].as_array().unwrap().clone();
        let one = findings.into_iter().find(|it| it["resource"] == "ByParameter").unwrap();
        (one["code"].as_str().unwrap().to_owned(), one["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("check DIR/stack.yaml --output json").0, "cannot-tell");
    let (code, why) = of("check DIR/stack.yaml --parameters default --output json");
    assert_eq!(code, "http-tokens-not-required");
    assert_eq!(why, "HttpTokens is optional, from !Ref (Tokens, by default optional)");
}

fn suppressed(until: &str) -> String {
    format!(
        "Resources:\n  # v2only:ignore http-tokens-not-required until={until} reason=vendor agent\n  Web:\n    \
         Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions: {{HttpTokens: optional}}\n"
    )
}

#[test]
fn a_suppressed_finding_is_shown_and_does_not_fail_until_it_expires() {
    let world = world().file("a.yaml", &suppressed("2027-01-31"));
    let ran = world.run("check DIR/a.yaml --strict");
    assert_eq!(ran.exit.code(), 0);
    assert_eq!(
        ran.out,
        "DIR/a.yaml:6:37  suppressed  Web: HttpTokens is optional [http-tokens-not-required] until 2027-01-31: vendor agent\n"
    );
    assert!(ran.err.ends_with("0 that cannot be told, 1 suppressed\n"), "{}", ran.err);
    let json = world.run("check DIR/a.yaml --output json").json();
    assert_eq!(json["findings"], json!([]));
    assert_eq!(json["suppressed"][0]["reason"], "vendor agent");
    let sarif = world.run("check DIR/a.yaml --output sarif").json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["suppressions"][0]["kind"], "inSource");

    let ran = world.file("a.yaml", &suppressed("2026-11-19")).run("check DIR/a.yaml");
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.out.contains("expired on 2026-11-19: vendor agent [suppression-expired]"), "{}", ran.out);
    assert!(ran.out.contains("[http-tokens-not-required]"), "{}", ran.out);
}

/// Runs git in the directory of a world.
fn git(world: &FakeWorld, arguments: &str) {
    let settings = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let done = std::process::Command::new("git")
        .arg("-C")
        .arg(world.path("."))
        .args(settings)
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn only_files_that_changed_since_a_commit_are_checked() {
    let open = suppressed("2020-01-01");
    let world = world();
    std::fs::create_dir(world.path("a b")).unwrap();
    let world = world.file("old.yaml", &open).file("deleted.yaml", &open).file("a b/changed.yaml", RIGHT);
    git(&world, "init -q -b main");
    git(&world, "add .");
    git(&world, "commit -q -m first");
    // The branch counts from where it left main.
    git(&world, "checkout -q -b work");
    std::fs::remove_file(world.path("deleted.yaml")).unwrap();
    let world = world.file("a b/changed.yaml", &open).file("untracked.yaml", &open);

    let json = world.run("check DIR --changed-since main --output json").json();
    let files: Vec<&str> =
        json["files"].as_array().unwrap().iter().map(|it| it["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["DIR/a b/changed.yaml", "DIR/untracked.yaml"]);
    let one = world.run("check DIR/old.yaml DIR/untracked.yaml --changed-since main --output json").json();
    assert_eq!(one["files"].as_array().unwrap().len(), 1);

    let ran = world.run("check DIR/old.yaml --changed-since main");
    assert_eq!(
        (ran.exit.code(), ran.err.as_str()),
        (0, "0 files: 0 errors, 0 warnings, 0 that cannot be told\n")
    );
    let ran = world.run("check DIR --changed-since nowhere");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("git merge-base"), "{}", ran.err);
    assert_eq!(world.run("check - --changed-since main").exit.code(), 2);
}
