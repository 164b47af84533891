//! Where instances have their options from.

use v2only_enforcer::sources::trace::trace;
use v2only_policy::cause::{Launched, Setter};
use v2only_policy::instance::Instance;
use v2only_policy::{AccountDefaults, ImageId, LaunchTemplateId};

use crate::fake::World;
use crate::launch_sources::{MARKED, OPTIONAL, Sources, WEB, configuration, estate, place};

fn launched(id: &str, tags: &[(&str, &str)], image: Option<&str>) -> Instance {
    let mut world = World::default();
    let instance = world.instance(id);
    instance.tags.extend(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    instance.image = image.map(|it| ImageId::parse(it).unwrap());
    instance.clone()
}

const GROUP: &str = "aws:autoscaling:groupName";

#[tokio::test]
async fn an_instance_is_traced_to_its_template_its_configuration_or_its_request() {
    let of_template =
        |version| [("aws:ec2launchtemplate:id", WEB), ("aws:ec2launchtemplate:version", version)];
    let instances = [
        launched("i-00000001", &of_template("1"), None),
        launched("i-00000002", &of_template("9"), None),
        launched("i-00000003", &[(GROUP, "legacy")], Some(MARKED)),
        launched("i-00000004", &[(GROUP, "gone")], None),
        launched("i-00000005", &[], None),
    ];
    let sources = Sources {
        configurations: vec![configuration("old", OPTIONAL)],
        defaults: AccountDefaults::UNSET,
        ..estate()
    };
    let all: Vec<&Instance> = instances.iter().collect();
    let causes = trace(&sources, &place(), &all).await.unwrap();
    let found: Vec<(Launched, Setter)> = causes.into_values().map(|it| (it.from, it.http_tokens)).collect();
    let web = |number| Launched::Template(LaunchTemplateId::parse(WEB).unwrap(), number);
    assert_eq!(
        found,
        [
            (web(1), Setter::Source),
            (web(9), Setter::Unknown),
            (Launched::Configuration("old".to_owned()), Setter::Source),
            (Launched::Directly, Setter::Unknown),
            (Launched::Directly, Setter::Unknown),
        ]
    );
    assert_eq!(sources.calls("versions"), [format!("{WEB} [1, 9]")], "one call for each template");
    assert_eq!(sources.calls("support"), [MARKED]);
}

#[tokio::test]
async fn groups_are_read_only_for_an_instance_that_names_no_template() {
    let template =
        [("aws:ec2launchtemplate:id", WEB), ("aws:ec2launchtemplate:version", "1"), (GROUP, "shop")];
    for (tags, reads) in [(&template[..], false), (&[][..], false), (&[(GROUP, "legacy")][..], true)] {
        let sources = estate();
        trace(&sources, &place(), &[&launched("i-00000001", tags, None)]).await.unwrap();
        assert_eq!(!sources.calls("groups").is_empty(), reads, "{tags:?}");
    }
    let sources = estate();
    assert!(trace(&sources, &place(), &[]).await.unwrap().is_empty());
    assert!(sources.calls("").is_empty(), "without instances there is no call");
}
