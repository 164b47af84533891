//! What a test does to EC2 from outside: launches by other actors, service-managed instances,
//! declarative policies; and what it sees of instances without asking the API.

use std::time::Duration;

use jiff::Timestamp;

use super::instance::{Instance, InstanceStateName};
use super::launch_spec::LaunchSpec;
use super::metadata::{MetadataDefaults, MetadataOptions};
use super::quirks::OptionQuirks;
use super::run_instances;
use crate::call::{Body, Call};
use crate::error::AwsError;
use crate::identity::{Place, Principal};
use crate::params::Params;
use crate::sandbox::Sandbox;
use crate::world::World;

/// Who launches instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// An IAM user of this name.
    User(String),
    /// A session of this role, under this session name.
    Role(String, String),
    /// EC2 Auto Scaling, for the group of this name.
    AutoScaling(String),
    /// The Spot service, for an old-style Spot request.
    SpotService,
    /// EC2 Fleet of type instant, for a session of this role (as Karpenter does it).
    Fleet(String),
    /// A session of a role with everything that CloudTrail shows of a caller.
    Caller(Caller),
}

/// A session of a role, as CloudTrail shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The role, with its path.
    pub role: String,
    /// The name of the session.
    pub session: String,
    /// The service that calls for the session, for example `imagebuilder.amazonaws.com`.
    pub service: Option<String>,
    /// The user agent, which a service replaces by its own name.
    pub user_agent: String,
    /// `ec2RoleDelivery`: `1.0` or `2.0` where an instance got the credentials from the metadata service.
    pub role_delivery: Option<String>,
}

/// An instance, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceView {
    /// Instance id.
    pub id: String,
    /// Its state now.
    pub state: InstanceStateName,
    /// Its metadata options.
    pub metadata: MetadataOptions,
    /// Whether the last change of them is applied.
    pub metadata_applied: bool,
    /// Its tags.
    pub tags: std::collections::BTreeMap<String, String>,
    /// When it was started last.
    pub launch_time: Timestamp,
    /// When it was launched first.
    pub created: Timestamp,
    /// The service that manages it.
    pub operator: Option<String>,
}

impl Actor {
    pub(crate) fn principal(&self, place: &Place, now: Timestamp) -> Principal {
        match self {
            Self::User(name) => Principal::user(place, name),
            Self::Role(role, session) => Principal::session(place, role, session, now),
            Self::AutoScaling(_) => {
                let role = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
                Principal::session(place, role, "AutoScaling", now).invoked_by("autoscaling.amazonaws.com")
            }
            Self::SpotService => {
                let role = "aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";
                Principal::session(place, role, "EC2Spot", now).invoked_by("spot.amazonaws.com")
            }
            Self::Fleet(role) => {
                Principal::session(place, role, "fleet", now).invoked_by("ec2fleet.amazonaws.com")
            }
            Self::Caller(caller) => {
                let principal = Principal::session(place, &caller.role, &caller.session, now);
                let principal = match &caller.service {
                    Some(service) => principal.invoked_by(service),
                    None => principal,
                };
                principal.delivered_by(caller.role_delivery.as_deref())
            }
        }
    }

    pub(crate) fn user_agent(&self) -> String {
        match self {
            Self::Caller(caller) => caller.user_agent.clone(),
            Self::User(_) | Self::Role(..) | Self::AutoScaling(_) | Self::SpotService | Self::Fleet(_) => {
                "v2only-sandbox".to_owned()
            }
        }
    }

    /// Adds the members that a service adds to its own launches.
    fn add_service_members(&self, mut spec: LaunchSpec, world: &mut World) -> LaunchSpec {
        match self {
            Self::User(_) | Self::Role(..) | Self::Caller(_) => {}
            Self::AutoScaling(group) => {
                spec.tags.insert("aws:autoscaling:groupName".to_owned(), group.clone());
                spec.requester = Some("940372691376".to_owned());
            }
            Self::SpotService => spec.spot = true,
            Self::Fleet(_) => {
                let fleet = format!("fleet-{}", world.ids.uuid());
                spec.client_token.get_or_insert_with(|| format!("{fleet}-0"));
                spec.tags.insert("aws:ec2:fleet-id".to_owned(), fleet);
            }
        }
        spec.client_token.get_or_insert_with(|| world.ids.uuid());
        spec
    }
}

impl Sandbox {
    /// Launches instances as somebody else, with the events this leaves behind. It is no API call
    /// of the code under test: it is not in the call log, meets no fault and draws from no token
    /// bucket.
    ///
    /// # Errors
    /// Where AWS would refuse the launch; the event of the refusal is published all the same.
    pub fn launch_as(
        &self,
        account: &str,
        region: &str,
        actor: &Actor,
        spec: LaunchSpec,
    ) -> Result<Vec<String>, AwsError> {
        let mut guard = self.core().world();
        let world = &mut *guard;
        launch_as(world, &Place::new(account, region), actor, spec)
    }

    /// An instance as it is now; `None` if it was never there or is long gone.
    pub fn instance(&self, account: &str, region: &str, id: &str) -> Option<InstanceView> {
        self.core().world().ec2.peek(&Place::new(account, region))?.get(id).map(view)
    }

    /// All instances of an account in a Region, in the order of launch.
    pub fn instances(&self, account: &str, region: &str) -> Vec<InstanceView> {
        let world = self.core().world();
        let region = world.ec2.peek(&Place::new(account, region));
        region.map(|it| it.instances.values().map(view).collect()).unwrap_or_default()
    }

    /// Makes an instance one that an AWS service manages; `hidden` ones are described only to those
    /// who ask with `IncludeManagedResources`. Returns whether the instance is there.
    pub fn set_managed(&self, account: &str, region: &str, id: &str, principal: &str, hidden: bool) -> bool {
        let mut world = self.core().world();
        let instance = world.ec2.at(&Place::new(account, region)).get_mut(id);
        instance.is_some_and(|instance| {
            instance.operator = Some(principal.to_owned());
            instance.hidden = hidden;
            true
        })
    }

    /// Makes an instance older, as if it had been launched this much earlier. Returns whether it is
    /// there.
    pub fn age_instance(&self, account: &str, region: &str, id: &str, by: Duration) -> bool {
        let mut world = self.core().world();
        let instance = world.ec2.at(&Place::new(account, region)).get_mut(id);
        instance.is_some_and(|instance| {
            let earlier = |time: Timestamp| time.checked_sub(by).unwrap_or(Timestamp::MIN);
            instance.created = earlier(instance.created);
            instance.launch_time = earlier(instance.launch_time);
            true
        })
    }

    /// Changes metadata options from outside, without a call, an event or a check.
    pub fn set_metadata_options(
        &self,
        account: &str,
        region: &str,
        id: &str,
        options: MetadataOptions,
    ) -> bool {
        let mut world = self.core().world();
        let instance = world.ec2.at(&Place::new(account, region)).get_mut(id);
        instance.is_some_and(|instance| {
            instance.metadata = options;
            true
        })
    }

    /// Sets the account's metadata defaults in a Region from outside, for example as a declarative
    /// policy does it (`managed_by_policy`).
    pub fn set_metadata_defaults(&self, account: &str, region: &str, defaults: MetadataDefaults) {
        self.core().world().ec2.at(&Place::new(account, region)).defaults = defaults;
    }

    /// Makes a Region one that does not know or does not describe some metadata options.
    pub fn set_option_quirks(&self, region: &str, quirks: OptionQuirks) {
        self.core().world().ec2.quirks.insert(region.to_owned(), quirks);
    }

    /// The account's metadata defaults in a Region.
    pub fn metadata_defaults(&self, account: &str, region: &str) -> MetadataDefaults {
        let world = self.core().world();
        world.ec2.peek(&Place::new(account, region)).map(|it| it.defaults.clone()).unwrap_or_default()
    }
}

/// See [`Sandbox::launch_as`].
pub(crate) fn launch_as(
    world: &mut World,
    place: &Place,
    actor: &Actor,
    spec: LaunchSpec,
) -> Result<Vec<String>, AwsError> {
    let now = world.now();
    let spec = actor.add_service_members(spec, world);
    let call = Call {
        service: "ec2".to_owned(),
        action: "RunInstances".to_owned(),
        place: place.clone(),
        principal: actor.principal(place, now),
        access_key: Some("ASIAEXAMPLE000000000".to_owned()),
        request_id: world.ids.uuid(),
        at: now,
        user_agent: actor.user_agent(),
        source_ip: "203.0.113.10".to_owned(),
        body: Body::Query(Params::default()),
    };
    world.run(&call, |world, trail| {
        run_instances::answer_spec(world, &call, trail, &spec, false).map(crate::call::Answer::Xml)
    })?;
    let launched = spec
        .client_token
        .as_ref()
        .and_then(|token| world.ec2.peek(place)?.launches.get(token).map(|(_, ids)| ids.clone()));
    let ids = launched.unwrap_or_default();
    if *actor == Actor::SpotService {
        fulfil(world, place, &ids);
    }
    Ok(ids)
}

/// `EC2 Spot Instance Request Fulfillment` for each instance.
fn fulfil(world: &mut World, place: &Place, ids: &[String]) {
    for id in ids {
        let request = world.ec2.peek(place).and_then(|it| it.get(id)).and_then(|it| it.spot.clone());
        let detail = serde_json::json!({ "spot-instance-request-id": request, "instance-id": id });
        let arn = place.arn("ec2", &format!("instance/{id}"));
        world.publish_notice(place, "aws.ec2", "EC2 Spot Instance Request Fulfillment", &[arn], detail);
    }
}

fn view(instance: &Instance) -> InstanceView {
    InstanceView {
        id: instance.id.clone(),
        state: instance.state,
        metadata: instance.metadata,
        metadata_applied: instance.metadata_applied,
        tags: instance.tags.clone(),
        launch_time: instance.launch_time,
        created: instance.created,
        operator: instance.operator.clone(),
    }
}
