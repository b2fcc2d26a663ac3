-- A purchase has one live repetition at most. What repeats it is asked of either side.

-- Drafts that repeat what another one repeats already go on by themselves.
update purchases set predecessor = null
  where state = 'draft' and predecessor is not null and exists (
    select 1 from purchases as other
    where other.predecessor = purchases.predecessor
      and (other.live or (other.state = 'draft' and other.id < purchases.id)));
create unique index one_live_repetition on purchases (predecessor)
  where live or state = 'draft';
create index purchases_by_predecessor on purchases (predecessor, id desc);
