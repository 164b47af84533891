//! Whether a role is an administrator: whether credentials stolen from an instance give away the account.
//!
//! What counts is what a policy grants without a condition: every action on every resource; every action but those that
//! `NotAction` leaves out, on every resource, as `PowerUserAccess` grants it; or an action by which the role makes itself an
//! administrator in one call. Roundabout ways, such as passing an administrator's role to a service, are not searched for.
//! Denials and service control policies are not weighed: they take something away, and seldom the account.

use super::glob::{matches_arn, matches_ignoring_case};
use super::read::{self, Invalid, Set, Statement};

/// AWS's managed policies that grant this. Their documents are not read; a test compares this list with a copy of all of them.
const MANAGED: [&str; 5] = [
    "AIDevOpsAgentActionsPolicy",
    "AdministratorAccess",
    "AdministratorAccess-Amplify",
    "IAMFullAccess",
    "PowerUserAccess",
];

/// With one of these on itself, a role grants itself everything.
const ON_ITSELF: [&str; 2] = ["iam:AttachRolePolicy", "iam:PutRolePolicy"];
/// The same, by a new version of a policy that the role has.
const ON_ITS_POLICY: &str = "iam:CreatePolicyVersion";

/// Whether the ARN is that of a managed policy of AWS that makes a role an administrator; `None` if AWS does not own the policy.
pub fn is_managed_administrator(arn: &str) -> Option<bool> {
    let (_, path) = arn.split_once(":iam::aws:policy/")?;
    Some(MANAGED.contains(&path.rsplit('/').next().unwrap_or(path)))
}

/// Whether a policy document makes the role with this ARN an administrator.
///
/// # Errors
/// The text is no policy.
pub fn is_administrator(document: &str, role: &str) -> Result<bool, Invalid> {
    let policy = read::read(document)?;
    Ok(policy.statements.iter().any(|statement| grants(statement, role)))
}

fn grants(statement: &Statement, role: &str) -> bool {
    let Statement { deny, actions, resources, tests, .. } = statement;
    if *deny || !tests.is_empty() {
        return false;
    }
    let everywhere = resources.not || resources.words.iter().any(|it| it.text == "*");
    let on_itself = everywhere || resources.words.iter().any(|it| matches_arn(&it.text, role));
    // Every action is named by `*` too.
    everywhere && (actions.not || names(actions, ON_ITS_POLICY))
        || on_itself && !actions.not && ON_ITSELF.iter().any(|action| names(actions, action))
}

fn names(actions: &Set, action: &str) -> bool {
    actions.words.iter().any(|it| matches_ignoring_case(&it.text, action))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/web";

    fn policy(statement: &str) -> String {
        format!(r#"{{"Version": "2012-10-17", "Statement": [{{{statement}}}]}}"#)
    }

    #[rstest]
    #[case::everything(r#""Effect": "Allow", "Action": "*", "Resource": "*""#, true)]
    #[case::every_service(r#""Effect": "Allow", "Action": ["s3:Get*", "*:*"], "Resource": ["*"]"#, true)]
    #[case::all_but_iam(r#""Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*""#, true)]
    #[case::all_but_s3(r#""Effect": "Allow", "NotAction": "s3:*", "Resource": "*""#, true)]
    #[case::all_but_s3_on_itself(
        r#""Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:iam::111122223333:role/web""#,
        false
    )]
    #[case::all_but_a_bucket(r#""Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a""#, true)]
    #[case::all_of_iam(r#""Effect": "Allow", "Action": "iam:*", "Resource": "*""#, true)]
    #[case::own_policies(
        r#""Effect": "Allow", "Action": "IAM:putrolepolicy", "Resource": "arn:aws:iam::*:role/*""#,
        true
    )]
    #[case::policy_versions(r#""Effect": "Allow", "Action": "iam:Create*", "Resource": "*""#, true)]
    #[case::of_another_role(
        r#""Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:role/app-*""#,
        false
    )]
    #[case::one_service(r#""Effect": "Allow", "Action": ["s3:*", "ec2:*"], "Resource": "*""#, false)]
    #[case::one_resource(r#""Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a/*""#, false)]
    #[case::with_a_condition(r#""Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}"#, false)]
    #[case::denied(r#""Effect": "Deny", "Action": "*", "Resource": "*""#, false)]
    #[case::all_but_these_are_denied(r#""Effect": "Deny", "NotAction": "s3:*", "Resource": "*""#, false)]
    fn a_role_is_an_administrator_by_what_its_policies_grant(
        #[case] statement: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(is_administrator(&policy(statement), ROLE), Ok(expected));
    }

    #[test]
    fn what_is_no_policy_is_an_error() {
        for text in ["", "{}", "%7B%7D", r#"{"Statement": [{"Effect": "Allow"}]}"#] {
            assert!(is_administrator(text, ROLE).is_err(), "{text}");
        }
    }

    #[test]
    fn managed_policies_are_known_by_name() {
        let arn = |path: &str| format!("arn:aws-us-gov:iam::aws:policy/{path}");
        assert_eq!(is_managed_administrator(&arn("AdministratorAccess")), Some(true));
        assert_eq!(is_managed_administrator(&arn("job-function/SystemAdministrator")), Some(false));
        let own = "arn:aws:iam::111122223333:policy/AdministratorAccess";
        assert_eq!(is_managed_administrator(own), None, "its document decides");
    }
}
