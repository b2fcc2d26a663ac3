-- What is asked of search, and saved searches with their notices.

-- How often a text was asked in an hour, and how often it found nothing. Never who asked.
create table asked (
  hour timestamptz not null,
  words text not null,
  times bigint not null,
  missed bigint not null,
  primary key (hour, words)
);

-- How often a service item was what was asked for in an hour.
create table asked_items (
  hour timestamptz not null,
  item text not null,
  times bigint not null,
  primary key (hour, item)
);
create index orders_by_placed on orders (placed_at, item);

-- How far those have come who write to the database what they make of the journal.
create table followers (
  name text primary key,
  pos bigint not null
);
insert into followers (name, pos) values ('saved_searches', 0);

-- since is the position of the journal's last entry when the search was saved.
create table saved_searches (
  id uuid primary key,
  person_id uuid not null,
  party text not null,
  name text not null,
  query jsonb not null,
  since bigint not null,
  created_at timestamptz not null
);
create index saved_searches_by_person on saved_searches (person_id, party, id desc);

create table notices (
  id uuid primary key,
  person_id uuid not null,
  party text not null,
  saved_search uuid not null references saved_searches (id),
  kind text not null,
  object uuid not null,
  at timestamptz not null,
  read_at timestamptz,
  unique (saved_search, kind, object)
);
create index notices_by_person on notices (person_id, party, id desc);
