//! What is explored: a first state, and how often what may happen.

use crate::mutation::Mutation;
use crate::resources::{
    Instance, Mark, Message, Notebook, Options, Recorded, Started, Status, Tags, Template, VERSIONS, Wants,
};
use crate::state::{Left, SLOTS, State};
use crate::world::World;

/// One exploration.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// A defect that is put between the use cases and their ports.
    pub mutation: Option<Mutation>,
    /// The notebooks at the start.
    pub notebooks: Vec<Status>,
    /// Whether v2only has stopped and updated each notebook, and is to start it again.
    pub restarts: bool,
    /// Instances at the start: whether they require tokens, and whether their software calls IMDSv1.
    pub instances: Vec<(bool, bool)>,
    /// Whether there is a launch template: version 1 is `$Default`, version 2 is `$Latest`, both open.
    pub template: bool,
    /// What may happen.
    pub left: Left,
}

/// No resources, and nothing happens.
const EMPTY: Scenario = Scenario {
    name: "",
    mutation: None,
    notebooks: Vec::new(),
    restarts: false,
    instances: Vec::new(),
    template: false,
    left: Left {
        kills: 0,
        throttles: 0,
        denials: 0,
        losses: 0,
        drops: 0,
        duplicates: 0,
        owner: 0,
        flips: 0,
        exemptions: 0,
        switches: 0,
        modes: 0,
        edits: 0,
        choices: 0,
        failed_starts: 0,
        sweeps: 0,
        enforces: 0,
        waves: 0,
        ticks: 0,
    },
};

impl Scenario {
    /// The same with a defect.
    #[must_use]
    pub fn with(mut self, mutation: Mutation) -> Self {
        self.mutation = Some(mutation);
        self
    }

    /// The first state. Each resource that a launch would announce has its event under way.
    pub fn first(&self) -> State {
        let notebooks = self.notebooks.iter().map(|status| Notebook {
            status: *status,
            closed: self.restarts,
            tags: Tags { mark: self.restarts.then_some(Mark::ToStart(0)), ..Tags::default() },
            wants: match status {
                Status::Pending | Status::InService => Wants::Running,
                _ if self.restarts => Wants::Running,
                _ => Wants::Stopped,
            },
            started: Started::No,
            recorded: Recorded::default(),
        });
        let instances = self.instances.iter().map(|(required, calls_v1)| Instance {
            options: Options { required: *required, enabled: true, tags: Tags::default() },
            recorded: Recorded { before: u8::from(*required), ..Recorded::default() },
            calls_v1: *calls_v1,
            corrections: 0,
        });
        let mut template = Template { default: 1, latest: 0, exempt: false, versions: [None; VERSIONS] };
        for body in [1, 2] {
            template.add(body, false, None);
        }
        let mut world = World {
            tick: 0,
            enforce: true,
            notebooks: notebooks.collect(),
            instances: instances.collect(),
            template: self.template.then_some(template),
            wanted_default: Some(1),
            wanted_latest: 2,
            messages: Vec::new(),
            excused: 0,
        };
        for number in (0..).take(self.notebooks.len()) {
            world.send(Message::NotebookChanged(number));
        }
        for number in (0..).take(self.instances.len()) {
            if self.left.waves == 0 {
                world.send(Message::InstanceChanged(number));
            } else {
                world.excused |= 16 << number;
            }
        }
        State { world, actors: [None; SLOTS], left: self.left }
    }
}

/// One notebook, two functions, its owner, a kill, a lost answer, and a message that is delivered twice.
pub fn notebook() -> Scenario {
    Scenario {
        name: "notebook",
        notebooks: vec![Status::InService],
        left: Left { kills: 1, losses: 1, duplicates: 1, owner: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// One notebook that v2only is about to start, with its owner, a kill, a lost answer, and events that are lost or delivered twice.
pub fn restarted_notebook() -> Scenario {
    Scenario {
        name: "restarted notebook",
        notebooks: vec![Status::Stopped],
        restarts: true,
        left: Left {
            kills: 1,
            throttles: 1,
            losses: 1,
            drops: 1,
            duplicates: 1,
            owner: 2,
            sweeps: 1,
            ticks: 5,
            ..EMPTY.left
        },
        ..EMPTY
    }
}

/// One notebook, and a call that is throttled or denied.
pub fn throttled_notebook() -> Scenario {
    Scenario {
        name: "throttled notebook",
        notebooks: vec![Status::InService],
        left: Left { throttles: 1, denials: 1, owner: 1, kills: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// Two notebooks, a sweep beside a function, exemptions, and the mode of the policy.
pub fn exempt_notebooks() -> Scenario {
    Scenario {
        name: "exempt notebooks",
        notebooks: vec![Status::InService, Status::Stopped],
        left: Left { exemptions: 1, modes: 1, sweeps: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// One notebook that people set back to version 1, with lost events and a start that fails.
pub fn flipped_notebook() -> Scenario {
    Scenario {
        name: "flipped notebook",
        notebooks: vec![Status::Stopped],
        left: Left { kills: 1, drops: 1, flips: 2, ticks: 3, failed_starts: 1, owner: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// One instance that a person opens twice.
pub fn flipped_instance() -> Scenario {
    Scenario {
        name: "flipped instance",
        instances: vec![(true, false)],
        left: Left { kills: 1, duplicates: 1, flips: 2, ticks: 2, ..EMPTY.left },
        ..EMPTY
    }
}

/// Two instances that people open, exempt and switch off, two functions and a sweep.
pub fn instances() -> Scenario {
    Scenario {
        name: "instances",
        instances: vec![(true, false), (false, false)],
        left: Left {
            kills: 1,
            losses: 1,
            duplicates: 1,
            flips: 2,
            exemptions: 1,
            switches: 1,
            sweeps: 1,
            ticks: 2,
            ..EMPTY.left
        },
        ..EMPTY
    }
}

/// A launch template that a person edits during one run of `enforce`.
pub fn edited_template() -> Scenario {
    Scenario {
        name: "edited launch template",
        template: true,
        left: Left { edits: 1, choices: 1, enforces: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// A launch template that a person edits and exempts during one run of `enforce`.
pub fn exempt_template() -> Scenario {
    Scenario {
        name: "exempt launch template",
        template: true,
        left: Left { edits: 1, exemptions: 1, enforces: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// A launch template, and a run of `enforce` that is killed.
pub fn interrupted_template() -> Scenario {
    Scenario {
        name: "interrupted launch template",
        template: true,
        left: Left { kills: 1, enforces: 1, ..EMPTY.left },
        ..EMPTY
    }
}

/// A launch template that people edit while two persons run `enforce`.
pub fn template() -> Scenario {
    Scenario {
        name: "launch template",
        template: true,
        left: Left {
            kills: 1,
            losses: 1,
            throttles: 1,
            edits: 1,
            choices: 1,
            exemptions: 1,
            enforces: 2,
            ..EMPTY.left
        },
        ..EMPTY
    }
}

/// Three instances that `enforce` closes in waves; one still needs IMDSv1.
pub fn waves() -> Scenario {
    Scenario {
        name: "waves",
        instances: vec![(false, false), (false, true), (false, false)],
        left: Left {
            kills: 1,
            throttles: 1,
            losses: 1,
            exemptions: 1,
            switches: 1,
            modes: 1,
            waves: 1,
            ..EMPTY.left
        },
        ..EMPTY
    }
}

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![
        instances(),
        exempt_notebooks(),
        flipped_notebook(),
        throttled_notebook(),
        notebook(),
        restarted_notebook(),
        template(),
        edited_template(),
        exempt_template(),
        interrupted_template(),
        flipped_instance(),
        waves(),
    ]
}
