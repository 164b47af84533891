//! Launch templates that a service, a stack or Terraform owns.

use v2only_policy::settings::{LaunchTemplateFix, OwnedTemplates};
use v2only_policy::source::LaunchTemplate;
use v2only_policy::{
    AccountDefaults, Hold, HttpTokens, Judged, Owner, OwnerKind, Plan, Rules, decide_launch_template,
};

use crate::sources::{template, version};
use crate::words::*;

fn open() -> LaunchTemplate {
    template(1, 1, vec![version(1, Some(HttpTokens::Optional))])
}

fn tagged(tags: &[(&str, &str)]) -> LaunchTemplate {
    let mut it = open();
    it.tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    it
}

fn called(name: &str) -> LaunchTemplate {
    LaunchTemplate { name: name.to_owned(), ..open() }
}

fn created_by(arn: &str) -> LaunchTemplate {
    LaunchTemplate { created_by: Some(arn.to_owned()), ..open() }
}

fn rules(owned: OwnedTemplates) -> Rules {
    enforce().edit(|rules| {
        rules.launch_templates.fix = LaunchTemplateFix::NewVersion;
        rules.launch_templates.owned = owned;
    })
}

fn plan(it: &LaunchTemplate, owned: OwnedTemplates) -> Plan {
    let circumstances = seen();
    let circumstances = circumstances.circumstances();
    let judged: Vec<Judged> =
        decide_launch_template(it, &AccountDefaults::UNSET, &rules(owned).policy(), &circumstances).unwrap();
    judged.first().unwrap().decision.plan.clone()
}

fn examples() -> Vec<(OwnerKind, LaunchTemplate)> {
    use OwnerKind::*;
    let role = "arn:aws:sts::111122223333:assumed-role/";
    vec![
        (EksNodeGroup, tagged(&[("eks:nodegroup-name", "workers"), ("eks:cluster-name", "prod")])),
        (EksNodeGroup, called("eks-12c3d4e5-0000-1111-2222-333344445555")),
        (EksNodeGroup, created_by(&format!("{role}AWSServiceRoleForAmazonEKSNodegroup/EKS"))),
        (Batch, tagged(&[("AWSBatchServiceTag", "batch")])),
        (Batch, called("Batch-lt-1f2e3d")),
        (Batch, created_by(&format!("{role}AWSServiceRoleForBatch/aws-batch"))),
        (
            ElasticBeanstalk,
            tagged(&[
                ("aws:cloudformation:stack-name", "awseb-e-abc-stack"),
                ("elasticbeanstalk:environment-name", "shop"),
            ]),
        ),
        (Karpenter, tagged(&[("karpenter.k8s.aws/ec2nodeclass", "default")])),
        (Karpenter, tagged(&[("karpenter.sh/nodepool", "general")])),
        (Karpenter, called("karpenter.k8s.aws/7612839841638347")),
        (Emr, tagged(&[("aws:elasticmapreduce:job-flow-id", "j-1")])),
        (
            ParallelCluster,
            tagged(&[("parallelcluster:cluster-name", "hpc"), ("aws:cloudformation:logical-id", "Queue1")]),
        ),
        (AutoScaling, tagged(&[("aws:autoscaling:groupName", "web")])),
        (CloudFormation, tagged(&[("aws:cloudformation:stack-name", "web")])),
        (Terraform, tagged(&[("ManagedBy", "Terraform")])),
        (Terraform, tagged(&[("managed-by", "terraform")])),
        (Terraform, tagged(&[("terraform", "true")])),
        (Terraform, called("terraform-20260101120000000000000001")),
    ]
}

#[test]
fn each_owner_is_known_by_its_tags_name_or_creator_and_nothing_is_changed() {
    for (kind, it) in examples() {
        let owner = Owner::of(&it).unwrap();
        assert_eq!(owner.kind, kind, "{owner}");
        assert!(owner.source.starts_with("https://"), "{owner}");
        assert_eq!(plan(&it, OwnedTemplates::Report).hold(), Some(&Hold::OwnedBy(owner.clone())), "{owner}");
    }
}

#[test]
fn a_policy_may_let_stack_and_terraform_templates_be_fixed_and_never_those_of_a_service() {
    for (kind, it) in examples() {
        let acts = plan(&it, OwnedTemplates::Fix).acts();
        assert_eq!(acts, !kind.is_service(), "{kind:?}");
    }
}

#[test]
fn the_parent_and_what_to_change_there_are_named() {
    let said = |it: &LaunchTemplate| Owner::of(it).unwrap().to_string();
    let node_group = said(&tagged(&[("eks:nodegroup-name", "workers"), ("eks:cluster-name", "prod")]));
    assert_eq!(
        node_group,
        "owned by an EKS managed node group (tag eks:nodegroup-name), eks:nodegroup-name=workers, \
         eks:cluster-name=prod; give the node group a launch template of your own with \
         `MetadataOptions.HttpTokens=required`; see \
         https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html"
    );
    let stack =
        said(&tagged(&[("aws:cloudformation:stack-name", "shop"), ("aws:cloudformation:logical-id", "Web")]));
    assert!(
        stack.contains("aws:cloudformation:stack-name=shop, aws:cloudformation:logical-id=Web"),
        "{stack}"
    );
    let terraform = said(&tagged(&[("ManagedBy", "terraform")]));
    assert!(terraform.starts_with("seems to be owned by Terraform (tag ManagedBy)"), "{terraform}");
    assert!(terraform.contains("metadata_options { http_tokens = \"required\" }"), "{terraform}");
    assert!(said(&tagged(&[("elasticbeanstalk:environment-name", "a")])).contains("DisableIMDSv1"));
    assert!(said(&tagged(&[("karpenter.sh/nodepool", "a")])).contains("spec.metadataOptions"));
}

#[test]
fn tags_that_people_put_on_their_own_templates_name_no_owner() {
    for it in [
        open(),
        called("eks-workers"),
        called("eks-12c3d4e5-0000-1111-2222-workers"),
        tagged(&[("karpenter.sh/discovery", "prod")]),
        tagged(&[("ManagedBy", "platform-team"), ("terraform", "false"), ("Name", "eks-workers")]),
        created_by("arn:aws:sts::111122223333:assumed-role/developer/AWSServiceRoleForBatch-fan"),
    ] {
        assert_eq!(Owner::of(&it), None);
        assert!(plan(&it, OwnedTemplates::Report).acts());
    }
}

#[test]
fn the_tags_of_an_instance_show_the_owner_of_what_launched_it() {
    use v2only_policy::owner::{kind_by_tags, parent_name};
    for (kind, template) in examples() {
        if template.tags.is_empty() {
            continue;
        }
        assert_eq!(kind_by_tags(&template.tags), Some(kind));
    }
    let tags = tagged(&[("eks:cluster-name", "prod"), ("eks:nodegroup-name", "workers")]).tags;
    assert_eq!(parent_name(OwnerKind::EksNodeGroup, &tags), Some("workers"), "the most exact tag");
    assert_eq!(parent_name(OwnerKind::Karpenter, &tags), None);
    assert_eq!(kind_by_tags(&open().tags), None);
}

#[test]
fn each_owner_changes_settings_of_its_own() {
    use v2only_policy::owner::Owned;
    let kinds = [OwnerKind::CloudFormation, OwnerKind::Terraform];
    let owned = [Owned::Template, Owned::Consumer, Owned::InfrastructureConfiguration];
    let texts: std::collections::BTreeSet<&str> =
        kinds.iter().flat_map(|kind| owned.map(|what| kind.what_to_change(what))).collect();
    assert_eq!(texts.len(), 6);
    let services = examples().into_iter().map(|(kind, _)| kind).filter(|kind| kind.is_service());
    for kind in services {
        assert_eq!(kind.what_to_change(Owned::Consumer), kind.what_to_change(Owned::Template));
    }
}
