//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>
//!
//! Not simulated: users and groups, of which there are none, and the documents of AWS's own policies.

use super::access::Access;
use crate::call::Call;
use crate::ec2::paging::Page;
use crate::error::AwsError;
use crate::shape::Shape;

/// What a request can be limited to.
const FILTERS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];

/// One entry of an answer.
enum Detail {
    Role(Shape),
    Policy(Shape),
}

pub(super) fn answer(access: &Access, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let filters = params.structure("Filter").map(|list| list.texts("member")).unwrap_or_default();
    let size = params.int_in("MaxItems", 1..=1000)?.unwrap_or(100);
    let page = Page::after(params.text("Marker"), usize::try_from(size).ok())?;
    params.finish(&call.action, &[])?;
    if let Some(unknown) = filters.iter().find(|filter| !FILTERS.contains(&filter.as_str())) {
        let message = format!(
            "1 validation error detected: Value '{unknown}' at 'filter' failed to satisfy constraint: Member must satisfy enum value set"
        );
        return Err(AwsError::client("ValidationError", message));
    }
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| filter == name);
    if wanted("AWSManagedPolicy") {
        return Err(AwsError::not_simulated("the documents of AWS's managed policies"));
    }
    let roles = access.roles.iter().filter(|_| wanted("Role"));
    let roles = roles.map(|(name, role)| Detail::Role(access.role_detail(&call.place, name, role)));
    let policies = access.policies.iter().filter(|_| wanted("LocalManagedPolicy"));
    let policies = policies.map(|(arn, policy)| Detail::Policy(access.policy_detail(arn, policy)));
    let (found, next) = page.cut((1..).zip(roles.chain(policies)));
    let (mut roles, mut policies) = (Vec::new(), Vec::new());
    for detail in found {
        match detail {
            Detail::Role(shape) => roles.push(shape),
            Detail::Policy(shape) => policies.push(shape),
        }
    }
    Ok(Shape::map()
        .with("UserDetailList", Shape::list([]))
        .with("GroupDetailList", Shape::list([]))
        .with("RoleDetailList", Shape::list(roles))
        .with("Policies", Shape::list(policies))
        .with("IsTruncated", next.is_some())
        .with_some("Marker", next))
}
