-- Mail of what people are told.

-- Where a person reads mail, and whether. code, stop: sealed to the server's key; stop_digest: the
-- SHA-256 of what ends mail by a link. code_mail, mail: the mail that is on its way, so that it is
-- the same however often it is sent. due_at: when there is something to send; rest_until: no
-- notices before. lease: who sends now, until when.
create table mailboxes (
  person_id uuid primary key references people (id),
  address text not null,
  language text not null,
  wanted boolean not null,
  confirmed_at timestamptz,
  code text,
  code_until timestamptz,
  code_mail uuid,
  stop text not null,
  stop_digest text not null unique,
  mail uuid,
  tries bigint not null default 0,
  failing_since timestamptz,
  due_at timestamptz,
  rest_until timestamptz,
  lease uuid,
  leased_until timestamptz,
  version bigint not null,
  updated_at timestamptz not null
);
create index mailboxes_by_due on mailboxes (due_at, person_id) where due_at is not null;

-- Whether a notice waits to be mailed, and in which mail it is on its way.
alter table notices add column mailing boolean not null default false;
alter table notices add column mail uuid;
create index notices_to_mail on notices (person_id, id) where mailing;

-- Whether a person is mailed, too; who has said nothing is.
alter table notice_preferences add column mailed boolean;

-- How often codes may be tried, and how many are sent for a person and to an address.
insert into throttle_rules (name, burst, micros, version) values
  ('mail_code', 5, 60000000, 1),
  ('mail_person', 5, 17280000000, 1),
  ('mail_address', 5, 17280000000, 1);
