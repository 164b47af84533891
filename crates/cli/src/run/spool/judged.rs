//! What was found and decided, as it is kept.

use std::io;

use v2only_enforcer::scan::Judged;
use v2only_enforcer::sources::Source;
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::decide::Decision;
use v2only_policy::effective::{By, Decided};
use v2only_policy::exemption::{InForce, InvalidTag, Origin, Void};
use v2only_policy::plan::EnforcementBar;
use v2only_policy::settings::HopLimit;
use v2only_policy::source::{
    DefaultsOwner, Displaced, GroupUse, Image, LaunchConfiguration, LaunchTemplate, Made, TemplateVersion,
    Unclear, VersionChoice,
};
use v2only_policy::usage::Usage;
use v2only_policy::{
    AccountDefaults, Compliance, ContainerHost, DefaultsChange, EffectiveOptions, Finding, Hold, HttpTokens,
    ImageChange, ImageId, ImdsSupport, Instance, InstanceChange, InstanceId, InstanceState,
    LaunchConfigurationChange, LaunchTemplateId, MetadataOptions, MinimumVersion, Note, Notebook,
    NotebookName, NotebookStatus, NotebookStep, Plan, Platform, StatedOptions, Switch, TemplateChange,
    Verdict, VersionDecision, Wait,
};

use super::codec::{Kept, Out, Rest, fields, names, other, variants};

names!(InstanceId, NotebookName, ImageId, LaunchTemplateId);

variants!(Judged { 0 Instance(it, decision), 1 Notebook(it, decision), 2 Source(it) });
variants!(Source {
    0 Defaults(it, decision),
    1 Version(it, decision),
    2 Configuration(it, effective, decision),
    3 Image(it, decision),
});

fields!(Instance { id, state, options, managed_by, created_at, image, profile, tags });
fields!(MetadataOptions { http_tokens, http_endpoint, hop_limit, ipv6_endpoint, metadata_tags, pending });
variants!(InstanceState { 0 Pending, 1 Running, 2 Stopping, 3 Stopped, 4 Gone, 5 Unknown });
variants!(HttpTokens { 0 Required, 1 Optional, 2 Unknown });
variants!(Switch { 0 Enabled, 1 Disabled, 2 Unknown });

fields!(Notebook {
    name,
    arn,
    status,
    minimum_version,
    platform,
    instance_type,
    created_at,
    failure_reason,
    tags
});
variants!(NotebookStatus {
    0 Pending, 1 InService, 2 Stopping, 3 Stopped, 4 Failed, 5 Updating, 6 Gone, 7 Unknown,
});
variants!(MinimumVersion { 0 One, 1 Two, 2 Unknown });
variants!(Platform { 0 AmazonLinux1, 1 AmazonLinux2, 2 AmazonLinux2023, 3 Unknown(identifier) });

fields!(AccountDefaults { options, enforced, owner });
fields!(StatedOptions { http_tokens, http_endpoint, hop_limit, ipv6_endpoint, metadata_tags });
variants!(DefaultsOwner { 0 Account, 1 DeclarativePolicy(words), 2 Unknown(word) });
fields!(LaunchTemplate { id, name, default, latest, displaced, versions, groups, managed_by, tags });
fields!(Displaced { by, was, unclear });
variants!(Unclear { 0 Gone, 1 Meanwhile(number) });
fields!(TemplateVersion { number, options, image, imds_support, made });
fields!(Made { from, latest });
fields!(GroupUse { group, version });
variants!(VersionChoice { 0 Number(number), 1 Default, 2 Latest });
fields!(VersionDecision { number, effective, decision });
fields!(EffectiveOptions { http_tokens, http_endpoint, hop_limit, ipv6_endpoint, metadata_tags });
fields!(Decided<T> { is, by });
variants!(By { 0 Source, 1 AccountDefault, 2 Image, 3 Nobody });
fields!(LaunchConfiguration { name, options, groups });
fields!(Image { id, name, imds_support, tags });
variants!(ImdsSupport { 0 V2, 1 Unmarked, 2 Unknown });

fields!(Decision<T> { verdict, notes, plan, remember });
variants!(Verdict { 0 Compliant(why), 1 Exempt { by, findings }, 2 Violation(findings), 3 Gone });
variants!(Compliance {
    0 TokensRequired, 1 EndpointDisabled, 2 MinimumVersion2, 3 DefaultsAsRequired, 4 ImageIsV2,
});
variants!(Finding {
    0 TokensOptional,
    1 TokensUnknown,
    2 EndpointEnabled,
    3 HopLimitAbove { is, max },
    4 HopLimitOther { is, exactly },
    5 Ipv6Endpoint { enable },
    6 MetadataTags { enable },
    7 MinimumVersion1,
    8 MinimumVersionUnknown,
    9 DefaultTokens { is },
    10 DefaultHopLimit { is, must },
    11 NotEnforced,
    12 ImageUnmarked,
    13 ImageUnknown,
    14 LatestDisplaced { by, was },
});
fields!(InForce { origin, reason, owner, until });
variants!(Origin { 0 Document(index), 1 Tag });
variants!(Void { 0 Expired { origin, until }, 1 Invalid(why) });
variants!(InvalidTag { 0 NoReason, 1 NoEnd, 2 NotADay(text) });
variants!(Note {
    0 VoidExemption(void), 1 OptionsPending, 2 LeftStopped, 3 EnforcementWaits(bar), 4 ContainerHost(hint),
});
variants!(EnforcementBar { 0 NoDefault, 1 Failing { sources } });
variants!(ContainerHost { 0 Tag(key), 1 Profile(name) });

variants!(Plan<T> { 0 Nothing, 1 Wait(wait), 2 Hold { why, would }, 3 Act(step) });
variants!(Wait { 0 Notebook(status) });
variants!(Hold {
    0 Observe,
    1 Managed(principal),
    2 UsageGate(usage),
    3 Contested { times, hours },
    4 SsmAutomation,
    5 EndpointUnknown,
    6 UntilStopped,
    7 OutsideWindow,
    8 ReportOnly,
    9 AmazonLinux1,
    10 AmazonLinux2,
    11 InstanceType(name),
    12 PlatformUnknown(identifier),
    13 StatusUnknown,
    14 UpdateHadNoEffect { tries, reason },
    15 RestartFailed(reason),
    16 SourceReportOnly(key),
    17 DeclarativePolicy(words),
    18 Enforcement(bar),
    19 Immutable { groups },
    20 Pinned { groups },
    21 LatestInUse { groups },
    22 Irreversible,
    23 LatestUnclear(it),
});
variants!(Usage { 0 NotRead, 1 Quiet { days }, 2 Busy { calls }, 3 Gaps { days }, 4 Partial });
variants!(InstanceChange {
    0 RequireTokens { hop_limit, ipv6_endpoint, metadata_tags }, 1 DisableEndpoint,
});
variants!(NotebookStep { 0 Stop, 1 Update { upgrade_platform }, 2 Start, 3 Unmark });
fields!(DefaultsChange { require_tokens, hop_limit, enforce });
fields!(TemplateChange { from, change, made, make_default, then_repeat });
variants!(ImageChange { 0 MarkV2 });

fields!(RootCause { from, group, image, http_tokens, hop_limit });
variants!(Launched { 0 Template(id, version), 1 Configuration(name), 2 Directly });
variants!(Setter { 0 Source, 1 AccountDefault, 2 Image, 3 Nobody, 4 Elsewhere, 5 Unknown });

impl Kept for HopLimit {
    fn put(&self, to: &mut Out) {
        (*self).get().put(to);
    }

    fn get(from: &mut Rest<'_>) -> io::Result<Self> {
        Self::new(i64::from(u8::get(from)?)).map_err(|_| other())
    }
}

/// There is none.
impl Kept for LaunchConfigurationChange {
    fn put(&self, _: &mut Out) {
        match *self {}
    }

    fn get(_: &mut Rest<'_>) -> io::Result<Self> {
        Err(other())
    }
}
