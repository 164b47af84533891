//! Metadata options outside of EC2, Auto Scaling and SageMaker, through the real clients.

use std::time::Duration;

use serde_json::{Value, json};
use v2only_aws::connect::Aws;
use v2only_aws::settings::Settings;
use v2only_enforcer::enforce::{Bound, Journal, enforce_within};
use v2only_enforcer::kinds::Kinds;
use v2only_enforcer::ports::{ReadRoles, ReadSurfaces, RestoreSurface, Role, RoleDetail, TightenSurface};
use v2only_enforcer::rollback::{self, Recorded, What};
use v2only_enforcer::{Kind, surfaces};
use v2only_policy::{
    AccountId, HttpTokens, Judged, Place, Region, ResourceKind, Subject, Surface, SurfaceKind,
};
use v2only_sandbox::{Actor, ActorCall, AwsError, Config, Effect, Fault, Sandbox};
use v2only_tests::in_process::{add_profile, connect, isolated};
use v2only_tests::{HOME, REGION};

/// A sandbox, and the real clients of somebody in its home account.
fn scene<Done: Future<Output = ()>>(port: u16, play: impl FnOnce(Sandbox, Aws, Place) -> Done) {
    let config = Config { listen: ([127, 0, 0, 1], port).into(), ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    add_profile("somebody", HOME);
    let region = [("AWS_REGION".to_owned(), REGION.to_owned())];
    let settings = Settings::from_variables(region).unwrap();
    let place = Place { account: AccountId::parse(HOME).unwrap(), region: Region::parse(REGION).unwrap() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ports = connect("somebody", &settings, Duration::from_secs(5), None).await;
        play(sandbox, ports, place).await;
    });
}

fn alice() -> ActorCall {
    ActorCall::new(HOME, REGION, Actor::User("alice".to_owned()))
}

fn create(aws: &Sandbox, service: &str, action: &str, document: Value) {
    aws.call_as(&alice().json(service, action, document)).unwrap();
}

/// Every surface of a kind, from all pages.
async fn all(ports: &Aws, place: &Place, kind: SurfaceKind) -> Vec<Surface> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = ports.surfaces(place, kind, next).await.unwrap();
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return found;
        }
    }
}

fn lightsail(aws: &Sandbox, names: &[String], blueprint: &str) {
    let request = json!({
        "instanceNames": names, "availabilityZone": format!("{REGION}a"), "blueprintId": blueprint,
        "bundleId": "nano_3_0", "tags": [{ "key": "app", "value": "shop" }],
    });
    create(aws, "lightsail", "CreateInstances", request);
}

#[test]
fn a_lightsail_instance_is_read_closed_and_restored() {
    let kind = SurfaceKind::LightsailInstance;
    isolated("surfaces::a_lightsail_instance_is_read_closed_and_restored", |port| {
        scene(port, |aws, ports, place| async move {
            lightsail(&aws, &["open".to_owned()], "debian_12");
            lightsail(&aws, &["closed".to_owned()], "amazon_linux_2023");
            let before = aws.lightsail_instances(HOME, REGION);
            let found = all(&ports, &place, kind).await;
            let tokens: Vec<_> = found.iter().map(|it| (it.id.as_str(), it.http_tokens())).collect();
            assert_eq!(tokens, [("closed", HttpTokens::Required), ("open", HttpTokens::Optional)]);
            assert_eq!(found[1].tags["app"], "shop");
            ports.tighten_surface(&place, &found[1]).await.unwrap();
            let now = ports.surface(&place, kind, "open").await.unwrap().unwrap();
            assert_eq!(now.http_tokens(), HttpTokens::Required);
            assert_eq!(now.options.hop_limit, found[1].options.hop_limit);
            ports.restore_surface(&place, &now, &found[1].options).await.unwrap();
            assert_eq!(aws.lightsail_instances(HOME, REGION), before);
            assert_eq!(ports.surface(&place, kind, "gone").await.unwrap(), None);
        });
    });
}

/// Keeps nothing: what is restored is no matter here.
struct NoJournal;

impl Journal for NoJournal {
    async fn write(&self, _: &Place, _: &[Judged]) -> Result<(), std::io::Error> {
        Ok(())
    }
}

#[test]
fn each_lightsail_instance_is_described_right_before_it_is_changed() {
    isolated("surfaces::each_lightsail_instance_is_described_right_before_it_is_changed", |port| {
        scene(port, |aws, ports, place| async move {
            lightsail(&aws, &["a".to_owned(), "b".to_owned(), "c".to_owned()], "debian_12");
            let document = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
            let policy = v2only_document::parse(document).unwrap().policy;
            let kinds = Kinds::Only(ResourceKind::Surface(SurfaceKind::LightsailInstance));
            let mut found = Vec::new();
            surfaces::scan(&ports, &policy, &place, (kinds, aws.now()), &mut |it| found.push(it)).await;
            let recorded = |judged: &Judged| match &judged.subject {
                Subject::Surface(judged) => {
                    Recorded { place: place.clone(), what: What::Surface(judged.clone()) }
                }
                other => panic!("{other:?}"),
            };
            let before: Vec<Recorded> = found.iter().map(recorded).collect();
            aws.clear_calls();
            let now = || aws.now();
            let carried = enforce_within(&ports, &NoJournal, &place, found, &now, &Bound::at_most(0)).await;
            assert_eq!(carried.records.len(), 3, "{carried:?}");
            let calls = || -> Vec<String> { aws.calls().into_iter().map(|it| it.action).collect() };
            let one = ["GetInstance", "UpdateInstanceMetadataOptions", "GetInstance"];
            assert_eq!(calls(), [one, one, one].concat());

            let looked = rollback::look(&ports, &place, before, false).await;
            aws.clear_calls();
            let told = rollback::restore(&ports, &place, looked, false, None, &now).await;
            assert_eq!(told.len(), 3, "{told:?}");
            assert_eq!(calls(), [one, one, one].concat());
        });
    });
}

#[test]
fn lightsail_is_read_to_the_last_page_and_a_denial_is_a_failure() {
    let kind = SurfaceKind::LightsailInstance;
    isolated("surfaces::lightsail_is_read_to_the_last_page_and_a_denial_is_a_failure", |port| {
        scene(port, |aws, ports, place| async move {
            let names: Vec<String> = (0..45).map(|number| format!("web-{number:02}")).collect();
            lightsail(&aws, &names, "debian_12");
            assert_eq!(all(&ports, &place, kind).await.len(), 45);
            let since = "2026-10-30".parse().unwrap();
            let noon = "2026-10-31T12:00:00Z".parse().unwrap();
            aws.put_lightsail_datapoints(HOME, REGION, "web-00", [(noon, 3.0)]);
            let web = Surface::new(kind, "web-00".to_owned());
            let counted = ports.surface_usage(&place, &web, since, aws.now()).await.unwrap();
            let days: Vec<_> = counted.days.values().copied().collect();
            assert_eq!((days, counted.complete), (vec![3], true));
            let denied = AwsError::client("AccessDeniedException", "not granted");
            aws.inject(Fault::on("lightsail", "GetInstances", Effect::ErrorBefore(denied)));
            let failure = ports.surfaces(&place, kind, None).await.unwrap_err();
            assert_eq!((failure.kind, failure.action.as_ref()), (Kind::Denied, "lightsail:GetInstances"));
        });
    });
}

#[test]
fn an_answer_without_the_resource_does_not_say_that_it_is_gone() {
    isolated("surfaces::an_answer_without_the_resource_does_not_say_that_it_is_gone", |port| {
        scene(port, |aws, ports, place| async move {
            lightsail(&aws, &["web".to_owned()], "debian_12");
            let request = json!({
                "name": "base", "instanceProfileName": "builder", "clientToken": "one",
            });
            create(&aws, "imagebuilder", "CreateInfrastructureConfiguration", request);
            for (kind, id, service, action) in [
                (SurfaceKind::LightsailInstance, "web", "lightsail", "GetInstance"),
                (
                    SurfaceKind::InfrastructureConfiguration,
                    "base",
                    "imagebuilder",
                    "GetInfrastructureConfiguration",
                ),
            ] {
                assert!(ports.surface(&place, kind, id).await.unwrap().is_some());
                aws.inject(Fault::on(service, action, Effect::EmptyAfter));
                let failure = ports.surface(&place, kind, id).await.unwrap_err();
                assert_eq!(failure.action, format!("{service}:{action}"));
                assert_eq!(
                    (failure.kind, failure.message.as_str()),
                    (Kind::Unknown, "AWS answered without the resource")
                );
            }
        });
    });
}

#[test]
fn an_infrastructure_configuration_keeps_every_other_setting() {
    let kind = SurfaceKind::InfrastructureConfiguration;
    isolated("surfaces::an_infrastructure_configuration_keeps_every_other_setting", |port| {
        scene(port, |aws, ports, place| async move {
            let request = json!({
                "name": "Base Images", "description": "nightly", "instanceTypes": ["m7i.large"],
                "instanceProfileName": "builder", "securityGroupIds": ["sg-1"], "subnetId": "subnet-1",
                "logging": { "s3Logs": { "s3BucketName": "logs", "s3KeyPrefix": "builds" } }, "keyPair": "ops",
                "terminateInstanceOnFailure": false, "snsTopicArn": "arn:aws:sns:eu-central-1:111122223333:builds",
                "resourceTags": { "team": "images" }, "placement": { "tenancy": "default" },
                "instanceMetadataOptions": { "httpPutResponseHopLimit": 2 }, "clientToken": "one",
            });
            create(&aws, "imagebuilder", "CreateInfrastructureConfiguration", request);
            let described = || {
                let arn =
                    "arn:aws:imagebuilder:eu-central-1:111122223333:infrastructure-configuration/base-images";
                let request = json!({ "infrastructureConfigurationArn": arn });
                let call = alice().json("imagebuilder", "GetInfrastructureConfiguration", request);
                let mut answer: Value = serde_json::from_str(&aws.answer_as(&call).unwrap()).unwrap();
                let configuration = answer["infrastructureConfiguration"].take();
                let mut members = configuration.as_object().unwrap().clone();
                members.remove("dateUpdated");
                members
            };
            let before = described();
            let found = all(&ports, &place, kind).await;
            assert_eq!(found[0].id, "base-images");
            assert_eq!(found[0].http_tokens(), HttpTokens::Unknown, "it is not set");
            ports.tighten_surface(&place, &found[0]).await.unwrap();
            let now = ports.surface(&place, kind, "base-images").await.unwrap().unwrap();
            assert_eq!((now.http_tokens(), now.options.hop_limit), (HttpTokens::Required, Some(2)));
            let mut closed = described();
            let options = json!({ "httpTokens": "required", "httpPutResponseHopLimit": 2 });
            assert_eq!(closed.remove("instanceMetadataOptions"), Some(options));
            let mut rest = before.clone();
            rest.remove("instanceMetadataOptions");
            assert_eq!(closed, rest, "nothing else is changed");
            ports.restore_surface(&place, &now, &found[0].options).await.unwrap();
            assert_eq!(described(), before);
        });
    });
}

#[test]
fn environments_and_security_configurations_are_read_with_tags_and_users() {
    isolated("surfaces::environments_and_security_configurations_are_read_with_tags_and_users", |port| {
        scene(port, |aws, ports, place| async move {
            let beanstalk = |action: &str, parameters: &[(&str, &str)]| {
                let call = alice().query("elasticbeanstalk", action, parameters.iter().copied());
                aws.call_as(&call).unwrap();
            };
            beanstalk("CreateApplication", &[("ApplicationName", "shop")]);
            for (name, platform) in [("old-one", "Amazon Linux 2"), ("new-one", "Amazon Linux 2023")] {
                let parameters = [
                    ("ApplicationName", "shop"),
                    ("EnvironmentName", name),
                    ("SolutionStackName", platform),
                    ("Tags.member.1.Key", "app"),
                    ("Tags.member.1.Value", "shop"),
                ];
                beanstalk("CreateEnvironment", &parameters);
            }
            let mut environments = all(&ports, &place, SurfaceKind::BeanstalkEnvironment).await;
            environments.sort_by(|one, other| one.name.cmp(&other.name));
            let tokens: Vec<_> =
                environments.iter().map(|it| (it.name.as_deref(), it.http_tokens())).collect();
            let expected = [(Some("new-one"), HttpTokens::Required), (Some("old-one"), HttpTokens::Optional)];
            assert_eq!(tokens, expected);
            assert_eq!(environments[0].tags["app"], "shop");

            for (name, version) in [("open", 1), ("closed", 2)] {
                let block = json!({ "MinimumInstanceMetadataServiceVersion": version });
                let document = json!({ "InstanceMetadataServiceConfiguration": block }).to_string();
                let request = json!({ "Name": name, "SecurityConfiguration": document });
                create(&aws, "elasticmapreduce", "CreateSecurityConfiguration", request);
            }
            let flow = json!({ "Name": "nightly", "Instances": {}, "SecurityConfiguration": "open" });
            create(&aws, "elasticmapreduce", "RunJobFlow", flow);
            let configurations = all(&ports, &place, SurfaceKind::EmrSecurityConfiguration).await;
            let read: Vec<_> =
                configurations.iter().map(|it| (it.id.as_str(), it.http_tokens(), it.users.len())).collect();
            assert_eq!(read, [("closed", HttpTokens::Required, 0), ("open", HttpTokens::Optional, 1)]);
            let refused = ports.tighten_surface(&place, &configurations[1]).await.unwrap_err();
            assert_eq!(refused.kind, Kind::Refused);
        });
    });
}

#[test]
fn roles_are_read_to_the_last_page_with_their_profiles_and_documents() {
    isolated("surfaces::roles_are_read_to_the_last_page_with_their_profiles_and_documents", |port| {
        scene(port, |aws, ports, place| async move {
            let iam = |action: &str, parameters: &[(&str, &str)]| {
                aws.call_as(&alice().query("iam", action, parameters.iter().copied())).unwrap();
            };
            // What is encoded on the wire, and must come back as it was.
            let document =
                r#"{"Statement": [{"Sid": "50%+ä", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
            iam("CreatePolicy", &[("PolicyName", "own"), ("PolicyDocument", document)]);
            let own = format!("arn:aws:iam::{HOME}:policy/own");
            iam(
                "CreateRole",
                &[("RoleName", "web"), ("AssumeRolePolicyDocument", "{}"), ("PermissionsBoundary", &own)],
            );
            iam(
                "PutRolePolicy",
                &[("RoleName", "web"), ("PolicyName", "inline"), ("PolicyDocument", document)],
            );
            iam("AttachRolePolicy", &[("RoleName", "web"), ("PolicyArn", &own)]);
            iam("CreateInstanceProfile", &[("InstanceProfileName", "front")]);
            iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "front"), ("RoleName", "web")]);
            let many: Vec<String> = (0..320).map(|number| format!("role-{number:03}")).collect();
            for name in &many {
                aws.add_instance_profile(HOME, name, &["ReadOnlyAccess"]);
            }
            aws.clear_calls();
            let (mut found, mut next) = (Vec::new(), None);
            loop {
                let page = ports.role_details(&place, next).await.unwrap();
                found.extend(page.items);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(aws.calls().len(), 2);
            assert_eq!(found.len(), many.len() + 2, "roles, and one policy of the customer");
            let web = RoleDetail::Role(Role {
                arn: format!("arn:aws:iam::{HOME}:role/web"),
                profiles: vec![format!("arn:aws:iam::{HOME}:instance-profile/front")],
                inline: vec![("inline".to_owned(), document.to_owned())],
                attached: vec![own.clone()],
                boundary: Some(own.clone()),
            });
            assert!(found.contains(&web), "{found:?}");
            assert!(found.contains(&RoleDetail::Policy { arn: own, document: document.to_owned() }));
            let denied = AwsError::client("AccessDenied", "not granted");
            let details = "GetAccountAuthorizationDetails";
            aws.inject(Fault::on("iam", details, Effect::ErrorBefore(denied)));
            let failure = ports.role_details(&place, None).await.unwrap_err();
            assert_eq!((failure.kind, failure.action), (Kind::Denied, format!("iam:{details}").into()));
        });
    });
}
