//! What people do beside v2only.

use v2only_sandbox::{ActorCall, CallFilter, HttpTokens, MetadataRequest, Sandbox, Toggle};
use v2only_tests::stage::v1;
use v2only_tests::{Dice, HOME};

use super::bounds::{Ledger, answers_version_1, is_protected};
use super::calls::{EXEMPTION_DAY, PLACES, call, mallory};
use super::sources;

/// Parameters as on the wire.
type Parameters = Vec<(String, String)>;

/// Writes a parameter of Systems Manager at home.
pub fn put_parameter(aws: &Sandbox, name: &str, value: &str) {
    let document = serde_json::json!({"Name": name, "Value": value, "Type": "String", "Overwrite": true});
    let region = v2only_tests::REGION;
    aws.call_as(&ActorCall::new(HOME, region, mallory()).json("ssm", "PutParameter", document)).unwrap();
}

/// What somebody does to one instance.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Flip,
    SwitchOff,
    SwitchOn,
    Exempt,
    EndExemption,
    EraseMemory,
    TagMuch,
    Stop,
    Start,
    Terminate,
}

impl Deed {
    /// Flips are the most frequent.
    const ALL: [Self; 14] = [
        Self::Flip,
        Self::Flip,
        Self::Flip,
        Self::Flip,
        Self::SwitchOff,
        Self::SwitchOn,
        Self::Exempt,
        Self::Exempt,
        Self::EndExemption,
        Self::EraseMemory,
        Self::TagMuch,
        Self::Stop,
        Self::Start,
        Self::Terminate,
    ];

    fn call(self, (id, account, region): &(String, &str, &str)) -> ActorCall {
        let (action, parameters): (&str, Parameters) = match self {
            Self::Flip => (
                "ModifyInstanceMetadataOptions",
                owned(&[("HttpTokens", "optional"), ("HttpEndpoint", "enabled")]),
            ),
            Self::SwitchOff => ("ModifyInstanceMetadataOptions", owned(&[("HttpEndpoint", "disabled")])),
            Self::SwitchOn => ("ModifyInstanceMetadataOptions", owned(&[("HttpEndpoint", "enabled")])),
            Self::Exempt => (
                "CreateTags",
                owned(&[
                    ("Tag.1.Key", "v2only:exempt-until"),
                    ("Tag.1.Value", EXEMPTION_DAY),
                    ("Tag.2.Key", "v2only:exempt-reason"),
                    ("Tag.2.Value", "vendor agent"),
                ]),
            ),
            Self::EndExemption => (
                "DeleteTags",
                owned(&[("Tag.1.Key", "v2only:exempt-until"), ("Tag.2.Key", "v2only:exempt-reason")]),
            ),
            Self::EraseMemory => ("DeleteTags", owned(&[("Tag.1.Key", "v2only:reverted")])),
            Self::TagMuch => {
                let tags = (1..=47).flat_map(|number| {
                    [
                        (format!("Tag.{number}.Key"), format!("k{number}")),
                        (format!("Tag.{number}.Value"), "x".to_owned()),
                    ]
                });
                ("CreateTags", tags.collect())
            }
            Self::Stop => ("StopInstances", Vec::new()),
            Self::Start => ("StartInstances", Vec::new()),
            Self::Terminate => ("TerminateInstances", Vec::new()),
        };
        let named = match action {
            "ModifyInstanceMetadataOptions" => "InstanceId",
            "CreateTags" | "DeleteTags" => "ResourceId.1",
            _ => "InstanceId.1",
        };
        let parameters = parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let parameters: Vec<(&str, &str)> = parameters.chain([(named, id.as_str())]).collect();
        call(account, region, action, &parameters)
    }
}

fn owned(parameters: &[(&str, &str)]) -> Parameters {
    parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The people, and what they know.
pub struct Crowd<'a> {
    pub aws: &'a Sandbox,
    pub dice: &'a mut Dice,
    pub ledger: &'a mut Ledger,
}

impl Crowd<'_> {
    /// One of the people does something; what it was. AWS refuses some of it.
    pub fn act(&mut self) -> String {
        match self.dice.below(10) {
            0 | 1 => self.launch(),
            2 if self.dice.roll(30) => sources::edit_template(self.aws, self.dice),
            3 if self.dice.roll(50) => sources::open_default(self.aws, self.dice),
            _ => {
                let Some(target) = self.target() else { return "nothing".to_owned() };
                let deed = *self.dice.pick(&Deed::ALL);
                let done = self.aws.call_as(&deed.call(&target));
                let refused = done.err().map(|it| format!(", refused: {it:?}")).unwrap_or_default();
                format!("{deed:?} {}{refused}", target.0)
            }
        }
    }

    /// Somebody acts in the middle of a run. That a flip or an exemption comes between a description and the change that follows
    /// it is no fault of ours within 2 seconds, so exemptions come before a description only.
    pub fn act_meanwhile(&mut self) -> String {
        let Some(target) = self.target() else { return "nothing".to_owned() };
        let (deed, before) = if self.dice.roll(50) {
            (Deed::Exempt, "DescribeInstances")
        } else {
            (Deed::Flip, "ModifyInstanceMetadataOptions")
        };
        let nth = 1 + self.dice.below(5);
        let made = deed.call(&target);
        self.aws.before_call(CallFilter::of("ec2", before), nth.try_into().unwrap(), move |aws| {
            let _refused = aws.call_as(&made);
        });
        format!("{deed:?} {} before call {nth} of {before}", target.0)
    }

    /// Somebody opens the oldest closed instance again and again, so that it is contested.
    pub fn insist(&mut self) -> String {
        let is_closed = |(id, account, region): &(String, &str, &str)| {
            self.aws
                .instance(account, region, id)
                .is_some_and(|it| !is_protected(&it) && !answers_version_1(&it))
        };
        let Some(target) = self.ledger.instances(self.aws).into_iter().find(is_closed) else {
            return "nothing".to_owned();
        };
        let refused = self.aws.call_as(&Deed::Flip.call(&target)).err();
        format!("{:?} {} again, refused: {refused:?}", Deed::Flip, target.0)
    }

    /// Of a few instances again and again.
    fn target(&mut self) -> Option<(String, &'static str, &'static str)> {
        let all = self.ledger.instances(self.aws);
        let few = if self.dice.roll(50) { all.len().min(3) } else { all.len() };
        (!all.is_empty()).then(|| all[self.dice.below(few)].clone())
    }

    fn launch(&mut self) -> String {
        let place = *self.dice.pick(&PLACES);
        let spec = v1().count(1 + i64::try_from(self.dice.below(3)).unwrap());
        let off = MetadataRequest { http_endpoint: Some(Toggle::Disabled), ..MetadataRequest::default() };
        let (what, spec) = match self.dice.below(8) {
            0 | 1 => ("v2-only", spec.tokens(HttpTokens::Required)),
            2 => ("disabled", spec.metadata(off)),
            3 => ("managed", spec.managed_by("eks.amazonaws.com")),
            4 => ("observed", spec.tag("stage", "trial")),
            5 | 6 => ("open", spec.tokens(HttpTokens::Optional)),
            _ => ("open if the account-level default is", spec),
        };
        let ids = self.aws.launch_as(place.0, place.1, &mallory(), spec).unwrap();
        let what = format!("launch of {what}: {ids:?} in {place:?}");
        ids.into_iter().for_each(|id| self.ledger.add(id, place));
        what
    }
}
