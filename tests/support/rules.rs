//! The event patterns of the rules in front of the functions.

use serde_json::{Value, json};

/// What the function for instances listens to.
pub fn ec2_patterns() -> Vec<Value> {
    vec![
        json!({
            "source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["ec2.amazonaws.com"], "errorCode": [{"exists": false}],
                "eventName": [
                    "RunInstances", "StartInstances", "ModifyInstanceMetadataOptions",
                    "ModifyInstanceMetadataDefaults", "CreateLaunchTemplate", "CreateLaunchTemplateVersion",
                    "ModifyLaunchTemplate", "RegisterImage", "CreateImage", "CopyImage",
                ],
            },
        }),
        json!({
            "source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"],
            "detail": {"state": ["running", "stopped"]},
        }),
        json!({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Request Fulfillment"]}),
    ]
}

/// What the function for notebooks listens to.
pub fn notebook_patterns() -> Vec<Value> {
    vec![
        json!({
            "source": ["aws.sagemaker"], "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["sagemaker.amazonaws.com"], "errorCode": [{"exists": false}],
                "eventName": ["CreateNotebookInstance", "UpdateNotebookInstance", "StartNotebookInstance"],
            },
        }),
        json!({
            "source": ["aws.sagemaker"], "detail-type": ["SageMaker Notebook Instance State Change"],
        }),
    ]
}
