//! Launch templates: versions that never change, inheritance, launches from them.

use super::client::{Aws, Reply, aws, aws_with};
use crate::AMAZON_LINUX_2;

fn create(aws: &Aws, name: &str, data: &[(&str, &str)]) -> Reply {
    aws.ec2("CreateLaunchTemplate", &[&[("LaunchTemplateName", name)], data].concat())
}

/// A template with an image, an instance type and v1.
fn template(aws: &Aws) -> String {
    let data = [
        ("LaunchTemplateData.ImageId", AMAZON_LINUX_2),
        ("LaunchTemplateData.InstanceType", "t3.small"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "optional"),
        ("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("LaunchTemplateData.TagSpecification.1.ResourceType", "instance"),
        ("LaunchTemplateData.TagSpecification.1.Tag.1.Key", "app"),
        ("LaunchTemplateData.TagSpecification.1.Tag.1.Value", "web"),
    ];
    create(aws, "web", &data).ok().text("launchTemplateId")
}

fn versions(aws: &Aws, parameters: &[(&str, &str)]) -> Reply {
    aws.ec2("DescribeLaunchTemplateVersions", parameters)
}

#[test]
fn a_new_version_inherits_what_it_does_not_say() {
    let aws = aws();
    let id = template(&aws);
    let next = [
        ("LaunchTemplateId", id.as_str()),
        ("SourceVersion", "1"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
        ("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("VersionDescription", "tokens required"),
    ];
    let created = aws.ec2("CreateLaunchTemplateVersion", &next).ok();
    assert_eq!(
        (created.text("versionNumber"), created.text("defaultVersion")),
        ("2".to_owned(), "false".to_owned())
    );
    assert_eq!(created.text("instanceType"), "t3.small");
    assert_eq!(created.text("imageId"), AMAZON_LINUX_2);
    assert_eq!(created.text("httpTokens"), "required");
    let bare = [("LaunchTemplateName", "web"), ("LaunchTemplateData.InstanceType", "t3.large")];
    let third = aws.ec2("CreateLaunchTemplateVersion", &bare).ok();
    assert!(third.texts("imageId").is_empty(), "without a source nothing is inherited");
    let first = versions(&aws, &[("LaunchTemplateId", &id), ("LaunchTemplateVersion.1", "1")]).ok();
    assert_eq!(first.text("httpTokens"), "optional", "an old version never changes");
}

#[test]
fn the_default_version_is_what_launches_use() {
    let aws = aws();
    let id = template(&aws);
    let next = [
        ("LaunchTemplateId", id.as_str()),
        ("SourceVersion", "$Default"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
    ];
    aws.ec2("CreateLaunchTemplateVersion", &next).ok();
    let launched = |version: Option<&str>| {
        let mut parameters = vec![("LaunchTemplate.LaunchTemplateId", id.as_str())];
        parameters.extend(version.map(|version| ("LaunchTemplate.Version", version)));
        aws.launched(&parameters)
    };
    assert_eq!(aws.tokens_and_hops(&launched(None)).0, "optional");
    assert_eq!(aws.tokens_and_hops(&launched(Some("$Latest"))).0, "required");
    let modify = [("LaunchTemplateId", id.as_str()), ("SetDefaultVersion", "2")];
    assert_eq!(aws.ec2("ModifyLaunchTemplate", &modify).ok().text("defaultVersionNumber"), "2");
    let id_of_launched = launched(None);
    assert_eq!(aws.tokens_and_hops(&id_of_launched).0, "required");
    let tags = aws.sandbox.instance(aws.account, aws.region, &id_of_launched).unwrap().tags;
    assert_eq!(tags["aws:ec2launchtemplate:id"], id);
    assert_eq!(tags["aws:ec2launchtemplate:version"], "2");
    assert_eq!(tags["app"], "web");
}

#[test]
fn the_launch_wins_over_its_template_option_by_option() {
    let aws = aws();
    let id = template(&aws);
    let launch =
        [("LaunchTemplate.LaunchTemplateId", id.as_str()), ("MetadataOptions.HttpTokens", "required")];
    let instance = aws.launched(&launch);
    assert_eq!(aws.tokens_and_hops(&instance), ("required".to_owned(), "2".to_owned()));
}

#[test]
fn a_template_without_metadata_options_defers_to_the_account() {
    let aws = aws();
    create(&aws, "bare", &[("LaunchTemplateData.ImageId", AMAZON_LINUX_2)]).ok();
    aws.ec2("ModifyInstanceMetadataDefaults", &[("HttpTokens", "required")]).ok();
    let instance = aws.launched(&[("LaunchTemplate.LaunchTemplateName", "bare")]);
    assert_eq!(aws.tokens_and_hops(&instance).0, "required");
    let shown = versions(&aws, &[("LaunchTemplateName", "bare")]).ok();
    assert!(shown.texts("metadataOptions").is_empty());
}

#[test]
fn the_whole_account_is_covered_by_aliases() {
    let aws = aws();
    let id = template(&aws);
    create(&aws, "other", &[("LaunchTemplateData.InstanceType", "t3.micro")]).ok();
    let next = [("LaunchTemplateId", id.as_str()), ("LaunchTemplateData.InstanceType", "t3.micro")];
    aws.ec2("CreateLaunchTemplateVersion", &next).ok();
    let aliases = [("LaunchTemplateVersion.1", "$Latest"), ("LaunchTemplateVersion.2", "$Default")];
    let all = versions(&aws, &aliases).ok();
    let mut shown: Vec<(String, String)> =
        all.texts("launchTemplateName").into_iter().zip(all.texts("versionNumber")).collect();
    shown.sort();
    let wanted = [("other", "1"), ("web", "1"), ("web", "2")];
    assert_eq!(shown, wanted.map(|(name, number)| (name.to_owned(), number.to_owned())));
    assert_eq!(versions(&aws, &[("LaunchTemplateVersion.1", "1")]).code(), "MissingParameter");
    assert_eq!(versions(&aws, &[]).code(), "MissingParameter");
    let v1 = [&aliases[..], &[("Filter.1.Name", "http-tokens"), ("Filter.1.Value.1", "optional")]].concat();
    assert_eq!(versions(&aws, &v1).ok().texts("versionNumber"), ["1"]);
}

#[test]
fn wrong_templates_are_refused() {
    let aws = aws();
    let id = template(&aws);
    assert_eq!(
        create(&aws, "web", &[("LaunchTemplateData.KeyName", "k")]).code(),
        "InvalidLaunchTemplateName.AlreadyExistsException"
    );
    assert_eq!(
        create(&aws, "x", &[("LaunchTemplateData.KeyName", "k")]).code(),
        "InvalidLaunchTemplateName.MalformedException"
    );
    assert_eq!(create(&aws, "empty", &[]).code(), "MissingParameter");
    let strange = [("LaunchTemplateData.Placement.Tenancy", "dedicated")];
    assert_eq!(create(&aws, "strange", &strange).code(), "NotSimulated");
    assert_eq!(versions(&aws, &[("LaunchTemplateId", "lt-0")]).code(), "InvalidLaunchTemplateId.NotFound");
    assert_eq!(
        versions(&aws, &[("LaunchTemplateName", "nope")]).code(),
        "InvalidLaunchTemplateName.NotFoundException"
    );
    let missing = [("LaunchTemplateId", id.as_str()), ("LaunchTemplateVersion.1", "7")];
    assert_eq!(versions(&aws, &missing).code(), "InvalidLaunchTemplateId.VersionNotFound");
    let default = [("LaunchTemplateId", id.as_str()), ("SetDefaultVersion", "7")];
    assert_eq!(aws.ec2("ModifyLaunchTemplate", &default).code(), "InvalidLaunchTemplateId.VersionNotFound");
}

#[test]
fn templates_are_paged() {
    let aws = aws();
    for name in ["one", "two", "three"] {
        create(&aws, name, &[("LaunchTemplateData.InstanceType", "t3.micro")]).ok();
    }
    let first = aws.ec2("DescribeLaunchTemplates", &[("MaxResults", "2")]).ok();
    assert_eq!(first.texts("launchTemplateId").len(), 2);
    let rest = aws.ec2("DescribeLaunchTemplates", &[("NextToken", &first.text("nextToken"))]).ok();
    assert_eq!(rest.texts("launchTemplateId").len(), 1);
    assert!(rest.texts("nextToken").is_empty());
    let named = aws.ec2("DescribeLaunchTemplates", &[("LaunchTemplateName.1", "two")]).ok();
    assert_eq!(named.texts("launchTemplateName"), ["two"]);
}

#[test]
fn versions_come_in_pages_even_if_nobody_asks_for_pages() {
    let aws = aws_with(|config| config.ec2.versions_per_page = 2);
    let image = ("LaunchTemplateData.ImageId", AMAZON_LINUX_2);
    let id = aws
        .ec2("CreateLaunchTemplate", &[("LaunchTemplateName", "web"), image])
        .ok()
        .text("launchTemplateId");
    for _ in 0..4 {
        aws.ec2("CreateLaunchTemplateVersion", &[("LaunchTemplateId", &id), image]).ok();
    }
    let mut numbers = Vec::new();
    let mut token = String::new();
    for page in 1..=3 {
        let parameters = [("LaunchTemplateId", id.as_str()), ("MaxResults", "200"), ("NextToken", &token)];
        let answer = aws.ec2("DescribeLaunchTemplateVersions", &parameters).ok();
        numbers.extend(answer.texts("versionNumber"));
        token = answer.texts("nextToken").pop().unwrap_or_default();
        assert_eq!(token.is_empty(), page == 3);
    }
    assert_eq!(numbers, ["5", "4", "3", "2", "1"]);
}

#[test]
fn a_template_that_a_service_manages_is_not_the_customers() {
    let aws = aws();
    let managed = [
        ("LaunchTemplateName", "eks-0001"),
        ("LaunchTemplateData.ImageId", AMAZON_LINUX_2),
        ("Operator.Principal", "eks.amazonaws.com"),
    ];
    let id = aws.ec2("CreateLaunchTemplate", &managed).ok().text("launchTemplateId");
    let described = aws.ec2("DescribeLaunchTemplates", &[]).ok();
    assert_eq!(
        (described.text("managed"), described.text("principal")),
        ("true".to_owned(), "eks.amazonaws.com".to_owned())
    );
    let version =
        [("LaunchTemplateId", id.as_str()), ("SourceVersion", "1"), ("LaunchTemplateData.KeyName", "k")];
    assert_eq!(aws.ec2("CreateLaunchTemplateVersion", &version).code(), "OperationNotPermitted");
    let default = [("LaunchTemplateId", id.as_str()), ("SetDefaultVersion", "1")];
    assert_eq!(aws.ec2("ModifyLaunchTemplate", &default).code(), "OperationNotPermitted");
}
