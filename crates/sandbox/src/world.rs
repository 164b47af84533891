//! All state of the sandbox, behind one lock, and the timers that change it by themselves.
//!
//! INVARIANT (one world): all code that changes state holds `&mut World`. An operation therefore
//! never sees the half-done work of another one, and events are published in the order in which
//! things happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::bus::{EventBus, HELD_AT_MOST};
use crate::call::{Answer, Call};
use crate::clock::{Clock, later, seconds};
use crate::config::Config;
use crate::error::AwsError;
use crate::identity::Place;
use crate::ids::Ids;
use crate::throttle::{Limit, Throttle};
use crate::trail::Trail;
use crate::{
    autoscaling, cloudwatch, configservice, ec2, elasticbeanstalk, emr, iam, imagebuilder, lambda, lightsail,
    organizations, sagemaker, securityhub, sqs, ssm,
};

/// A change that happens at a point in time.
type Timer = Box<dyn FnOnce(&mut World) + Send>;

/// Everything this AWS knows.
pub(crate) struct World {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) bus: EventBus,
    pub(crate) throttle: Throttle,
    pub(crate) iam: iam::State,
    pub(crate) organization: organizations::State,
    pub(crate) autoscaling: autoscaling::State,
    pub(crate) cloudwatch: cloudwatch::State,
    pub(crate) configservice: configservice::State,
    pub(crate) ec2: ec2::State,
    pub(crate) elasticbeanstalk: elasticbeanstalk::State,
    pub(crate) emr: emr::State,
    pub(crate) imagebuilder: imagebuilder::State,
    pub(crate) lightsail: lightsail::State,
    pub(crate) ssm: ssm::State,
    pub(crate) sagemaker: sagemaker::State,
    pub(crate) securityhub: securityhub::State,
    pub(crate) sqs: sqs::State,
    pub(crate) lambda: lambda::State,
    /// In order of time, then of making.
    timers: BTreeMap<(Timestamp, u64), Timer>,
    made: u64,
    /// Wakes the task that fires timers of a system clock.
    timer_added: Arc<Notify>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("timers", &self.timers.len()).finish_non_exhaustive()
    }
}

impl World {
    pub(crate) fn new(config: Arc<Config>, clock: Clock, bus: EventBus, timer_added: Arc<Notify>) -> Self {
        let throttle = Throttle::new(config.throttling);
        Self {
            ids: Ids::new(config.seed),
            config,
            clock,
            bus,
            throttle,
            iam: iam::State::default(),
            organization: organizations::State::default(),
            autoscaling: autoscaling::State::default(),
            cloudwatch: cloudwatch::State::default(),
            configservice: configservice::State::default(),
            ec2: ec2::State::default(),
            elasticbeanstalk: elasticbeanstalk::State::default(),
            emr: emr::State::default(),
            imagebuilder: imagebuilder::State::default(),
            lightsail: lightsail::State::default(),
            ssm: ssm::State::default(),
            sagemaker: sagemaker::State::default(),
            securityhub: securityhub::State::default(),
            sqs: sqs::State::default(),
            lambda: lambda::State::default(),
            timers: BTreeMap::new(),
            made: 0,
            timer_added,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does something later. The change gets the world as it is then: look the thing up again, it
    /// may be gone.
    pub(crate) fn after(&mut self, delay: Duration, change: impl FnOnce(&mut Self) + Send + 'static) {
        self.made += 1;
        self.timers.insert((later(self.now(), delay), self.made), Box::new(change));
        self.timer_added.notify_one();
    }

    /// Fires due timers and takes the tokens of a call, or refuses the call.
    pub(crate) fn charge(&mut self, call: &Call, limits: &[Limit]) -> Result<(), AwsError> {
        self.fire_due();
        self.throttle.charge(call, limits)
    }

    /// Runs one operation and publishes its CloudTrail event. Charges no tokens.
    pub(crate) fn run(
        &mut self,
        call: &Call,
        operation: impl FnOnce(&mut Self, &mut Trail) -> Result<Answer, AwsError>,
    ) -> Result<Answer, AwsError> {
        let mut trail = Trail::default();
        let answer = operation(self, &mut trail);
        let event_id = self.ids.uuid();
        if let Some(event) = trail.event(call, answer.as_ref().err(), &event_id, self.config.omitted) {
            self.publish(event);
        }
        self.fire_due();
        answer
    }

    /// Publishes an EventBridge envelope; chaos decides when, whether and how often it arrives.
    pub(crate) fn publish(&mut self, event: Value) {
        let fate = self.bus.publish(&event);
        for delay in fate.copies {
            if fate.hold {
                self.bus.hold(event.clone());
                self.after(HELD_AT_MOST, |world| world.bus.flush());
            } else if delay.is_zero() {
                self.bus.deliver(event.clone());
            } else {
                let event = event.clone();
                self.after(delay, move |world| world.bus.deliver(event));
            }
        }
    }

    /// Publishes an event that is no API call, such as a state change.
    pub(crate) fn publish_notice(
        &mut self,
        place: &Place,
        source: &str,
        detail_type: &str,
        resources: &[String],
        detail: Value,
    ) {
        let event = json!({
            "version": "0", "id": self.ids.uuid(), "detail-type": detail_type, "source": source,
            "account": place.account, "time": seconds(self.now()), "region": place.region,
            "resources": resources, "detail": detail,
        });
        self.publish(event);
    }

    /// Fires the timers that are due now.
    pub(crate) fn fire_due(&mut self) {
        let now = self.now();
        while let Some((_, change)) = self.take_due(now) {
            change(self);
        }
    }

    /// Moves a manual clock by `by`, stopping at every timer on the way.
    pub(crate) fn advance(&mut self, by: Duration) {
        let end = later(self.now(), by);
        while let Some((at, change)) = self.take_due(end) {
            self.clock.move_to(at);
            change(self);
        }
        self.clock.move_to(end);
    }

    /// When the next timer is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    fn take_due(&mut self, until: Timestamp) -> Option<(Timestamp, Timer)> {
        let first = self.timers.first_entry().filter(|entry| entry.key().0 <= until)?;
        let ((at, _), change) = first.remove_entry();
        Some((at, change))
    }
}
