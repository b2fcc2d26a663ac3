-- Complaints about purchases, and alarms for supervisors.

-- complainant is a party; it and letter are for the complainant and the handler alone. due_at is
-- until when the handler has something to do. live: not decided yet.
create table complaints (
  id uuid primary key,
  number text not null unique,
  purchase_id uuid not null references purchases (id),
  owner_id uuid not null references applicants (id),
  complainant text not null,
  handler text not null,
  letter jsonb not null,
  state text not null,
  detail jsonb not null,
  since timestamptz not null,
  due_at timestamptz,
  live boolean not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index one_live_complaint_per_party on complaints (purchase_id, complainant) where live;
create index complaints_by_complainant on complaints (complainant, id desc);
create index complaints_by_owner on complaints (owner_id, id desc);
create index complaints_by_handler on complaints (handler, id desc);
create index complaints_investigated on complaints (purchase_id) where state = 'investigating';

-- evidence_key is the same for the same evidence, so that nobody is alarmed by it twice.
create table alarms (
  id uuid primary key,
  rule text not null,
  severity text not null,
  evidence_key text not null unique,
  purchase_id uuid references purchases (id),
  objects jsonb not null,
  evidence jsonb not null,
  raised_at timestamptz not null,
  acknowledged_by text,
  acknowledged_person uuid,
  acknowledged_at timestamptz,
  note text,
  version bigint not null
);
create index alarms_by_rule on alarms (rule, id desc);
create index alarms_by_purchase on alarms (purchase_id, id desc);

-- Who supervises what an alarm is about: the departments of its cases, as they were then.
create table alarm_departments (
  department text not null,
  alarm_id uuid not null references alarms (id),
  primary key (department, alarm_id)
);

create index practitioners_by_certificate on practitioners (certificate);
insert into followers (name, pos) values ('alarms', 0);
