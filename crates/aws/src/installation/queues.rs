//! Queues. Source: Amazon SQS API Reference, `GetQueueUrl`, `GetQueueAttributes`.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use v2only_enforcer::ports::Answer;
use v2only_installation::ports::Queue;
use v2only_policy::Place;

use super::{if_there, unusable};
use crate::call::Call;
use crate::connect::Aws;

impl Aws {
    pub(super) async fn read_queue(&self, place: &Place, name: &str) -> Answer<Option<Queue>> {
        let call = Call::GetQueueUrl;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.get_queue_url().queue_name(name).send().await;
        let Some(found) = if_there(answer.map_err(|it| self.failure(place, call, &it)))? else {
            return Ok(None);
        };
        let url = found.queue_url().ok_or_else(|| unusable(call, "the URL of the queue"))?;
        let call = Call::GetQueueAttributes;
        self.turn(Some(place), call).await?;
        let request = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it));
        let Some(answer) = if_there(answer)? else { return Ok(None) };
        let attributes = answer.attributes().into_iter().flatten();
        Ok(Some(Queue {
            url: url.to_owned(),
            attributes: attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect(),
        }))
    }
}
