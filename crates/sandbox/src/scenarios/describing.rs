//! DescribeInstances: filters, pages, ids.

use super::client::{Aws, aws};
use crate::{Actor, LaunchSpec};

fn described(aws: &Aws, parameters: &[(&str, &str)]) -> Vec<String> {
    let mut ids = aws.ec2("DescribeInstances", parameters).ok().texts("instanceId");
    ids.sort();
    ids
}

fn filter<'a>(name: &'a str, value: &'a str) -> [(&'static str, &'a str); 2] {
    [("Filter.1.Name", name), ("Filter.1.Value.1", value)]
}

#[test]
fn metadata_options_are_filtered_on_the_server() {
    let aws = aws();
    let v1 = aws.launched(&[]);
    let v2 = aws.launched(&[
        ("InstanceType", "t3.micro"),
        ("MetadataOptions.HttpTokens", "required"),
        ("MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("MetadataOptions.HttpProtocolIpv6", "enabled"),
        ("MetadataOptions.InstanceMetadataTags", "enabled"),
    ]);
    let off = aws.launched(&[("MetadataOptions.HttpEndpoint", "disabled")]);
    let check = |name: &str, value: &str, wanted: &[&String]| {
        let mut wanted: Vec<String> = wanted.iter().map(|id| (*id).clone()).collect();
        wanted.sort();
        assert_eq!(described(&aws, &filter(name, value)), wanted, "{name}={value}");
    };
    check("metadata-options.http-tokens", "optional", &[&v1, &off]);
    check("metadata-options.http-tokens", "required", &[&v2]);
    check("metadata-options.http-endpoint", "disabled", &[&off]);
    check("metadata-options.http-protocol-ipv4", "enabled", &[&v1, &v2, &off]);
    check("metadata-options.http-protocol-ipv6", "enabled", &[&v2]);
    check("metadata-options.http-put-response-hop-limit", "2", &[&v2]);
    check("metadata-options.instance-metadata-tags", "enabled", &[&v2]);
    check("metadata-options.state", "pending", &[&v1, &v2, &off]);
    aws.wait(5);
    check("metadata-options.state", "applied", &[&v1, &v2, &off]);
    check("metadata-options.state", "pending", &[]);
}

#[test]
fn filters_are_all_needed_and_values_are_alternatives() {
    let aws = aws();
    let tagged = |value: &str| {
        let tags = [
            ("TagSpecification.1.ResourceType", "instance"),
            ("TagSpecification.1.Tag.1.Key", "app"),
            ("TagSpecification.1.Tag.1.Value", value),
        ];
        aws.launched(&tags)
    };
    let (shop, bank, plain) =
        (tagged("shop-web"), tagged("bank"), aws.launched(&[("ClientToken", "token-1")]));
    assert_eq!(described(&aws, &filter("tag:app", "shop-*")), std::slice::from_ref(&shop));
    assert_eq!(described(&aws, &filter("tag-key", "app")).len(), 2);
    assert_eq!(described(&aws, &filter("client-token", "token-1")), std::slice::from_ref(&plain));
    let two = [&filter("tag:app", "shop-web")[..], &[("Filter.1.Value.2", "bank")]].concat();
    assert_eq!(described(&aws, &two).len(), 2);
    let both =
        [&filter("tag:app", "*")[..], &[("Filter.2.Name", "instance-id"), ("Filter.2.Value.1", &bank)]]
            .concat();
    assert_eq!(described(&aws, &both), [bank]);
    assert_eq!(described(&aws, &filter("instance-state-name", "running")), Vec::<String>::new());
    aws.wait(10);
    assert_eq!(described(&aws, &filter("instance-state-name", "running")).len(), 3);
    let reservation = aws.ec2("DescribeInstances", &[("InstanceId.1", &shop)]).ok().text("reservationId");
    assert_eq!(described(&aws, &filter("reservation-id", &reservation)), [shop]);
}

#[test]
fn unknown_filters_are_an_error_never_ignored() {
    let aws = aws();
    aws.launched(&[]);
    let refused = |name: &str| aws.ec2("DescribeInstances", &filter(name, "x"));
    assert_eq!(refused("metadata-options.http-token").code(), "InvalidParameterValue");
    assert_eq!(
        refused("metadata-options.http-token").message(),
        "The filter 'metadata-options.http-token' is invalid"
    );
    assert_eq!(refused("vpc-id").code(), "NotSimulated");
    assert_eq!(
        aws.ec2("DescribeInstances", &[("Filter.1.Name", "instance-id")]).code(),
        "InvalidParameterValue"
    );
    assert_eq!(aws.ec2("DescribeInstances", &[("Filters.1.Name", "instance-id")]).code(), "UnknownParameter");
}

#[test]
fn pages_count_instances_not_reservations() {
    let aws = aws();
    aws.launch(&[("MinCount", "12"), ("MaxCount", "12")]).ok();
    let mut sizes = Vec::new();
    let mut token = String::new();
    loop {
        let mut parameters = vec![("MaxResults", "5")];
        if !token.is_empty() {
            parameters.push(("NextToken", &token));
        }
        let page = aws.ec2("DescribeInstances", &parameters).ok();
        sizes.push(page.texts("instanceId").len());
        match page.texts("nextToken").pop() {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!(sizes, [5, 5, 2]);
    assert_eq!(described(&aws, &[]).len(), 12, "without MaxResults all come at once");
}

#[test]
fn wrong_pages_are_refused() {
    let aws = aws();
    let id = aws.launched(&[]);
    assert_eq!(aws.ec2("DescribeInstances", &[("MaxResults", "4")]).code(), "InvalidParameterValue");
    assert_eq!(aws.ec2("DescribeInstances", &[("MaxResults", "1001")]).code(), "InvalidParameterValue");
    assert_eq!(aws.ec2("DescribeInstances", &[("NextToken", "5")]).code(), "InvalidNextToken");
    let both = [("MaxResults", "5"), ("InstanceId.1", id.as_str())];
    assert_eq!(aws.ec2("DescribeInstances", &both).code(), "InvalidParameterCombination");
}

#[test]
fn a_page_is_not_disturbed_by_what_goes_away() {
    let aws = aws();
    let ids = aws.launch(&[("MinCount", "10"), ("MaxCount", "10")]).ok().texts("instanceId");
    let first = aws.ec2("DescribeInstances", &[("MaxResults", "5")]).ok();
    aws.ec2("TerminateInstances", &[("InstanceId.1", &ids[0])]).ok();
    aws.wait(2 * 60 * 60);
    let rest =
        aws.ec2("DescribeInstances", &[("MaxResults", "5"), ("NextToken", &first.text("nextToken"))]).ok();
    assert_eq!(rest.texts("instanceId"), ids[5..]);
}

#[test]
fn missing_ids_are_named() {
    let aws = aws();
    let id = aws.launched(&[]);
    let (gone, lost) = ("i-0000000000000dead", "i-0000000000000beef");
    let one = aws.ec2("DescribeInstances", &[("InstanceId.1", &id), ("InstanceId.2", gone)]);
    assert_eq!(one.code(), "InvalidInstanceID.NotFound");
    assert_eq!(one.message(), format!("The instance ID '{gone}' does not exist"));
    let two = aws.ec2("DescribeInstances", &[("InstanceId.1", gone), ("InstanceId.2", lost)]);
    assert_eq!(two.message(), format!("The instance IDs '{gone}, {lost}' do not exist"));
    assert_eq!(
        aws.ec2("DescribeInstances", &[("InstanceId.1", "i-1")]).code(),
        "InvalidInstanceID.Malformed"
    );
    let elsewhere = aws.in_region("us-east-1").ec2("DescribeInstances", &[("InstanceId.1", &id)]);
    assert_eq!(elsewhere.code(), "InvalidInstanceID.NotFound");
}

#[test]
fn managed_instances_may_be_hidden() {
    let aws = aws();
    let own = aws.launched(&[]);
    let spec = LaunchSpec::of_image(crate::AMAZON_LINUX_2023).managed_by("eks.amazonaws.com");
    let eks = Actor::Role("AWSServiceRoleForAmazonEKS".to_owned(), "eks".to_owned());
    let managed = aws.sandbox.launch_as(aws.account, aws.region, &eks, spec).unwrap().remove(0);
    assert_eq!(described(&aws, &filter("operator.managed", "true")), std::slice::from_ref(&managed));
    assert_eq!(described(&aws, &filter("operator.managed", "false")), std::slice::from_ref(&own));
    let shown = aws.ec2("DescribeInstances", &[("InstanceId.1", &managed)]).ok();
    assert_eq!(shown.text("principal"), "eks.amazonaws.com");
    aws.sandbox.set_managed(aws.account, aws.region, &managed, "eks.amazonaws.com", true);
    assert_eq!(described(&aws, &[]), [own]);
    assert_eq!(described(&aws, &[("IncludeManagedResources", "true")]).len(), 2);
}
