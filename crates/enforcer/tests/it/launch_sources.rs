//! What launches take their options from: read page by page, with who launches from what.

use std::sync::Mutex;

use v2only_enforcer::ports::*;
use v2only_enforcer::sources::read;
use v2only_policy::source::{
    Consumer, ConsumerKind, Image, LaunchConfiguration, LaunchTemplate, TemplateSlot, TemplateUse,
    TemplateVersion, VersionChoice,
};
use v2only_policy::*;

use crate::fake::{ACCOUNT, REGION};

pub const OPTIONAL: Option<HttpTokens> = Some(HttpTokens::Optional);
pub const REQUIRED: Option<HttpTokens> = Some(HttpTokens::Required);
pub const WEB: &str = "lt-0000000000000000a";
pub const JOBS: &str = "lt-0000000000000000b";
pub const MARKED: &str = "ami-0000000000000000a";

/// The sources of an account and Region. Every listing has one item to a page.
pub struct Sources {
    pub templates: Vec<LaunchTemplate>,
    pub groups: Vec<Consumer>,
    pub fleets: Vec<Consumer>,
    pub spot_fleets: Vec<Consumer>,
    pub configurations: Vec<LaunchConfiguration>,
    pub images: Vec<Image>,
    pub defaults: AccountDefaults,
    pub calls: Mutex<Vec<String>>,
}

impl Sources {
    fn call(&self, name: String) {
        self.calls.lock().unwrap().push(name);
    }

    pub fn calls(&self, of: &str) -> Vec<String> {
        let all = self.calls.lock().unwrap();
        all.iter().filter_map(|it| it.strip_prefix(of)).map(|it| it.trim().to_owned()).collect()
    }
}

fn page<T: Clone>(all: &[T], next: Option<String>) -> Answer<Page<T>> {
    let at: usize = next.map_or(0, |it| it.parse().unwrap());
    let items = all.get(at).cloned().into_iter().collect();
    Ok(Page { items, next: (at + 1 < all.len()).then(|| (at + 1).to_string()) })
}

impl Admission for Sources {
    async fn admit(&self, _: &Place) -> Answer<()> {
        Ok(())
    }
}

impl ReadDefaults for Sources {
    async fn defaults(&self, _: &Place) -> Answer<AccountDefaults> {
        self.call("defaults".to_owned());
        Ok(self.defaults.clone())
    }
}

impl ListLaunchTemplates for Sources {
    async fn launch_templates(&self, _: &Place, next: Option<String>) -> Answer<Page<LaunchTemplate>> {
        self.call("templates".to_owned());
        let bare = |it: &LaunchTemplate| LaunchTemplate { versions: Vec::new(), ..it.clone() };
        page(&self.templates.iter().map(bare).collect::<Vec<_>>(), next)
    }

    async fn current_versions(
        &self,
        _: &Place,
        next: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        self.call("current".to_owned());
        let current = self.templates.iter().flat_map(|template| {
            [template.default, template.latest].map(|number| {
                let version = template.versions.iter().find(|version| version.number == number).unwrap();
                (template.id.clone(), version.clone())
            })
        });
        page(&current.collect::<Vec<_>>(), next)
    }

    async fn launch_template(&self, _: &Place, id: &LaunchTemplateId) -> Answer<Option<LaunchTemplate>> {
        Ok(self.templates.iter().find(|it| it.id == *id).cloned())
    }

    async fn versions_since(&self, _: &Place, _: &LaunchTemplateId, _: u64) -> Answer<Vec<TemplateVersion>> {
        Ok(Vec::new())
    }

    async fn template_versions(
        &self,
        _: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        self.call(format!("versions {id} {numbers:?}"));
        let versions = self.templates.iter().filter(|it| it.id == *id).flat_map(|it| it.versions.clone());
        Ok(versions.filter(|it| numbers.contains(&it.number)).collect())
    }
}

impl ListImages for Sources {
    async fn own_images(&self, _: &Place, next: Option<String>) -> Answer<Page<Image>> {
        self.call("own images".to_owned());
        page(&self.images, next)
    }

    async fn imds_support(&self, _: &Place, ids: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        self.call(format!("support {}", ids.iter().map(ImageId::as_str).collect::<Vec<_>>().join(" ")));
        let known = self.images.iter().filter(|it| ids.contains(&it.id));
        Ok(known.map(|it| (it.id.clone(), it.imds_support)).collect())
    }
}

impl ListGroups for Sources {
    async fn groups(&self, _: &Place, next: Option<String>) -> Answer<Page<Consumer>> {
        self.call("groups".to_owned());
        page(&self.groups, next)
    }

    async fn group(&self, _: &Place, name: &str) -> Answer<Option<Consumer>> {
        Ok(self.groups.iter().find(|it| it.id == name).cloned())
    }

    async fn launch_configurations(
        &self,
        _: &Place,
        next: Option<String>,
    ) -> Answer<Page<LaunchConfiguration>> {
        self.call("configurations".to_owned());
        page(&self.configurations, next)
    }
}

impl ListFleets for Sources {
    async fn fleets(&self, _: &Place, next: Option<String>) -> Answer<Page<Consumer>> {
        self.call("fleets".to_owned());
        page(&self.fleets, next)
    }

    async fn spot_fleets(&self, _: &Place, next: Option<String>) -> Answer<Page<Consumer>> {
        self.call("spot fleets".to_owned());
        page(&self.spot_fleets, next)
    }
}

pub fn place() -> Place {
    Place { account: AccountId::parse(ACCOUNT).unwrap(), region: Region::parse(REGION).unwrap() }
}

fn says(http_tokens: Option<HttpTokens>) -> StatedOptions {
    StatedOptions { http_tokens, ..StatedOptions::default() }
}

/// A launch template with a version for each of these, whose first version has this image.
pub fn template(
    id: &str,
    name: &str,
    default: u64,
    versions: &[Option<HttpTokens>],
    image: &str,
) -> LaunchTemplate {
    let versions: Vec<TemplateVersion> = (1..)
        .zip(versions)
        .map(|(number, tokens)| TemplateVersion {
            number,
            options: says(*tokens),
            instance_type: None,
            instance_tags: Tags::new(),
            image: (number == 1).then(|| image.to_owned()),
            imds_support: ImdsSupport::Unmarked,
            made: None,
            exempts: false,
        })
        .collect();
    LaunchTemplate {
        id: LaunchTemplateId::parse(id).unwrap(),
        name: name.to_owned(),
        default,
        latest: versions.len() as u64,
        displaced: None,
        versions,
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

pub fn consumer(kind: ConsumerKind, id: &str, uses: &[(&str, VersionChoice)]) -> Consumer {
    let uses = uses
        .iter()
        .map(|(name, version)| TemplateUse::plain((*name).to_owned(), *version, TemplateSlot::Mixed));
    Consumer { templates: uses.collect(), ..Consumer::new(kind, id.to_owned()) }
}

pub fn of_configuration(id: &str, configuration: &str) -> Consumer {
    Consumer { configuration: Some(configuration.to_owned()), ..Consumer::group(id.to_owned()) }
}

pub fn configuration(name: &str, tokens: Option<HttpTokens>) -> LaunchConfiguration {
    LaunchConfiguration { name: name.to_owned(), options: says(tokens), groups: Vec::new() }
}

/// Two templates with five versions. Version 2 of `web` is used by nobody.
pub fn estate() -> Sources {
    use ConsumerKind::{AutoScalingGroup as Group, Fleet, SpotFleet};
    use VersionChoice::{Default, Latest, Number};
    let image = |id: &str, imds_support| Image {
        id: ImageId::parse(id).unwrap(),
        name: "golden".to_owned(),
        imds_support,
        tags: Tags::new(),
    };
    Sources {
        templates: vec![
            template(WEB, "web", 1, &[OPTIONAL, OPTIONAL, REQUIRED], MARKED),
            template(JOBS, "jobs", 2, &[OPTIONAL, None], "resolve:ssm:/golden"),
        ],
        groups: vec![
            consumer(Group, "shop", &[("web", Number(3)), ("web", Number(3)), (JOBS, Number(1))]),
            of_configuration("legacy", "old"),
            of_configuration("older", "old"),
            of_configuration("closed", "new"),
        ],
        fleets: vec![
            consumer(Fleet, "fleet-1", &[(WEB, Default)]),
            consumer(Fleet, "fleet-2", &[(WEB, Latest)]),
        ],
        spot_fleets: vec![
            consumer(SpotFleet, "sfr-1", &[(JOBS, Default)]),
            consumer(SpotFleet, "sfr-2", &[("jobs", Latest)]),
        ],
        configurations: vec![
            configuration("old", None),
            configuration("new", REQUIRED),
            configuration("unused", OPTIONAL),
        ],
        images: vec![image(MARKED, ImdsSupport::V2), image("ami-0000000000000000b", ImdsSupport::Unmarked)],
        defaults: AccountDefaults { options: says(REQUIRED), ..AccountDefaults::UNSET },
        calls: Mutex::default(),
    }
}

fn users(template: &LaunchTemplate) -> Vec<&str> {
    template.consumers.iter().map(|it| it.consumer.as_str()).collect()
}

#[tokio::test]
async fn each_version_in_use_is_read_once_with_those_who_launch_from_its_template() {
    let sources = estate();
    let mut consumers = read::consumers(&sources, &place()).await.unwrap();
    assert_eq!(consumers.len(), 8, "all pages of groups, fleets and Spot Fleet requests");
    let templates = read::launch_templates(&sources, &place(), &mut consumers).await.unwrap();
    let [web, jobs] = templates.as_slice() else { panic!("{templates:?}") };
    assert_eq!(
        (users(web), users(jobs)),
        (vec!["shop", "fleet-1", "fleet-2"], vec!["shop", "sfr-1", "sfr-2"])
    );
    let numbers = |it: &LaunchTemplate| it.versions.iter().map(|version| version.number).collect::<Vec<_>>();
    assert_eq!((numbers(web), numbers(jobs)), (vec![1, 3], vec![2, 1]));
    assert_eq!(sources.calls("versions"), [format!("{JOBS} [1]")], "the one that only a group names");
    assert_eq!(sources.calls("support"), [MARKED], "only what is an id");
    assert_eq!(web.versions[0].imds_support, ImdsSupport::V2);
    let configurations = read::launch_configurations(&sources, &place(), &consumers).await.unwrap();
    let groups: Vec<_> = configurations.iter().map(|it| (it.name.as_str(), it.groups.clone())).collect();
    let of = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<String>>();
    assert_eq!(groups, [("old", of(&["legacy", "older"])), ("new", of(&["closed"])), ("unused", vec![])]);
}

#[tokio::test]
async fn without_templates_and_images_nothing_more_is_asked() {
    let sources = Sources { templates: Vec::new(), ..estate() };
    assert!(read::launch_templates(&sources, &place(), &mut []).await.unwrap().is_empty());
    assert_eq!(*sources.calls.lock().unwrap(), ["templates"]);
}

#[tokio::test]
async fn an_image_that_aws_does_not_show_stays_unknown() {
    let sources = Sources { images: Vec::new(), ..estate() };
    let templates = read::launch_templates(&sources, &place(), &mut []).await.unwrap();
    assert_eq!(templates[0].versions[0].imds_support, ImdsSupport::Unknown);
}
