-- The public part of the key that all servers share: one with another key could open nothing of what
-- they sealed.
create table server_key (
  one bigint primary key check (one = 1),
  public_key text not null,
  noted_at timestamptz not null
);
