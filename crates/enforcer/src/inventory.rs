//! A scan of instances that AWS Config finds and EC2 describes.
//!
//! Two advanced queries take the place of a listing in each account and Region: one for the candidates, one for the accounts
//! and Regions whose instances the aggregator holds. AWS Config lags behind and may not record everywhere, so a candidate
//! is described before it is judged, and an account and Region without a recorded instance counts as unread.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use v2only_policy::instance::InstanceState;
use v2only_policy::{AccountId, InstanceId, Judged, Place, Policy, Region};

use crate::failure::{Failure, Kind};
use crate::ports::{Answer, DescribeInstances, ReadInventory, Readable};
use crate::scan::{ScanRequest, Unread, judges_tokens_only};

const ACTION: &str = "config:SelectAggregateResourceConfig";
const CANDIDATES: &str = "SELECT resourceId, accountId, awsRegion WHERE resourceType = 'AWS::EC2::Instance'";
/// Where the policy judges nothing but tokens, AWS Config leaves out what requires them.
const OPTIONAL: &str = " AND configuration.metadataOptions.httpTokens = 'optional'";
const RECORDED: &str = "SELECT accountId, awsRegion, COUNT(*) WHERE resourceType = 'AWS::EC2::Instance' \
                        GROUP BY accountId, awsRegion";
/// How many candidates are described and judged at a time.
const CHUNK: usize = 200;

/// What an aggregator of AWS Config says about instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The name of the aggregator.
    pub aggregator: String,
    candidates: BTreeMap<Place, BTreeSet<InstanceId>>,
    recorded: BTreeSet<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    resource_id: String,
    account_id: String,
    aws_region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    account_id: String,
    aws_region: String,
}

/// Reads the candidates from an aggregator of this account and Region. One call for each 100 candidates, and one for each 100
/// accounts and Regions.
///
/// # Errors
/// The query failed, or a row of its answer is not understood.
pub async fn read(
    ports: &impl ReadInventory,
    home: &Place,
    aggregator: &str,
    policy: &Policy,
) -> Answer<Inventory> {
    let filter = if judges_tokens_only(policy) { OPTIONAL } else { "" };
    let query = format!("{CANDIDATES}{filter}");
    let mut candidates: BTreeMap<Place, BTreeSet<InstanceId>> = BTreeMap::new();
    for row in rows::<Candidate>(ports, home, aggregator, &query).await? {
        let id = InstanceId::parse(&row.resource_id).map_err(|error| not_understood(error.to_string()))?;
        candidates.entry(place(&row.account_id, &row.aws_region)?).or_default().insert(id);
    }
    let recorded = rows::<Recorded>(ports, home, aggregator, RECORDED).await?;
    let recorded = recorded.iter().map(|row| place(&row.account_id, &row.aws_region));
    let recorded = recorded.collect::<Answer<_>>()?;
    Ok(Inventory { aggregator: aggregator.to_owned(), candidates, recorded })
}

async fn rows<T: DeserializeOwned>(
    ports: &impl ReadInventory,
    home: &Place,
    aggregator: &str,
    query: &str,
) -> Answer<Vec<T>> {
    let (mut rows, mut next) = (Vec::new(), None);
    loop {
        let page = ports.inventory_rows(home, aggregator, query, next).await?;
        for row in page.items {
            rows.push(serde_json::from_str(&row).map_err(|error| not_understood(error.to_string()))?);
        }
        next = page.next;
        if next.is_none() {
            return Ok(rows);
        }
    }
}

fn place(account: &str, region: &str) -> Answer<Place> {
    let account = AccountId::parse(account).map_err(|error| not_understood(error.to_string()))?;
    let region = Region::parse(region).map_err(|error| not_understood(error.to_string()))?;
    Ok(Place { account, region })
}

fn not_understood(why: String) -> Failure {
    Failure::new(
        Kind::Unknown,
        ACTION,
        format!("AWS Config answered with a row that is not understood: {why}"),
    )
}

impl Inventory {
    /// How many candidates there are in these accounts and Regions.
    pub fn candidates<'a>(&self, places: impl IntoIterator<Item = &'a Place>) -> usize {
        places.into_iter().filter_map(|place| self.candidates.get(place)).map(BTreeSet::len).sum()
    }

    /// How many candidates there are elsewhere.
    pub fn candidates_elsewhere<'a>(&self, places: impl IntoIterator<Item = &'a Place>) -> usize {
        self.candidates.values().map(BTreeSet::len).sum::<usize>() - self.candidates(places)
    }

    /// Describes and judges the candidates of one account and Region; `each` gets those that are not clean. Returns how many
    /// candidates EC2 described.
    ///
    /// An account and Region without an instance in the aggregator is unread: AWS Config may not record it.
    pub async fn scan<P: Readable + DescribeInstances>(
        &self,
        ports: &P,
        policy: &Policy,
        place: &Place,
        now: Timestamp,
        each: &mut (dyn FnMut(Judged) + Send),
    ) -> (Unread, usize) {
        let mut usage = None;
        let ended = self.verify(ports, policy, place, now, each, &mut usage).await;
        let (failure, verified) =
            ended.map_or_else(|failure| (Some(failure), 0), |verified| (None, verified));
        (Unread { failure, usage }, verified)
    }

    async fn verify<P: Readable + DescribeInstances>(
        &self,
        ports: &P,
        policy: &Policy,
        place: &Place,
        now: Timestamp,
        each: &mut (dyn FnMut(Judged) + Send),
        usage_unread: &mut Option<Failure>,
    ) -> Answer<usize> {
        let Some(ids) = self.candidates.get(place) else {
            if self.recorded.contains(place) {
                return Ok(0);
            }
            let why = format!(
                "the aggregator {} holds no instance of this account and Region: AWS Config does not record \
                 instances there, or there are none",
                self.aggregator
            );
            return Err(Failure::new(Kind::NotVisibleYet, ACTION, why));
        };
        let request = ScanRequest::at(ports, policy, place, now).await?;
        let ids: Vec<InstanceId> = ids.iter().cloned().collect();
        let mut verified = 0;
        for some in ids.chunks(CHUNK) {
            let mut described = ports.instances(place, some).await?;
            described.retain(|instance| instance.state != InstanceState::Gone);
            verified += described.len();
            request.judged(ports, described, usage_unread).await?.into_iter().for_each(&mut *each);
        }
        Ok(verified)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use v2only_policy::{Mode, Rules};

    use super::*;
    use crate::ports::Page;

    /// Pages by whether a query counts, and the queries that were asked.
    struct Aggregator {
        candidates: Vec<Vec<&'static str>>,
        recorded: Vec<&'static str>,
        asked: Mutex<Vec<String>>,
    }

    impl ReadInventory for Aggregator {
        async fn inventory_rows(
            &self,
            _: &Place,
            _: &str,
            query: &str,
            next: Option<String>,
        ) -> Answer<Page<String>> {
            self.asked.lock().unwrap().push(query.to_owned());
            let owned = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect();
            if query.contains("COUNT(*)") {
                return Ok(Page { items: owned(&self.recorded), next: None });
            }
            let page: usize = next.map_or(0, |token| token.parse().unwrap());
            let following = (page + 1 < self.candidates.len()).then(|| (page + 1).to_string());
            Ok(Page { items: owned(&self.candidates[page]), next: following })
        }
    }

    const ONE: &str =
        r#"{"resourceId":"i-0000000000000000a","accountId":"111122223333","awsRegion":"eu-central-1"}"#;
    const TWO: &str =
        r#"{"resourceId":"i-0000000000000000b","accountId":"222233334444","awsRegion":"eu-central-1"}"#;
    const HERE: &str = r#"{"COUNT(*)":7,"accountId":"111122223333","awsRegion":"eu-central-1"}"#;

    fn home() -> Place {
        place("111122223333", "eu-central-1").unwrap()
    }

    async fn ask(candidates: Vec<Vec<&'static str>>, rules: Rules) -> (Answer<Inventory>, Vec<String>) {
        let aggregator = Aggregator { candidates, recorded: vec![HERE], asked: Mutex::default() };
        let inventory = read(&aggregator, &home(), "all", &Policy::plain(rules)).await;
        (inventory, aggregator.asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn every_page_is_read_and_candidates_are_counted_by_place() {
        let (inventory, asked) = ask(vec![vec![ONE, ONE], vec![TWO]], Rules::new(Mode::Observe)).await;
        let inventory = inventory.unwrap();
        assert_eq!((inventory.candidates([&home()]), inventory.candidates_elsewhere([&home()])), (1, 1));
        let other = place("222233334444", "eu-central-1").unwrap();
        assert_eq!(inventory.candidates_elsewhere([&home(), &other]), 0);
        assert_eq!((inventory.candidates([]), inventory.candidates_elsewhere([])), (0, 2));
        assert_eq!(inventory.recorded, [home()].into());
        assert_eq!(asked.len(), 3);
        assert!(asked[0].ends_with("httpTokens = 'optional'"), "{}", asked[0]);
    }

    /// A hop limit is judged of instances that require tokens as well.
    #[tokio::test]
    async fn a_policy_with_other_opinions_makes_every_instance_a_candidate() {
        let mut rules = Rules::new(Mode::Observe);
        rules.instances.http_endpoint = v2only_policy::settings::EndpointRule::Disabled;
        let (_, asked) = ask(vec![vec![]], rules).await;
        assert_eq!(asked[0], CANDIDATES);
    }

    #[tokio::test]
    async fn a_row_that_is_not_understood_ends_the_reading() {
        for row in ["", "{}", r#"{"resourceId":"x","accountId":"111122223333","awsRegion":"eu-central-1"}"#] {
            let (inventory, _) = ask(vec![vec![ONE, row]], Rules::new(Mode::Observe)).await;
            assert_eq!(inventory.unwrap_err().kind, Kind::Unknown, "{row}");
        }
    }
}
