//! Images and their ImdsSupport.

use super::client::{OTHER, aws};
use crate::{AMAZON_LINUX_2, AMAZON_LINUX_2023};

#[test]
fn an_image_becomes_v2_and_stays_so() {
    let aws = aws();
    let id = aws.ec2("RegisterImage", &[("Name", "golden"), ("Architecture", "x86_64")]).ok().text("imageId");
    let support = || aws.ec2("DescribeImages", &[("ImageId.1", &id)]).ok().texts("imdsSupport");
    assert!(support().is_empty());
    let before = aws.launched(&[("ImageId", &id)]);
    let mark = [("ImageId", id.as_str()), ("ImdsSupport.Value", "v2.0")];
    assert_eq!(aws.ec2("ModifyImageAttribute", &mark).ok().text("return"), "true");
    assert_eq!(support(), ["v2.0"]);
    for back in ["v1.0", ""] {
        let back = [("ImageId", id.as_str()), ("ImdsSupport.Value", back)];
        assert_eq!(aws.ec2("ModifyImageAttribute", &back).code(), "InvalidParameterValue");
    }
    assert_eq!(support(), ["v2.0"]);
    assert_eq!(aws.tokens_and_hops(&before).0, "optional", "instances stay as they were launched");
    let after = aws.launched(&[("ImageId", &id)]);
    assert_eq!(aws.tokens_and_hops(&after), ("required".to_owned(), "2".to_owned()));
}

#[test]
fn an_image_can_be_born_v2() {
    let aws = aws();
    let id = aws.ec2("RegisterImage", &[("Name", "golden"), ("ImdsSupport", "v2.0")]).ok().text("imageId");
    assert_eq!(aws.ec2("DescribeImages", &[("ImageId.1", &id)]).ok().text("imdsSupport"), "v2.0");
    assert_eq!(aws.ec2("RegisterImage", &[("Name", "golden")]).code(), "InvalidAMIName.Duplicate");
    let wrong = [("Name", "silver"), ("ImdsSupport", "v1.0")];
    assert_eq!(aws.ec2("RegisterImage", &wrong).code(), "InvalidParameterValue");
}

#[test]
fn only_the_owner_may_change_an_image() {
    let aws = aws();
    let id = aws.ec2("RegisterImage", &[("Name", "golden")]).ok().text("imageId");
    let mark = |id: &str| [("ImageId", id.to_owned()), ("ImdsSupport.Value", "v2.0".to_owned())];
    let public = mark(AMAZON_LINUX_2);
    let public: Vec<(&str, &str)> = public.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(aws.ec2("ModifyImageAttribute", &public).code(), "AuthFailure");
    let aws = aws.called_from(OTHER);
    let private = mark(&id);
    let private: Vec<(&str, &str)> = private.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(aws.ec2("ModifyImageAttribute", &private).code(), "InvalidAMIID.NotFound");
    assert_eq!(aws.launch(&[("ImageId", &id)]).code(), "InvalidAMIID.NotFound");
}

#[test]
fn images_are_found_by_owner_and_filter() {
    let aws = aws();
    let own = aws.ec2("RegisterImage", &[("Name", "golden-1")]).ok().text("imageId");
    let ids = |parameters: &[(&str, &str)]| aws.ec2("DescribeImages", parameters).ok().texts("imageId");
    assert_eq!(ids(&[("Owner.1", "self")]), std::slice::from_ref(&own));
    assert_eq!(ids(&[("Owner.1", aws.account)]), std::slice::from_ref(&own));
    assert_eq!(ids(&[("Owner.1", "amazon")]), [AMAZON_LINUX_2, AMAZON_LINUX_2023]);
    assert_eq!(ids(&[("Filter.1.Name", "name"), ("Filter.1.Value.1", "golden-*")]), [own]);
    let imds = [("Filter.1.Name", "imds-support"), ("Filter.1.Value.1", "v2.0")];
    assert_eq!(aws.ec2("DescribeImages", &imds).code(), "InvalidParameterValue");
}
