-- The journal as each party may follow it, and webhooks.

-- Which parties take part in what an entry is about. Written once, by a follower.
create table journal_parties (
  party text not null,
  pos bigint not null,
  primary key (party, pos)
);
insert into followers (name, pos) values ('parties', 0);

-- What the server signs with (Ed25519). retires_at: until then it signs beside the next one.
create table webhook_keys (
  number bigint primary key,
  seed text not null,
  created_at timestamptz not null,
  retires_at timestamptz
);

-- An HMAC needs the secret itself, so secrets are kept; old_secret signs too until its time.
-- pos: up to there the journal was made into messages. due_at: when there is something to do.
-- lease: who delivers now, until when. failures: how often in a row it did not answer well.
create table webhooks (
  id uuid primary key,
  party text not null,
  url text not null,
  description text not null,
  scope text not null,
  kinds jsonb not null,
  state text not null,
  why text,
  secret text not null,
  old_secret text,
  old_secret_until timestamptz,
  failing_since timestamptz,
  failures bigint not null default 0,
  paused_until timestamptz,
  pos bigint not null,
  due_at timestamptz,
  lease uuid,
  leased_until timestamptz,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index webhooks_by_party on webhooks (party, id desc);
create index webhooks_by_due on webhooks (due_at, id) where due_at is not null;

-- What one webhook is told. Of one object, messages go out in the order of pos.
create table webhook_messages (
  webhook_id uuid not null references webhooks (id),
  message text not null,
  pos bigint not null,
  kind text not null,
  object text not null,
  version bigint not null,
  event text not null,
  at timestamptz not null,
  state text not null,
  tries bigint not null default 0,
  due_at timestamptz not null,
  primary key (webhook_id, message)
);
create index webhook_messages_waiting on webhook_messages (webhook_id, kind, object, pos)
  where state = 'waiting';
create index webhook_messages_done on webhook_messages (due_at) where state <> 'waiting';

-- Each time that a message was sent, and what came of it.
create table webhook_tries (
  id uuid primary key,
  webhook_id uuid not null references webhooks (id),
  message text not null,
  type text not null,
  number bigint not null,
  at timestamptz not null,
  millis bigint not null,
  status bigint,
  failure text,
  answer text not null
);
create index webhook_tries_of on webhook_tries (webhook_id, id desc);
create index webhook_tries_by_age on webhook_tries (at);

-- The public feed of one kind of thing.
create index journal_public_by_kind on journal (kind, pos) where public;

-- Notices are told for more reasons than saved searches. key is the same for the same thing to be
-- told; those of saved searches have none, for they are told once of each thing that is found.
create table notices_widened (
  id uuid primary key,
  person_id uuid not null,
  party text not null,
  topic text not null,
  saved_search uuid references saved_searches (id),
  kind text not null,
  object uuid not null,
  event text,
  until timestamptz,
  key text,
  at timestamptz not null,
  read_at timestamptz,
  unique (saved_search, kind, object),
  unique (person_id, party, key)
);
insert into notices_widened (id, person_id, party, topic, saved_search, kind, object, at, read_at)
  select id, person_id, party, 'saved_search', saved_search, kind, object, at, read_at from notices;
drop table notices;
alter table notices_widened rename to notices;
create index notices_by_person on notices (person_id, party, id desc);
create index notices_unread on notices (person_id, party) where read_at is null;
create index notices_by_age on notices (at);

-- What people said of being told; who has said nothing is told as usual.
create table notice_preferences (
  person_id uuid not null references people (id),
  party text not null,
  kind text not null,
  told boolean not null,
  primary key (person_id, party, kind)
);
create index journal_parties_by_pos on journal_parties (pos);
-- Of what happened before, nobody is told.
insert into followers (name, pos) select 'notices', last from journal_head;
