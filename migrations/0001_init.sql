-- Written in PostgreSQL's dialect; SQLite's is derived from it when it is run. Words for types:
-- uuid, text, bigint, boolean, timestamptz, jsonb. Days are text (2026-11-24), money is bigint fen.

-- The journal: one row for every change, written with it. pos is given once its transaction has
-- committed, so that positions have no gaps.
create table journal (
  kind text not null,
  object text not null,
  version bigint not null,
  event text not null,
  person_id uuid not null,
  party text not null,
  case_id uuid,
  old_state text,
  new_state text,
  policy_version bigint,
  public boolean not null,
  data jsonb not null,
  at timestamptz not null,
  pos bigint,
  primary key (kind, object, version)
);
create unique index journal_by_pos on journal (pos) where pos is not null;
create index journal_unnumbered on journal (at, kind, object, version) where pos is null;
create index journal_by_case on journal (case_id, at) where case_id is not null;

create table journal_head (
  one bigint primary key check (one = 1),
  last bigint not null
);
insert into journal_head (one, last) values (1, 0);

create table idempotency (
  scope text not null,
  key text not null,
  fingerprint text not null,
  result jsonb,
  at timestamptz not null,
  primary key (scope, key)
);
create index idempotency_by_age on idempotency (at);

-- Rules: what differs from place to place and from year to year.

-- path holds the codes from the country down to the region itself, such as
-- 100000/330000/330200/330282. latitude and longitude of its centre are in millionths of a degree.
create table regions (
  code text primary key,
  name text not null,
  parent text,
  path text not null,
  latitude bigint,
  longitude bigint,
  check ((latitude is null) = (longitude is null))
);

create table calendar_days (
  day text primary key,
  kind text not null,
  name text not null
);

create table policy_profiles (
  region text not null,
  version bigint not null,
  effective_from text not null,
  body jsonb not null,
  primary key (region, version)
);

-- Catalogue.

create table departments (
  code text primary key,
  name text not null,
  region text not null,
  phone text not null,
  -- The public key to which codes are deposited with it.
  opening_key text,
  version bigint not null,
  updated_at timestamptz not null
);

create table categories (
  code text primary key,
  name text not null,
  position bigint not null,
  description text not null,
  version bigint not null,
  updated_at timestamptz not null
);

create table qualification_kinds (
  kind text primary key,
  name text not null,
  issuer text not null,
  majors jsonb not null,
  version bigint not null,
  updated_at timestamptz not null
);

-- rank 1 is the highest level of its kind.
create table qualification_levels (
  kind text not null references qualification_kinds (kind),
  level text not null,
  name text not null,
  rank bigint not null,
  primary key (kind, level)
);

-- The current version of each service item; earlier ones are in service_item_versions.
create table service_items (
  code text primary key,
  name text not null,
  category text not null references categories (code),
  department text not null references departments (code),
  withdrawn boolean not null,
  version bigint not null,
  updated_at timestamptz not null
);

create table service_item_versions (
  item text not null references service_items (code),
  version bigint not null,
  body jsonb not null,
  at timestamptz not null,
  primary key (item, version)
);

create table matters (
  code text primary key,
  name text not null,
  lead text not null references departments (code),
  withdrawn boolean not null,
  version bigint not null,
  updated_at timestamptz not null
);

create table matter_versions (
  matter text not null references matters (code),
  version bigint not null,
  body jsonb not null,
  at timestamptz not null,
  primary key (matter, version)
);

-- What people say, and the official names of items, matters or categories that it means.
create table synonyms (
  phrase text primary key,
  kind text not null,
  names jsonb not null,
  version bigint not null,
  updated_at timestamptz not null
);

-- Accounts.

create table people (
  id uuid primary key,
  login text not null unique,
  name text not null,
  password text,
  disabled boolean not null,
  version bigint not null,
  created_at timestamptz not null
);

-- For which parties a person may act.
create table memberships (
  person_id uuid not null references people (id),
  party text not null,
  created_at timestamptz not null,
  primary key (person_id, party)
);

-- digest is the SHA-256 of a token, which itself is kept nowhere.
create table tokens (
  digest text primary key,
  person_id uuid not null references people (id),
  party text not null,
  label text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);
create index tokens_by_person on tokens (person_id, created_at);

create table applicants (
  id uuid primary key,
  kind text not null,
  name text not null,
  uscc text unique,
  phone text not null,
  version bigint not null,
  created_at timestamptz not null
);

-- Agencies.

-- suspended_until is the last day of a suspension; after it the agency is admitted again by itself.
create table agencies (
  id uuid primary key,
  uscc text not null unique,
  name text not null,
  region text not null,
  profile jsonb not null,
  origin text not null,
  state text not null,
  suspended_until text,
  detail jsonb not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index agencies_by_state on agencies (state, id desc);

create table agency_qualifications (
  id uuid primary key,
  agency_id uuid not null references agencies (id),
  kind text not null references qualification_kinds (kind),
  level text not null,
  majors jsonb not null,
  number text not null,
  issuer text not null,
  valid_from text not null,
  valid_until text not null,
  revoked boolean not null,
  unique (agency_id, kind, number)
);
create index agency_qualifications_by_end on agency_qualifications (valid_until);

create table practitioners (
  id uuid primary key,
  agency_id uuid not null references agencies (id),
  name text not null,
  specialty text not null references qualification_kinds (kind),
  certificate text not null,
  valid_until text not null,
  unique (agency_id, certificate)
);

-- current is the number of the version shown now; earlier ones stay for the orders that saw them.
create table listings (
  id uuid primary key,
  agency_id uuid not null references agencies (id),
  code text not null,
  item text not null references service_items (code),
  state text not null,
  current bigint not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (agency_id, code)
);
create index listings_by_item on listings (item, state, id desc);

create table listing_versions (
  listing_id uuid not null references listings (id),
  number bigint not null,
  title text not null,
  summary text not null,
  price_fen bigint not null,
  unit text not null,
  regions jsonb not null,
  days bigint not null,
  at timestamptz not null,
  primary key (listing_id, number)
);

-- Cases and orders.

create table cases (
  id uuid primary key,
  applicant_id uuid not null references applicants (id),
  matter text not null,
  matter_version bigint not null,
  title text not null,
  region text not null,
  fund text not null,
  state text not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  foreign key (matter, matter_version) references matter_versions (matter, version)
);
create index cases_by_applicant on cases (applicant_id, id desc);
create index cases_by_state on cases (state, id desc);

create table case_steps (
  case_id uuid not null references cases (id),
  step text not null,
  department text not null references departments (code),
  state text not null,
  since timestamptz not null,
  due_on text,
  reason text,
  primary key (case_id, step)
);
create index case_steps_by_department on case_steps (department, state, case_id);

-- What a case needs. order_id is the order that satisfies it or is about to; a need that has one
-- cannot be ordered again. used_by holds the departments that have used the deliverable.
create table case_requirements (
  case_id uuid not null references cases (id),
  item text not null,
  item_version bigint not null,
  order_id uuid,
  linked_by text,
  used_by jsonb not null,
  primary key (case_id, item),
  foreign key (item, item_version) references service_item_versions (item, version)
);

-- times_returned and times_late count what happened to its deliverables. failed: it ended by the
-- agency's doing.
create table orders (
  id uuid primary key,
  case_id uuid not null references cases (id),
  item text not null,
  item_version bigint not null,
  listing_id uuid not null,
  listing_number bigint not null,
  agency_id uuid not null references agencies (id),
  applicant_id uuid not null references applicants (id),
  amount_fen bigint not null,
  service_days bigint not null,
  policy_version bigint not null,
  state text not null,
  detail jsonb not null,
  since timestamptz not null,
  due_on text,
  live boolean not null,
  times_returned bigint not null default 0,
  times_late bigint not null default 0,
  failed boolean not null default false,
  version bigint not null,
  placed_at timestamptz not null,
  updated_at timestamptz not null,
  foreign key (listing_id, listing_number) references listing_versions (listing_id, number),
  foreign key (item, item_version) references service_item_versions (item, version)
);
create unique index one_live_order_per_need on orders (case_id, item) where live;
create index orders_by_agency on orders (agency_id, id desc);
create index orders_by_agency_state on orders (agency_id, state, id desc);
create index orders_of_standing on orders (agency_id, state, failed, times_returned, times_late)
  where state in ('completed', 'declined', 'terminated');
create index orders_by_applicant on orders (applicant_id, id desc);
create index orders_by_state on orders (state, id desc);

create table deliverables (
  id uuid primary key,
  order_id uuid not null references orders (id),
  number bigint not null,
  name text not null,
  media_type text not null,
  size bigint not null,
  sha256 text not null,
  uploaded_by uuid not null,
  uploaded_at timestamptz not null,
  unique (order_id, number)
);
