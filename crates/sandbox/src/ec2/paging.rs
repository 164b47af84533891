//! `MaxResults` and `NextToken`.

use crate::error::AwsError;
use crate::params::Params;

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Skip what comes up to and with this.
    pub(crate) after: u64,
    /// At most this many; `None` when the caller does not page.
    pub(crate) size: Option<usize>,
}

impl Page {
    pub(crate) fn read(params: &Params, bounds: std::ops::RangeInclusive<i64>) -> Result<Self, AwsError> {
        let size = params.int_in("MaxResults", bounds)?.and_then(|size| usize::try_from(size).ok());
        Self::of_size(params, size)
    }

    /// For services that name the size of a page otherwise.
    pub(crate) fn of_size(params: &Params, size: Option<usize>) -> Result<Self, AwsError> {
        Self::after(params.text("NextToken"), size)
    }

    /// For services that name the token otherwise, too.
    pub(crate) fn after(token: Option<&str>, size: Option<usize>) -> Result<Self, AwsError> {
        let after = match token.filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => read_token(token)?,
        };
        Ok(Self { after, size })
    }

    /// Cuts one page out of numbered items. The token of the next page is there if anything is
    /// left.
    pub(crate) fn cut<T>(self, items: impl Iterator<Item = (u64, T)>) -> (Vec<T>, Option<String>) {
        let size = self.size.unwrap_or(usize::MAX);
        let mut page = Vec::new();
        let mut last = self.after;
        for (order, item) in items.filter(|(order, _)| *order > self.after) {
            if page.len() == size {
                return (page, Some(token(last)));
            }
            last = order;
            page.push(item);
        }
        (page, None)
    }
}

/// Opaque to the caller, and not a number it might be tempted to count with.
fn token(after: u64) -> String {
    format!("v2o-{:016x}", after.rotate_left(17) ^ 0x5eed_0f0f_1234_abcd)
}

fn read_token(token: &str) -> Result<u64, AwsError> {
    let refusal = || AwsError::client("InvalidNextToken", "The specified NextToken is not valid.");
    let number =
        token.strip_prefix("v2o-").and_then(|hex| u64::from_str_radix(hex, 16).ok()).ok_or_else(refusal)?;
    Ok((number ^ 0x5eed_0f0f_1234_abcd).rotate_right(17))
}
