-- Documents that were issued: award letters and contract summaries.

-- subject is the purchase or the order; version is the one that the step made of it from which the
-- facts follow. facts is what anybody with the code may know. The file is kept under its digest.
create table documents (
  id uuid primary key,
  code text not null unique,
  kind text not null,
  subject uuid not null,
  version bigint not null,
  number text not null,
  case_id uuid not null references cases (id),
  agency_id uuid not null references agencies (id),
  sha256 text not null unique,
  size bigint not null,
  facts jsonb not null,
  issued_at timestamptz not null
);
create unique index one_document_per_version on documents (kind, subject, version);

insert into followers (name, pos) values ('documents', 0);
