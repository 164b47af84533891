//! Exemptions: by document, by tag, through their last day, and those that excuse nobody.

use v2only_policy::exemption::{Origin, REASON_TAG, UNTIL_TAG};
use v2only_policy::scope::Matcher;
use v2only_policy::{Instance, Switch, Verdict};

use crate::words::*;

const ACT: &str = "violation [http-tokens] → act: HttpTokens=required";

fn it() -> Instance {
    instance("i-0abc0123456789def").v1_allowed()
}

fn expired() -> String {
    format!("{ACT}; exemption-expired")
}

fn invalid() -> String {
    format!("{ACT}; exemption-invalid")
}

#[test]
fn by_document_through_the_last_day_in_utc() {
    let policy = enforce().with(&[exemption(tagged("app", "legacy-*"), "2027-01-31")]);
    let excused = "exempt by exemptions[0] through 2027-01-31 [http-tokens] → nothing";
    let legacy = || it().tag("app", "legacy-billing");
    check("long before", legacy(), &policy, launch(), excused);
    check("last day, first second", legacy(), &policy, launch().on(at("2027-01-31T00:00:00Z")), excused);
    check("last day, last second", legacy(), &policy, launch().on(at("2027-01-31T23:59:59.999Z")), excused);
    check("day after, first second", legacy(), &policy, launch().on(at("2027-02-01T00:00:00Z")), &expired());
    check(
        "where it is still the last day, but no longer in UTC",
        legacy(),
        &policy,
        launch().on(at("2027-01-31T23:30:00-05:00")),
        &expired(),
    );
    check(
        "where it is the day after already, but not yet in UTC",
        legacy(),
        &policy,
        launch().on(at("2027-02-01T00:30:00+09:00")),
        excused,
    );
    check("somebody else", it().tag("app", "shop"), &policy, launch(), ACT);
    check("no such tag", it(), &policy, launch(), ACT);
}

#[test]
fn by_tag_through_the_last_day_in_utc() {
    let tagged = || it().exempt_until("2027-01-31");
    let excused = "exempt by tag through 2027-01-31 [http-tokens] → nothing";
    check("long before", tagged(), enforce(), launch(), excused);
    check("last day, last second", tagged(), enforce(), launch().on(at("2027-01-31T23:59:59Z")), excused);
    check("day after", tagged(), enforce(), launch().on(at("2027-02-01T00:00:00Z")), &expired());
    check(
        "leap day",
        it().exempt_until("2028-02-29"),
        enforce(),
        launch().on(at("2028-02-29T23:00:00Z")),
        "exempt by tag through 2028-02-29 [http-tokens] → nothing",
    );
}

#[test]
fn tags_that_are_no_exemption_exempt_nobody_and_are_noted() {
    check("an end, no reason", it().tag(UNTIL_TAG, "2027-01-31"), enforce(), launch(), &invalid());
    check("a reason, no end", it().tag(REASON_TAG, "because"), enforce(), launch(), &invalid());
    check(
        "a blank reason",
        it().tag(UNTIL_TAG, "2027-01-31").tag(REASON_TAG, "  "),
        enforce(),
        launch(),
        &invalid(),
    );
    for end in ["forever", "2027-02-29", "2027-13-01", "31.01.2027", "2027-1-31", "", "99999-01-01"] {
        check(end, it().exempt_until(end), enforce(), launch(), &invalid());
    }
    check(
        "an empty reason and no end are no tags at all",
        it().tag(REASON_TAG, ""),
        enforce(),
        launch(),
        ACT,
    );
    check(
        "a tag of nearly that name",
        it().tag("v2only:Exempt-Until", "2027-01-31").tag("v2only:Exempt-Reason", "because"),
        enforce(),
        launch(),
        ACT,
    );
}

#[test]
fn several_exemptions() {
    let both = enforce()
        .with(&[exemption(resources("i-0abc*"), "2026-11-19"), exemption(resources("i-*"), "2026-11-20")]);
    check(
        "one in force is enough",
        it(),
        &both,
        launch(),
        "exempt by exemptions[1] through 2026-11-20 [http-tokens] → nothing",
    );
    check(
        "all over: each is noted",
        it().exempt_until("2026-11-01"),
        &both,
        launch().on(at("2026-11-21T00:00:00Z")),
        &format!("{ACT}; exemption-expired; exemption-expired; exemption-expired"),
    );
    check(
        "the tag lasts longer than the document",
        it().exempt_until("2027-01-31"),
        &both,
        launch(),
        "exempt by tag through 2027-01-31 [http-tokens] → nothing",
    );
    check(
        "of two equally long, the first",
        it().exempt_until("2026-11-20"),
        &both,
        launch(),
        "exempt by exemptions[1] through 2026-11-20 [http-tokens] → nothing",
    );
    check(
        "an invalid tag takes nothing from the document, and is noted",
        it().tag(UNTIL_TAG, "soon"),
        &both,
        launch(),
        "exempt by exemptions[1] through 2026-11-20 [http-tokens] → nothing; exemption-invalid",
    );
    check(
        "an expired tag beside a document in force is history",
        it().exempt_until("2026-11-19"),
        &both,
        launch(),
        "exempt by exemptions[1] through 2026-11-20 [http-tokens] → nothing",
    );
    check(
        "a notebook likewise",
        notebook("n").v1_allowed().tag(UNTIL_TAG, "soon"),
        enforce().with(&[exemption(resources("n"), "2026-11-20")]),
        seen(),
        "exempt by exemptions[0] through 2026-11-20 [minimum-version] → nothing; exemption-invalid",
    );
    check(
        "compliant: nobody asks for exemptions",
        instance("i-0abc0123456789def").tag(UNTIL_TAG, "soon"),
        &both,
        launch(),
        "compliant (HttpTokens is required) → nothing",
    );
    check(
        "expired in the document, invalid on the resource",
        it().tag(UNTIL_TAG, "soon"),
        enforce().with(&[exemption(resources("*"), "2026-11-19")]),
        launch(),
        &format!("{ACT}; exemption-expired; exemption-invalid"),
    );
}

#[test]
fn whom_a_matcher_means() {
    let here = Matcher {
        accounts: accounts(&["111122223333"]).accounts,
        regions: regions(&["eu-*", "us-east-1"]).regions,
        ..tagged("app", "*")
    };
    let policy = enforce().with(&[exemption(here, "2027-01-31")]);
    let excused = "exempt by exemptions[0] through 2027-01-31 [http-tokens] → nothing";
    let app = || it().tag("app", "");
    check("all it says holds; any value, even an empty one", app(), &policy, launch(), excused);
    check("another Region of the list", app(), &policy, launch().in_region("us-east-1"), excused);
    check("a Region not listed", app(), &policy, launch().in_region("us-east-2"), ACT);
    check("another account", app(), &policy, launch().in_account("222233334444"), ACT);
    check("without the tag", it(), &policy, launch(), ACT);
    check("tag keys are exact", it().tag("App", "x"), &policy, launch(), ACT);
}

#[test]
fn organizational_units() {
    let policy = enforce().with(&[exemption(units(&["ou-ab12-sandbox1", "r-ab12"]), "2027-01-31")]);
    let excused = "exempt by exemptions[0] through 2027-01-31 [http-tokens] → nothing";
    check("in the unit", it(), &policy, launch().under(&["ou-ab12-sandbox1"]), excused);
    check("deep below it", it(), &policy, launch().under(&["ou-ab12-team0001", "r-ab12"]), excused);
    check("elsewhere", it(), &policy, launch().under(&["ou-ab12-prod0001"]), ACT);
    check("in no unit", it(), &policy, launch().under(&[]), ACT);
    check_undecided("not known: nothing is concluded", it(), &policy, launch());
    check(
        "not known, and nothing to excuse",
        instance("i-0abc0123456789def"),
        &policy,
        launch(),
        "compliant (HttpTokens is required) → nothing",
    );
    check(
        "not known, and switched off",
        it().endpoint(Switch::Disabled),
        &policy,
        launch(),
        "compliant (HttpEndpoint is disabled) → nothing",
    );
}

#[test]
fn an_exemption_says_where_it_was_written_why_and_whom_to_ask() {
    let policy = enforce().with(&[exemption(resources("i-*"), "2027-01-31")]);
    let Verdict::Exempt { by, findings } = it().decide(&policy, &launch()).unwrap().verdict else {
        panic!("not exempt");
    };
    assert_eq!(by.origin, Origin::Document(0));
    assert_eq!(by.reason, "vendor agent speaks only v1");
    assert_eq!(by.owner.as_deref(), Some("billing@example.com"));
    assert_eq!(findings.len(), 1, "what it excuses is still said");
}

#[test]
fn an_exemption_by_tag_is_told_from_another() {
    let by_tag = |instance: Instance, policy: &v2only_policy::Policy| {
        instance.decide(policy, &launch()).unwrap().verdict.is_exempt_by_tag()
    };
    let by_document = enforce().with(&[exemption(resources("i-*"), "2027-01-31")]);
    assert!(by_tag(it().exempt_until("2027-01-31"), &enforce().policy()));
    assert!(!by_tag(it(), &by_document));
    assert!(!by_tag(it(), &enforce().policy()));
}

#[test]
fn an_exempt_resource_that_is_flipped_is_not_remembered_as_such() {
    check(
        "turned back under an exemption",
        it().exempt_until("2027-01-31"),
        enforce(),
        flipped(now()),
        "exempt by tag through 2027-01-31 [http-tokens] → nothing",
    );
}

#[test]
fn the_policy_limits_exemptions_by_tag() {
    use v2only_policy::Policy;
    use v2only_policy::settings::TagExemptions;
    let by_tag = |exemptions_by_tag| Policy { exemptions_by_tag, ..Policy::plain(enforce()) };
    let until = |day: &str| it().exempt_until(day);
    let invalid = invalid();
    let exempt = until("2027-11-20").decide(&enforce().policy(), &launch()).unwrap();
    assert_eq!(exempt.verdict.code(), "exempt", "a year from now");
    check("a day longer", until("2027-11-21"), enforce(), launch(), &invalid);
    check("for ever", until("9999-12-31"), enforce(), launch(), &invalid);
    check("ignored", until("2026-12-01"), by_tag(TagExemptions::Ignore), launch(), &invalid);
    let week = by_tag(TagExemptions::Allow { max_days: 7 });
    check("more than a week", until("2026-11-28"), &week, launch(), &invalid);
    assert_eq!(until("2026-11-27").decide(&week, &launch()).unwrap().verdict.code(), "exempt");
}
