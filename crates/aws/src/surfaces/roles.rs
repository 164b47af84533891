//! Roles with their policies. Source of every shape: IAM API Reference, `GetAccountAuthorizationDetails`.

use aws_sdk_iam::Client;
use aws_sdk_iam::types as sdk;
use percent_encoding::percent_decode_str;
use v2only_enforcer::ports::{Answer, Page, ReadRoles, Role, RoleDetail};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::Place;

use super::answers::following;
use crate::call::Call;
use crate::connect::Aws;

const CALL: Call = Call::GetAccountAuthorizationDetails;

/// Roles and policies in one answer. AWS takes up to 1000; an entry can have 60 kB of documents.
const PAGE: i32 = 300;

impl ReadRoles for Aws {
    async fn role_details(&self, place: &Place, next: Option<String>) -> Answer<Page<RoleDetail>> {
        let client = Client::new(&self.surface_config(place).await?);
        let request = client
            .get_account_authorization_details()
            .filter(sdk::EntityType::Role)
            .filter(sdk::EntityType::LocalManagedPolicy)
            .max_items(PAGE)
            .set_marker(next.clone());
        let answer = self.in_turn(place, CALL, || request.clone().send()).await?;
        let roles = answer.role_detail_list().iter().map(role);
        let policies = answer.policies().iter().map(policy);
        let items = roles.chain(policies).collect::<Answer<_>>()?;
        let marker = answer.marker.filter(|_| answer.is_truncated);
        Ok(Page { items, next: following(CALL, next.as_deref(), marker)? })
    }
}

fn role(role: &sdk::RoleDetail) -> Answer<RoleDetail> {
    let inline = role.role_policy_list().iter().map(|policy| {
        let name = policy.policy_name().unwrap_or_default();
        Ok((name.to_owned(), decoded(name, policy.policy_document())?))
    });
    let attached = role.attached_managed_policies().iter();
    let attached = attached.map(|policy| present(policy.policy_arn(), "an attached policy without its ARN"));
    Ok(RoleDetail::Role(Role {
        arn: present(role.arn(), "a role without its ARN")?,
        profiles: role.instance_profile_list().iter().map(|profile| profile.arn().to_owned()).collect(),
        inline: inline.collect::<Answer<_>>()?,
        attached: attached.collect::<Answer<_>>()?,
        boundary: role.permissions_boundary().and_then(|it| it.permissions_boundary_arn()).map(str::to_owned),
    }))
}

fn policy(policy: &sdk::ManagedPolicyDetail) -> Answer<RoleDetail> {
    let arn = present(policy.arn(), "a policy without its ARN")?;
    let version = policy.policy_version_list().iter().find(|version| version.is_default_version());
    let document = decoded(&arn, version.and_then(|version| version.document()))?;
    Ok(RoleDetail::Policy { arn, document })
}

/// IAM encodes its documents as RFC 3986 says.
fn decoded(name: &str, document: Option<&str>) -> Answer<String> {
    let document = present(document, &format!("policy {name} without its document"))?;
    let decoded = percent_decode_str(&document).decode_utf8();
    let decoded = decoded.map_err(|error| strange(&format!("policy {name} with {error}")))?;
    Ok(decoded.into_owned())
}

fn present(text: Option<&str>, without: &str) -> Answer<String> {
    text.map(str::to_owned).ok_or_else(|| strange(without))
}

fn strange(what: &str) -> Failure {
    Failure::new(Kind::Unknown, CALL.iam_action(), format!("AWS described {what}"))
}
