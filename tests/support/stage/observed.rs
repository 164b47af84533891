//! What a test reads from a stage: resources, events, calls, lines and messages; and the audit of them.

use std::collections::BTreeMap;

use serde_json::Value;
use v2only_sandbox::lambda::{FunctionHost, LogStream};
use v2only_sandbox::{HttpTokens, InstanceView};

use crate::in_process::InProcess;
use crate::{HOME, Line, REGION, audit, said};

use super::Stage;

impl Stage {
    /// The events of this name that were published so far: an API call's, or a detail type.
    pub fn published(&self, name: &str) -> Vec<Value> {
        let mut events = self.aws.events();
        events.retain(|it| it["detail"]["eventName"] == name || it["detail-type"] == name);
        events
    }

    /// An instance at home.
    pub fn instance(&self, id: &str) -> InstanceView {
        self.aws.instance(HOME, REGION, id).unwrap()
    }

    /// `HttpTokens` of an instance at home.
    pub fn tokens(&self, id: &str) -> HttpTokens {
        self.instance(id).metadata.http_tokens
    }

    /// The calls of the functions, as `service:Action`, in order.
    pub fn calls(&self) -> Vec<String> {
        audit::our_calls(&self.aws).iter().map(v2only_sandbox::CallRecord::name).collect()
    }

    /// The calls of the functions, counted.
    pub fn bill(&self) -> BTreeMap<String, usize> {
        let mut bill = BTreeMap::new();
        for name in self.calls() {
            *bill.entry(name).or_default() += 1;
        }
        bill
    }

    /// Says that a function was killed now, and may have left half a line.
    pub fn note_kills(&self, count: usize) {
        *self.kills.borrow_mut() += count;
    }

    /// Everything the functions logged so far. A process that was killed may leave half a line.
    pub fn lines(&self) -> Vec<Line> {
        for line in self.functions().into_iter().flat_map(FunctionHost::take_logs) {
            assert_eq!(line.stream, LogStream::Stdout, "on standard error: {}", line.text);
            if serde_json::from_str::<Value>(&line.text).is_err()
                && *self.torn.borrow() < *self.kills.borrow()
            {
                *self.torn.borrow_mut() += 1;
                continue;
            }
            self.lines.borrow_mut().push(Line::parse(&line.text));
        }
        self.lines.borrow_mut().extend(self.here.iter().flat_map(InProcess::take_lines));
        self.lines.borrow().clone()
    }

    /// The same, forgetting it.
    pub fn take_lines(&self) -> Vec<Line> {
        let lines = self.lines();
        self.lines.borrow_mut().clear();
        lines
    }

    /// What was logged of one resource, in brief.
    pub fn story(&self, resource: &str) -> Vec<String> {
        said::story(&self.lines(), resource)
    }

    /// The bodies of the dead letters.
    pub fn dead(&self) -> Vec<String> {
        let letters = self.aws.sqs().messages(&self.queue("v2only-dead-letters"));
        letters.into_iter().map(|it| it.body).collect()
    }

    /// How many messages wait in the functions' queues.
    pub fn waiting(&self) -> usize {
        self.queued().len()
    }

    /// The bodies of the messages in the functions' queues.
    pub fn queued(&self) -> Vec<String> {
        let queues = self.functions().map(|it| self.queue(&it.config().name));
        queues.iter().flat_map(|it| self.aws.sqs().messages(it)).map(|it| it.body).collect()
    }

    /// Says that nobody may touch these.
    pub fn exempt(&self, all: impl IntoIterator<Item = String>) {
        self.audit.borrow_mut().exempt.extend(all);
    }

    /// Holds what happened against the invariants.
    pub fn audit(&self) {
        self.audit.borrow_mut().check(&self.aws);
    }

    /// The same, and AWS forgets it: for runs that are too long to be remembered whole.
    pub fn audit_and_forget(&self) {
        self.audit();
        self.aws.bus().clear();
        self.aws.clear_calls();
    }
}
