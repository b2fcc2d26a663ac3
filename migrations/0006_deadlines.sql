-- Deadlines: who holds what until when.

-- The last day of a purchase's review, and of an agency's formal check; empty otherwise.
alter table purchases add column due_on text;
update purchases set due_on = detail ->> 'due' where state = 'in_review';
alter table agencies add column due_on text;
update agencies set due_on = detail ->> 'due' where state = 'applying';

create index purchases_in_review_by_due on purchases (due_on, id) where due_on is not null;
create index purchases_of_applicant_by_due on purchases (applicant_id, due_at, id)
  where due_at is not null;
create index agencies_by_due on agencies (due_on, id) where due_on is not null;
create index orders_by_due on orders (due_on, id) where due_on is not null;
create index orders_of_applicant_by_due on orders (applicant_id, due_on, id)
  where due_on is not null;
create index orders_of_agency_by_due on orders (agency_id, due_on, id) where due_on is not null;
create index case_steps_by_due on case_steps (due_on, case_id, step) where due_on is not null;
create index case_steps_of_department_by_due on case_steps (department, due_on, case_id, step)
  where due_on is not null;
