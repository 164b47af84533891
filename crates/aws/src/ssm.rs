//! Parameters. Source: AWS Systems Manager API Reference, `GetParameter`.

use v2only_enforcer::ports::{Answer, ReadParameter};
use v2only_enforcer::{Failure, Kind};

use crate::call::Call;
use crate::classify;
use crate::connect::Aws;

impl ReadParameter for Aws {
    async fn parameter(&self, name: &str) -> Answer<String> {
        let call = Call::GetParameter;
        self.turn(None, call).await?;
        let client = aws_sdk_ssm::Client::new(self.base());
        let request = client.get_parameter().name(name).with_decryption(true);
        let answer = request.send().await.map_err(|it| classify::failure(call, &it))?;
        answer.parameter().and_then(|it| it.value()).map(str::to_owned).ok_or_else(|| {
            Failure::new(Kind::Unavailable, call.iam_action(), format!("parameter `{name}` has no value"))
        })
    }
}
