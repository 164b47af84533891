//! Who set the options of an instance.

use v2only_policy::cause::{Launched, Lineage, RootCause, Setter};
use v2only_policy::{AccountDefaults, HttpTokens, ImageId, ImdsSupport, LaunchTemplateId, StatedOptions};

use crate::sources::{account, says};
use crate::words::*;

const OPTIONAL: Option<HttpTokens> = Some(HttpTokens::Optional);
const REQUIRED: Option<HttpTokens> = Some(HttpTokens::Required);

fn traced(
    from: &Launched,
    says: Option<&StatedOptions>,
    defaults: &AccountDefaults,
    image: ImdsSupport,
) -> RootCause {
    let it = instance("i-0abc0123456789def").v1_allowed();
    let lineage = Lineage { from, says, defaults, image };
    RootCause::trace(&it.options, &lineage, None, ImageId::parse("ami-0123456789abcdef0").ok())
}

fn template() -> Launched {
    Launched::Template(LaunchTemplateId::parse("lt-0123456789abcdef0").unwrap(), 3)
}

#[test]
fn the_source_that_says_what_the_instance_has_set_it() {
    use ImdsSupport::{Unknown, Unmarked, V2};
    let silent = StatedOptions::default();
    let rows = [
        (Some(says(OPTIONAL)), REQUIRED, V2, Setter::Source),
        (Some(silent), OPTIONAL, V2, Setter::AccountDefault),
        (Some(silent), None, Unmarked, Setter::Nobody),
        // It was launched before they said so, or against them.
        (Some(says(REQUIRED)), None, Unmarked, Setter::Elsewhere),
        (Some(silent), REQUIRED, Unmarked, Setter::Elsewhere),
        (Some(silent), None, V2, Setter::Elsewhere),
        (Some(silent), None, Unknown, Setter::Unknown),
        (None, OPTIONAL, Unmarked, Setter::Unknown),
    ];
    for (source, default, image, setter) in rows {
        let cause = traced(&template(), source.as_ref(), &account(default), image);
        assert_eq!(cause.http_tokens, setter, "{source:?}, {default:?}, {image:?}");
    }
}

#[test]
fn each_option_has_its_own_cause() {
    let mut source = says(OPTIONAL);
    let mut defaults = account(REQUIRED);
    defaults.options.hop_limit = Some(1);
    let cause = traced(&template(), Some(&source), &defaults, ImdsSupport::V2);
    assert_eq!((cause.http_tokens, cause.hop_limit), (Setter::Source, Setter::AccountDefault));
    source.hop_limit = Some(4);
    let cause = traced(&template(), Some(&source), &defaults, ImdsSupport::V2);
    assert_eq!(cause.hop_limit, Setter::Elsewhere);
}

#[test]
fn a_cause_says_what_to_fix() {
    let unmarked = ImdsSupport::Unmarked;
    let says_so = traced(&template(), Some(&says(OPTIONAL)), &account(None), unmarked);
    assert_eq!(says_so.words(), "launch template lt-0123456789abcdef0 version 3 says so");
    let silent = traced(&Launched::Directly, Some(&says(None)), &account(None), unmarked);
    assert_eq!(
        silent.words(),
        "the launch request, or nobody: account default and ami-0123456789abcdef0 are silent"
    );
    let old =
        traced(&Launched::Configuration("web".to_owned()), Some(&says(REQUIRED)), &account(None), unmarked);
    assert_eq!(old.words(), "the launch request or a change since, not launch configuration web");
    let gone = traced(&template(), None, &account(None), unmarked);
    assert!(gone.words().starts_with("not known: launch template lt-0123456789abcdef0 version 3"));
}

#[test]
fn the_remedy_names_the_source_to_fix() {
    let configuration = Launched::Configuration("old".to_owned());
    let remedy = |from: &Launched, setter| {
        let cause =
            RootCause { http_tokens: setter, ..traced(from, None, &account(None), ImdsSupport::Unknown) };
        cause.remedy().unwrap_or_default()
    };
    for (from, setter, words) in [
        (template(), Setter::Source, "a new version of lt-0123456789abcdef0"),
        (configuration.clone(), Setter::Source, "a launch template in place of old"),
        (Launched::Directly, Setter::Source, "the caller that launched or changed it"),
        (template(), Setter::Elsewhere, "the caller that launched or changed it"),
        (template(), Setter::AccountDefault, "an account default that requires tokens"),
        (configuration, Setter::Nobody, "an account default that requires tokens"),
        (template(), Setter::Image, "another image"),
    ] {
        let told = remedy(&from, setter);
        assert!(told.starts_with(words), "{told}");
    }
    assert_eq!(remedy(&template(), Setter::Unknown), "");
}
