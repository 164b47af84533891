//! SDKs, tools and agents that read instance metadata, and the first version of each that uses IMDSv2.
//!
//! Sources, as read on 2026-11-27:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/use-a-supported-sdk-version-for-imdsv2.html>,
//! <https://docs.newrelic.com/docs/release-notes/infrastructure-release-notes/infrastructure-agent-release-notes/new-relic-infrastructure-agent-11142>

use std::cmp::Ordering;
use std::fmt;

use serde::Deserialize;

/// An application that the inventory of Systems Manager lists (`AWS:Application`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Application {
    /// The name of the package or of the program.
    pub name: String,
    /// Its version, as the package manager writes it.
    pub version: String,
}

/// The first version of a product that uses IMDSv2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minimum {
    /// The product.
    pub product: &'static str,
    /// Its names in the inventory, in small letters.
    packages: &'static [&'static str],
    /// Its name in a user agent, in small letters, and the major version there if several products share the name.
    user_agent: Option<(&'static str, Option<u64>)>,
    /// How the names of the processes begin that use the product.
    processes: &'static [&'static str],
    /// The version.
    pub version: &'static str,
    /// The page that documents the version.
    pub source: &'static str,
}

/// The date on which the pages were read.
pub const AS_OF: &str = "2026-11-27";

const AWS_PAGE: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/use-a-supported-sdk-version-for-imdsv2.html";
const NEW_RELIC_PAGE: &str = "https://docs.newrelic.com/docs/release-notes/infrastructure-release-notes/infrastructure-agent-release-notes/new-relic-infrastructure-agent-11142";

const PYTHON: &[&str] = &["python", "aws", "cfn-", "ansible", "salt", "cloud-init"];

const fn of_aws(
    product: &'static str,
    packages: &'static [&'static str],
    user_agent: Option<(&'static str, Option<u64>)>,
    processes: &'static [&'static str],
    version: &'static str,
) -> Minimum {
    Minimum { product, packages, user_agent, processes, version, source: AWS_PAGE }
}

/// Every product whose first version with IMDSv2 is documented.
pub const MINIMA: &[Minimum] = &[
    of_aws(
        "boto3",
        &["boto3", "python-boto3", "python2-boto3", "python3-boto3"],
        Some(("boto3", None)),
        PYTHON,
        "1.12.6",
    ),
    of_aws(
        "botocore",
        &["botocore", "python-botocore", "python2-botocore", "python3-botocore"],
        Some(("botocore", None)),
        PYTHON,
        "1.13.25",
    ),
    of_aws(
        "AWS CLI",
        &["awscli", "aws-cli", "awscli-2", "aws command line interface", "aws command line interface v2"],
        Some(("aws-cli", None)),
        &["aws", "python"],
        "1.16.289",
    ),
    of_aws(
        "AWS Tools for Windows PowerShell",
        &["aws tools for windows", "aws tools for windows powershell"],
        Some(("awspowershell", None)),
        &["powershell", "pwsh"],
        "4.0.1.0",
    ),
    of_aws("AWS SDK for .NET", &["aws sdk for .net"], None, &["dotnet", "w3wp"], "3.3.634.1"),
    of_aws(
        "AWS SDK for C++",
        &["aws-sdk-cpp", "libaws-cpp-sdk-core"],
        Some(("aws-sdk-cpp", None)),
        &[],
        "1.7.229",
    ),
    of_aws("AWS SDK for Go", &[], Some(("aws-sdk-go", None)), &[], "1.25.38"),
    of_aws("AWS SDK for Go v2", &[], Some(("aws-sdk-go-v2", None)), &[], "0.19.0"),
    of_aws("AWS SDK for Java", &["aws-sdk-java"], Some(("aws-sdk-java", Some(1))), &["java"], "1.11.678"),
    of_aws("AWS SDK for Java 2.x", &[], Some(("aws-sdk-java", Some(2))), &["java"], "2.10.21"),
    of_aws(
        "AWS SDK for JavaScript in Node.js",
        &["node-aws-sdk", "nodejs-aws-sdk"],
        Some(("aws-sdk-nodejs", None)),
        &["node"],
        "2.722.0",
    ),
    of_aws(
        "AWS SDK for PHP",
        &["php-aws-sdk", "php-aws-sdk3"],
        Some(("aws-sdk-php", None)),
        &["php"],
        "3.147.7",
    ),
    of_aws(
        "AWS SDK for Ruby",
        &["ruby-aws-sdk-core", "rubygem-aws-sdk-core"],
        Some(("aws-sdk-ruby3", None)),
        &["ruby"],
        "3.79.0",
    ),
    Minimum {
        product: "New Relic infrastructure agent",
        packages: &["newrelic-infra", "new relic infrastructure agent"],
        user_agent: None,
        processes: &["newrelic-infra"],
        version: "1.14.2",
        source: NEW_RELIC_PAGE,
    },
];

/// A product that is too old for IMDSv2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outdated {
    /// The product.
    pub product: &'static str,
    /// The version that is installed, or that called.
    pub version: String,
    /// The first version that uses IMDSv2.
    pub minimum: &'static str,
    /// The page that documents it.
    pub source: &'static str,
}

impl fmt::Display for Outdated {
    /// `boto3 1.12.0: needs >= 1.12.6`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: needs >= {}", self.product, self.version, self.minimum)
    }
}

impl Minimum {
    fn outdated(&self, version: &str) -> Option<Outdated> {
        is_older(version, self.version).then(|| Outdated {
            product: self.product,
            version: version.to_owned(),
            minimum: self.version,
            source: self.source,
        })
    }

    /// Whether a process of this name may use the product. Names are cut and carry versions, such as `python3.8`.
    fn is_used_by(&self, process: &str) -> bool {
        let process = process.to_ascii_lowercase();
        self.processes.iter().any(|it| process.starts_with(it))
    }
}

/// The products among these applications that a process of this name may use, and that are too old.
pub fn outdated_of(process: &str, applications: &[Application]) -> Vec<Outdated> {
    let mut found: Vec<Outdated> = Vec::new();
    for minimum in MINIMA.iter().filter(|it| it.is_used_by(process)) {
        let of_product =
            |it: &&Application| minimum.packages.contains(&it.name.trim().to_ascii_lowercase().as_str());
        let installed = applications.iter().filter(of_product);
        for outdated in installed.filter_map(|it| minimum.outdated(upstream(&it.version))) {
            if !found.contains(&outdated) {
                found.push(outdated);
            }
        }
    }
    found
}

/// The products in a user agent that are too old, such as `Boto3/1.9.0 Python/2.7.18`.
pub fn outdated_in_user_agent(user_agent: &str) -> Vec<Outdated> {
    let mut found: Vec<Outdated> = Vec::new();
    let words =
        user_agent.split([' ', ',', '#', ';', '[', ']']).map(|it| it.strip_prefix("md/").unwrap_or(it));
    for (name, version) in words.filter_map(|it| it.split_once('/')) {
        let name = name.to_ascii_lowercase();
        let version = upstream(version);
        let major = numbers(version).first().copied();
        let called = MINIMA.iter().filter(|minimum| {
            minimum
                .user_agent
                .is_some_and(|(known, only)| known == name && only.is_none_or(|it| Some(it) == major))
        });
        for outdated in called.filter_map(|it| it.outdated(version)) {
            if !found.contains(&outdated) {
                found.push(outdated);
            }
        }
    }
    found
}

/// The version of the product in the version of a package: `1.12.0` in `1:1.12.0-3.amzn2`.
fn upstream(version: &str) -> &str {
    let version = version.trim();
    let version = version.split_once(':').map_or(version, |(_, it)| it);
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split(['-', '+', '~']).next().unwrap_or(version)
}

/// The leading numbers of a version.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|it| it.parse().ok()).collect()
}

/// Whether a version is older than another. A version that does not begin with a number is not known to be.
fn is_older(version: &str, than: &str) -> bool {
    let (mut ours, mut theirs) = (numbers(version), numbers(than));
    if ours.is_empty() {
        return false;
    }
    let length = ours.len().max(theirs.len());
    ours.resize(length, 0);
    theirs.resize(length, 0);
    ours.cmp(&theirs) == Ordering::Less
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn application(name: &str, version: &str) -> Application {
        Application { name: name.to_owned(), version: version.to_owned() }
    }

    #[rstest]
    #[case::of_debian("python3.8", "python3-boto3", "1.9.253-1", "boto3 1.9.253: needs >= 1.12.6")]
    #[case::of_amazon_linux(
        "python",
        "python2-botocore",
        "1.13.24-1.amzn2.0.1",
        "botocore 1.13.24: needs >= 1.13.25"
    )]
    #[case::with_an_epoch(
        "java",
        "aws-sdk-java",
        "1:1.11.677",
        "AWS SDK for Java 1.11.677: needs >= 1.11.678"
    )]
    #[case::of_windows(
        "powershell.exe",
        "AWS Tools for Windows",
        "3.15.1034",
        "AWS Tools for Windows PowerShell 3.15.1034: needs >= 4.0.1.0"
    )]
    #[case::agent(
        "newrelic-infra",
        "newrelic-infra",
        "1.14.1",
        "New Relic infrastructure agent 1.14.1: needs >= 1.14.2"
    )]
    fn an_old_version_names_the_version_that_it_needs(
        #[case] process: &str,
        #[case] name: &str,
        #[case] version: &str,
        #[case] words: &str,
    ) {
        let found = outdated_of(process, &[application(name, version)]);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [words]);
        assert!(found.iter().all(|it| it.source.starts_with("https://")));
    }

    #[rstest]
    #[case::the_first_version("python3", "python3-boto3", "1.12.6")]
    #[case::newer_by_number("python3", "python3-boto3", "1.40.0")]
    #[case::another_language("java", "python3-boto3", "1.9.0")]
    #[case::another_package("python3", "python3-requests", "1.0.0")]
    #[case::no_number("python3", "python3-boto3", "latest")]
    #[case::second_cli("aws", "AWS Command Line Interface v2", "2.0.0")]
    fn what_is_new_enough_or_not_known_is_not_blamed(
        #[case] process: &str,
        #[case] name: &str,
        #[case] version: &str,
    ) {
        assert_eq!(outdated_of(process, &[application(name, version)]), []);
    }

    #[rstest]
    #[case::boto3("Boto3/1.9.0 Python/2.7.18 Linux/4.14 Botocore/1.12.0", &["boto3 1.9.0: needs >= 1.12.6", "botocore 1.12.0: needs >= 1.13.25"])]
    #[case::new("Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1", &[])]
    #[case::java("aws-sdk-java/1.11.600 Linux/5.10", &["AWS SDK for Java 1.11.600: needs >= 1.11.678"])]
    #[case::java_2("aws-sdk-java/2.10.0 Linux/5.10", &["AWS SDK for Java 2.x 2.10.0: needs >= 2.10.21"])]
    #[case::cli("aws-cli/1.16.100 Python/2.7.5 botocore/1.12.90", &["AWS CLI 1.16.100: needs >= 1.16.289", "botocore 1.12.90: needs >= 1.13.25"])]
    #[case::go("aws-sdk-go/1.25.0 (go1.12; linux; amd64)", &["AWS SDK for Go 1.25.0: needs >= 1.25.38"])]
    #[case::nothing("", &[])]
    fn a_user_agent_names_old_sdks(#[case] user_agent: &str, #[case] words: &[&str]) {
        let found: Vec<String> = outdated_in_user_agent(user_agent).iter().map(ToString::to_string).collect();
        assert_eq!(found, words);
    }
}
