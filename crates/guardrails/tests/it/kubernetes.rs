//! Kubernetes objects and files like them.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::kubernetes::Manifests;

/// The findings in a file as `line code address`.
fn found(text: &str) -> Vec<String> {
    let manifests = Manifests::read(text).unwrap().unwrap();
    let findings = manifests.findings(&Settings::shipped()).into_iter();
    findings.map(|it| format!("{} {} {}", it.at.unwrap().line, it.code, it.address)).collect()
}

fn object(version: &str, kind: &str, spec: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: it}}\nspec: {spec}\n")
}

#[rstest]
#[case::node_class("karpenter.k8s.aws/v1", "EC2NodeClass", "{}", "")]
#[case::node_class_options(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: {httpEndpoint: enabled}}",
    ""
)]
#[case::node_class_open(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: {httpTokens: optional}}",
    "http-tokens-not-required"
)]
#[case::node_class_off(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: {httpTokens: optional, httpEndpoint: disabled}}",
    ""
)]
#[case::node_class_hops(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: {httpPutResponseHopLimit: 3}}",
    "hop-limit"
)]
#[case::node_class_chart(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: {httpTokens: '{{ .Values.tokens }}'}}",
    "cannot-tell"
)]
#[case::node_class_empty("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataOptions: {}}", "")]
#[case::node_class_chart_options(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: '{{ .Values.options }}'}",
    "cannot-tell"
)]
#[case::node_template("karpenter.k8s.aws/v1alpha1", "AWSNodeTemplate", "{}", "")]
#[case::node_template_null("karpenter.k8s.aws/v1alpha1", "AWSNodeTemplate", "{metadataOptions: }", "")]
#[case::node_template_empty(
    "karpenter.k8s.aws/v1alpha1",
    "AWSNodeTemplate",
    "{metadataOptions: {}}",
    "http-tokens-not-stated"
)]
#[case::node_template_options(
    "karpenter.k8s.aws/v1alpha1",
    "AWSNodeTemplate",
    "{metadataOptions: {httpEndpoint: enabled}}",
    "http-tokens-not-stated"
)]
#[case::node_template_other(
    "karpenter.k8s.aws/v1alpha1",
    "AWSNodeTemplate",
    "{launchTemplate: mine}",
    "cannot-tell"
)]
#[case::machines(
    "infrastructure.cluster.x-k8s.io/v1beta2",
    "AWSMachineTemplate",
    "{template: {spec: {instanceType: m5.large}}}",
    "http-tokens-not-stated"
)]
#[case::machines_right(
    "infrastructure.cluster.x-k8s.io/v1beta2",
    "AWSMachineTemplate",
    "{template: {spec: {instanceMetadataOptions: {httpTokens: required}}}}",
    ""
)]
#[case::pool(
    "infrastructure.cluster.x-k8s.io/v1beta2",
    "AWSMachinePool",
    "{awsLaunchTemplate: {}}",
    "http-tokens-not-stated"
)]
#[case::managed("infrastructure.cluster.x-k8s.io/v1beta2", "AWSManagedMachinePool", "{}", "cannot-tell")]
#[case::managed_by_template(
    "infrastructure.cluster.x-k8s.io/v1beta2",
    "AWSManagedMachinePool",
    "{awsLaunchTemplate: {}}",
    "http-tokens-not-stated"
)]
#[case::crossplane("ec2.aws.upbound.io/v1beta1", "Instance", "{forProvider: {}}", "http-tokens-not-stated")]
#[case::crossplane_list(
    "ec2.aws.upbound.io/v1beta1",
    "LaunchTemplate",
    "{forProvider: {metadataOptions: [{httpTokens: required}]}}",
    ""
)]
#[case::crossplane_map(
    "ec2.aws.upbound.io/v1beta2",
    "LaunchTemplate",
    "{forProvider: {metadataOptions: {httpTokens: optional}}}",
    "http-tokens-not-required"
)]
#[case::crossplane_template(
    "ec2.aws.upbound.io/v1beta1",
    "Instance",
    "{forProvider: {launchTemplate: [{idRef: {name: it}}]}}",
    "cannot-tell"
)]
#[case::in_namespace(
    "ec2.aws.m.upbound.io/v1beta1",
    "Instance",
    "{forProvider: {metadataOptions: {httpTokens: null}}}",
    "http-tokens-not-stated"
)]
#[case::notebook(
    "sagemaker.aws.upbound.io/v1beta1",
    "NotebookInstance",
    "{forProvider: {}}",
    "notebook-version-1"
)]
#[case::node_class_key("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataOption: {}}", "cannot-tell")]
#[case::node_class_case("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataoptions: {}}", "cannot-tell")]
#[case::node_class_tokens(
    "karpenter.k8s.aws/v1",
    "EC2NodeClass",
    "{metadataOptions: {httpToken: optional}}",
    "cannot-tell"
)]
#[case::node_class_text("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataOptions: x}", "cannot-tell")]
#[case::node_class_list("karpenter.k8s.aws/v1", "EC2NodeClass", "[x]", "cannot-tell")]
#[case::node_class_null("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataOptions: }", "")]
#[case::node_class_merged("karpenter.k8s.aws/v1", "EC2NodeClass", "{<<: {amiFamily: AL2023}}", "cannot-tell")]
#[case::node_template_key(
    "karpenter.k8s.aws/v1alpha1",
    "AWSNodeTemplate",
    "{launchTemplates: it}",
    "cannot-tell"
)]
#[case::machines_key(
    "infrastructure.cluster.x-k8s.io/v1beta2",
    "AWSMachineTemplate",
    "{templates: {spec: {instanceMetadataOptions: {httpTokens: required}}}}",
    "http-tokens-not-stated cannot-tell"
)]
#[case::crossplane_key(
    "ec2.aws.upbound.io/v1beta1",
    "LaunchTemplate",
    "{forProvider: {metadataOption: {httpTokens: required}}}",
    "http-tokens-not-stated cannot-tell"
)]
#[case::notebook_key(
    "sagemaker.aws.upbound.io/v1beta1",
    "NotebookInstance",
    "{forProvider: {instanceMetadataServiceConfiguration: {minimumInstanceMetadataServiceVersions: '2'}}}",
    "notebook-version-1 cannot-tell"
)]
fn each_kind_is_judged_by_its_default(
    #[case] version: &str,
    #[case] kind: &str,
    #[case] spec: &str,
    #[case] expected: &str,
) {
    let codes: Vec<String> = found(&object(version, kind, spec))
        .iter()
        .map(|it| it.split(' ').nth(1).unwrap_or_default().to_owned())
        .collect();
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(codes, expected);
}

#[test]
fn node_groups_of_eksctl_are_judged_each() {
    let text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: web}\nnodeGroups:\n- name: default\n- name: open\n  \
                disableIMDSv1: false\n- name: pods\n  disableIMDSv1: false\n  disablePodIMDS: true\nmanagedNodeGroups:\n- name: lt\n  \
                launchTemplate: {id: lt-0abc}\n- name: m\n  disableIMDSv1: false\n";
    assert_eq!(
        found(text),
        [
            "7 http-tokens-not-required ClusterConfig/web/nodeGroups/open",
            "13 cannot-tell ClusterConfig/web/managedNodeGroups/lt",
            "15 http-tokens-not-required ClusterConfig/web/managedNodeGroups/m",
        ]
    );
}

#[rstest]
#[case::list("nodeGroup: [{name: a, disableIMDSv1: false}]", "nodeGroups is probably meant")]
#[case::managed_list("managedNodegroup: []", "managedNodeGroups is probably meant")]
#[case::map("nodeGroups: {name: a}", "nodeGroups is not a list")]
#[case::text("nodeGroups: [a]", "is expected in a map")]
#[case::key("nodeGroups: [{disableIMDSV: false}]", "disableIMDSv1 is probably meant")]
#[case::template("nodeGroups: [{launchTemplates: {id: lt-0abc}}]", "launchTemplate is probably meant")]
fn a_misspelt_key_of_eksctl_is_named(#[case] text: &str, #[case] why: &str) {
    let text = format!("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n{text}\n");
    let findings = Manifests::read(&text).unwrap().unwrap().findings(&Settings::shipped());
    let whys: Vec<&str> = findings.iter().map(|it| it.why.as_str()).collect();
    assert!(!whys.is_empty() && whys.iter().all(|it| it.contains(why)), "{whys:?}");
}

/// One letter may differ in a short key, and two in a long one.
#[rstest]
#[case("specs: {}", "the key specs is unknown; spec is probably meant")]
#[case("sp: {}", "")]
#[case("spec: {tenplates: {}}", "the key tenplates is unknown; template is probably meant")]
#[case("spec: {temp: {}}", "")]
#[case(
    "spec: {template: {spec: {instanceMetadataOptions: {htpToken: required}}}}",
    "the key htpToken is unknown; httpTokens is probably meant"
)]
#[case("spec: {template: {spec: {instanceMetadataOptions: {hppToken: required}}}}", "")]
fn a_key_with_some_wrong_letters_is_named(#[case] text: &str, #[case] why: &str) {
    let text =
        format!("apiVersion: infrastructure.cluster.x-k8s.io/v1beta2\nkind: AWSMachineTemplate\n{text}\n");
    let findings = Manifests::read(&text).unwrap().unwrap().findings(&Settings::shipped());
    let notes: Vec<&str> =
        findings.iter().filter(|it| it.code == "cannot-tell").map(|it| it.why.as_str()).collect();
    assert_eq!(notes, Some(why).filter(|it| !it.is_empty()).into_iter().collect::<Vec<_>>());
}

#[test]
fn a_cluster_without_node_groups_is_clean() {
    let text =
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nfargateProfiles: [{name: a}]\nnodeGroups:\n";
    assert_eq!(found(text), [""; 0]);
}

#[test]
fn other_documents_are_counted() {
    let service = "apiVersion: v1\nkind: Service\nspec: {metadataOptions: {httpTokens: optional}}\n";
    let open = object("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataOptions: {httpTokens: optional}}");
    let text = format!("{service}---\n{open}---\n{service}");
    assert_eq!(found(&text), ["8 http-tokens-not-required EC2NodeClass/it"]);
    let counts = Manifests::read(&text).unwrap().unwrap().counts();
    assert_eq!((counts.judged, counts.other), (1, 2));
    assert!(Manifests::read(service).unwrap().is_none());
    assert!(Manifests::read(&object("example.com/v1", "EC2NodeClass", "{}")).unwrap().is_none());
}

#[test]
fn objects_in_lists_and_compositions_are_judged_and_patches_are_notes() {
    let text = "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nspec:\n  resources:\n  - base:\n      \
                apiVersion: ec2.aws.upbound.io/v1beta1\n      kind: LaunchTemplate\n      spec: {forProvider: {}}\n    patches:\n    - \
                toFieldPath: spec.forProvider.metadataOptions[0].httpTokens\n    - toFieldPath: spec.forProvider.region\n    - \
                fromFieldPath: spec.metadataOptions\n";
    assert_eq!(found(text), ["6 http-tokens-not-stated LaunchTemplate", "10 cannot-tell patch"]);
}

#[test]
fn the_lines_to_write_are_those_of_the_kind() {
    let text = object("karpenter.k8s.aws/v1", "EC2NodeClass", "{metadataOptions: {httpTokens: optional}}");
    let findings = Manifests::read(&text).unwrap().unwrap().findings(&Settings::shipped());
    assert_eq!(findings[0].instead, "spec:\n  metadataOptions:\n    httpTokens: required");
}

/// In JSON a text has quotes, and numbers and truths have none.
#[rstest]
#[case(
    r#"{"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"metadataOptions": {"httpTokens": "optional"}}}"#,
    r#""spec": { "metadataOptions": { "httpTokens": "required" } }"#
)]
#[case(
    r#"{"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"metadataOptions": {"httpPutResponseHopLimit": 9}}}"#,
    r#""spec": { "metadataOptions": { "httpPutResponseHopLimit": 2 } }"#
)]
#[case(
    r#"{"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "nodeGroups": [{"name": "a", "disableIMDSv1": false}]}"#,
    r#""disableIMDSv1": true"#
)]
#[case(
    r#"{"apiVersion": "sagemaker.aws.upbound.io/v1beta1", "kind": "NotebookInstance", "spec": {"forProvider": {}}}"#,
    r#""spec": { "forProvider": { "instanceMetadataServiceConfiguration": { "minimumInstanceMetadataServiceVersion": "2" } } }"#
)]
fn the_lines_to_write_are_json_in_json(#[case] text: &str, #[case] instead: &str) {
    let findings = Manifests::read(text).unwrap().unwrap().findings(&Settings::shipped());
    assert_eq!(findings[0].instead, instead);
}

#[test]
fn what_is_no_yaml_names_its_line() {
    let error = Manifests::read("apiVersion: karpenter.k8s.aws/v1\nkind: {{ .Kind }\n b\n").unwrap_err();
    assert!(error.at.line >= 2, "{error}");
}
