//! The tree of accounts.

use serde_json::{Value, json};

use super::client::{ACCOUNT, Aws, OTHER, Reply, aws};
use crate::{AccountState, MemberAccount, Organization, OrganizationalUnit};

fn ask(aws: &Aws, action: &str, body: &Value) -> Reply {
    aws.json("organizations", &format!("AWSOrganizationsV20161128.{action}"), body)
}

/// Root: management. Workloads: shop; in it prod: bank and a suspended one.
fn organized() -> Aws {
    let aws = aws().in_region("us-east-1");
    let prod = OrganizationalUnit::with_id("ou-ab12-prod0000", "prod")
        .account(MemberAccount::new("333344445555", "bank"))
        .account(MemberAccount::new("444455556666", "old").in_state(AccountState::Suspended));
    let workloads = OrganizationalUnit::with_id("ou-ab12-workload", "workloads")
        .account(MemberAccount::new(OTHER, "shop"))
        .unit(prod);
    aws.sandbox.set_organization(Organization::managed_by(ACCOUNT).unit(workloads));
    aws
}

fn ids(document: &Value, list: &str) -> Vec<String> {
    document[list].as_array().unwrap().iter().map(|it| it["Id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_tree_can_be_walked_down_and_up() {
    let aws = organized();
    let roots = ask(&aws, "ListRoots", &json!({})).ok().document();
    let root = &roots["Roots"][0]["Id"];
    let units = ask(&aws, "ListOrganizationalUnitsForParent", &json!({ "ParentId": root })).ok().document();
    assert_eq!(ids(&units, "OrganizationalUnits"), ["ou-ab12-workload"]);
    let inner = json!({ "ParentId": "ou-ab12-workload" });
    let units = ask(&aws, "ListOrganizationalUnitsForParent", &inner).ok().document();
    assert_eq!(ids(&units, "OrganizationalUnits"), ["ou-ab12-prod0000"]);
    let accounts =
        ask(&aws, "ListAccountsForParent", &json!({ "ParentId": "ou-ab12-prod0000" })).ok().document();
    assert_eq!(ids(&accounts, "Accounts"), ["333344445555", "444455556666"]);
    let parents = |child: &str| ask(&aws, "ListParents", &json!({ "ChildId": child })).ok().document();
    let unit = json!([{ "Id": "ou-ab12-prod0000", "Type": "ORGANIZATIONAL_UNIT" }]);
    assert_eq!(parents("333344445555")["Parents"], unit);
    assert_eq!(parents("ou-ab12-workload")["Parents"], json!([{ "Id": root, "Type": "ROOT" }]));
}

#[test]
fn accounts_tell_their_state_and_no_status() {
    let aws = organized();
    let old = ask(&aws, "DescribeAccount", &json!({ "AccountId": "444455556666" })).ok().document();
    assert_eq!(old["Account"]["State"], "SUSPENDED");
    assert!(old["Account"].get("Status").is_none());
    let none = ask(&aws, "DescribeAccount", &json!({ "AccountId": "999999999999" }));
    assert_eq!((none.status, none.code().as_str()), (400, "AccountNotFoundException"));
    aws.sandbox.set_organization(Organization::managed_by(ACCOUNT).with_status());
    let own = ask(&aws, "DescribeAccount", &json!({ "AccountId": ACCOUNT })).ok().document();
    assert_eq!((&own["Account"]["Status"], &own["Account"]["State"]), (&json!("ACTIVE"), &json!("ACTIVE")));
}

#[test]
fn twenty_accounts_to_a_page() {
    let aws = aws();
    let mut organization = Organization::managed_by(ACCOUNT);
    for number in 0..44_u64 {
        organization = organization.account(MemberAccount::new(&format!("5000000000{number:02}"), "member"));
    }
    aws.sandbox.set_organization(organization);
    let mut sizes = Vec::new();
    let mut request = json!({});
    loop {
        let page = ask(&aws, "ListAccounts", &request).ok().document();
        sizes.push(page["Accounts"].as_array().unwrap().len());
        match page.get("NextToken") {
            Some(token) => request = json!({ "NextToken": token }),
            None => break,
        }
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(ask(&aws, "ListAccounts", &json!({ "MaxResults": 21 })).code(), "InvalidInputException");
    assert_eq!(ask(&aws, "ListAccounts", &json!({ "NextToken": "x" })).code(), "InvalidInputException");
}

#[test]
fn not_everyone_may_ask() {
    let aws = organized().called_from(OTHER);
    assert_eq!(ask(&aws, "ListAccounts", &json!({})).code(), "AccessDeniedException");
    let organization = ask(&aws, "DescribeOrganization", &json!({})).ok().document();
    assert_eq!(organization["Organization"]["MasterAccountId"], ACCOUNT);
    let aws = aws.called_from("999999999999");
    assert_eq!(ask(&aws, "DescribeOrganization", &json!({})).code(), "AWSOrganizationsNotInUseException");
    let delegated = Organization::managed_by(ACCOUNT)
        .account(MemberAccount::new(OTHER, "audit"))
        .delegated_administrator(OTHER);
    aws.sandbox.set_organization(delegated);
    ask(&aws.called_from(OTHER), "ListAccounts", &json!({})).ok();
}

#[test]
fn what_is_not_there_is_said() {
    let aws = organized();
    let parent = json!({ "ParentId": "ou-ab12-nowhere0" });
    assert_eq!(ask(&aws, "ListAccountsForParent", &parent).code(), "ParentNotFoundException");
    assert_eq!(
        ask(&aws, "ListParents", &json!({ "ChildId": "999999999999" })).code(),
        "ChildNotFoundException"
    );
    assert_eq!(ask(&aws, "ListParents", &json!({})).code(), "InvalidInputException");
    let other = ask(&aws, "ListPolicies", &json!({}));
    assert_eq!((other.status, other.code().as_str()), (501, "NotSimulated"));
}
