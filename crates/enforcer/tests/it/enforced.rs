//! How `enforce` changes many resources: within the bound of failures, images together, and surfaces one by one.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use jiff::SignedDuration;
use rstest::rstest;
use v2only_document as document;
use v2only_enforcer::enforce::{Bound, Carried, Journal, enforce_within};
use v2only_enforcer::kinds::Kinds;
use v2only_enforcer::{Kind, Outcome, surfaces};
use v2only_policy::exemption::UNTIL_TAG;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::settings::HopLimit;
use v2only_policy::source::{AccountDefaults, Image};
use v2only_policy::{
    Decision, DefaultsChange, Hold, ImageChange, ImageId, ImdsSupport, InstanceChange, Judged,
    MetadataOption, Place, Plan, ResourceKind, StatedOptions, Subject, Surface, SurfaceChange, SurfaceKind,
    Switches, Tags, Verdict,
};

use crate::fake::{Fake, World, now};
use crate::launch_sources::{MARKED, OPTIONAL, Sources, WEB, estate, place, template};
use crate::source_scans;

pub const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
pub const CREATE: &str = "ec2:CreateLaunchTemplateVersion";

pub struct Paper;

impl Journal for Paper {
    async fn write(&self, _: &Place, _: &[Judged]) -> Result<(), io::Error> {
        Ok(())
    }
}

pub fn to_be_changed(subject: Subject, plan: Plan) -> Judged {
    Judged { subject, decision: Decision { plan, ..Decision::nothing_to_do(Verdict::Violation(Vec::new())) } }
}

/// So many instances that are to require tokens and have a hop limit of 2.
pub fn instances(fake: &Fake, count: usize) -> Vec<Judged> {
    let hop_limit = Some(HopLimit::new(2).unwrap());
    let change = InstanceChange::RequireTokens { hop_limit, switches: Switches::all(None) };
    let mut world = fake.0.lock().unwrap();
    let all = (1..=count).map(|number| world.instance(&format!("i-{number:08x}")).clone());
    all.map(|it| to_be_changed(Subject::Instance(it), Plan::Act(change.into()))).collect()
}

pub async fn enforced(fake: &Fake, judged: Vec<Judged>, bound: &Bound) -> Carried {
    enforce_within(fake, &Paper, &place(), judged, &now, bound).await
}

#[tokio::test]
async fn no_change_begins_after_the_end_of_a_run() {
    let fake = Fake::default();
    let bound = Bound::default();
    bound.end();
    let carried = enforced(&fake, instances(&fake, 2), &bound).await;
    assert_eq!((carried.records.len(), carried.left.len(), fake.calls().len()), (0, 2, 0));
}

/// A launch template with these versions, and the plan for it. Version 1 is `$Default`, and the last one is `$Latest`.
pub async fn template_to_fix(versions: &[Option<HttpTokens>]) -> (Fake, Vec<Judged>) {
    let web = template(WEB, "web", 1, versions, MARKED);
    let nobody = Sources { groups: Vec::new(), fleets: Vec::new(), spot_fleets: Vec::new(), ..estate() };
    let sources = Sources { templates: vec![web.clone()], ..nobody };
    let kinds = Kinds::Only(ResourceKind::LaunchTemplate);
    let policy = "version: 1\nmode: enforce\nlaunch_templates: { fix: new-version }\n";
    (Fake::with(|world| world.templates = vec![web]), source_scans::scanned(&sources, policy, kinds).await)
}

/// A disk that takes so many seconds for each line, while somebody does something.
struct SlowDisk<'a> {
    fake: &'a Fake,
    seconds: i64,
    passed: AtomicI64,
    meanwhile: fn(&mut World),
}

impl SlowDisk<'_> {
    async fn enforced(&self, judged: Vec<Judged>) -> Carried {
        let clock = || now() + SignedDuration::from_secs(self.passed.load(Ordering::Relaxed));
        enforce_within(self.fake, self, &place(), judged, &clock, &Bound::default()).await
    }
}

/// Exempts the first instance and every launch template.
pub fn exempt(world: &mut World) {
    let exempt = |tags: &mut Tags| tags.insert(UNTIL_TAG.to_owned(), "2027-01-31".to_owned());
    world.templates.iter_mut().for_each(|it| drop(exempt(&mut it.tags)));
    exempt(&mut world.instance("i-00000001").tags);
}

impl Journal for SlowDisk<'_> {
    async fn write(&self, _: &Place, _: &[Judged]) -> Result<(), io::Error> {
        self.passed.fetch_add(self.seconds, Ordering::Relaxed);
        (self.meanwhile)(&mut self.fake.0.lock().unwrap());
        Ok(())
    }
}

#[rstest]
#[case::at_once(0, HttpTokens::Required)]
#[case::slow(5, HttpTokens::Optional)]
#[tokio::test]
async fn what_is_exempted_while_the_disk_is_slow_is_left(#[case] seconds: i64, #[case] first: HttpTokens) {
    let fake = Fake::default();
    let judged = instances(&fake, 2);
    let disk = SlowDisk { fake: &fake, seconds, passed: AtomicI64::new(0), meanwhile: exempt };
    let carried = disk.enforced(judged).await;
    let tokens = ["i-00000001", "i-00000002"].map(|id| fake.tokens(id));
    assert_eq!(tokens, [first, HttpTokens::Required], "{:?}", carried.records);
    let held = carried.records.iter().filter(|record| record.hold() == Some(&Hold::ChangedSince)).count();
    assert_eq!(held, usize::from(first == HttpTokens::Optional));
}

#[rstest]
#[case::at_once(0)]
#[case::slow(5)]
#[tokio::test]
async fn a_template_that_is_exempted_while_the_journal_is_written_is_left(#[case] seconds: i64) {
    let (fake, judged) = template_to_fix(&[OPTIONAL]).await;
    let disk = SlowDisk { fake: &fake, seconds, passed: AtomicI64::new(0), meanwhile: exempt };
    let carried = disk.enforced(judged).await;
    let outcomes: Vec<Outcome> = carried.records.into_iter().map(|it| it.outcome).collect();
    let now = fake.0.lock().unwrap().templates[0].clone();
    assert_eq!((outcomes, now.versions.len(), now.default), (vec![Outcome::Held], 1, 1));
}

#[tokio::test]
async fn a_template_that_is_exempted_while_its_first_change_fails_is_left() {
    let (fake, judged) = template_to_fix(&[OPTIONAL, OPTIONAL]).await;
    fake.fails(CREATE, Kind::Throttled, 1);
    fake.0.lock().unwrap().meanwhile.push((CREATE, 0, Box::new(exempt)));
    let carried = enforced(&fake, judged, &Bound::default()).await;
    let outcomes: Vec<&str> = carried.records.iter().map(|it| it.outcome.code()).collect();
    assert_eq!(outcomes, ["retry", "held"]);
    assert_eq!(fake.0.lock().unwrap().templates[0].versions.len(), 2);
}

#[rstest]
#[case::nothing(|_: &mut World| (), Outcome::Fixed, true)]
#[case::a_template_that_says_optional(
    |world: &mut World| world.templates.push(template(WEB, "web", 1, &[OPTIONAL], MARKED)),
    Outcome::Held,
    false
)]
#[tokio::test]
async fn tokens_are_enforced_for_the_account_unless_that_is_premature_once_the_journal_is_written(
    #[case] meanwhile: fn(&mut World),
    #[case] outcome: Outcome,
    #[case] enforces: bool,
) {
    let fake = Fake::default();
    let change = DefaultsChange {
        require_tokens: true,
        hop_limit: None,
        http_endpoint: None,
        metadata_tags: None,
        enforce: true,
    };
    let judged = to_be_changed(Subject::AccountDefaults(AccountDefaults::UNSET), Plan::Act(change.into()));
    let disk = SlowDisk { fake: &fake, seconds: 5, passed: AtomicI64::new(0), meanwhile };
    let record = disk.enforced(vec![judged]).await.records.remove(0);
    let defaults = fake.0.lock().unwrap().defaults.clone().unwrap_or(AccountDefaults::UNSET);
    assert_eq!((record.outcome, defaults.enforced == Switch::Enabled), (outcome, enforces));
}

/// A journal that notes how many changes are made side by side.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    at_first: OnceLock<usize>,
    at_most: AtomicUsize,
}

impl Journal for Crowd {
    async fn write(&self, _: &Place, _: &[Judged]) -> Result<(), io::Error> {
        self.at_most.fetch_max(1 + self.now.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        tokio::task::yield_now().await;
        let before = self.now.fetch_sub(1, Ordering::Relaxed);
        self.at_first.get_or_init(|| before);
        Ok(())
    }
}

#[rstest]
#[case::a_failure_ends_the_run(Bound::at_most(0), 4)]
#[case::after_a_wave_that_succeeded(Bound::at_most(0).after_success(true), 16)]
#[case::all_may_fail(Bound::default(), 16)]
#[tokio::test]
async fn few_changes_are_made_side_by_side_until_some_succeeded(
    #[case] bound: Bound,
    #[case] at_first: usize,
) {
    let fake = Fake::default();
    let crowd = Crowd::default();
    let carried = enforce_within(&fake, &crowd, &place(), instances(&fake, 40), &now, &bound).await;
    assert!(carried.records.iter().all(|it| it.outcome == Outcome::Fixed));
    let side_by_side = (*crowd.at_first.get().unwrap(), crowd.at_most.load(Ordering::Relaxed));
    assert_eq!(side_by_side, (at_first, 16));
}

/// A refused option beside the tokens must not keep IMDSv1 open elsewhere. A refused change of the tokens ends the run.
#[rstest]
#[case::hop_limit(Some(MetadataOption::HopLimit), None, 2, 0)]
#[case::nothing(None, None, 2, 0)]
#[case::tokens(None, Some(Kind::Denied), 1, 1)]
#[tokio::test]
async fn only_what_leaves_imdsv1_open_counts_as_failed(
    #[case] refused: Option<MetadataOption>,
    #[case] failure: Option<Kind>,
    #[case] tried: usize,
    #[case] left: usize,
) {
    let fake = Fake::with(|world| {
        world.refuses = refused.map(|option| (option, "The hop limit is invalid"));
        // Together, and the tokens alone.
        world.failures.insert(MODIFY, failure.map_or(vec![], |it| vec![it; 2]));
    });
    let carried = enforced(&fake, instances(&fake, 2), &Bound::at_most(0)).await;
    assert_eq!((carried.records.len(), carried.left.len()), (tried, left), "{:?}", carried.records);
    let closed = ["i-00000001", "i-00000002"].map(|id| fake.tokens(id) == HttpTokens::Required);
    assert_eq!(closed, [failure.is_none(); 2]);
}

#[tokio::test]
async fn images_are_listed_once_for_all_that_are_to_be_marked() {
    let fake = Fake::with(|world| world.images = 3);
    let image = |number: u32| Image {
        id: ImageId::parse(&format!("ami-{number:08x}")).unwrap(),
        name: "golden".to_owned(),
        imds_support: ImdsSupport::Unmarked,
        tags: Tags::new(),
    };
    let mark = |number| to_be_changed(Subject::Image(image(number)), Plan::Act(ImageChange::MarkV2.into()));
    let carried = enforced(&fake, (0..3).map(mark).collect(), &Bound::default()).await;
    assert!(carried.records.iter().all(|it| it.outcome == Outcome::Fixed) && carried.records.len() == 3);
    let calls = fake.calls();
    let count = |action: &str| calls.iter().filter(|it| it.starts_with(action)).count();
    assert_eq!((count("ec2:DescribeImages"), count("ec2:ModifyImageAttribute")), (1, 3));
}

pub fn shop(tokens: HttpTokens) -> Surface {
    let options = StatedOptions { http_tokens: Some(tokens), ..StatedOptions::default() };
    Surface { options, ..Surface::new(SurfaceKind::LightsailInstance, "shop".to_owned()) }
}

pub fn open_shop(world: &mut World) {
    world.surfaces = vec![shop(HttpTokens::Optional)];
}

#[tokio::test]
async fn a_surface_that_aws_describes_as_open_afterwards_is_not_fixed() {
    for (ignores_changes, fixed) in [(false, true), (true, false)] {
        let fake = Fake::with(|world| {
            open_shop(world);
            world.ignores_changes = ignores_changes;
        });
        let plan = Plan::Act(SurfaceChange::RequireTokens.into());
        let judged = to_be_changed(Subject::Surface(shop(HttpTokens::Optional)), plan);
        let record = enforced(&fake, vec![judged], &Bound::default()).await.records.remove(0);
        assert_eq!(record.outcome == Outcome::Fixed, fixed, "{record:?}");
        assert_eq!(record.request_id.as_deref(), Some("req-surface"));
    }
}

/// The surfaces found by a scan of these kinds, why it could not read all, and how many calls it made.
async fn scanned(kinds: Kinds) -> (usize, Option<Kind>, usize) {
    let fake = Fake::with(open_shop);
    let policy = document::parse("version: 1\nmode: observe\n").unwrap().policy;
    let mut found = 0;
    let unread = surfaces::scan(&fake, &policy, &place(), (kinds, now()), &mut |_| found += 1).await;
    (found, unread.failure.map(|it| it.kind), fake.calls().len())
}

#[tokio::test]
async fn a_scan_reads_the_surfaces_that_it_is_asked_for() {
    let only = |kind| Kinds::Only(ResourceKind::Surface(kind));
    let (found, failure, _) = scanned(only(SurfaceKind::LightsailInstance)).await;
    assert_eq!((found, failure), (1, None));
    assert_eq!(scanned(Kinds::All).await.0, 1);
    assert_eq!(scanned(Kinds::Only(ResourceKind::Image)).await, (0, None, 0));
    let left_out = scanned(only(SurfaceKind::BeanstalkEnvironment)).await;
    assert_eq!(left_out, (0, Some(Kind::Refused), 0), "this build cannot read them");
}
