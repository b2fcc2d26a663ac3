-- Signing in by another provider.

-- Who somebody is at a provider. digest: of its issuer and of what it calls them (the subject),
-- which itself is not kept; name: what they are shown it as.
create table identities (
  id uuid primary key,
  digest text not null unique,
  person_id uuid not null references people (id),
  issuer text not null,
  name text not null,
  linked_at timestamptz not null,
  used_at timestamptz
);
create index identities_by_person on identities (person_id, id);

-- Browsers that are on their way to a provider and back. digest: of the state that they carry.
-- person_id: who is signed in and links an identity. stage: away, back, proved.
create table provider_visits (
  digest text primary key,
  provider text not null,
  person_id uuid references people (id),
  next text not null,
  stage text not null,
  identity text,
  name text,
  has_factor boolean not null default false,
  expires_at timestamptz not null
);
create index provider_visits_by_end on provider_visits (expires_at, digest);

-- By which provider a session began, and whether that one asked for a second factor.
alter table sessions add column provider text;
alter table sessions add column has_factor boolean not null default false;

insert into throttle_rules (name, burst, micros, version) values
  ('provider_address', 30, 20000000, 1);
