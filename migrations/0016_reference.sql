-- Which regions, calendar days, policy profiles, kinds of qualification and service items there are,
-- as an id that every change of one of them makes anew: who knows them by it need not read them.
create table reference_head (
  one bigint primary key check (one = 1),
  id text not null
);
insert into reference_head (one, id) values (1, 'first');
