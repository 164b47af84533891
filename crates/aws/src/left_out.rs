//! What a build answers in place of the SDKs that it does not link. A release links all of them, and a function asks for none
//! of what they are for.

#[cfg(not(all(feature = "installation", feature = "securityhub", feature = "surfaces")))]
pub(crate) fn answer<T>(action: &'static str, what: &str) -> v2only_enforcer::ports::Answer<T> {
    let why = format!(
        "this build of v2only leaves out {what}; build it with `--features full`, or install a release"
    );
    Err(v2only_enforcer::Failure::new(v2only_enforcer::Kind::Refused, action, why))
}

#[cfg(all(feature = "operator", not(feature = "securityhub")))]
mod securityhub {
    use serde_json::Value;
    use v2only_enforcer::ports::{
        Answer, ControlFinding, ImportFindings, KnownFinding, ReadControls, ReadFindings, RefusedFinding,
        UpdateFindings,
    };
    use v2only_policy::Place;

    use crate::call::Call;
    use crate::connect::Aws;

    fn left_out<T>(call: Call) -> Answer<T> {
        super::answer(call.iam_action(), "Security Hub")
    }

    impl ReadFindings for Aws {
        async fn active_findings(&self, _: &Place, _: &str) -> Answer<Vec<KnownFinding>> {
            left_out(Call::GetFindings)
        }
    }

    impl ReadControls for Aws {
        async fn control_findings(&self, _: &Place, _: &[&str]) -> Answer<Vec<ControlFinding>> {
            left_out(Call::GetFindings)
        }
    }

    impl ImportFindings for Aws {
        async fn import_findings(&self, _: &Place, _: &Value) -> Answer<Vec<RefusedFinding>> {
            left_out(Call::BatchImportFindings)
        }
    }

    impl UpdateFindings for Aws {
        async fn set_workflow(
            &self,
            _: &Place,
            _: &[&ControlFinding],
            _: &str,
            _: (&str, &str),
        ) -> Answer<Vec<RefusedFinding>> {
            left_out(Call::BatchUpdateFindings)
        }
    }
}

#[cfg(all(feature = "operator", not(feature = "installation")))]
mod installation {
    use v2only_enforcer::ports::Answer;
    use v2only_installation::ports::{
        Control, Function, Mapping, Parameter, Queue, ReadInstallation, Rule, Schedule, Selectors, Target,
        Trail,
    };
    use v2only_policy::{AccountId, Place};

    use crate::call::Call;
    use crate::connect::Aws;

    fn left_out<T>(call: Call) -> Answer<T> {
        super::answer(call.iam_action(), "installations")
    }

    impl ReadInstallation for Aws {
        fn is_linked(&self) -> bool {
            false
        }

        async fn trails(&self, _: &Place) -> Answer<Vec<Trail>> {
            left_out(Call::DescribeTrails)
        }

        async fn is_logging(&self, _: &Place, _: &str) -> Answer<bool> {
            left_out(Call::GetTrailStatus)
        }

        async fn selectors(&self, _: &Place, _: &str) -> Answer<Selectors> {
            left_out(Call::GetEventSelectors)
        }

        async fn rule(&self, _: &Place, _: &str, _: &str) -> Answer<Option<Rule>> {
            left_out(Call::DescribeRule)
        }

        async fn targets(&self, _: &Place, _: &str, _: &str) -> Answer<Vec<Target>> {
            left_out(Call::ListTargetsByRule)
        }

        async fn bus_policy(&self, _: &Place, _: &str) -> Answer<Option<String>> {
            left_out(Call::DescribeEventBus)
        }

        async fn queue(&self, _: &Place, _: &str) -> Answer<Option<Queue>> {
            left_out(Call::GetQueueUrl)
        }

        async fn function(&self, _: &Place, _: &str) -> Answer<Option<Function>> {
            left_out(Call::GetFunction)
        }

        async fn mappings(&self, _: &Place, _: &str) -> Answer<Vec<Mapping>> {
            left_out(Call::ListEventSourceMappings)
        }

        async fn schedule(&self, _: &Place, _: &str) -> Answer<Option<Schedule>> {
            left_out(Call::GetSchedule)
        }

        async fn parameter_at(&self, _: &Place, _: &str) -> Answer<Option<Parameter>> {
            left_out(Call::GetParameter)
        }

        async fn enter(&self, _: &Place, _: &str, _: Option<&str>) -> Answer<()> {
            left_out(Call::AssumeRole)
        }

        async fn controls(&self, _: &AccountId) -> Answer<Vec<Control>> {
            left_out(Call::ListPoliciesForTarget)
        }
    }
}
