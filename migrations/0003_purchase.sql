-- Purchases by open selection.

-- notice is what the owner publishes now; earlier ones are in purchase_notices. due_at is when the
-- next thing happens by itself. live: the purchase may still come to an order.
create table purchases (
  id uuid primary key,
  case_id uuid not null references cases (id),
  item text not null,
  item_version bigint not null,
  applicant_id uuid not null references applicants (id),
  region text not null,
  fund text not null,
  mode text not null,
  notice jsonb not null,
  selection jsonb,
  notice_number bigint not null,
  predecessor uuid,
  state text not null,
  detail jsonb not null,
  since timestamptz not null,
  due_at timestamptz,
  live boolean not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  foreign key (item, item_version) references service_item_versions (item, version)
);
create unique index one_live_purchase_per_need on purchases (case_id, item) where live;
create index purchases_by_due on purchases (due_at, id) where due_at is not null;
create index purchases_by_applicant on purchases (applicant_id, id desc);
create index purchases_by_state on purchases (state, id desc);
create index purchases_by_item on purchases (item, id desc);

create table purchase_notices (
  purchase_id uuid not null references purchases (id),
  number bigint not null,
  body jsonb not null,
  at timestamptz not null,
  primary key (purchase_id, number)
);

-- What opens the quotes of a purchase, and what its draw is made of. code is empty until it is
-- given; half is the platform's part. deposit is the code for a supervisor's key.
create table purchase_secrets (
  purchase_id uuid primary key references purchases (id),
  public_key text not null,
  half text not null,
  code_check text not null,
  deposit text,
  deposit_for text,
  code text,
  code_by text,
  code_at timestamptz,
  beacon text
);

-- The parties whose secrets make the draw, in order; value is empty until it is revealed.
create table purchase_commitments (
  purchase_id uuid not null references purchases (id),
  party text not null,
  sha256 text not null,
  value text,
  primary key (purchase_id, party)
);

create table registrations (
  id uuid primary key,
  purchase_id uuid not null references purchases (id),
  agency_id uuid not null references agencies (id),
  state text not null,
  practitioners jsonb not null,
  reasons jsonb not null,
  credit bigint,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (purchase_id, agency_id)
);
create index registrations_by_agency on registrations (agency_id, id desc);

-- The quotes of a registration, round by round. sealed is what nobody can read before the opening;
-- quote, plan and nonce are empty until then.
create table quotes (
  registration_id uuid not null references registrations (id),
  round bigint not null,
  purchase_id uuid not null references purchases (id),
  sealed text not null,
  commitment text not null,
  at timestamptz not null,
  quote jsonb,
  plan text,
  nonce text,
  primary key (registration_id, round)
);
create index quotes_by_purchase on quotes (purchase_id, round);

-- What the owner answers to an agency in a round of negotiation.
create table purchase_replies (
  registration_id uuid not null references registrations (id),
  round bigint not null,
  purchase_id uuid not null references purchases (id),
  text text not null,
  at timestamptz not null,
  primary key (registration_id, round)
);

create table purchase_questions (
  id uuid primary key,
  purchase_id uuid not null references purchases (id),
  agency_id uuid not null references agencies (id),
  text text not null,
  asked_at timestamptz not null,
  answer text,
  answered_at timestamptz
);
create index purchase_questions_by_purchase on purchase_questions (purchase_id, id);

-- The sealed list of a purchase, and the proof of how its agency was chosen.
create table draws (
  purchase_id uuid primary key references purchases (id),
  title text not null,
  mode text not null,
  sealed text not null,
  sealed_sha256 text not null,
  sealed_at timestamptz not null,
  proof text,
  proved_at timestamptz
);
create index draws_proved on draws (purchase_id desc) where proved_at is not null;
