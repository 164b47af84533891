//! Which module answers for which service. A new service is one arm here.

use crate::call::{Answer, Call};
use crate::core::Core;
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::{
    autoscaling, cloudtrail, cloudwatch, configservice, ec2, elasticbeanstalk, emr, iam, imagebuilder,
    lambda, lightsail, organizations, sagemaker, securityhub, sqs, ssm, sts,
};

/// Takes the tokens of a call and answers it.
pub(crate) fn answer(core: &Core, call: &Call) -> Result<Answer, AwsError> {
    core.charge(call, &limits(call))?;
    perform(core, call)
}

/// Answers a call without taking tokens, or reports that the service is not simulated.
pub(crate) fn perform(core: &Core, call: &Call) -> Result<Answer, AwsError> {
    match call.service.as_str() {
        "ec2" => core.run(call, |world, trail| ec2::answer(world, call, trail)),
        "sts" => core.run(call, |world, _| sts::answer(world, call)),
        "organizations" => core.run(call, |world, _| organizations::answer(world, call)),
        "ssm" => core.run(call, |world, trail| ssm::answer(world, call, trail)),
        "sagemaker" => sagemaker::answer(core, call),
        "sqs" => sqs::answer(core, call),
        "autoscaling" => core.run(call, |world, trail| autoscaling::answer(world, call, trail)),
        "monitoring" => core.run(call, |world, _| cloudwatch::answer(world, call)),
        "cloudtrail" => core.run(call, |world, _| cloudtrail::answer(world, call)),
        "config" => core.run(call, |world, _| configservice::answer(world, call)),
        "securityhub" => core.run(call, |world, _| securityhub::answer(world, call)),
        "elasticbeanstalk" => core.run(call, |world, trail| elasticbeanstalk::answer(world, call, trail)),
        "elasticmapreduce" => core.run(call, |world, trail| emr::answer(world, call, trail)),
        "iam" => core.run(call, |world, _| iam::answer(world, call)),
        "imagebuilder" => core.run(call, |world, trail| imagebuilder::answer(world, call, trail)),
        "lightsail" => core.run(call, |world, trail| lightsail::answer(world, call, trail)),
        "lambda" => lambda::answer(call),
        other => Err(AwsError::not_simulated(format!("service {other} (operation {})", call.action))),
    }
}

/// The token buckets a call draws from.
fn limits(call: &Call) -> Vec<Limit> {
    match call.service.as_str() {
        "autoscaling" => autoscaling::limits(call),
        "cloudtrail" => cloudtrail::limits(call),
        "config" => configservice::limits(call),
        "ec2" => ec2::limits(call),
        "elasticbeanstalk" => elasticbeanstalk::limits(call),
        "elasticmapreduce" => emr::limits(call),
        "iam" => iam::limits(call),
        "imagebuilder" => imagebuilder::limits(call),
        "lightsail" => lightsail::limits(call),
        "organizations" => organizations::limits(call),
        "sagemaker" => sagemaker::limits(call),
        "securityhub" => securityhub::limits(call),
        _ => Vec::new(),
    }
}
