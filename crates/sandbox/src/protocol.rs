//! The wire: how requests are distinguished and read, and how answers and errors are written.

mod cbor;
mod read;
mod write;

pub(crate) use read::{Incoming, read};
pub(crate) use write::{Written, write_answer, write_error};

/// Namespace of EC2's XML.
pub(crate) const EC2_NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
/// Namespace of STS's XML.
pub(crate) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// Namespace of Elastic Beanstalk's XML.
pub(crate) const BEANSTALK_NAMESPACE: &str = "http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/";
/// Namespace of IAM's XML.
pub(crate) const IAM_NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
/// Namespace of Auto Scaling's XML.
pub(crate) const AUTOSCALING_NAMESPACE: &str = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
