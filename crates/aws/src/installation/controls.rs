//! Service control policies. Source: AWS Organizations API Reference, `ListPoliciesForTarget`, `DescribePolicy`.

use std::collections::BTreeMap;

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::PolicyType;
use v2only_enforcer::ports::{Answer, OrganizationalUnits};
use v2only_installation::ports::Control;
use v2only_policy::AccountId;

use super::unusable;
use crate::call::Call;
use crate::classify;
use crate::connect::Aws;

impl Aws {
    pub(super) async fn read_controls(&self, account: &AccountId) -> Answer<Vec<Control>> {
        let above = self.above(account).await?;
        let targets = std::iter::once(account.as_str()).chain(above.iter().map(|it| it.as_str()));
        let client = Client::new(self.base());
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut all = Vec::new();
        for target in targets {
            for (id, name) in self.attached(&client, target).await? {
                let text = match texts.get(&id) {
                    Some(known) => known.clone(),
                    None => self.text(&client, &id).await?,
                };
                texts.insert(id.clone(), text.clone());
                all.push(Control { id, name, target: target.to_owned(), text });
            }
        }
        Ok(all)
    }
}

impl Aws {
    async fn attached(&self, client: &Client, target: &str) -> Answer<Vec<(String, String)>> {
        let call = Call::ListPoliciesForTarget;
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            self.turn(None, call).await?;
            let request = client
                .list_policies_for_target()
                .target_id(target)
                .filter(PolicyType::ServiceControlPolicy)
                .set_next_token(next.take());
            let page = request.send().await.map_err(|it| classify::failure(call, &it))?;
            for it in page.policies() {
                let id = it.id().ok_or_else(|| unusable(call, "the id of a policy"))?;
                all.push((id.to_owned(), it.name().unwrap_or(id).to_owned()));
            }
            next = page.next_token.filter(|it| !it.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    async fn text(&self, client: &Client, id: &str) -> Answer<String> {
        let call = Call::DescribePolicy;
        self.turn(None, call).await?;
        let request = client.describe_policy().policy_id(id);
        let answer = request.send().await.map_err(|it| classify::failure(call, &it))?;
        let text = answer.policy().and_then(|it| it.content());
        text.map(str::to_owned).ok_or_else(|| unusable(call, "the text of the policy"))
    }
}
