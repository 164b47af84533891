//! The queue that the sweeper keeps its work in. Source of every shape: Amazon SQS API Reference.

use std::time::Duration;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
use v2only_enforcer::ports::{Answer, SendTasks};
use v2only_enforcer::{Failure, Kind};

use crate::call::Call;
use crate::classify;
use crate::connect::Aws;

/// The most messages that one call takes.
const PER_CALL: usize = 10;
/// The longest that a message may be kept back.
const LONGEST_DELAY: i32 = 900;

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
            let unfit = |it: aws_sdk_sqs::error::BuildError| {
                Failure::new(Kind::Invalid, call.iam_action(), it.to_string())
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
