//! What came of a change, as it is kept.

use std::io;

use v2only_enforcer::record::{Cause, Posture};
use v2only_enforcer::{Failure, Kind, Outcome, Record, ResourceId};
use v2only_policy::{AccountId, Place, Region};

use super::codec::{Kept, Out, Rest, fields, names, other, variants};

names!(AccountId, Region);

fields!(Record {
    place,
    resource,
    cause,
    before,
    verdict,
    rules,
    reasons,
    notes,
    plan,
    hold,
    step,
    outcome,
    after,
    request_id,
});
fields!(Place { account, region });
variants!(ResourceId {
    0 Instance(id),
    1 Notebook(name),
    2 UnnamedLaunch(text),
    3 Source(text),
    4 AccountDefault,
    5 TemplateVersion(id, number),
    6 LaunchConfiguration(name),
    7 Image(id),
});
fields!(Cause { event_id, event, actor });
variants!(Posture {
    0 Options(options),
    1 Notebook { minimum_version, status },
    2 Launch(effective),
    3 Defaults { options, enforced },
    4 Image(support),
});
variants!(Outcome { 0 Left, 1 Held, 2 Waiting, 3 Fixed, 4 Advanced, 5 NotJudged(why), 6 Failed(failure) });
fields!(Failure { kind, action, code, message, request_id });
variants!(Kind {
    0 Throttled,
    1 NotVisibleYet,
    2 WrongState,
    3 Unavailable,
    4 Unreachable,
    5 Credentials,
    6 Unverified,
    7 Denied,
    8 Refused,
    9 ForeignAccount,
    10 Invalid,
    11 Gone,
    12 Unknown,
});
