//! The runbooks of AWS that change metadata options, with the parameters of each.

use std::collections::BTreeMap;

use v2only_policy::InstanceChange;

/// A runbook of AWS, with all that it is told but for the instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Runbook {
    /// Its name.
    pub document: &'static str,
    /// All of its parameters but `InstanceId`.
    pub parameters: BTreeMap<&'static str, String>,
}

impl Runbook {
    /// The runbook that makes this change, under this role; `None` if there is none: they know nothing of IPv6 and
    /// tags, and the one that could disable the endpoint could enable it as well.
    ///
    /// With a role it is the one that can only require tokens; the other one does without.
    pub fn of(change: InstanceChange, role: Option<&str>) -> Option<Self> {
        // 0 keeps it.
        let hops = change.tokens_and_hop_limit()?.map_or(0, |it| it.get()).to_string();
        Some(match role {
            Some(role) => Self {
                document: "AWSConfigRemediation-EnforceEC2InstanceIMDSv2",
                parameters: BTreeMap::from([
                    ("AutomationAssumeRole", role.to_owned()),
                    ("HttpPutResponseHopLimit", hops),
                ]),
            },
            None => Self {
                document: "AWSSupport-ConfigureEC2Metadata",
                parameters: BTreeMap::from([
                    // `optional` where nothing is said.
                    ("EnforceIMDSv2", "required".to_owned()),
                    ("HttpPutResponseHopLimit", hops),
                    // Only instances are handed over that are described so.
                    ("MetadataAccess", "enabled".to_owned()),
                ]),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use v2only_policy::settings::HopLimit;
    use v2only_policy::{SwitchOption, Switches};

    /// Source: Systems Manager Automation runbook reference; all parameters but `InstanceId`, and without the role
    /// where it is optional and none is named.
    const DECLARED: [(&str, &[&str]); 2] = [
        ("AWSSupport-ConfigureEC2Metadata", &["EnforceIMDSv2", "HttpPutResponseHopLimit", "MetadataAccess"]),
        (
            "AWSConfigRemediation-EnforceEC2InstanceIMDSv2",
            &["AutomationAssumeRole", "HttpPutResponseHopLimit"],
        ),
    ];

    #[test]
    fn no_change_there_is_can_make_a_runbook_loosen_or_disable() {
        let hops: Vec<Option<HopLimit>> =
            std::iter::once(None).chain((1..=64).map(|it| Some(HopLimit::new(it).unwrap()))).collect();
        let states = [None, Some(false), Some(true)];
        let mut told = 0;
        for hop_limit in hops {
            for ipv6_endpoint in states {
                for metadata_tags in states {
                    let switches =
                        Switches::all(ipv6_endpoint).with(SwitchOption::MetadataTags, metadata_tags);
                    let change = InstanceChange::RequireTokens { hop_limit, switches };
                    for role in [None, Some("arn:aws:iam::111122223333:role/v2only-automation")] {
                        let Some(runbook) = Runbook::of(change, role) else {
                            assert!(ipv6_endpoint.is_some() || metadata_tags.is_some(), "{change}");
                            continue;
                        };
                        told += 1;
                        let (_, declared) = DECLARED.iter().find(|(it, _)| *it == runbook.document).unwrap();
                        let given: Vec<&str> = runbook.parameters.keys().copied().collect();
                        assert_eq!(given, *declared, "no default decides");
                        let says = |name: &str| runbook.parameters.get(name).map(String::as_str);
                        assert_ne!(says("EnforceIMDSv2"), Some("optional"));
                        assert_ne!(says("MetadataAccess"), Some("disabled"));
                        let hops = hop_limit.map_or(0, |it| it.get()).to_string();
                        assert_eq!(says("HttpPutResponseHopLimit"), Some(hops.as_str()));
                        assert_eq!(says("AutomationAssumeRole"), role);
                    }
                }
            }
        }
        assert_eq!(told, 65 * 2);
        assert_eq!(Runbook::of(InstanceChange::DisableEndpoint, None), None);
    }
}
