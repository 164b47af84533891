//! Scenarios: the life of a message, on a clock that moves by hand.

use std::time::Duration;

use super::{Counts, Draft, QueueName, RedrivePolicy, Settings, Sqs};
use crate::config::Config;
use crate::sandbox::Sandbox;

const SECOND: Duration = Duration::from_secs(1);

fn work() -> QueueName {
    QueueName::new("111122223333", "eu-central-1", "work")
}

fn dead() -> QueueName {
    QueueName::new("111122223333", "eu-central-1", "dead")
}

/// A sandbox with a work queue that gives a message `max_receives` chances.
fn start(max_receives: u32) -> (Sandbox, Sqs) {
    let aws = Sandbox::start(Config::default()).unwrap();
    let sqs = aws.sqs();
    let redrive = Some(RedrivePolicy { dead_letters: dead(), max_receives });
    sqs.create(&dead(), Settings { retention: 14 * 24 * 3600 * SECOND, ..Settings::default() });
    sqs.create(&work(), Settings { redrive, ..Settings::default() });
    (aws, sqs)
}

fn send(sqs: &Sqs, body: &str) -> String {
    sqs.send(&work(), Draft { body: body.to_owned(), ..Draft::default() }).unwrap().id
}

fn receive(sqs: &Sqs) -> Vec<String> {
    sqs.receive(&work(), 10, None).unwrap().into_iter().map(|it| it.body).collect()
}

fn counts(visible: usize, in_flight: usize, delayed: usize) -> Option<Counts> {
    Some(Counts { visible, in_flight, delayed })
}

#[test]
fn a_received_message_is_hidden_until_its_time_out_ends() {
    let (aws, sqs) = start(3);
    send(&sqs, "a");
    assert_eq!(sqs.counts(&work()), counts(1, 0, 0));
    assert_eq!(receive(&sqs), ["a"]);
    assert_eq!(sqs.counts(&work()), counts(0, 1, 0));
    aws.advance(29 * SECOND);
    assert!(receive(&sqs).is_empty());
    aws.advance(SECOND);
    let again = sqs.receive(&work(), 1, None).unwrap();
    assert_eq!(again[0].received, 2);
}

#[test]
fn a_delayed_message_is_not_seen_before_its_time() {
    let (aws, sqs) = start(3);
    let late = Draft { body: "late".to_owned(), delay: Some(90 * SECOND), ..Draft::default() };
    sqs.send(&work(), late).unwrap();
    send(&sqs, "early");
    assert_eq!(sqs.counts(&work()), counts(1, 0, 1));
    assert_eq!(receive(&sqs), ["early"]);
    aws.advance(89 * SECOND);
    assert_eq!(receive(&sqs), ["early"], "its time-out ended, the delay of the other did not");
    aws.advance(SECOND);
    assert_eq!(receive(&sqs), ["late"]);
}

#[test]
fn a_deleted_message_is_gone_and_deleting_twice_is_harmless() {
    let (aws, sqs) = start(3);
    send(&sqs, "a");
    let message = sqs.receive(&work(), 1, None).unwrap().remove(0);
    assert_eq!(sqs.delete(&work(), &message.receipt_handle()), Ok(true));
    assert_eq!(sqs.delete(&work(), &message.receipt_handle()), Ok(false));
    assert!(sqs.delete(&work(), "something else").is_err());
    aws.advance(3600 * SECOND);
    assert!(receive(&sqs).is_empty());
}

#[test]
fn an_old_receipt_handle_deletes_nothing() {
    let (aws, sqs) = start(3);
    send(&sqs, "a");
    let first = sqs.receive(&work(), 1, None).unwrap().remove(0);
    aws.advance(31 * SECOND);
    let second = sqs.receive(&work(), 1, None).unwrap().remove(0);
    assert_eq!(sqs.delete(&work(), &first.receipt_handle()), Ok(false));
    assert_eq!(sqs.counts(&work()), counts(0, 1, 0));
    assert_eq!(sqs.delete(&work(), &second.receipt_handle()), Ok(true));
}

#[test]
fn a_message_received_too_often_moves_to_the_dead_letters() {
    let (aws, sqs) = start(2);
    let id = send(&sqs, "poison");
    let sent = aws.now();
    for _ in 0..2 {
        assert_eq!(receive(&sqs), ["poison"]);
        aws.advance(30 * SECOND);
    }
    assert!(receive(&sqs).is_empty(), "the third receive moves it instead of handing it out");
    let letters = sqs.messages(&dead());
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].id, letters[0].sent), (&id, sent), "same id, same sending time");
    assert_eq!(letters[0].moved_from.as_deref(), Some("arn:aws:sqs:eu-central-1:111122223333:work"));
    assert_eq!(sqs.counts(&work()), counts(0, 0, 0));
}

#[test]
fn looking_at_the_dead_letters_needs_no_receive_first() {
    let (aws, sqs) = start(1);
    send(&sqs, "poison");
    receive(&sqs);
    assert!(sqs.messages(&dead()).is_empty(), "still in flight");
    aws.advance(30 * SECOND);
    assert_eq!(sqs.messages(&dead()).len(), 1);
}

#[test]
fn a_message_outlives_its_retention_only_in_a_queue_that_keeps_longer() {
    let (aws, sqs) = start(1);
    send(&sqs, "poison");
    receive(&sqs);
    aws.advance(30 * SECOND);
    assert!(receive(&sqs).is_empty());
    send(&sqs, "forgotten");
    aws.advance(4 * 24 * 3600 * SECOND);
    assert!(receive(&sqs).is_empty());
    assert_eq!((sqs.expired(&work()), sqs.messages(&dead()).len()), (1, 1));
    aws.advance(10 * 24 * 3600 * SECOND);
    assert_eq!((sqs.expired(&dead()), sqs.messages(&dead()).len()), (1, 0), "counted from the first sending");
}

#[test]
fn a_queue_belongs_to_its_account_and_region() {
    let (_aws, sqs) = start(3);
    let elsewhere = QueueName::new("111122223333", "us-east-1", "work");
    assert!(sqs.send(&elsewhere, Draft::default()).is_none());
    assert!(sqs.receive(&elsewhere, 1, None).is_none());
    assert_eq!(QueueName::from_arn(&work().arn()), Some(work()));
    assert_eq!(QueueName::from_arn("arn:aws:sns:us-east-1:1:x"), None);
}

#[test]
fn a_time_out_of_zero_gives_the_message_back_at_once_but_not_to_the_same_call() {
    let (_aws, sqs) = start(3);
    send(&sqs, "a");
    assert_eq!(sqs.receive(&work(), 10, Some(Duration::ZERO)).unwrap().len(), 1);
    assert_eq!(receive(&sqs), ["a"]);
}

#[test]
fn ten_thousand_messages_are_received_in_order_and_once() {
    let (_aws, sqs) = start(3);
    for n in 0..10_000 {
        send(&sqs, &n.to_string());
    }
    let mut seen = Vec::new();
    while let Some(batch) = sqs.receive(&work(), 10, None).filter(|it| !it.is_empty()) {
        seen.extend(batch.into_iter().map(|it| it.body.parse::<u32>().unwrap()));
    }
    assert!(seen.iter().copied().eq(0..10_000));
}

#[test]
fn a_noisy_group_does_not_delay_the_others() {
    let (aws, sqs) = start(3);
    let send = |group: &str, body: String| {
        let draft = Draft { body, group: Some(group.to_owned()), ..Draft::default() };
        sqs.send(&work(), draft).unwrap();
    };
    for number in 0..20 {
        send("noisy", format!("noisy-{number}"));
    }
    assert_eq!(sqs.receive(&work(), 10, None).unwrap().len(), 10);
    send("quiet", "quiet-0".to_owned());
    self::send(&sqs, "none");
    let next: Vec<_> = sqs.receive(&work(), 3, None).unwrap().into_iter().map(|it| it.body).collect();
    assert_eq!(next, ["quiet-0", "none", "noisy-10"]);
    aws.advance(31 * SECOND);
    assert_eq!(receive(&sqs).len(), 10, "what was in flight is visible again");
}

#[test]
fn messages_without_groups_keep_their_order() {
    let (_aws, sqs) = start(3);
    for body in ["a", "b", "c"] {
        send(&sqs, body);
    }
    assert_eq!(receive(&sqs), ["a", "b", "c"]);
}
