//! The fleet: who launches what, in the order of the story. Names say what is particular about each.

mod notebooks;

use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;
use v2only_aws::launcher::{Launch, Launcher, Options};
use v2only_policy::Place;
use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_sandbox::{AMAZON_LINUX_2, Actor, HttpTokens, LaunchSpec};

use super::failure::{broken, refused};
use super::posture::Posture;
use super::stage::{FRANKFURT, HOME, MEMBER, Stage, VIRGINIA, place};
use crate::term::problem::Problem;

/// The part of the story a resource plays in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// It is launched.
    Launched,
    /// Something happens to it later.
    Later,
    /// It is a notebook.
    Notebook,
}

/// One resource, or several of one launch.
#[derive(Debug, Clone)]
pub(super) struct FleetGroup {
    pub(super) act: Act,
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// Ids, or the name of a notebook, each with what it was like before.
    pub(super) members: Vec<(String, Posture)>,
    /// Whether the event of its launch names none of them.
    pub(super) unnamed: bool,
}

/// Everything that was launched so far.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    pub(super) parts: Vec<FleetGroup>,
}

const V1: Options = Options { tokens: Some("optional"), endpoint: None, hops: None };
const V2: Options = Options { tokens: Some("required"), endpoint: None, hops: Some(2) };
const SILENT: Options = Options { tokens: None, endpoint: None, hops: None };
const OFF: Options = Options { tokens: None, endpoint: Some("disabled"), hops: None };
const THREE_HOPS: Options = Options { tokens: Some("optional"), endpoint: None, hops: Some(3) };

/// What existed for long is this old.
const LONG_AGO: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// More instances than CloudTrail can name in one record.
const BURST: u16 = 60;

/// A launch by somebody.
struct Wish<'a> {
    act: Act,
    name: &'static str,
    who: &'a Launcher,
    place: &'a Place,
    options: Options,
    tags: Vec<(&'static str, String)>,
    count: u16,
}

impl Fleet {
    /// Before v2only is installed: an instance of long ago, stopped.
    pub(super) async fn before(&mut self, stage: &Stage) -> Result<(), Problem> {
        let at = place(HOME, FRANKFURT)?;
        let old = Wish { act: Act::Later, ..wish("started-again", &stage.ana, &at, V1) };
        self.launch(stage, old).await?;
        stage.settle().await?;
        for (id, _) in self.part("started-again").map(|it| it.members.clone()).unwrap_or_default() {
            stage.aws.age_instance(HOME, FRANKFURT, &id, LONG_AGO);
            stage.ana.stop(&at, &id).await.map_err(broken)?;
        }
        Ok(())
    }

    /// Launches whose own record says that they are compliant. Returns how many there were.
    pub(super) async fn compliant(&mut self, stage: &Stage) -> Result<u64, Problem> {
        let (home, shop) = (place(HOME, FRANKFURT)?, place(MEMBER, VIRGINIA)?);
        let later = |it| Wish { act: Act::Later, ..it };
        let wishes = [
            wish("asks-for-v2", &stage.ana, &home, V2),
            wish("endpoint-off", &stage.ana, &home, OFF),
            wish("account-default", &stage.ben, &shop, SILENT),
            later(wish("turned-back", &stage.ben, &shop, V2)),
            later(wish("contested", &stage.ana, &home, V2)),
        ];
        let mut launches = 0;
        for wish in wishes {
            self.launch(stage, wish).await?;
            launches += 1;
        }
        Ok(launches)
    }

    /// Launches by people that violate the policy, that are exempt, or that never happened.
    pub(super) async fn people(&mut self, stage: &Stage, today: Date) -> Result<(), Problem> {
        let (home, shop) = (place(HOME, FRANKFURT)?, place(MEMBER, VIRGINIA)?);
        let v1 = |name, tags| Wish { tags, ..wish(name, &stage.ana, &home, V1) };
        let (yesterday, next_month) = (today.saturating_sub(1.day()), today.saturating_add(30.days()));
        let until = |day: Date| (UNTIL_TAG, day.to_string());
        let reason = |text: &str| (REASON_TAG, text.to_owned());
        let wishes = [
            v1("asks-for-v1", vec![]),
            wish("asks-nothing", &stage.ana, &home, SILENT),
            wish("three-hops", &stage.ana, &home, THREE_HOPS),
            v1("eks-node", vec![("eks:cluster-name", "prod".to_owned())]),
            v1("exempt-by-policy", vec![("app", "legacy-billing".to_owned())]),
            v1("exempt-by-tag", vec![until(next_month), reason("agent uses v1")]),
            v1("exempt-expired", vec![until(yesterday), reason("agent uses v1")]),
            v1("exempt-no-reason", vec![until(next_month)]),
            Wish { count: BURST, ..v1("burst", vec![]) },
            wish("in-a-member", &stage.ben, &shop, V1),
        ];
        for wish in wishes {
            self.launch(stage, wish).await?;
        }
        let unknown_image = Launch { image: "ami-0000000000000dead".to_owned(), ..Launch::default() };
        let dry_run = Launch { dry_run: true, ..request(&V1, &[], "dry-run", 1) };
        for launch in [unknown_image, dry_run] {
            refused(stage.ana.launch(&home, &launch).await)?;
        }
        Ok(())
    }

    /// Launches by AWS services on somebody's behalf, and one that a service manages for good.
    pub(super) fn services(&mut self, stage: &Stage) -> Result<(), Problem> {
        let v1 = || LaunchSpec::of_image(AMAZON_LINUX_2).tokens(HttpTokens::Optional);
        let launches = [
            ("auto-scaling", MEMBER, FRANKFURT, Actor::AutoScaling("shop".to_owned()), v1().count(3)),
            ("spot", HOME, VIRGINIA, Actor::SpotService, v1()),
            (
                "eks-auto-mode",
                HOME,
                VIRGINIA,
                Actor::Role("AWSServiceRoleForAmazonEKS".to_owned(), "auto-mode".to_owned()),
                v1().managed_by("eks.amazonaws.com"),
            ),
        ];
        for (name, account, region, actor, spec) in launches {
            let ids = stage.aws.launch_as(account, region, &actor, spec);
            let ids = ids.map_err(|it| broken(format!("{}: {}", it.code, it.message)))?;
            let events = stage.aws.events();
            let members = ids.into_iter().map(|id| {
                let before = at_launch(&events, &id).unwrap_or_else(|| Posture::open(1));
                (id, before)
            });
            let members = members.collect();
            let place = place(account, region)?;
            self.parts.push(FleetGroup { act: Act::Launched, name, place, members, unnamed: false });
        }
        Ok(())
    }

    /// Somebody turns version 1 back on.
    pub(super) async fn turn_back(&self, stage: &Stage, name: &str) -> Result<(), Problem> {
        let Some(part) = self.part(name) else { return Ok(()) };
        let who = stage.person(&part.place);
        let options = Options { endpoint: Some("enabled"), ..V1 };
        for (id, _) in &part.members {
            who.set_options(&part.place, id, options).await.map_err(broken)?;
        }
        Ok(())
    }

    /// Somebody starts the instance of long ago.
    pub(super) async fn start_again(&self, stage: &Stage) -> Result<(), Problem> {
        let Some(part) = self.part("started-again") else { return Ok(()) };
        for (id, _) in &part.members {
            stage.ana.start(&part.place, id).await.map_err(broken)?;
        }
        Ok(())
    }

    pub(super) fn part(&self, name: &str) -> Option<&FleetGroup> {
        self.parts.iter().find(|it| it.name == name)
    }

    /// The event of a launch, as it was published.
    pub(super) fn launch_event(&self, stage: &Stage, name: &str) -> Option<Value> {
        let (id, _) = self.part(name)?.members.first()?;
        let events = stage.aws.events();
        let mut launches = events.into_iter().filter(|it| at_launch(std::slice::from_ref(it), id).is_some());
        launches.next()
    }

    async fn launch(&mut self, stage: &Stage, wish: Wish<'_>) -> Result<(), Problem> {
        let request = request(&wish.options, &wish.tags, wish.name, wish.count);
        let launched = wish.who.launch(wish.place, &request).await.map_err(broken)?;
        let events = stage.aws.events();
        let unnamed = launched.iter().all(|it| at_launch(&events, &it.id).is_none());
        let members = launched.into_iter().map(|it| (it.id.clone(), it.into())).collect();
        self.parts.push(FleetGroup {
            act: wish.act,
            name: wish.name,
            place: wish.place.clone(),
            members,
            unnamed,
        });
        Ok(())
    }
}

/// One instance, launched now.
fn wish<'a>(name: &'static str, who: &'a Launcher, place: &'a Place, options: Options) -> Wish<'a> {
    Wish { act: Act::Launched, name, who, place, options, tags: Vec::new(), count: 1 }
}

fn request(options: &Options, tags: &[(&'static str, String)], name: &str, count: u16) -> Launch {
    let name = ("Name".to_owned(), name.to_owned());
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    Launch {
        image: AMAZON_LINUX_2.to_owned(),
        count,
        options: *options,
        tags: std::iter::once(name).chain(tags).collect(),
        dry_run: false,
    }
}

/// What the record of its launch says of an instance.
fn at_launch(events: &[Value], id: &str) -> Option<Posture> {
    let launches = events.iter().filter_map(|it| it.pointer("/detail/responseElements/instancesSet/items"));
    let instances = launches.filter_map(Value::as_array).flatten();
    let options = instances
        .filter(|it| it.get("instanceId").and_then(Value::as_str) == Some(id))
        .find_map(|it| it.get("metadataOptions"))?;
    let text = |key: &str| options.get(key).and_then(Value::as_str).map(str::to_owned);
    let hops = options.get("httpPutResponseHopLimit").and_then(Value::as_i64);
    Some(Posture::Instance {
        tokens: text("httpTokens")?,
        endpoint: text("httpEndpoint")?,
        hops: hops.and_then(|it| i32::try_from(it).ok()),
    })
}

/// Waits for the next second of the clock: flips are told apart by whole seconds, as their events are.
pub(super) async fn next_second(since: Timestamp) {
    while Timestamp::now().as_second() <= since.as_second() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
