//! Surfaces outside of EC2, Auto Scaling and SageMaker.

use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::scope::ScopeError;
use v2only_policy::settings::{GateScope, OwnedTemplates};
use v2only_policy::surface::SurfaceFix;
use v2only_policy::{
    Decision, Policy, StatedOptions, Surface, SurfaceKind, decide_surface, surface_usage_window,
};

use crate::words::*;

const ACT: &str = "violation [http-tokens] → act: HttpTokens=required";
const GATE: &str = "violation [http-tokens] → hold: usage-gate, would HttpTokens=required";
const REPORT: &str = "violation [http-tokens] → hold: surface-report-only";
const OBSERVE: &str = "violation [http-tokens] → hold: observe-mode, would HttpTokens=required";

fn surface(kind: SurfaceKind, http_tokens: Option<HttpTokens>) -> Surface {
    let options = StatedOptions { http_tokens, ..StatedOptions::default() };
    let created_at = Some(at("2024-01-01T00:00:00Z"));
    Surface { options, created_at, ..Surface::new(kind, "shop".to_owned()) }
}

fn open(kind: SurfaceKind) -> Surface {
    surface(kind, Some(HttpTokens::Optional))
}

impl Resource for Surface {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError> {
        decide_surface(self, policy, &moment.circumstances())
    }
}

#[test]
fn each_kind_is_judged_by_its_tokens() {
    for kind in SurfaceKind::ALL.iter().copied() {
        let planned = match kind.about().fix {
            SurfaceFix::BehindUsageGate => GATE,
            SurfaceFix::InPlace => ACT,
            SurfaceFix::Report(_) => REPORT,
        };
        let word = kind.about().kind.word;
        check(word, open(kind), enforce(), seen(), planned);
        check(word, surface(kind, None), enforce(), seen(), planned);
        check(word, surface(kind, Some(HttpTokens::Unknown)), enforce(), seen(), planned);
        let required = surface(kind, Some(HttpTokens::Required));
        check(word, required, enforce(), seen(), "compliant (HttpTokens is required) → nothing");
        let mut disabled = open(kind);
        disabled.options.http_endpoint = Some(Switch::Disabled);
        check(word, disabled, enforce(), seen(), "compliant (HttpEndpoint is disabled) → nothing");
    }
}

#[test]
fn an_exemption_ends_with_its_last_day() {
    for kind in SurfaceKind::ALL.iter().copied() {
        let until = |day: &str| {
            let mut surface = open(kind);
            surface.tags.insert(UNTIL_TAG.to_owned(), day.to_owned());
            surface.tags.insert(REASON_TAG.to_owned(), "vendor agent".to_owned());
            surface.decide(&enforce().policy(), &seen()).unwrap().verdict.code()
        };
        assert_eq!(until("2026-11-20"), "exempt");
        assert_eq!(until("2026-11-19"), "violation");
    }
}

#[test]
fn the_usage_gate_shelters_lightsail_instances_that_use_version_1() {
    let it = || open(SurfaceKind::LightsailInstance);
    check("not read", it(), enforce(), seen(), GATE);
    check("quiet", it(), enforce(), seen().quiet(14), ACT);
    check("quiet for a day less", it(), enforce(), seen().quiet(13), GATE);
    check("busy", it(), enforce(), seen().busy(1), GATE);
    check("no gate", it(), enforce().no_gate(), seen().busy(9), ACT);
    let month = enforce().gate(GateScope::All, 30).policy();
    assert_eq!(surface_usage_window(&it(), &month, &seen().circumstances()), Ok(30));
    let fresh = || Surface { created_at: Some(minutes_ago(5)), ..it() };
    check("fresh", fresh(), enforce(), seen(), ACT);
    check("fresh, gate for all", fresh(), enforce().gate(GateScope::All, 14), seen(), GATE);
    check("fresh, without siblings to ask", fresh(), enforce().gate(GateScope::Siblings, 14), seen(), GATE);
}

#[test]
fn observe_mode_only_reports() {
    let it = open(SurfaceKind::InfrastructureConfiguration);
    check("in place", it, observe(), seen(), OBSERVE);
}

#[test]
fn the_owner_of_an_infrastructure_configuration_changes_it() {
    let kind = SurfaceKind::InfrastructureConfiguration;
    let tagged = |key: &str, value: &str| {
        let mut surface = open(kind);
        surface.tags.insert(key.to_owned(), value.to_owned());
        surface
    };
    for it in [tagged("aws:cloudformation:stack-name", "images"), tagged("ManagedBy", "terraform")] {
        let held = "violation [http-tokens] → hold: owned";
        check("reported", it.clone(), enforce(), seen(), held);
        check(
            "fixed on request",
            it,
            enforce().edit(|it| it.launch_templates.owned = OwnedTemplates::Fix),
            seen(),
            ACT,
        );
    }
    check("nobody's", open(kind), enforce(), seen(), ACT);
    let mut lightsail = open(SurfaceKind::LightsailInstance);
    lightsail.tags.insert("aws:cloudformation:stack-name".to_owned(), "shop".to_owned());
    check("an instance of a stack", lightsail, enforce(), seen().quiet(14), ACT);
}

#[test]
fn unset_tokens_are_what_the_service_does() {
    let described = |kind, tokens| surface(kind, tokens).described().http_tokens;
    assert_eq!(described(SurfaceKind::BeanstalkEnvironment, None), HttpTokens::Optional);
    assert_eq!(described(SurfaceKind::InfrastructureConfiguration, None), HttpTokens::Unknown);
    assert_eq!(
        described(SurfaceKind::BeanstalkEnvironment, Some(HttpTokens::Required)),
        HttpTokens::Required
    );
    let mut other = surface(SurfaceKind::LightsailInstance, Some(HttpTokens::Required));
    other.options.hop_limit = Some(3);
    assert_eq!(other.described().hop_limit, Some(3));
}

#[test]
fn another_resource_of_the_same_name_is_not_the_same() {
    let it = Surface { arn: Some("arn:1".to_owned()), ..open(SurfaceKind::LightsailInstance) };
    let created = it.created_at;
    // AWS describes some moments with fractions of a second, and journals without.
    assert!(it.is_same(Some("arn:1"), created.map(|at| at + jiff::SignedDuration::from_millis(400))));
    assert!(!it.is_same(Some("arn:2"), created));
    assert!(!it.is_same(None, created));
    assert!(!it.is_same(Some("arn:1"), None));
    assert!(!it.is_same(Some("arn:1"), Some(minutes_ago(1))));
}
