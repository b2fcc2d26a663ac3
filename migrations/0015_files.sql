-- Who handed a deliverable over, as they were then: the agency, its certificates, the practitioner.
-- Nothing for a file that was not handed over, or was before this was kept.
alter table deliverables add column handed_over jsonb;

-- The keys sign more than messages of webhooks.
alter table webhook_keys rename to signing_keys;

-- Where files are scanned: which wait, until when somebody has one, and what was found. Of a file
-- without a row nobody asked.
create table file_scans (
  sha256 text primary key,
  state text not null,
  found text,
  tries bigint not null,
  due_at timestamptz not null,
  scanned_at timestamptz
);
create index file_scans_waiting on file_scans (due_at, sha256) where state = 'waiting';
create index deliverables_by_content on deliverables (sha256);
