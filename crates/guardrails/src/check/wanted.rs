//! Which recorded calls a policy can deny, as event names of CloudTrail.

use std::collections::BTreeSet;

use super::finding::Attachment;
use super::glob::matches_ignoring_case;
use super::lints::is_allow_list;
use super::names;
use super::read::{Policy, Statement};

/// A statement about more actions is not looked up: CloudTrail is asked for one event name at a time.
const MOST_ACTIONS: usize = 40;

/// The calls that a policy can deny.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedCalls {
    /// The event names, such as `RunInstances`.
    pub events: BTreeSet<String>,
    /// The statements about too many actions to name them.
    pub unbounded: Vec<String>,
}

/// The calls that a policy denies if its conditions hold. A policy of an identity denies whatever it does not allow.
pub fn wanted_calls(policy: &Policy, attachment: Attachment) -> WantedCalls {
    let mut wanted = WantedCalls::default();
    let denies_by_default = attachment == Attachment::Scp && is_allow_list(policy);
    if attachment == Attachment::Identity || denies_by_default {
        wanted.unbounded.push("every action that the policy does not allow".to_owned());
        return wanted;
    }
    for statement in policy.statements.iter().filter(|it| it.deny) {
        match actions(statement) {
            Some(names) => wanted.events.extend(names),
            None => wanted.unbounded.push(statement.name.clone()),
        }
    }
    wanted
}

/// The event names of a statement; `None` if there are too many.
fn actions(statement: &Statement) -> Option<BTreeSet<String>> {
    if statement.actions.not {
        return None;
    }
    let mut events = BTreeSet::new();
    for word in &statement.actions.words {
        let pattern = word.text.as_str();
        let known = names::actions().filter(|it| matches_ignoring_case(pattern, it));
        let mut matched: Vec<&str> = known.collect();
        let is_pattern = pattern.contains(['*', '?']);
        // An action of a service that the table does not have is looked up by its own name.
        if matched.is_empty() && !is_pattern {
            matched.push(pattern);
        }
        let is_other_service = is_pattern && matched.is_empty();
        if is_other_service || matched.len() > MOST_ACTIONS {
            return None;
        }
        events.extend(matched.into_iter().filter_map(|it| Some(it.split_once(':')?.1.to_owned())));
    }
    Some(events)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::check::read::read;

    #[rstest]
    #[case::named(r#""Action": ["ec2:RunInstances", "ec2:modifyinstancemetadataoptions"]"#, &["ModifyInstanceMetadataOptions", "RunInstances"], 0)]
    #[case::pattern(r#""Action": "ec2:RunInst*""#, &["RunInstances"], 0)]
    #[case::another_service(r#""Action": "s3:GetObject""#, &["GetObject"], 0)]
    #[case::everything(r#""Action": "*""#, &[], 1)]
    #[case::a_service(r#""Action": "ec2:*""#, &[], 1)]
    #[case::pattern_of_another_service(r#""Action": "s3:Get*""#, &[], 1)]
    #[case::all_but(r#""NotAction": "ec2:RunInstances""#, &[], 1)]
    fn the_calls_of_a_statement_are_looked_up_by_name(
        #[case] actions: &str,
        #[case] events: &[&str],
        #[case] unbounded: usize,
    ) {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", {actions}, "Resource": "*"}}]}}"#
        );
        let policy = read(&text).unwrap();
        let wanted = wanted_calls(&policy, Attachment::Scp);
        let names: Vec<&str> = wanted.events.iter().map(String::as_str).collect();
        assert_eq!((names.as_slice(), wanted.unbounded.len()), (events, unbounded));
        assert_eq!(wanted_calls(&policy, Attachment::Identity).unbounded.len(), 1);
    }

    /// By the first letters of an action of EC2.
    #[test]
    fn a_pattern_is_looked_up_by_name_if_it_means_few_actions() {
        let of_ec2 = names::actions().filter_map(|it| it.strip_prefix("ec2:"));
        let prefixes: BTreeSet<&str> = of_ec2.flat_map(|it| (1..4).filter_map(|end| it.get(..end))).collect();
        for prefix in prefixes {
            let text = format!(
                r#"{{"Statement": {{"Effect": "Deny", "Action": "ec2:{prefix}*", "Resource": "*"}}}}"#
            );
            let wanted = wanted_calls(&read(&text).unwrap(), Attachment::Scp);
            let count = names::actions().filter(|it| it.starts_with(&format!("ec2:{prefix}"))).count();
            let named = if count <= MOST_ACTIONS { count } else { 0 };
            let unbounded = usize::from(count > MOST_ACTIONS);
            assert_eq!((wanted.events.len(), wanted.unbounded.len()), (named, unbounded), "{prefix}");
        }
    }

    #[test]
    fn an_allow_list_denies_more_calls_than_can_be_named() {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
        let wanted = wanted_calls(&read(text).unwrap(), Attachment::Scp);
        assert_eq!(wanted.unbounded, ["every action that the policy does not allow"]);
        let everything = text.replace("s3:*", "*");
        let wanted = wanted_calls(&read(&everything).unwrap(), Attachment::Scp);
        assert_eq!(wanted, WantedCalls::default());
    }
}
