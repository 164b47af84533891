//! Hosts of containers: warned about where the plan leaves them at hop limit 1, and never changed for that.

use v2only_policy::Instance;

use crate::words::*;

const HELD: &str = "violation [http-tokens] → hold: usage-gate, would HttpTokens=required";
const CLOSED: &str = "violation [http-tokens] → act: HttpTokens=required";
const WARNED: &str = "; container-host-hop-limit";

fn host() -> Instance {
    instance("i-0abc0123456789def").v1_allowed().tag("eks:cluster-name", "blue")
}

fn with_profile(name: &str) -> Instance {
    let profile = Some(format!("arn:aws:iam::111122223333:instance-profile/some/path/{name}"));
    Instance { profile, ..instance("i-0abc0123456789def").v1_allowed() }
}

#[test]
fn at_hop_limit_1_and_left_there() {
    let warned = format!("{CLOSED}{WARNED}");
    check("by the tag of a cluster", host(), enforce(), launch(), &warned);
    check("and held, would be", host(), enforce(), seen(), &format!("{HELD}{WARNED}"));
    for key in [
        "eks:nodegroup-name",
        "aws:eks:cluster-name",
        "kubernetes.io/cluster/blue",
        "k8s.io/role/node",
        "karpenter.sh/nodepool",
        "aws:ecs:clusterName",
        "AmazonECSManaged",
        "KubernetesCluster",
        "AWSBatchServiceTag",
        "aws:batch:compute-environment",
        "alpha.eksctl.io/cluster-name",
        "sigs.k8s.io/cluster-api-provider-aws/role",
        "karpenter.k8s.aws/ec2nodeclass",
    ] {
        let it = instance("i-0abc0123456789def").v1_allowed().tag(key, "");
        check(key, it, enforce(), launch(), &warned);
    }
    check("by its instance profile", with_profile("ecsInstanceRole"), enforce(), launch(), &warned);
}

#[test]
fn where_there_is_nothing_to_warn_about() {
    check("two hops are enough", host().hop_limit(2), enforce(), launch(), CLOSED);
    check("no host of containers", with_profile("web"), enforce(), launch(), CLOSED);
    let other = instance("i-0abc0123456789def").v1_allowed().tag("name", "eks:cluster-name");
    check("the value of a tag is ignored", other, enforce(), launch(), CLOSED);
    let raised = "violation [http-tokens hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit=2";
    check("the policy raises it", host(), enforce().hops_exactly(2), launch(), raised);
    let off = "violation [http-tokens http-endpoint] → act: HttpEndpoint=disabled";
    check("nothing answers then", host(), enforce().endpoint_off(), launch(), off);
    let compliant = "compliant (HttpTokens is required) → nothing";
    let done = instance("i-0abc0123456789def").tag("eks:cluster-name", "blue");
    check("as it has been for long", done, enforce(), launch(), compliant);
}

#[test]
fn a_policy_that_lowers_the_limit_to_1_is_obeyed_and_said() {
    check(
        "lowered because the document says so",
        host().hop_limit(3),
        enforce().hops_at_most(1),
        launch(),
        "violation [http-tokens hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit=1; \
         container-host-hop-limit",
    );
}
