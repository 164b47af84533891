//! The requests that matter here, and what a policy does to each.
//!
//! IAM asks about `RunInstances` once for each resource type of the launch. A launch needs a grant for all of
//! them, and one denial refuses it.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Answer, Request, applies};
use super::lints::is_allow_list;
use super::read::Policy;
use super::table::LAUNCH_RESOURCES;
use super::{Against, Attachment};
use crate::settings::RolePattern;

const ACCOUNT: &str = "111122223333";
const TOKENS: &str = "ec2:MetadataHttpTokens";
const ENDPOINT: &str = "ec2:MetadataHttpEndpoint";
const HOPS: &str = "ec2:MetadataHttpPutResponseHopLimit";
const ASK_TOKENS: &str = "ec2:Attribute/HttpTokens";
const ASK_ENDPOINT: &str = "ec2:Attribute/HttpEndpoint";
const ASK_HOPS: &str = "ec2:Attribute/HttpPutResponseHopLimit";
const VERSION: &str = "sagemaker:MinimumInstanceMetadataServiceVersion";

/// Of these keys everything is known: what a request does not state, it does not carry.
const KNOWN: &[&str] = &[
    "ec2:metadata",
    "ec2:attribute",
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "sagemaker:minimum",
    "imagebuilder:ec2metadata",
    "autoscaling:metadata",
    "autoscaling:launchconfigurationname",
    "aws:principalarn",
    "aws:principaltag/",
    "aws:tagkeys",
    "aws:requesttag/",
];

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Refused by these statements.
    Denied(Vec<String>),
    /// Not refused; an identity policy grants it.
    Allowed,
    /// Neither granted nor refused by this identity policy, or not on this allow list.
    NotGranted,
    /// It depends on keys that a policy alone cannot tell.
    Depends(BTreeSet<String>),
}

/// A request by its name, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Stable, kebab-case.
    pub id: &'static str,
    /// In words.
    pub name: &'static str,
    /// Whether this product, or its owners, ask it, so that refusing it locks them out.
    pub ours: bool,
    /// Whether refusing it keeps version 1 out; `None` where it is neither good nor bad.
    pub opens_v1: Option<bool>,
    /// The requests it stands for.
    pub requests: Vec<Request>,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// All of them.
pub type Effects = Vec<Case>;

/// What a policy does to each request.
pub fn of(policy: &Policy, against: Against<'_>) -> Effects {
    let mut cases = cases(against);
    let must_grant = match against.attachment {
        Attachment::Identity => true,
        Attachment::Scp => is_allow_list(policy),
        Attachment::Rcp => false,
    };
    for case in &mut cases {
        case.outcome = outcome(policy, &case.requests, must_grant);
    }
    cases
}

/// What becomes of requests that are made together.
pub(super) fn outcome(policy: &Policy, requests: &[Request], must_grant: bool) -> Outcome {
    let mut denying: Vec<String> = Vec::new();
    let mut doubts = BTreeSet::new();
    // Every request of the case must be granted.
    let mut granted = true;
    for request in requests {
        let (mut allowed, mut allowed_if) = (false, BTreeSet::new());
        for statement in &policy.statements {
            match (applies(statement, request), statement.deny) {
                (Answer::Yes, true) if !denying.contains(&statement.name) => {
                    denying.push(statement.name.clone());
                }
                (Answer::Yes, true) | (Answer::No, _) => {}
                (Answer::Yes, false) => allowed = true,
                (Answer::Depends(keys), true) => doubts.extend(keys),
                (Answer::Depends(keys), false) => allowed_if.extend(keys),
            }
        }
        if must_grant && !allowed {
            granted &= !allowed_if.is_empty();
            doubts.append(&mut allowed_if);
        }
    }
    if !denying.is_empty() {
        Outcome::Denied(denying)
    } else if !granted {
        Outcome::NotGranted
    } else if doubts.is_empty() {
        // `FullAWSAccess` beside a policy that is no allow list grants.
        Outcome::Allowed
    } else {
        Outcome::Depends(doubts)
    }
}

/// Who asks: somebody without an exemption, unless a case says otherwise.
struct Asker<'a> {
    against: Against<'a>,
    principal: String,
}

type Stated<'a> = &'a [(&'a str, &'a str)];

impl Asker<'_> {
    fn request(&self, action: &str, service: &str, resource: &str, stated: Stated<'_>) -> Request {
        let partition = self.against.settings.partition.as_str();
        let (account, region) = (ACCOUNT, home(partition));
        let account =
            if resource.starts_with("image/") || resource.starts_with("snapshot/") { "" } else { account };
        let resource = match resource {
            "*" => "*".to_owned(),
            it => format!("arn:{partition}:{service}:{region}:{account}:{it}"),
        };
        let mut context: BTreeMap<String, Vec<String>> = BTreeMap::new();
        context.insert("aws:principalarn".to_owned(), vec![self.principal.clone()]);
        for (key, value) in stated {
            context.entry(key.to_ascii_lowercase()).or_default().push((*value).to_owned());
        }
        Request { action: action.to_owned(), resource, context, known: KNOWN }
    }

    fn launch(&self, stated: Stated<'_>, template: bool) -> Vec<Request> {
        let template = template.then_some(&"launch-template");
        LAUNCH_RESOURCES
            .iter()
            .chain(template)
            .map(|kind| {
                let carries = if *kind == "instance" { stated } else { &[] };
                self.request("ec2:RunInstances", "ec2", &format!("{kind}/x-0abc0123456789def"), carries)
            })
            .collect()
    }

    fn modify(&self, stated: Stated<'_>) -> Vec<Request> {
        vec![self.request("ec2:ModifyInstanceMetadataOptions", "ec2", "instance/i-0abc0123456789def", stated)]
    }

    fn on_open_instance(&self, action: &str) -> Vec<Request> {
        let now = [(TOKENS, "optional"), (ENDPOINT, "enabled"), (HOPS, "1")];
        vec![self.request(action, "ec2", "instance/i-0abc0123456789def", &now)]
    }

    fn notebook(&self, action: &str, stated: Stated<'_>) -> Vec<Request> {
        vec![self.request(action, "sagemaker", "notebook-instance/research", stated)]
    }
}

/// The requests that a resource control policy can refuse.
fn of_data(developer: &Asker<'_>) -> Vec<Case> {
    let read = |version| {
        let partition = developer.against.settings.partition.as_str();
        let request = developer.request("s3:GetObject", "s3", "*", &[("ec2:RoleDelivery", version)]);
        vec![Request { resource: format!("arn:{partition}:s3:::bucket/key"), ..request }]
    };
    vec![
        case(
            "data-v1",
            "object of a bucket, with credentials that an instance got by version 1",
            Some(true),
            read("1.0"),
        ),
        case(
            "data-v2",
            "object of a bucket, with credentials that an instance got by version 2",
            Some(false),
            read("2.0"),
        ),
    ]
}

fn home(partition: &str) -> &'static str {
    match partition {
        "aws-us-gov" => "us-gov-west-1",
        "aws-cn" => "cn-north-1",
        _ => "eu-central-1",
    }
}

fn case(id: &'static str, name: &'static str, opens_v1: Option<bool>, requests: Vec<Request>) -> Case {
    Case { id, name, ours: false, opens_v1, requests, outcome: Outcome::Allowed }
}

fn cases(against: Against<'_>) -> Vec<Case> {
    let partition = against.settings.partition;
    let by = |role: &RolePattern| {
        let principal = role.arn(partition).replace(":*:", &format!(":{ACCOUNT}:")).replace(['*', '?'], "x");
        Asker { against, principal }
    };
    let developer =
        Asker { against, principal: format!("arn:{}:iam::{ACCOUNT}:role/developer", partition.as_str()) };
    if against.attachment == Attachment::Rcp {
        return of_data(&developer);
    }
    let names = &against.settings.names;
    let v1 = [(TOKENS, "optional"), (ENDPOINT, "enabled"), (HOPS, "1")];
    let v2 = [(TOKENS, "required"), (ENDPOINT, "enabled"), (HOPS, "1")];
    let create = "sagemaker:CreateNotebookInstance";
    let update = "sagemaker:UpdateNotebookInstance";
    let is_v2 = [(TOKENS, "required"), (ENDPOINT, "enabled"), (HOPS, "1")];
    let asking =
        |now: &[(&'static str, &'static str)], asked: &[(&'static str, &'static str)]| [now, asked].concat();
    let defaults = |asker: &Asker<'_>, tokens| {
        vec![asker.request("ec2:ModifyInstanceMetadataDefaults", "ec2", "*", &[(ASK_TOKENS, tokens)])]
    };
    let mut cases = vec![
        case("launch-v1", "launch that requests IMDSv1", Some(true), developer.launch(&v1, false)),
        case("launch-silent", "launch that states no HttpTokens", Some(true), developer.launch(&[], false)),
        case("launch-v2", "launch that requires version 2", Some(false), developer.launch(&v2, false)),
        case(
            "launch-template-v2",
            "launch from a template that requires version 2",
            Some(false),
            developer.launch(&v2, true),
        ),
        case(
            "opt-out",
            "HttpTokens=optional on an instance",
            Some(true),
            developer.modify(&asking(&is_v2, &[(ASK_TOKENS, "optional")])),
        ),
        case(
            "wake-endpoint",
            "HttpEndpoint=enabled, without a word about tokens, where they are optional",
            Some(true),
            developer.modify(&[
                (TOKENS, "optional"),
                (ENDPOINT, "disabled"),
                (HOPS, "1"),
                (ASK_ENDPOINT, "enabled"),
            ]),
        ),
        case(
            "hop-limit-only",
            "hop limit 2 on an instance, without a word about tokens",
            None,
            developer.modify(&asking(&is_v2, &[(ASK_HOPS, "2")])),
        ),
        case("defaults-v1", "account default to optional", Some(true), defaults(&developer, "optional")),
        case("defaults-v2", "account default to required", Some(false), defaults(&developer, "required")),
        case(
            "role-onto-open-instance",
            "instance profile for an instance that answers version 1",
            Some(true),
            developer.on_open_instance("ec2:AssociateIamInstanceProfile"),
        ),
        case(
            "start-open-instance",
            "start of an instance that answers version 1",
            Some(true),
            developer.on_open_instance("ec2:StartInstances"),
        ),
        case(
            "launch-configuration-v1",
            "launch configuration that requests IMDSv1",
            Some(true),
            vec![developer.request(
                "autoscaling:CreateLaunchConfiguration",
                "autoscaling",
                "launchConfiguration:0a1b:launchConfigurationName/web",
                &[
                    ("autoscaling:MetadataHttpTokens", "optional"),
                    ("autoscaling:MetadataHttpEndpoint", "enabled"),
                ],
            )],
        ),
        case(
            "image-builder-v1",
            "Image Builder infrastructure that requests IMDSv1",
            Some(true),
            vec![developer.request(
                "imagebuilder:CreateInfrastructureConfiguration",
                "imagebuilder",
                "infrastructure-configuration/golden",
                &[("imagebuilder:Ec2MetadataHttpTokens", "optional")],
            )],
        ),
        case(
            "credentials-v1",
            "API call with credentials that an instance got by version 1",
            Some(true),
            vec![developer.request("ec2:DescribeInstances", "ec2", "*", &[("ec2:RoleDelivery", "1.0")])],
        ),
        case(
            "notebook-create-v1",
            "notebook created with version 1",
            Some(true),
            developer.notebook(create, &[(VERSION, "1")]),
        ),
        case(
            "notebook-create-silent",
            "notebook created without a version",
            Some(true),
            developer.notebook(create, &[]),
        ),
        case(
            "notebook-create-v2",
            "notebook created with version 2",
            Some(false),
            developer.notebook(create, &[(VERSION, "2")]),
        ),
        case(
            "notebook-update-v1",
            "notebook updated to version 1",
            Some(true),
            developer.notebook(update, &[(VERSION, "1")]),
        ),
        case(
            "notebook-update-other",
            "notebook updated, without a word about the version",
            Some(false),
            developer.notebook(update, &[]),
        ),
    ];
    let ours = |id, name, requests| Case { ours: true, ..case(id, name, Some(false), requests) };
    let tighten = asking(&v1, &[(ASK_TOKENS, "required"), (ASK_ENDPOINT, "enabled")]);
    cases.extend([
        ours(
            "fix-instance",
            "our function requires version 2 of an instance",
            by(&names.ec2_enforcer).modify(&tighten),
        ),
        ours(
            "tag-instance",
            "our function tags an instance",
            vec![by(&names.ec2_enforcer).request(
                "ec2:CreateTags",
                "ec2",
                "instance/i-0abc0123456789def",
                &[("aws:TagKeys", "v2only:reverted")],
            )],
        ),
        ours(
            "fix-notebook",
            "our function requires version 2 of a notebook",
            by(&names.notebook_enforcer).notebook(update, &[(VERSION, "2")]),
        ),
        ours(
            "tag-notebook",
            "our function tags a notebook",
            by(&names.notebook_enforcer).notebook("sagemaker:AddTags", &[("aws:TagKeys", "v2only:restart")]),
        ),
        ours(
            "sweep-instance",
            "our sweeper requires version 2 of an instance",
            by(&names.sweeper).modify(&tighten),
        ),
        ours(
            "sweep-notebook",
            "our sweeper requires version 2 of a notebook",
            by(&names.sweeper).notebook(update, &[(VERSION, "2")]),
        ),
        ours(
            "restore-instance",
            "our rollback role restores an instance",
            by(&names.rollback)
                .modify(&asking(&is_v2, &[(ASK_TOKENS, "optional"), (ASK_ENDPOINT, "enabled")])),
        ),
        ours(
            "scan",
            "our scanner lists instances",
            vec![by(&names.scanner).request("ec2:DescribeInstances", "ec2", "*", &[])],
        ),
    ]);
    cases
}
