//! What a webhook is told: that something happened to a thing, and where it stands in the journal.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{SendFailure, Webhook};
use crate::{Kind, Recorded, Timestamp, id::WebhookTryId};

/// A message for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// The same, however often it is sent.
    pub(super) id: String,
    pub(super) pos: i64,
    pub(super) kind: Kind,
    pub(super) object: String,
    pub(super) version: i64,
    pub(super) event: String,
    pub(super) at: Timestamp,
    /// How often it was sent.
    pub(super) tries: i64,
    pub(super) due_at: Timestamp,
}

impl Message {
    /// What is told of an entry. Its id is the entry's, so that it is the same whenever and by
    /// whomever it is made.
    pub(super) fn of_entry(entry: &Recorded, now: Timestamp) -> Self {
        Self {
            id: format!("evt_{}", entry.pos),
            pos: entry.pos,
            kind: entry.kind,
            object: entry.object.clone(),
            version: entry.version,
            event: entry.event.clone(),
            at: entry.at,
            tries: 0,
            due_at: now,
        }
    }

    /// A message that tells of nothing.
    pub(super) fn ping(webhook: &Webhook, id: Uuid, now: Timestamp) -> Self {
        Self {
            id: format!("ping_{}", id.simple()),
            pos: webhook.cursor,
            kind: Kind::Webhook,
            object: webhook.id.to_string(),
            version: webhook.version,
            event: "ping".to_owned(),
            at: now,
            tries: 0,
            due_at: now,
        }
    }

    /// The kind of thing, and what happened to it.
    pub(super) fn event_type(&self) -> String {
        format!("{}.{}", self.kind, self.event)
    }

    /// The body: some 250 bytes, the same at every try.
    pub(super) fn body(&self) -> String {
        json!({
            "type": self.event_type(),
            "timestamp": self.at,
            "data": {
                "cursor": self.pos,
                "kind": self.kind,
                "id": self.object,
                "version": self.version,
            },
        })
        .to_string()
    }
}

/// One time that a message was sent, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookTry))]
pub struct Try {
    /// Its id.
    pub id: WebhookTryId,
    /// The `webhook-id` of the message.
    pub message: String,
    /// The type of the message.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The how manieth try of the message it was.
    pub number: i64,
    /// When it was sent.
    pub at: Timestamp,
    /// How long the answer took, in milliseconds.
    pub millis: i64,
    /// The answer's status.
    pub status: Option<u16>,
    /// Why there is no answer.
    pub failure: Option<SendFailure>,
    /// The first kilobyte of the answer.
    pub answer: String,
}
