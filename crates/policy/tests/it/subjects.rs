//! What people read of a judged resource: its kind, id, name and tags.

use v2only_policy::source::{Consumer, ConsumerKind, LaunchConfiguration};
use v2only_policy::{
    AccountDefaults, Decision, ImdsSupport, Judged, Subject, Surface, SurfaceKind, Tags, Verdict, effective,
};

use crate::sources::{account, image, says, template};
use crate::words::*;

fn named(name: &str) -> Tags {
    Tags::from([("Name".to_owned(), name.to_owned())])
}

/// One subject of each kind. Those that carry tags have a `Name`.
fn subjects() -> Vec<Subject> {
    let effective = effective(&says(None), &account(None), ImdsSupport::Unmarked);
    let mut template = template(1, 1, Vec::new());
    template.tags = named("tagged");
    let mut image = image(ImdsSupport::Unmarked);
    (image.name, image.tags) = (String::new(), named("tagged"));
    let configuration =
        LaunchConfiguration { name: "web-2019".to_owned(), options: says(None), groups: Vec::new() };
    let consumer = Consumer {
        kind: ConsumerKind::AutoScalingGroup,
        id: "web".to_owned(),
        arn: None,
        configuration: None,
        templates: Vec::new(),
        inline: Vec::new(),
        is_modifiable: true,
        has_overrides: false,
        instances: 0,
        tags: named("tagged"),
    };
    vec![
        Subject::Instance(instance("i-0abc0123456789def").tag("Name", "web-1")),
        Subject::Notebook(notebook("churn")),
        Subject::AccountDefaults(account(None)),
        Subject::TemplateVersion { template, number: 1, effective },
        Subject::LaunchConfiguration { configuration, effective },
        Subject::Image(image),
        Subject::Consumer { consumer, open: Vec::new(), effective },
        Subject::Surface(Surface::new(SurfaceKind::BeanstalkEnvironment, "e-1".to_owned())),
    ]
}

#[test]
fn every_kind_has_an_id_and_a_noun_and_most_have_tags() {
    let shown: Vec<_> = subjects()
        .iter()
        .map(|subject| {
            (
                subject.noun(),
                subject.id().to_owned(),
                subject.name().map(str::to_owned),
                subject.tags().is_some(),
            )
        })
        .collect();
    let wanted = [
        ("instance", "i-0abc0123456789def", Some("web-1"), true),
        ("notebook", "churn", None, true),
        ("account default", AccountDefaults::NAME, None, false),
        ("template version", "lt-0123456789abcdef0", Some("web"), true),
        ("launch configuration", "web-2019", None, false),
        // An image without a name of its own: nobody is shown an empty name.
        ("image", "ami-0123456789abcdef0", None, true),
        ("Auto Scaling group", "web", Some("tagged"), true),
        ("Elastic Beanstalk environment", "e-1", None, true),
    ];
    let wanted: Vec<_> = wanted
        .into_iter()
        .map(|(noun, id, name, tags)| (noun, id.to_owned(), name.map(str::to_owned), tags))
        .collect();
    assert_eq!(shown, wanted);
    assert_eq!(
        subjects().iter().filter_map(Subject::tags).filter(|tags| tags.contains_key("Name")).count(),
        4
    );
}

#[test]
fn launch_sources_and_subjects_are_told_apart() {
    let judged = |subject| Judged { subject, decision: Decision::nothing_to_do(Verdict::Gone) };
    for subject in subjects() {
        let runs = matches!(subject, Subject::Instance(_) | Subject::Notebook(_) | Subject::Surface(_));
        assert_eq!(subject.is_launch_source(), !runs, "{}", subject.noun());
        let kind = subject.noun();
        let judged = judged(subject);
        assert_eq!(judged.instance().is_some(), kind == "instance");
        assert_eq!(judged.template().is_some(), kind == "template version");
        assert_eq!(judged.image().is_some(), kind == "image");
    }
}
