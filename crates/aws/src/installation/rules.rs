//! Rules and buses. Source: Amazon EventBridge API Reference, `DescribeRule`, `ListTargetsByRule`,
//! `DescribeEventBus`.

use aws_sdk_eventbridge::Client;
use v2only_enforcer::ports::Answer;
use v2only_installation::ports::{Rule, Target};
use v2only_policy::Place;

use super::if_there;
use crate::call::Call;
use crate::connect::Aws;

impl Aws {
    pub(super) async fn read_rule(&self, place: &Place, bus: &str, name: &str) -> Answer<Option<Rule>> {
        let call = Call::DescribeRule;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.describe_rule().name(name).event_bus_name(bus).send().await;
        if_there(answer.map_err(|it| self.failure(place, call, &it)).map(|rule| Rule {
            pattern: rule.event_pattern().map(str::to_owned),
            state: rule.state().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        }))
    }

    pub(super) async fn read_targets(&self, place: &Place, bus: &str, rule: &str) -> Answer<Vec<Target>> {
        let call = Call::ListTargetsByRule;
        let client = Client::new(&self.config(place).await?);
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            self.turn(Some(place), call).await?;
            let request =
                client.list_targets_by_rule().rule(rule).event_bus_name(bus).set_next_token(next.take());
            let page = request.send().await.map_err(|it| self.failure(place, call, &it))?;
            all.extend(page.targets().iter().map(target));
            next = page.next_token.filter(|it| !it.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) async fn read_bus_policy(&self, place: &Place, name: &str) -> Answer<Option<String>> {
        let call = Call::DescribeEventBus;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.describe_event_bus().name(name).send().await;
        let answer = answer.map_err(|it| self.failure(place, call, &it));
        if_there(answer.map(|it| it.policy().unwrap_or_default().to_owned()))
    }
}

fn target(it: &aws_sdk_eventbridge::types::Target) -> Target {
    let dead_letters = it.dead_letter_config().and_then(|it| it.arn());
    Target {
        id: it.id().to_owned(),
        arn: it.arn().to_owned(),
        role: it.role_arn().map(str::to_owned),
        dead_letters: dead_letters.map(str::to_owned),
        reshapes: it.input().is_some() || it.input_path().is_some() || it.input_transformer().is_some(),
    }
}
