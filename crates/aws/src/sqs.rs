//! The queues of the functions. Source of every shape: Amazon SQS API Reference.

use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry as Rest, SendMessageBatchRequestEntry as Entry,
};
use v2only_enforcer::ports::{Answer, PostponeMessages, Postponed, SendTasks};
use v2only_enforcer::{Failure, Kind};

use crate::call::Call;
use crate::classify;
use crate::connect::Aws;

/// The most messages that one call takes.
const PER_CALL: usize = 10;
/// The longest that a message may be kept back.
const LONGEST_DELAY: i32 = 900;
/// The longest that a received message may be hidden, in seconds.
const LONGEST_REST: i32 = 43_200;

impl SendTasks for Aws {
    async fn send(&self, texts: &[String], delay: Duration) -> Answer<()> {
        let call = Call::SendMessageBatch;
        let Some(queue) = self.sweep_queue() else {
            let why = "no queue is set for the sweeper";
            return Err(Failure::new(Kind::Invalid, call.iam_action(), why));
        };
        let client = aws_sdk_sqs::Client::new(self.base());
        let delay = i32::try_from(delay.as_secs()).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY);
        for some in texts.chunks(PER_CALL) {
            let unfit = |error: aws_sdk_sqs::error::BuildError| {
                Failure::new(Kind::Invalid, call.iam_action(), error.to_string())
            };
            let entries: Vec<Entry> = some
                .iter()
                .enumerate()
                .map(|(id, text)| {
                    Entry::builder().id(id.to_string()).message_body(text).delay_seconds(delay).build()
                })
                .collect::<Result<_, _>>()
                .map_err(unfit)?;
            self.turn(None, call).await?;
            let request = client.send_message_batch().queue_url(queue).set_entries(Some(entries));
            let answer = request.send().await.map_err(|it| classify::failure(call, &it))?;
            // The call succeeds although some of its messages may not have been taken.
            if let Some(refused) = answer.failed().first() {
                let why = refused.message().unwrap_or("a message was not taken");
                let kind = if refused.sender_fault() { Kind::Invalid } else { Kind::Unavailable };
                let failure = Failure::new(kind, call.iam_action(), why);
                return Err(Failure { code: Some(refused.code().to_owned()), ..failure });
            }
            if answer.successful().len() != some.len() {
                let why = format!("{} of {} messages were taken", answer.successful().len(), some.len());
                return Err(Failure::new(Kind::Unknown, call.iam_action(), why));
            }
        }
        Ok(())
    }
}

impl PostponeMessages for Aws {
    async fn postpone(&self, queue: &str, messages: &[Postponed]) -> Answer<()> {
        let call = Call::ChangeMessageVisibilityBatch;
        let unfit = |why: String| Failure::new(Kind::Invalid, call.iam_action(), why);
        let url = queue_url(queue).ok_or_else(|| unfit(format!("`{queue}` is not the ARN of a queue")))?;
        let client = aws_sdk_sqs::Client::new(self.base());
        for some in messages.chunks(PER_CALL) {
            let entries: Vec<Rest> = some
                .iter()
                .enumerate()
                .map(|(id, message)| {
                    let seconds =
                        i32::try_from(message.rest.as_secs()).unwrap_or(LONGEST_REST).min(LONGEST_REST);
                    Rest::builder()
                        .id(id.to_string())
                        .receipt_handle(&message.receipt)
                        .visibility_timeout(seconds)
                        .build()
                })
                .collect::<Result<_, _>>()
                .map_err(|it| unfit(it.to_string()))?;
            self.turn(None, call).await?;
            let request = client.change_message_visibility_batch().queue_url(&url).set_entries(Some(entries));
            let answer = request.send().await.map_err(|it| classify::failure(call, &it))?;
            if let Some(refused) = answer.failed().first() {
                let why = refused.message().unwrap_or("a message was not postponed");
                let failure = Failure::new(Kind::Refused, call.iam_action(), why);
                return Err(Failure { code: Some(refused.code().to_owned()), ..failure });
            }
        }
        Ok(())
    }
}

/// The URL of a queue from its ARN, `arn:aws:sqs:eu-central-1:111122223333:name`.
fn queue_url(arn: &str) -> Option<String> {
    let mut parts = arn.split(':');
    let head = [parts.next()?, parts.next()?, parts.next()?];
    let [region, account, name] = [parts.next()?, parts.next()?, parts.next()?];
    let ["arn", partition, "sqs"] = head else { return None };
    if parts.next().is_some() || [region, account, name].contains(&"") {
        return None;
    }
    let suffix = if partition == "aws-cn" { ".cn" } else { "" };
    Some(format!("https://sqs.{region}.amazonaws.com{suffix}/{account}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_queue_follows_from_its_arn() {
        let url = |arn| queue_url(arn);
        assert_eq!(
            url("arn:aws:sqs:eu-central-1:111122223333:v2only-ec2-enforcer").as_deref(),
            Some("https://sqs.eu-central-1.amazonaws.com/111122223333/v2only-ec2-enforcer")
        );
        assert_eq!(
            url("arn:aws-cn:sqs:cn-north-1:111122223333:q").as_deref(),
            Some("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q")
        );
        for other in ["", "q", "arn:aws:sns:eu-central-1:111122223333:q", "arn:aws:sqs:eu-central-1::q"] {
            assert_eq!(url(other), None, "{other}");
        }
    }
}
