//! Credentials of instance roles: how they were delivered, and where they are used.

use super::{Rule, Spared};
use crate::statement::Statement;

const SPARES: &[Spared] = &[Spared::Ec2Infrastructure, Spared::Exempt];

/// Credentials that version 1 handed out are worth nothing. Only sessions of instances carry the key.
pub fn delivered_by_v2() -> Rule {
    let statement = Statement::deny("NoCredentialsDeliveredByV1", ["*"], ["*"]).when(
        "NumericLessThan",
        "ec2:RoleDelivery",
        ["2.0"],
    );
    Rule { statement, spares: SPARES }
}

/// The services whose resources refuse such credentials. A resource control policy must name services, and each of
/// them supports these policies since they exist.
const DATA: [&str; 4] = ["kms:*", "s3:*", "secretsmanager:*", "sqs:*"];

/// The same for the data of the organization, whoever asks: also instances of other organizations.
pub fn delivered_by_v2_to_data() -> Rule {
    let statement = Statement::deny("NoDataForCredentialsDeliveredByV1", DATA, ["*"]).when(
        "NumericLessThan",
        "ec2:RoleDelivery",
        ["2.0"],
    );
    Rule { statement, spares: SPARES }
}

/// Credentials of an instance are used from its own VPC and its own address.
pub fn from_own_network() -> Vec<Rule> {
    let of_an_instance = |sid| {
        Statement::deny(sid, ["*"], ["*"])
            .when_present("ec2:SourceInstanceARN")
            // What a service does on behalf of the instance comes from the network of that service.
            .when("BoolIfExists", "aws:ViaAWSService", ["false"])
    };
    let own = |sid, key, used_from| of_an_instance(sid).when("StringNotEquals", key, [used_from]);
    // Only a VPC endpoint says which VPC a request came from. What a comparison with a variable that has no
    // value comes to is left open nowhere: such a request is denied here.
    let endpoint =
        of_an_instance("InstanceCredentialsOnlyThroughEndpoints").when("Null", "aws:SourceVpc", ["true"]);
    [
        endpoint,
        own("InstanceCredentialsOnlyFromOwnVpc", "aws:Ec2InstanceSourceVPC", "${aws:SourceVpc}"),
        own(
            "InstanceCredentialsOnlyFromOwnAddress",
            "aws:Ec2InstanceSourcePrivateIPv4",
            "${aws:VpcSourceIp}",
        ),
    ]
    .map(|statement| Rule { statement, spares: SPARES })
    .into()
}
