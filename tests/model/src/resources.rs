//! Resources as AWS keeps them, what people want of them, and the messages about them.

/// A resource of the world by its number.
pub type Number = u8;

/// A tag of this product, as the model knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagValue {
    /// `v2only:restart` from this tick: the notebook is to be started again.
    ToStart(u8),
    /// `v2only:restart` from this tick: v2only is about to start the notebook.
    Starting(u8),
    /// `v2only:restart` from this tick: the notebook was started again.
    Started(u8),
    /// `v2only:updated` with these ticks, one bit each.
    Updated(u8),
    /// `v2only:reverted` with these ticks, one bit each.
    Reverted(u8),
}

/// Status of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Being started.
    Pending,
    /// Running.
    InService,
    /// Being stopped.
    Stopping,
    /// Stopped.
    Stopped,
    /// A start failed.
    Failed,
    /// Being updated.
    Updating,
}

/// The description of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Description {
    /// Its number.
    pub number: Number,
    /// Its status.
    pub status: Status,
    /// Whether it requires version 2.
    pub closed: bool,
}

/// The tags of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tags {
    /// `v2only:restart`.
    pub mark: Option<Mark>,
    /// `v2only:updated`, one bit for each tick.
    pub updated: u8,
    /// `v2only:reverted`, one bit for each tick.
    pub reverted: u8,
    /// `v2only:exempt-until` and `v2only:exempt-reason`.
    pub exempt: bool,
}

/// The value of `v2only:restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// To be started again, since this tick.
    ToStart(u8),
    /// About to be started by v2only, at this tick.
    Starting(u8),
    /// Started again, at this tick.
    Started(u8),
}

/// What the owner of a notebook wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wants {
    /// It runs.
    Running,
    /// It stays stopped.
    Stopped,
    /// The owner stopped it between our mark and our stop, so that nobody can tell.
    Either,
}

/// Who started a notebook since our last stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Started {
    /// Nobody.
    No,
    /// We did.
    ByUs,
    /// Its owner did.
    ByOwner,
}

/// What CloudTrail recorded of a resource: one bit for each tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Recorded {
    /// A person asked for IMDSv1.
    pub flips: u8,
    /// We closed it before a flip of the same tick.
    pub before: u8,
    /// We closed it after a flip of the same tick.
    pub after: u8,
    /// Somebody started it.
    pub starts: u8,
}

impl Recorded {
    /// We closed it at this tick.
    pub const fn close(&mut self, now: u8) {
        if self.flips & now == 0 { self.before |= now } else { self.after |= now }
    }
}

/// One notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Notebook {
    /// Its status.
    pub status: Status,
    /// Whether it requires version 2.
    pub closed: bool,
    /// Its tags.
    pub tags: Tags,
    /// What its owner wants.
    pub wants: Wants,
    /// Who started it since our last stop.
    pub started: Started,
    /// What CloudTrail recorded.
    pub recorded: Recorded,
}

/// One instance as AWS describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Options {
    /// Whether it requires tokens.
    pub required: bool,
    /// Whether its endpoint is enabled.
    pub enabled: bool,
    /// Its tags.
    pub tags: Tags,
}

/// One instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instance {
    /// What AWS describes.
    pub options: Options,
    /// What CloudTrail recorded.
    pub recorded: Recorded,
    /// Whether its software still calls IMDSv1.
    pub calls_v1: bool,
    /// Corrections of flips.
    pub corrections: u8,
}

/// The most versions that a template gets.
pub const VERSIONS: usize = 20;

/// A version of the launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// Its number.
    pub number: u8,
    /// What it launches: the number of the edit that a person made.
    pub body: u8,
    /// Whether it requires tokens.
    pub required: bool,
    /// What we made it from, and `$Latest` then.
    pub made: Option<(u8, u8)>,
}

/// The launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Template {
    /// Number of `$Default`.
    pub default: u8,
    /// Number of `$Latest`.
    pub latest: u8,
    /// Whether its tags exempt it.
    pub exempt: bool,
    /// All versions.
    pub versions: [Option<Version>; VERSIONS],
}

impl Template {
    /// A version.
    pub fn version(&self, number: u8) -> Version {
        self.versions[usize::from(number) - 1].unwrap()
    }

    /// Adds a version and makes it `$Latest`; `None` if the model has no room.
    pub fn add(&mut self, body: u8, required: bool, made: Option<(u8, u8)>) -> Option<Version> {
        let number = self.latest + 1;
        let slot = self.versions.get_mut(usize::from(number) - 1)?;
        let version = Version { number, body, required, made };
        *slot = Some(version);
        self.latest = number;
        Some(version)
    }
}

/// An event or a task on its way to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// The status of a notebook changed.
    NotebookChanged(Number),
    /// A person set a notebook back to version 1 at this tick.
    NotebookFlipped(Number, u8),
    /// The state of an instance changed.
    InstanceChanged(Number),
    /// A person opened an instance at this tick.
    InstanceFlipped(Number, u8),
    /// A task of the sweeper, by its number.
    Task(u16),
}

impl Tags {
    /// Sets one tag.
    pub fn set(&mut self, value: TagValue) {
        match value {
            TagValue::ToStart(at) => self.mark = Some(Mark::ToStart(at)),
            TagValue::Starting(at) => self.mark = Some(Mark::Starting(at)),
            TagValue::Started(at) => self.mark = Some(Mark::Started(at)),
            TagValue::Updated(at) => self.updated = at,
            TagValue::Reverted(at) => self.reverted = at,
        }
    }
}
