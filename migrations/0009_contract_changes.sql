-- Notices tell of contracts that are changed, too.
drop index journal_of_notices;
create index journal_of_notices on journal (pos desc)
  where event in ('purchase_published', 'notice_corrected', 'award_published', 'award_declined',
    'award_lapsed', 'order_lapsed', 'purchase_failed', 'purchase_voided', 'contract_confirmed',
    'contract_changed', 'service_extended');
