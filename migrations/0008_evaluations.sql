-- Evaluations after orders, and the windows in which they are given.

-- raters are parties; rules are those of the day on which the window opened. due_on is the last
-- day, while it is open. points are what the order says of its agency once it is closed.
create table evaluation_windows (
  order_id uuid primary key references orders (id),
  case_id uuid not null references cases (id),
  agency_id uuid not null references agencies (id),
  applicant_id uuid not null references applicants (id),
  item text not null,
  supervisor text not null,
  raters jsonb not null,
  rules jsonb not null,
  policy_version bigint not null,
  state text not null,
  detail jsonb not null,
  due_on text,
  points bigint,
  version bigint not null,
  opened_at timestamptz not null,
  updated_at timestamptz not null
);
create index evaluation_windows_by_due on evaluation_windows (due_on, order_id)
  where due_on is not null;
create index evaluation_windows_of_applicant_by_due
  on evaluation_windows (applicant_id, due_on, order_id) where due_on is not null;
create index evaluation_windows_of_agency_by_due
  on evaluation_windows (agency_id, due_on, order_id) where due_on is not null;
create index evaluation_windows_counted on evaluation_windows (agency_id) where points is not null;

-- rater and supervisor are parties. due_on is the last day of a decision that is asked for.
-- public: seen by everybody; counted: says something of the agency.
create table evaluations (
  id uuid primary key,
  order_id uuid not null references evaluation_windows (order_id),
  case_id uuid not null references cases (id),
  agency_id uuid not null references agencies (id),
  applicant_id uuid not null references applicants (id),
  rater text not null,
  role text not null,
  about_agency boolean not null,
  marks jsonb not null,
  scale bigint not null,
  points bigint not null,
  comment text not null,
  supervisor text not null,
  state text not null,
  detail jsonb not null,
  due_on text,
  public boolean not null,
  counted boolean not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (order_id, rater)
);
create index evaluations_public on evaluations (agency_id, id desc) where public;
create index evaluations_counted on evaluations (agency_id) where counted;
create index evaluations_hidden on evaluations (agency_id) where state = 'hidden';
create index evaluations_by_due on evaluations (due_on, id) where due_on is not null;

-- The same marks, for figures.
create table evaluation_marks (
  evaluation_id uuid not null references evaluations (id),
  dimension text not null,
  name text not null,
  scale bigint not null,
  mark bigint not null,
  primary key (evaluation_id, dimension)
);

-- A contract that the other side does not confirm lapses.
update orders set lapses = true where state = 'contracted';
