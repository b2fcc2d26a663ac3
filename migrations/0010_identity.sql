-- Sessions, API keys, roles, invitations, second factors, and how often who may try.

-- Whoever could act for a party until now could do everything for it.
alter table memberships add column role text not null default 'admin';
create index memberships_by_party on memberships (party, person_id);

-- Parties for which nobody acts until the operator lets them again.
create table parties (
  party text primary key,
  disabled boolean not null,
  reason text not null,
  version bigint not null,
  updated_at timestamptz not null
);

-- One signing in, with all tokens that follow from it. kind: program, browser.
create table sessions (
  id uuid primary key,
  person_id uuid not null references people (id),
  party text not null,
  kind text not null,
  address text,
  agent text not null,
  created_at timestamptz not null,
  used_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by text
);
create index sessions_by_person on sessions (person_id, id desc);
create index sessions_by_end on sessions (expires_at, id);

-- digest is the SHA-256 of a token, which itself is kept nowhere. kind: access, refresh, browser.
-- A refresh token that was used stays, spent: whoever shows it again has stolen it, or was robbed.
create table session_tokens (
  digest text primary key,
  session_id uuid not null references sessions (id),
  kind text not null,
  expires_at timestamptz not null,
  spent_at timestamptz
);
create index session_tokens_by_session on session_tokens (session_id, kind);

-- Keys with which a party's programs act, in the name of the admin who made them.
create table api_keys (
  id uuid primary key,
  digest text not null unique,
  party text not null,
  person_id uuid not null references people (id),
  name text not null,
  scopes jsonb not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_by_party on api_keys (party, id desc);

create table invitations (
  id uuid primary key,
  digest text not null unique,
  party text not null,
  role text not null,
  name text not null,
  -- Perhaps the program itself, which is nobody.
  invited_by uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  state text not null,
  answered_by uuid,
  answered_at timestamptz
);
create index invitations_by_party on invitations (party, id desc);

-- sealed is the secret of the codes, which opens only with the key of the server. step is the last
-- one of which a code was accepted: none of it or before is accepted again.
create table second_factors (
  person_id uuid primary key references people (id),
  sealed text not null,
  confirmed_at timestamptz,
  step bigint not null
);

create table recovery_codes (
  digest text primary key,
  person_id uuid not null references people (id),
  used_at timestamptz
);
create index recovery_codes_by_person on recovery_codes (person_id);

-- How often may be tried what can be guessed: so many times at once, and one more after so many
-- microseconds.
create table throttle_rules (
  name text primary key,
  burst bigint not null check (burst > 0),
  micros bigint not null check (micros > 0),
  version bigint not null
);
insert into throttle_rules (name, burst, micros, version) values
  ('sign_in_pair', 5, 60000000, 1),
  ('sign_in_address', 30, 20000000, 1),
  ('sign_in_account', 1800, 2000000, 1),
  ('second_factor', 5, 60000000, 1),
  ('sign_up_address', 20, 60000000, 1),
  ('invitation_address', 20, 30000000, 1);

-- until is when all that was tried is forgotten.
create table throttles (
  name text not null,
  subject text not null,
  until timestamptz not null,
  primary key (name, subject)
);
create index throttles_by_until on throttles (until);
