//! The world of the model: resources as AWS keeps them, what people want, and the events under way.
//!
//! The semantics, each with its source:
//!
//! - `StopNotebookInstance` succeeds in `InService` only. `UpdateNotebookInstance` and `StartNotebookInstance` succeed in `Stopped`
//!   and `Failed` only (Amazon SageMaker API reference). A refused call changes nothing. The statuses between are
//!   `Stopping`, `Updating` and `Pending`; AWS ends them by itself. Each change of the status raises one event.
//! - A stopped notebook has the version that its last accepted update set (`InstanceMetadataServiceConfiguration`).
//! - `ModifyInstanceMetadataOptions` takes effect at once and raises an event with the caller's request.
//! - `CreateLaunchTemplateVersion` numbers versions in their order; the newest is `$Latest`. `ModifyLaunchTemplate` has no condition on
//!   the default that it replaces (Amazon EC2 API reference).
//! - EventBridge delivers at least once, in any order. An SQS message comes back until a function has finished it.

use crate::call::{Call, Fault, Reply};
use crate::clock::shown;
use crate::resources::{
    Description, Instance, Mark, Message, Notebook, Number, Options, Recorded, Started, Status, TagValue,
    Template, Wants,
};

/// Everything outside of the actors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// The clock: see [`crate::clock`].
    pub tick: u8,
    /// Whether the policy document says `mode: enforce`.
    pub enforce: bool,
    /// The notebooks.
    pub notebooks: Vec<Notebook>,
    /// The instances.
    pub instances: Vec<Instance>,
    /// The launch template.
    pub template: Option<Template>,
    /// The edit whose version a person made `$Default` last; `None` once we replaced a default that a person chose between our
    /// last look and our change.
    pub wanted_default: Option<u8>,
    /// The edit that a person made last.
    pub wanted_latest: u8,
    /// Messages, in their order, each as often as it is to be delivered.
    pub messages: Vec<Message>,
    /// Resources about which an event was lost or whose last record says why they stay open, one bit each: notebooks, then
    /// instances from bit 4 on.
    pub excused: u8,
}

impl World {
    /// Sends a message.
    pub fn send(&mut self, message: Message) {
        let at = self.messages.partition_point(|other| *other <= message);
        self.messages.insert(at, message);
        if let Some(bit) = Self::bit(message) {
            self.excused &= !bit;
        }
    }

    /// The bit of a message's resource in `excused`.
    pub const fn bit(message: Message) -> Option<u8> {
        match message {
            Message::NotebookChanged(it) | Message::NotebookFlipped(it, _) => Some(1 << it),
            Message::InstanceChanged(it) | Message::InstanceFlipped(it, _) => Some(16 << it),
            Message::Task(_) => None,
        }
    }

    /// Changes the status of a notebook, which raises an event.
    pub fn turn(&mut self, number: Number, status: Status) {
        self.notebooks[usize::from(number)].status = status;
        self.send(Message::NotebookChanged(number));
    }

    /// The notebook of this number.
    pub fn notebook(&mut self, number: Number) -> &mut Notebook {
        &mut self.notebooks[usize::from(number)]
    }

    /// The effect of a call of ours, and AWS's answer.
    pub fn answer(&mut self, call: Call) -> Reply {
        let now = 1_u8 << self.tick;
        match call {
            Call::Policy => Reply::Policy(self.enforce),
            Call::SendTask(task) => {
                self.send(Message::Task(task));
                Reply::Done
            }
            Call::NotebookHistory(it) => {
                let shown = shown(self.tick);
                let recorded = self.notebook(it).recorded;
                Reply::History(Recorded { starts: recorded.starts & shown, ..recorded })
            }
            Call::InstanceHistory(it) => Reply::History(self.instances[usize::from(it)].recorded),
            Call::ListNotebooks => Reply::Names(u8::try_from(self.notebooks.len()).unwrap()),
            Call::DescribeNotebook(number) => {
                let it = self.notebook(number);
                Reply::Notebook(Description { number, status: it.status, closed: it.closed })
            }
            Call::NotebookTags(it) => Reply::Tags(self.notebook(it).tags),
            Call::TagNotebook(it, value) => {
                let it = self.notebook(it);
                it.tags.set(value);
                // The owner stopped it after our look: from now on nobody can tell that stop from ours.
                let owner_stopped = matches!(value, TagValue::ToStart(_)) && it.wants == Wants::Stopped;
                // Another actor stopped it after the description by which this one writes down a start.
                let stopped_again = matches!(value, TagValue::Started(_)) && it.started == Started::No;
                if owner_stopped || stopped_again {
                    it.wants = Wants::Either;
                }
                Reply::Done
            }
            Call::Unmark(it) => {
                self.notebook(it).tags.mark = None;
                Reply::Done
            }
            Call::Stop(number) => {
                if self.notebook(number).status != Status::InService {
                    return Reply::Failed(Fault::WrongState);
                }
                let it = self.notebook(number);
                it.started = Started::No;
                // A tick is shorter than the way to here: a start in the same tick came before the mark.
                it.recorded.starts &= !now;
                self.turn(number, Status::Stopping);
                Reply::Done
            }
            Call::Update(number) => {
                let it = self.notebook(number);
                if !matches!(it.status, Status::Stopped | Status::Failed) {
                    return Reply::Failed(Fault::WrongState);
                }
                it.closed = true;
                it.recorded.close(now);
                self.turn(number, Status::Updating);
                Reply::Done
            }
            Call::Start(number) => {
                let it = self.notebook(number);
                if !matches!(it.status, Status::Stopped | Status::Failed) {
                    return Reply::Failed(Fault::WrongState);
                }
                it.started = Started::ByUs;
                it.recorded.starts |= now;
                self.turn(number, Status::Pending);
                Reply::Done
            }
            Call::ListInstances => Reply::Instances(self.described(u8::MAX)),
            Call::DescribeInstances(which) => Reply::Instances(self.described(which)),
            Call::Tighten(number) => {
                let it = &mut self.instances[usize::from(number)];
                it.corrections += u8::from(!it.options.required && it.recorded.flips != 0);
                (it.options.required, it.options.enabled) = (true, true);
                it.recorded.close(now);
                let options = it.options;
                self.send(Message::InstanceChanged(number));
                Reply::Changed(options)
            }
            Call::TagInstance(it, value) => {
                self.instances[usize::from(it)].options.tags.set(value);
                Reply::Done
            }
            Call::Rejections(of) => {
                let calls = self.instances.iter().enumerate();
                let calls = calls.filter(|(_, it)| it.calls_v1 && it.options.required);
                Reply::Rejections(calls.fold(0, |all, (number, _)| all | 1 << number) & of)
            }
            Call::DescribeTemplate | Call::DescribeVersions => Reply::Template(self.template.unwrap()),
            Call::CreateVersion { from, tighten, latest } => {
                let template = self.template.as_mut().unwrap();
                let source = template.version(from);
                let made = template.add(source.body, tighten || source.required, Some((from, latest)));
                made.map_or(Reply::Failed(Fault::Denied), Reply::Version)
            }
            Call::MakeDefault(number) => {
                self.template.as_mut().unwrap().default = number;
                Reply::Done
            }
        }
    }

    fn described(&self, which: u8) -> [Option<Options>; 3] {
        std::array::from_fn(|at| self.instances.get(at).filter(|_| which >> at & 1 == 1).map(|it| it.options))
    }
}

/// What people do.
impl World {
    /// The owner stops a notebook.
    ///
    /// Once our mark is written, and until we announce our start in it, nobody can tell this stop from ours: a function that marked
    /// the notebook may have been killed, or its stop refused. The same holds where its owner started it and events about the
    /// notebook are `late`: no function has seen that.
    pub fn owner_stops(&mut self, number: Number, late: bool) {
        let it = self.notebook(number);
        let is_marked = matches!(it.tags.mark, Some(Mark::ToStart(_)));
        let is_unseen = it.started == Started::No || late && it.started == Started::ByOwner;
        it.wants = if is_marked && is_unseen { Wants::Either } else { Wants::Stopped };
        self.turn(number, Status::Stopping);
    }

    /// A person creates a version of the launch template that allows IMDSv1.
    pub fn edit(&mut self) {
        let body = self.wanted_latest + 1;
        let Some(template) = &mut self.template else { return };
        if template.add(body, false, None).is_some() {
            self.wanted_latest = body;
        }
    }

    /// A person makes a version `$Default`.
    pub fn choose(&mut self, number: u8) {
        let Some(template) = &mut self.template else { return };
        template.default = number;
        self.wanted_default = Some(template.version(number).body);
    }
}
