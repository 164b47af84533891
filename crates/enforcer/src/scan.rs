//! The entry point of `scan`: lists what is there and judges it. Takes no writer, and so it
//! cannot change anything.

use futures_util::StreamExt as _;
use futures_util::lock::Mutex;
use jiff::Timestamp;
use v2only_policy::notebook::Notebook;
use v2only_policy::usage::{Siblings, Usage};
use v2only_policy::{
    Circumstances, Decision, History, Instance, Judged, NotebookName, Occasion, OuId, Place, Policy,
    ResourceKind, Subject, Verdict, decide_instance, decide_notebook,
};

use crate::failure::Failure;
use crate::history::PlaceHistory;
pub use crate::kinds::Kinds;
use crate::ports::{
    Admission, DescribeNotebook, ListInstances, ListLaunchTemplates, Listing, OrganizationalUnits, Page,
    ReadHistory, ReadUsage, Readable, SourceReader,
};
use crate::siblings::KnownSiblings;
use crate::template_exemptions::TemplateExemptions;
use crate::{history, sources, usage};

/// How many notebooks are described side by side.
const AT_ONCE: usize = 4;
/// How many notebooks that could not be described are named.
const NAMED: usize = 10;

/// What a scan could not read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// The first call that failed. What was reported is right, and incomplete.
    pub failure: Option<Failure>,
    /// Why evidence of version-1 use could not be read. Everything is listed and judged all the same; the
    /// instances that it would have decided about are held.
    pub usage: Option<Failure>,
}

/// Scans one place; `each` gets everything that violates the policy, is exempt, or has something left to
/// do, as it is found.
///
/// Instances cost one call per page of 1000, and compliant ones are left out on AWS's side where the
/// document has no opinion but `HttpTokens`. Evidence of version-1 use costs one call per 500 instances about which
/// it decides. Those that the gate would shelter cost one call per 50 changes of metadata options that CloudTrail recorded,
/// once. Notebooks cost one call per page of 100 and two
/// calls each, because the listing tells neither their minimum version nor their tags; violating ones cost a third. What instances take
/// their options from comes last, at a call per page and kind.
pub async fn scan(
    ports: &impl Readable,
    policy: &Policy,
    place: &Place,
    kinds: Kinds,
    now: Timestamp,
    each: &mut (dyn FnMut(Judged) + Send),
) -> Unread {
    scan_by_pages(ports, policy, place, (kinds, now), each, &async || {}).await
}

/// As [`scan`]; after each page it waits for its `turn` before it asks for the next one, so that a caller that takes longer for a
/// page than AWS does not have to keep them all.
pub async fn scan_by_pages(
    ports: &impl Readable,
    policy: &Policy,
    place: &Place,
    (kinds, now): (Kinds, Timestamp),
    each: &mut (dyn FnMut(Judged) + Send),
    turn: &impl AsyncFn(),
) -> Unread {
    let mut usage = None;
    let ended = look_around(ports, policy, place, (kinds, now), each, turn, &mut usage).await;
    Unread { failure: ended.err(), usage }
}

async fn look_around(
    ports: &impl Readable,
    policy: &Policy,
    place: &Place,
    (kinds, now): (Kinds, Timestamp),
    each: &mut (dyn FnMut(Judged) + Send),
    turn: &impl AsyncFn(),
    usage_unread: &mut Option<Failure>,
) -> Result<(), Failure> {
    let request = ScanRequest::at(ports, policy, place, now).await?;
    if kinds.contains(ResourceKind::Instance) {
        let mut next = None;
        loop {
            let page = request.instances(ports, next, usage_unread).await?;
            page.items.into_iter().for_each(&mut *each);
            next = page.next;
            if next.is_none() {
                break;
            }
            turn().await;
        }
    }
    let mut unread = Vec::new();
    if kinds.contains(ResourceKind::Notebook) {
        let mut next = None;
        loop {
            let page = ports.notebook_names(place, next).await?;
            unread.extend(request.notebooks(ports, page.items, each).await);
            next = page.next;
            if next.is_none() {
                break;
            }
            turn().await;
        }
    }
    request.sources(ports, kinds, each).await?;
    undescribed(&unread).map_or(Ok(()), Err)
}

/// The failure that stands for those of several notebooks: the first one, with their names.
fn undescribed(unread: &[(NotebookName, Failure)]) -> Option<Failure> {
    let (_, first) = unread.first()?;
    let names: Vec<&str> = unread.iter().map(|(name, _)| name.as_str()).take(NAMED).collect();
    let more = unread.len() - names.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let message = format!("{} (notebooks {}{more})", first.message, names.join(", "));
    Some(Failure { message, ..first.clone() })
}

/// An account and Region that may be read, under one policy, at one moment.
pub(crate) struct ScanRequest<'a> {
    pub policy: &'a Policy,
    pub place: &'a Place,
    ous: Option<Vec<OuId>>,
    pub now: Timestamp,
    /// The changes recorded here, once they were read.
    history: Mutex<Option<PlaceHistory>>,
    /// The running siblings of new launches, once they were read.
    pub(crate) siblings: KnownSiblings,
    /// Which launch templates exempt their instances, once they were read.
    templates: TemplateExemptions,
}

impl<'a> ScanRequest<'a> {
    /// Checks whether v2only may act there at all, and reads what the policy needs to know of the account.
    pub(crate) async fn at(
        ports: &(impl Admission + OrganizationalUnits),
        policy: &'a Policy,
        place: &'a Place,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        ports.admit(place).await?;
        let ous =
            if policy.names_organizational_units() { Some(ports.above(&place.account).await?) } else { None };
        Ok(Self {
            policy,
            place,
            ous,
            now,
            history: Mutex::default(),
            siblings: KnownSiblings::default(),
            templates: TemplateExemptions::default(),
        })
    }

    /// What a decision depends on besides policy and resource.
    pub(crate) fn circumstances(&self, occasion: Occasion) -> Circumstances<'_> {
        Circumstances {
            place: self.place,
            ous: self.ous.as_deref(),
            now: self.now,
            occasion,
            usage: Usage::NotRead,
            siblings: Siblings::NotRead,
            history: History::NotRead,
        }
    }

    /// One page of instances: those that are not clean.
    pub(crate) async fn instances<P: ListInstances + ReadUsage + ReadHistory + ListLaunchTemplates>(
        &self,
        ports: &P,
        next: Option<String>,
        usage_unread: &mut Option<Failure>,
    ) -> Result<Page<Judged>, Failure> {
        let page = ports.page(self.place, listing(self.policy), next).await?;
        let items = self.judged(ports, page.items, usage_unread).await?;
        Ok(Page { items, next: page.next })
    }

    /// Judges described instances: those that are not clean.
    pub(crate) async fn judged<P: ListInstances + ReadUsage + ReadHistory + ListLaunchTemplates>(
        &self,
        ports: &P,
        described: Vec<Instance>,
        usage_unread: &mut Option<Failure>,
    ) -> Result<Vec<Judged>, Failure> {
        let mut judged: Vec<Judged> = Vec::with_capacity(described.len());
        for instance in described {
            let decision = decide_instance(&instance, self.policy, &self.circumstances(Occasion::Seen))?;
            judged.push(Judged { subject: Subject::Instance(instance), decision });
        }
        // What was denied once is not asked for again on every page.
        if usage_unread.is_none() {
            let circumstances = self.circumstances(Occasion::Seen);
            let asked = usage::ask_the_gate(ports, self.policy, &circumstances, &mut judged).await;
            *usage_unread = asked.err();
        }
        let mut known = self.history.lock().await;
        history::reconsider(ports, self.policy, &self.circumstances(Occasion::Seen), &mut known, &mut judged)
            .await?;
        drop(known);
        self.ask_the_siblings(ports, &mut judged, usage_unread).await;
        self.templates.note(ports, self.place, &mut judged).await;
        judged.retain(|it| !it.is_clean());
        Ok(judged)
    }

    /// Why CloudTrail did not say of every sheltered instance whether it was v2-only, if another try may read it.
    pub(crate) async fn history_to_retry(&self) -> Option<Failure> {
        self.history.lock().await.as_ref().and_then(PlaceHistory::retry_because).cloned()
    }

    /// Decides again about the new launches of a page whose siblings decide.
    async fn ask_the_siblings<P: ListInstances + ReadUsage>(
        &self,
        ports: &P,
        judged: &mut [Judged],
        unread: &mut Option<Failure>,
    ) {
        let circumstances = self.circumstances(Occasion::Seen);
        for Judged { subject, decision } in judged.iter_mut() {
            if unread.is_some() {
                break;
            }
            let Subject::Instance(instance) = subject else { continue };
            let known = decision.clone();
            match self.siblings.decide(ports, self.policy, &circumstances, instance, known).await {
                Ok(again) => *decision = again,
                Err(failure) => *unread = Some(failure),
            }
        }
    }

    /// Decides again, under the policy of this request, about instances and notebooks that were decided about under
    /// another policy. Evidence of IMDSv1 use is read again for those about which the usage gate decides.
    ///
    /// # Errors
    /// The policy cannot be applied here, or the evidence could not be read. Then the instances that the gate decides
    /// about are on hold.
    pub(crate) async fn judge_again(
        &self,
        ports: &(impl ListInstances + ReadUsage + ReadHistory),
        judged: &mut [Judged],
    ) -> Result<(), Failure> {
        let circumstances = self.circumstances(Occasion::Seen);
        for Judged { subject, decision } in judged.iter_mut() {
            match subject {
                Subject::Instance(it) => *decision = decide_instance(it, self.policy, &circumstances)?,
                Subject::Notebook(it) => *decision = self.decide_notebook(ports, it).await?,
                Subject::AccountDefaults(_)
                | Subject::TemplateVersion { .. }
                | Subject::LaunchConfiguration { .. }
                | Subject::Consumer { .. }
                | Subject::Surface(_)
                | Subject::Image(_) => {}
            }
        }
        usage::ask_the_gate(ports, self.policy, &circumstances, judged).await?;
        let mut known = self.history.lock().await;
        history::reconsider(ports, self.policy, &circumstances, &mut known, judged).await?;
        drop(known);
        let mut unread = None;
        self.ask_the_siblings(ports, judged, &mut unread).await;
        unread.map_or(Ok(()), Err)
    }

    /// Describes and judges the notebooks of these names; `each` gets those that are not clean. Returns the notebooks that
    /// could not be described.
    pub(crate) async fn notebooks<P: DescribeNotebook + ReadHistory + Sync>(
        &self,
        ports: &P,
        names: Vec<NotebookName>,
        each: &mut (dyn FnMut(Judged) + Send),
    ) -> Vec<(NotebookName, Failure)> {
        let mut unread = Vec::new();
        let described = async |name| (self.notebook(ports, &name).await, name);
        let mut looks = futures_util::stream::iter(names).map(described).buffered(AT_ONCE);
        while let Some((judged, name)) = looks.next().await {
            match judged {
                Ok(judged) => judged.into_iter().filter(|it| !it.is_clean()).for_each(&mut *each),
                Err(failure) => unread.push((name, failure)),
            }
        }
        unread
    }

    async fn notebook(
        &self,
        ports: &(impl DescribeNotebook + ReadHistory),
        name: &NotebookName,
    ) -> Result<Option<Judged>, Failure> {
        let Some(mut notebook) = ports.notebook(self.place, name).await? else { return Ok(None) };
        notebook.tags = ports.notebook_tags(self.place, &notebook.arn).await?;
        let decision = self.decide_notebook(ports, &notebook).await?;
        Ok(Some(Judged { subject: Subject::Notebook(notebook), decision }))
    }

    /// Decides about a notebook that was listed. What CloudTrail recorded of a violating one decides with its tags how often it
    /// was opened, and of a stopped one, whether it was started since it was marked; that is one call more. If CloudTrail does
    /// not answer, the decision says so.
    async fn decide_notebook(
        &self,
        ports: &impl ReadHistory,
        notebook: &Notebook,
    ) -> Result<Decision, Failure> {
        let circumstances = self.circumstances(Occasion::Seen);
        let decision = decide_notebook(notebook, self.policy, &circumstances)?;
        if !matches!(decision.verdict, Verdict::Violation(_)) && !decision.plan.asks_for_starts() {
            return Ok(decision);
        }
        let read = history::of_notebook(ports, self.place, &notebook.name).await;
        let why = read.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let history = read.as_ref().map_or(History::Unreadable(&why), History::Read);
        Ok(decide_notebook(notebook, self.policy, &Circumstances { history, ..circumstances })?)
    }

    /// What instances take their options from; `each` gets what is not clean.
    pub(crate) async fn sources(
        &self,
        ports: &impl SourceReader,
        kinds: Kinds,
        each: &mut (dyn FnMut(Judged) + Send),
    ) -> Result<(), Failure> {
        sources::scan(ports, self.policy, &self.circumstances(Occasion::Seen), kinds, each).await
    }
}

/// Whether the document has no opinion about instances but `HttpTokens`.
pub(crate) fn judges_tokens_only(policy: &Policy) -> bool {
    policy.all_rules().all(|it| it.instances.judge_tokens_only())
}

/// Where the document has no opinion but `HttpTokens`, AWS can leave out what is compliant.
fn listing(policy: &Policy) -> Listing<'static> {
    if judges_tokens_only(policy) { Listing::AnsweringVersion1 } else { Listing::All }
}
