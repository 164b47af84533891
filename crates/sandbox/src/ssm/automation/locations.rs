//! One execution for several accounts and Regions.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_TargetLocation.html>
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/running-automations-multiple-accounts-regions.html>
//!
//! The execution of the central account has a step for each account and Region, which assumes the
//! execution role there, starts a child for the targets, and that one a child for each instance. A
//! role that cannot be assumed fails its step. An execution in which no more steps failed than may
//! fail is a success. What may fail is counted over the complete execution: AWS's pages do not say
//! over what, and this is the stricter reading.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rate;
use super::runbook::{change, failure_text, targets, value_of};
use crate::call::Call;
use crate::error::AwsError;
use crate::identity::{Place, Principal, is_account};
use crate::ssm::execution::{Execution, Step};
use crate::ssm::json::only;
use crate::world::World;

const EXECUTION_ROLE: &str = "AWS-SystemsManager-AutomationExecutionRole";

/// What is to be done in one account and Region.
struct Location {
    place: Place,
    role: String,
    ids: Vec<String>,
    /// How many instances may fail here.
    most: usize,
    /// The location it comes from, for what that says of errors.
    of: Value,
}

/// Starts it, and answers its id.
pub(super) fn start(
    world: &mut World,
    call: &Call,
    document: &str,
    values: &[(&str, String)],
) -> Result<String, AwsError> {
    let locations = read(call.json()?, world.config.parameter_values_in_locations)?;
    administered(world, &call.place, value_of(values, "AutomationAssumeRole"))?;
    let (id, all) = (world.ids.uuid(), locations.len());
    let (mut steps, mut failures, mut failed) = (Vec::new(), Vec::new(), false);
    for location in locations {
        let may_fail = rate::errors(&location.of, "TargetLocationMaxErrors", "0", all)?;
        if failures.len() > may_fail {
            break;
        }
        let (child, failure) = work(world, &location, document, values, &id);
        if let Some(failure) = &failure {
            failures.push(format!("{}/{}: {failure}", location.place.account, location.place.region));
        }
        failed = failures.len() > may_fail;
        steps.push(Step { place: location.place, role: location.role, id: world.ids.uuid(), child, failure });
    }
    let done = steps.len() - failures.len();
    let execution = Execution::of(world.now(), &call.place, document, done, &failures);
    world.ssm.executions.insert(id.clone(), Execution { steps, failed, ..execution });
    Ok(id)
}

/// Whether the administration role, if there is one, is one of the central account that can be
/// assumed.
fn administered(world: &World, central: &Place, arn: &str) -> Result<(), AwsError> {
    let role = format!("arn:{}:iam::{}:role/", central.partition(), central.account);
    let there =
        || arn.strip_prefix(&role).is_some_and(|name| world.iam.may_assume(&central.account, name, None));
    if arn.is_empty() || there() {
        return Ok(());
    }
    let why = "The defined assume role is unable to be assumed.";
    Err(AwsError::client("InvalidAutomationExecutionParametersException", why))
}

/// Works on one account and Region: the child's id if it could be started, and why it failed if it
/// did.
fn work(
    world: &mut World,
    it: &Location,
    document: &str,
    values: &[(&str, String)],
    parent: &str,
) -> (Option<String>, Option<String>) {
    if !world.iam.may_assume(&it.place.account, &it.role, None) {
        let arn = format!("arn:{}:iam::{}:role/{}", it.place.partition(), it.place.account, it.role);
        let why = format!("The execution role {arn} in the target location is unable to be assumed.");
        return (None, Some(why));
    }
    let principal = Principal::session(&it.place, &it.role, "Automation", world.now());
    let child = world.ids.uuid();
    let (mut done, mut failures) = (0, Vec::new());
    for id in &it.ids {
        if failures.len() > it.most {
            break;
        }
        let failure =
            change(world, (&it.place, &principal), id, values).err().map(|why| failure_text(id, &why));
        let one = Execution::of(
            world.now(),
            &it.place,
            document,
            usize::from(failure.is_none()),
            failure.as_slice(),
        );
        let own = world.ids.uuid();
        let (parent, target) = (Some(child.clone()), Some(id.clone()));
        world.ssm.executions.insert(own, Execution { parent, target, ..one });
        done += usize::from(failure.is_none());
        failures.extend(failure);
    }
    let all = Execution::of(world.now(), &it.place, document, done, &failures);
    let (parent, failure) = (Some(parent.to_owned()), all.failure.clone());
    world.ssm.executions.insert(child.clone(), Execution { parent, ..all });
    (Some(child), failure)
}

/// The accounts and Regions of the request, with the settings of each.
fn read(request: &Value, with_values: bool) -> Result<Vec<Location>, AwsError> {
    let refuse = |why: String| AwsError::client("ValidationException", why);
    let list = request.get("TargetLocations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !(1..=100).contains(&list.len()) {
        return Err(refuse("1 to 100 target locations are expected".to_owned()));
    }
    let (mut locations, mut seen) = (Vec::new(), BTreeSet::new());
    for location in list {
        let known = [
            "Accounts",
            "Regions",
            "ExecutionRoleName",
            "TargetLocationMaxConcurrency",
            "TargetLocationMaxErrors",
            "Targets",
            "TargetsMaxConcurrency",
            "TargetsMaxErrors",
            "IncludeChildOrganizationUnits",
        ];
        only(location, &known)?;
        if location.get("IncludeChildOrganizationUnits").is_some_and(|it| it != false) {
            return Err(AwsError::not_simulated("organizational units as targets of a location"));
        }
        rate::concurrency(location, "TargetLocationMaxConcurrency")?;
        rate::concurrency(location, "TargetsMaxConcurrency")?;
        let (accounts, regions) = (some(location, "Accounts")?, some(location, "Regions")?);
        let role = location.get("ExecutionRoleName").and_then(Value::as_str).unwrap_or(EXECUTION_ROLE);
        if !(1..=64).contains(&role.len()) {
            return Err(refuse(format!("{role} is no name of an execution role")));
        }
        let own = location.get("Targets").or_else(|| request.get("Targets"));
        let ids = targets(request, own, None)?;
        if !with_values {
            let why = "Key=ParameterValues cannot be used with TargetLocations";
            return Err(AwsError::client("InvalidTarget", why));
        }
        let most = rate::errors(location, "TargetsMaxErrors", "0", ids.len())?;
        for account in &accounts {
            for region in &regions {
                let place = Place::new(account, region);
                if !is_account(account) {
                    return Err(AwsError::not_simulated(format!("target {account} of a location")));
                }
                if !seen.insert(place.clone()) {
                    return Err(AwsError::not_simulated(format!("{account}/{region} in two locations")));
                }
                let (role, ids, of) = (role.to_owned(), ids.clone(), location.clone());
                locations.push(Location { place, role, ids, most, of });
            }
        }
    }
    Ok(locations)
}

/// The 1 to 50 texts of a member.
fn some(of: &Value, name: &str) -> Result<Vec<String>, AwsError> {
    let list = of.get(name).and_then(Value::as_array).into_iter().flatten();
    let texts: Vec<String> = list.filter_map(Value::as_str).map(str::to_owned).collect();
    if (1..=50).contains(&texts.len()) {
        return Ok(texts);
    }
    Err(AwsError::client("ValidationException", format!("{name}: 1 to 50 are expected")))
}
