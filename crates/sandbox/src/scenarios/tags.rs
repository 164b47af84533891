//! CreateTags, DeleteTags, DescribeTags.

use super::client::{Aws, aws};

fn tags(aws: &Aws, id: &str) -> Vec<(String, String)> {
    aws.sandbox.instance(aws.account, aws.region, id).unwrap().tags.into_iter().collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn tags_come_change_and_go() {
    let aws = aws();
    let id = aws.launched(&[]);
    let on = ("ResourceId.1", id.as_str());
    let two = [on, ("Tag.1.Key", "a"), ("Tag.1.Value", "1"), ("Tag.2.Key", "b"), ("Tag.2.Value", "2")];
    assert_eq!(aws.ec2("CreateTags", &two).ok().text("return"), "true");
    aws.ec2("CreateTags", &[on, ("Tag.1.Key", "a"), ("Tag.1.Value", "one")]).ok();
    assert_eq!(tags(&aws, &id), [pair("a", "one"), pair("b", "2")]);
    aws.ec2("DeleteTags", &[on, ("Tag.1.Key", "a"), ("Tag.1.Value", "other")]).ok();
    assert_eq!(tags(&aws, &id).len(), 2, "a tag with another value stays");
    aws.ec2("DeleteTags", &[on, ("Tag.1.Key", "a")]).ok();
    assert_eq!(tags(&aws, &id), [pair("b", "2")]);
    aws.ec2("DeleteTags", &[on]).ok();
    assert!(tags(&aws, &id).is_empty());
}

#[test]
fn wrong_tags_are_refused() {
    let aws = aws();
    let id = aws.launched(&[]);
    let refused = |parameters: &[(&str, &str)], code: &str| {
        assert_eq!(aws.ec2("CreateTags", parameters).code(), code, "{parameters:?}");
    };
    let on = ("ResourceId.1", id.as_str());
    refused(&[on, ("Tag.1.Key", "aws:mine"), ("Tag.1.Value", "x")], "InvalidParameterValue");
    refused(&[on, ("Tag.1.Key", &"k".repeat(129))], "InvalidParameterValue");
    refused(&[on, ("Tag.1.Key", "k"), ("Tag.1.Value", &"v".repeat(257))], "InvalidParameterValue");
    refused(&[on], "MissingParameter");
    refused(&[("Tag.1.Key", "k")], "MissingParameter");
    refused(&[on, ("ResourceId.2", "i-0123456789abcdef0"), ("Tag.1.Key", "k")], "InvalidInstanceID.NotFound");
    refused(&[("ResourceId.1", "vol-1"), ("Tag.1.Key", "k")], "InvalidID");
    assert!(tags(&aws, &id).is_empty());
    let keys: Vec<(String, String)> =
        (1..=51).map(|n| (format!("Tag.{n}.Key"), format!("key-{n}"))).collect();
    let mut many: Vec<(&str, &str)> = keys.iter().map(|(name, key)| (name.as_str(), key.as_str())).collect();
    many.push(on);
    refused(&many, "TagLimitExceeded");
}

#[test]
fn all_tags_are_described_by_resource() {
    let aws = aws();
    let id = aws.launched(&[]);
    let template = aws
        .ec2(
            "CreateLaunchTemplate",
            &[
                ("LaunchTemplateName", "web"),
                ("LaunchTemplateData.InstanceType", "t3.micro"),
                ("TagSpecification.1.ResourceType", "launch-template"),
                ("TagSpecification.1.Tag.1.Key", "team"),
                ("TagSpecification.1.Tag.1.Value", "blue"),
            ],
        )
        .ok()
        .text("launchTemplateId");
    aws.ec2("CreateTags", &[("ResourceId.1", &id), ("Tag.1.Key", "team"), ("Tag.1.Value", "red")]).ok();
    let all = aws.ec2("DescribeTags", &[]).ok();
    assert_eq!(all.texts("resourceId"), [id.clone(), template.clone()]);
    assert_eq!(all.texts("resourceType"), ["instance", "launch-template"]);
    let red = aws.ec2("DescribeTags", &[("Filter.1.Name", "tag:team"), ("Filter.1.Value.1", "red")]).ok();
    assert_eq!(red.texts("resourceId"), [id]);
    let kind = [("Filter.1.Name", "resource-type"), ("Filter.1.Value.1", "launch-*")];
    assert_eq!(aws.ec2("DescribeTags", &kind).ok().texts("resourceId"), [template]);
}
